import { AnswerError } from './errors.ts'
import { isObject } from './table/is-object.ts'
import { isRowId } from './table/query.ts'
import { fieldOf } from './table/row.ts'
import type { ListResult, RowId } from './table/table.ts'

/** What a table's rows are checked by. */
export interface RowShape {
  readonly name: string
  readonly idField: string
}

/**
 * A master's answer to `list`, checked.
 *
 * @throws AnswerError unless it has an array of at most `pageSize` rows, each with an id that no other one has (promise 20)
 */
export function checkListResult<Row extends object>(table: RowShape, result: ListResult<Row>, pageSize: number): ListResult<Row> {
  if (!isListResult(result)) throw new AnswerError(table.name, 'the answer to list', result, '{ rows: an array, total?: a number }')
  const { rows } = result
  if (rows.length > pageSize) throw new AnswerError(table.name, 'the page', rows, `at most ${pageSize} rows, as asked for`)
  const ids = new Set<string>()
  for (const row of rows) {
    const id = rowIdText(table, row)
    if (ids.has(id)) throw new AnswerError(table.name, `${table.idField} of two rows`, id, 'ids that differ')
    ids.add(id)
  }
  return result
}

/**
 * A row that the master answered with, checked.
 *
 * @param asked the id of the row that was asked for; a row of another id would be cached under a name that no write knows
 * @throws AnswerError unless it is an object with an id, and with the one that was asked for (promise 20)
 */
export function checkRow<Row extends object>(table: RowShape, row: Row | undefined, asked?: RowId): Row {
  const id = rowIdText(table, row)
  if (row !== undefined && (asked === undefined || id === String(asked))) return row
  throw new AnswerError(table.name, `${table.idField} of the row`, id, `${asked}, as asked for`)
}

/**
 * The id of a row, as it is compared.
 *
 * @throws AnswerError if there is none
 */
export function rowIdText(table: RowShape, row: unknown): string {
  if (!isObject(row)) throw new AnswerError(table.name, 'a row', row, 'an object')
  const id = fieldOf(row, table.idField)
  if (!isRowId(id))
    throw new AnswerError(table.name, `${table.idField} of a row`, id, 'an id: a string that is not empty, or a finite number')
  return String(id)
}

/** Whether something has the shape of a page. */
export function isListResult(value: unknown): value is ListResult<object> {
  if (!isObject(value) || !('rows' in value) || !Array.isArray(value.rows)) return false
  return !('total' in value) || value.total === undefined || (Number.isSafeInteger(value.total) && Number(value.total) >= 0)
}

/** Whether something is a count. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
