import { describe } from './describe.ts'
import { AnswerError } from './errors.ts'
import { rowProblem, type StandardSchemaV1 } from './row-schema.ts'
import { isObject } from './table/is-object.ts'
import { isRowId } from './table/query.ts'
import { fieldOf } from './table/row.ts'
import type { ListResult, RowId } from './table/table.ts'

/** What a table's rows are checked by. */
export interface RowShape {
  readonly name: string
  readonly idField: string
  /** What they have to fit besides. */
  readonly schema?: StandardSchemaV1 | undefined
}

/**
 * A master's answer to `list`, checked.
 *
 * @throws AnswerError unless it has an array of at most `pageSize` rows that fit, each with an id that no other one has (promise 20)
 */
export function checkListResult<Row extends object>(table: RowShape, result: ListResult<Row>, pageSize: number): ListResult<Row> {
  if (!isListResult(result)) throw new AnswerError(table.name, 'the answer to list', result, '{ rows: an array, total?: a number }')
  const { rows } = result
  // The error is kept for as long as it is shown; it is not to keep a million rows with it.
  if (rows.length > pageSize) {
    throw new AnswerError(table.name, 'the number of rows in the page', rows.length, `at most ${pageSize}, as asked for`)
  }
  const ids = new Set<string>()
  for (const row of rows) {
    const id = rowIdText(table, row)
    if (ids.has(id)) throw new AnswerError(table.name, `${table.idField} of two rows`, id, 'ids that differ')
    ids.add(id)
    checkFit(table, row, id)
  }
  return result
}

/**
 * A row that the master answered with, checked.
 *
 * @param asked the id of the row that was asked for; a row of another id would be cached under a name that no write knows
 * @throws AnswerError unless it is an object that fits, with an id, and with the one that was asked for (promise 20)
 */
export function checkRow<Row extends object>(table: RowShape, row: Row | undefined, asked?: RowId): Row {
  const id = rowIdText(table, row)
  if (row === undefined || (asked !== undefined && id !== String(asked))) {
    throw new AnswerError(table.name, `${table.idField} of the row`, id, `${asked}, as asked for`)
  }
  checkFit(table, row, id)
  return row
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

/**
 * How many rows a view has, where the master said `total` and showed these rows: what was seen counts over what was said, for
 * many totals are estimates. A page beyond the end says nothing.
 */
export function totalOf(
  total: number,
  rows: readonly object[],
  { page, pageSize }: { readonly page: number; readonly pageSize: number },
): number {
  return rows.length === 0 ? total : Math.max(total, (page - 1) * pageSize + rows.length)
}

/** Whether something has the shape of a page. */
export function isListResult(value: unknown): value is ListResult<object> {
  if (!isObject(value) || !('rows' in value) || !Array.isArray(value.rows)) return false
  return !('total' in value) || value.total === undefined || isCount(value.total)
}

/** Whether something that was stored is a page of rows that fit. */
export function isPageOf(table: RowShape, value: unknown): value is ListResult<object> {
  return isListResult(value) && value.rows.every((row) => isRowOf(table, row))
}

/** Whether something that was stored or sent is a row that fits. */
export function isRowOf({ idField, schema }: RowShape, value: unknown): value is object {
  return isObject(value) && isRowId(fieldOf(value, idField)) && (schema === undefined || rowProblem(schema, value) === undefined)
}

/** Whether something is a count. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function checkFit({ name, schema }: RowShape, row: object, id: string): void {
  const problem = schema && rowProblem(schema, row)
  if (problem !== undefined) throw new AnswerError(name, `row ${describe(id)}`, row, `a row that fits the schema: ${problem}`)
}
