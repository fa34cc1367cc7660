import type { Row, Value } from './column.ts'
import { nextNumber } from './counters.ts'
import { quoted } from './dialect.ts'
import type { Dialect } from './dialect.ts'
import type { Entity } from './entity.ts'
import { logEvent, nextPosition } from './event-log.ts'
import type { Sql, SqlRow } from './home.ts'
import type { ListQuery } from './list-query.ts'
import { RequestError } from './request-error.ts'
import { checkVersion, versioned } from './row-version.ts'
import type { VersionedRow } from './row-version.ts'
import { insertRows, updateRow } from './row-writer.ts'

/** What a request says about a change besides the change. */
export interface ChangeRequest {
  /** Its `If-Match` header. */
  readonly ifMatch?: string | undefined
  /** Its `Idempotency-Key`. */
  readonly write?: string | undefined
}

/**
 * One table's rows. What changes them takes the `sql` of a write of a `Home`, in which the change is logged as well: there
 * is no change without its event, and no event without its change.
 */
export interface TableStore {
  list(sql: Sql, query: ListQuery): Promise<{ readonly rows: readonly VersionedRow[]; readonly total: number }>
  /** Throws a RequestError where there is none; so do `update` and `delete`, and also where `ifMatch` is not of its version. */
  get(sql: Sql, id: Value): Promise<VersionedRow>
  /** Throws a RequestError where the id is taken, or a reference names no row. */
  insert(sql: Sql, row: Row, request?: ChangeRequest): Promise<VersionedRow>
  /** Answers with the changed row. Throws a RequestError where a reference names no row. */
  update(sql: Sql, id: Value, changes: Row, request?: ChangeRequest): Promise<VersionedRow>
  /** Throws a RequestError where other rows refer to it. */
  delete(sql: Sql, id: Value, request?: ChangeRequest): Promise<void>
  /** Throws a RequestError where other rows refer to one of them. */
  deleteAll(sql: Sql, request?: ChangeRequest): Promise<void>
}

export function tableStore(dialect: Dialect, entity: Entity): TableStore {
  const { name } = entity
  const columns = [...Object.keys(entity.columns), 'version'].map(quoted).join(', ')

  const find = async (sql: Sql, id: Value, ifMatch?: string): Promise<{ readonly rowNumber: number; readonly row: VersionedRow }> => {
    const [found] = await sql(`SELECT "rowNumber", ${columns} FROM ${name} WHERE id = ?`, id)
    if (found === undefined) throw missingRow(entity, id)
    const { rowNumber, ...rest } = found
    const row = readRow(rest)
    checkVersion(row, name, ifMatch)
    return { rowNumber: Number(rowNumber), row }
  }

  const checkReferences = async (sql: Sql, row: Row): Promise<void> => {
    for (const [field, { references }] of Object.entries(entity.columns)) {
      const id = row[field]
      // oxlint-disable-next-line no-await-in-loop -- the first one that is wrong is what the sender is told
      if (references !== undefined && id !== undefined && !(await exists(sql, references, id))) {
        throw new RequestError(422, 'unknown-reference', `${field} is ${id}, and ${references} has no such row`, field)
      }
    }
  }

  /** The number and the id of a new row. */
  const newPlace = async (sql: Sql, wanted: Value | undefined): Promise<{ readonly rowNumber: number; readonly id: Value }> => {
    const rowNumber = await nextNumber(sql, name)
    const id = wanted ?? entity.newId(rowNumber)
    if (!(await exists(sql, name, id))) return { rowNumber, id }
    if (wanted !== undefined) throw new RequestError(409, 'id-taken', `${name} has a row ${id} already`, 'id')
    // Somebody has chosen as their own the id that comes next.
    return newPlace(sql, undefined)
  }

  const remove = async (sql: Sql, where: string, ...values: readonly Value[]): Promise<void> => {
    try {
      await sql(`DELETE FROM ${name} ${where}`, ...values)
    } catch (error) {
      if (!dialect.isReferenceViolation(error)) throw error
      throw new RequestError(409, 'in-use', `rows of another table refer to ${name}; delete those first`)
    }
  }

  return {
    get: async (sql, id) => (await find(sql, id)).row,

    async list(sql, { where, values, orderBy, limit, offset }) {
      const [count] = await sql(`SELECT count(*) AS total FROM ${name} ${where}`, ...values)
      const total = Number(count?.['total'])
      // To find out that there is nothing so far behind, the database would put all rows in order.
      if (offset >= total) return { rows: [], total }
      // The rows before the page are passed over by number alone, for which an index is often enough.
      const page = `SELECT "rowNumber" FROM ${name} ${where} ORDER BY ${orderBy} LIMIT ? OFFSET ?`
      const rows = await sql(`SELECT ${columns} FROM ${name} WHERE "rowNumber" IN (${page}) ORDER BY ${orderBy}`, ...values, limit, offset)
      return { rows: rows.map(readRow), total }
    },

    async insert(sql, row, { write } = {}) {
      await checkReferences(sql, row)
      const { rowNumber, id } = await newPlace(sql, row['id'])
      const position = await nextPosition(sql)
      const [inserted] = await insertRows(sql, entity, rowNumber, position, [{ ...row, id }])
      if (inserted === undefined) throw new TypeError('one row was to be inserted')
      await logEvent(sql, position, name, { type: 'inserted', id, row: inserted, write })
      return inserted
    },

    async update(sql, id, changes, { ifMatch, write } = {}) {
      const { rowNumber, row } = await find(sql, id, ifMatch)
      await checkReferences(sql, changes)
      const position = await nextPosition(sql)
      const updated = await updateRow(sql, entity, rowNumber, position, { ...row, ...changes })
      await logEvent(sql, position, name, { type: 'updated', id, row: updated, fields: changedFields(row, updated), write })
      return updated
    },

    async delete(sql, id, { ifMatch, write } = {}) {
      const { rowNumber } = await find(sql, id, ifMatch)
      await remove(sql, 'WHERE "rowNumber" = ?', rowNumber)
      await logEvent(sql, await nextPosition(sql), name, { type: 'deleted', id, write })
    },

    async deleteAll(sql, { write } = {}) {
      await remove(sql, '')
      await logEvent(sql, await nextPosition(sql), name, { type: 'changed', write })
    },
  }
}

function changedFields(before: VersionedRow, after: VersionedRow): string[] {
  const values = new Map(Object.entries(before))
  return Object.entries(after).flatMap(([field, value]) => (values.get(field) === value ? [] : field))
}

async function exists(sql: Sql, table: string, id: Value): Promise<boolean> {
  return (await sql(`SELECT 1 FROM ${table} WHERE id = ?`, id)).length > 0
}

export function missingRow(entity: Entity, id: Value): RequestError {
  return new RequestError(404, 'not-found', `${entity.name} has no row ${JSON.stringify(id)}`)
}

function readRow({ version, ...columns }: SqlRow): VersionedRow {
  return versioned(Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, readValue(name, value)])), Number(version))
}

function readValue(name: string, value: unknown): Value {
  if (typeof value === 'string' || typeof value === 'number') return value
  throw new TypeError(`the database holds neither a text nor a number in ${name}`)
}
