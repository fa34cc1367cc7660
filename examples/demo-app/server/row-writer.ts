import type { Row, Value } from './column.ts'
import { quoted } from './dialect.ts'
import type { Entity } from './entity.ts'
import type { Sql } from './home.ts'
import { versioned } from './row-version.ts'
import type { VersionedRow } from './row-version.ts'
import { searchText } from './search-text.ts'

/** Inserts whole rows with what follows from them: the computed columns and the search text. They are numbered from this one on. */
export async function insertRows(
  sql: Sql,
  entity: Entity,
  rowNumber: number,
  version: number,
  rows: readonly Row[],
): Promise<readonly VersionedRow[]> {
  const whole = rows.map((row) => withComputed(entity, row))
  const names = ['rowNumber', ...writtenColumns(entity)]
  const places = `(${names.map(() => '?').join(', ')})`
  await sql(
    `INSERT INTO ${entity.name} (${names.map(quoted).join(', ')}) VALUES ${whole.map(() => places).join(', ')}`,
    ...whole.flatMap((row, index) => [rowNumber + index, ...writtenValues(entity, version, row)]),
  )
  return whole.map((row) => versioned(row, version))
}

/** Writes a whole row in place of the one that has this number. */
export async function updateRow(sql: Sql, entity: Entity, rowNumber: number, version: number, row: Row): Promise<VersionedRow> {
  const whole = withComputed(entity, row)
  const assignments = writtenColumns(entity).map((name) => `${quoted(name)} = ?`)
  await sql(
    `UPDATE ${entity.name} SET ${assignments.join(', ')} WHERE "rowNumber" = ?`,
    ...writtenValues(entity, version, whole),
    rowNumber,
  )
  return versioned(whole, version)
}

function writtenColumns(entity: Entity): string[] {
  return [...Object.keys(entity.columns), 'version', 'searchText']
}

function writtenValues(entity: Entity, version: number, row: Row): Value[] {
  return [...Object.values(row), version, searchText(entity, row)]
}

function withComputed(entity: Entity, row: Row): Row {
  return Object.fromEntries(Object.entries(entity.columns).map(([name, { computed }]) => [name, computed?.(row) ?? given(row, name)]))
}

function given(row: Row, column: string): Value {
  const value = row[column]
  if (value === undefined) throw new TypeError(`a row without ${column} cannot be written`)
  return value
}
