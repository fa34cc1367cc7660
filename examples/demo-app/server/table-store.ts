import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { Row, Value } from './column.ts'
import type { Entity } from './entity.ts'
import type { ListQuery } from './list-query.ts'
import { RequestError } from './request-error.ts'
import { checkVersion, versioned } from './row-version.ts'
import type { VersionedRow } from './row-version.ts'
import { rowWriter } from './row-writer.ts'

/** One table's rows. A write is more than one statement, and has to be made in a transaction. */
export interface TableStore {
  list(query: ListQuery): { readonly rows: readonly VersionedRow[]; readonly total: number }
  /** Throws a RequestError where there is none; so do `update` and `delete`, and also where `ifMatch` is not of its version. */
  get(id: Value): VersionedRow
  /** Throws a RequestError where the id is taken, or a reference names no row. */
  insert(row: Row): { readonly id: Value; readonly row: VersionedRow }
  /** Answers with the changed row. Throws a RequestError where a reference names no row. */
  update(id: Value, changes: Row, ifMatch?: string): VersionedRow
  /** Throws a RequestError where other rows refer to it. */
  delete(id: Value, ifMatch?: string): void
  /** Throws a RequestError where other rows refer to one of them. */
  deleteAll(): void
}

export function tableStore(database: DatabaseSync, entity: Entity): TableStore {
  const { name } = entity
  const columns = Object.keys(entity.columns).join(', ')
  const writer = rowWriter(database, entity)

  const isTaken = (id: Value): boolean => database.prepare(`SELECT 1 FROM ${name} WHERE id = ?`).get(id) !== undefined

  const find = (id: Value, ifMatch?: string): { readonly rowNumber: number; readonly row: VersionedRow } => {
    const found = database.prepare(`SELECT rowNumber, ${columns} FROM ${name} WHERE id = ?`).get(id)
    if (found === undefined) throw missingRow(entity, id)
    const { rowNumber, ...rest } = found
    const row = readRow(rest)
    checkVersion(row, name, ifMatch)
    return { rowNumber: Number(rowNumber), row }
  }

  const checkReferences = (row: Row): void => {
    for (const [field, { references }] of Object.entries(entity.columns)) {
      const id = row[field]
      if (references === undefined || id === undefined) continue
      if (database.prepare(`SELECT 1 FROM ${references} WHERE id = ?`).get(id) === undefined) {
        throw new RequestError(422, 'unknown-reference', `${field} is ${id}, and ${references} has no such row`, field)
      }
    }
  }

  const nextRowNumber = (): number => {
    const last = database.prepare('SELECT seq FROM sqlite_sequence WHERE name = ?').get(name)
    return Number(last?.['seq'] ?? 0) + 1
  }

  return {
    get: (id) => find(id).row,

    list({ where, values, orderBy, limit, offset }) {
      const count = database.prepare(`SELECT count(*) AS total FROM ${name} ${where}`).get(...values)
      // The rows before the page are passed over by number alone, for which an index is often enough.
      const page = `SELECT rowNumber FROM ${name} ${where} ORDER BY ${orderBy} LIMIT ? OFFSET ?`
      const rows = database
        .prepare(`SELECT ${columns} FROM ${name} WHERE rowNumber IN (${page}) ORDER BY ${orderBy}`)
        .all(...values, limit, offset)
      return { rows: rows.map(readRow), total: Number(count?.['total']) }
    },

    insert: (row) => {
      checkReferences(row)
      let rowNumber = nextRowNumber()
      let id = row['id']
      if (id !== undefined && isTaken(id)) throw new RequestError(409, 'id-taken', `${name} has a row ${id} already`, 'id')
      // Somebody may have chosen as their own the id that comes next.
      for (id ??= entity.newId(rowNumber); isTaken(id); id = entity.newId(rowNumber)) rowNumber += 1
      return { id, row: versioned(writer.insert(rowNumber, { ...row, id })) }
    },

    update: (id, changes, ifMatch) => {
      const { rowNumber, row } = find(id, ifMatch)
      checkReferences(changes)
      return versioned(writer.update(rowNumber, { ...row, ...changes }))
    },

    delete: (id, ifMatch) => {
      const { rowNumber } = find(id, ifMatch)
      explained(name, () => database.prepare(`DELETE FROM ${name} WHERE rowNumber = ?`).run(rowNumber))
      database.prepare(`DELETE FROM ${name}_search WHERE rowid = ?`).run(rowNumber)
    },

    deleteAll: () => {
      explained(name, () => database.prepare(`DELETE FROM ${name}`).run())
      database.exec(`INSERT INTO ${name}_search (${name}_search) VALUES ('delete-all')`)
    },
  }
}

export function missingRow(entity: Entity, id: Value): RequestError {
  return new RequestError(404, 'not-found', `${entity.name} has no row ${JSON.stringify(id)}`)
}

/** SQLite's code for a row that others refer to. */
const foreignKeyViolation = 787

function explained(name: string, remove: () => void): void {
  try {
    remove()
  } catch (error) {
    if (!(error instanceof Error && 'errcode' in error && error.errcode === foreignKeyViolation)) throw error
    throw new RequestError(409, 'in-use', `rows of another table refer to ${name}; delete those first`)
  }
}

function readRow(row: Readonly<Record<string, SQLOutputValue>>): VersionedRow {
  return versioned(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, readValue(name, value)])))
}

function readValue(name: string, value: SQLOutputValue): Value {
  if (typeof value === 'string' || typeof value === 'number') return value
  throw new TypeError(`the database holds neither a text nor a number in ${name}`)
}
