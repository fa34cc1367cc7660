import { placingFields, type Placing } from './slots.ts'
import type { ListResult, RowUpdate } from './table/table.ts'
import type { Comparison } from './table/query.ts'
import { fieldOf, sameJson } from './table/row.ts'
import { compareVersions } from './table/versions.ts'

/** What a table's rows are known by. */
export interface RowFields {
  readonly idField: string
  readonly versionField: string | undefined
}

/**
 * What a list is after an update of one row: the same, or with the row in its place; undefined where that cannot be told, for
 * the row may have come, gone or moved (promise 17).
 *
 * Where the view has neither filter nor search nor order, an update moves nothing.
 */
export function listAfter<List extends Pick<ListResult<object>, 'rows'>>(
  list: List,
  { id, row, fields: changed }: RowUpdate,
  view: Placing,
  fields: RowFields,
): List | undefined {
  if (view.isGlued === true && canMove(view, changed)) return undefined
  const index = list.rows.findIndex((each) => String(fieldOf(each, fields.idField)) === id)
  const held = list.rows[index]
  if (held === undefined) return canMove(view, changed) ? undefined : list
  if (row === undefined) return undefined
  const after = rowAfter(held, row, fields)
  if (after === held) return list
  if (after === undefined || !staysInPlace(held, after, view, changed)) return undefined
  return { ...list, rows: list.rows.map((each, at) => (at === index ? after : each)) }
}

/** The newer one of a row that is held and the one that an update brings; undefined where that lacks what the held one has. */
export function rowAfter<Row extends object>(held: Row, row: object, { versionField }: RowFields): Row | undefined {
  const order = versionField === undefined ? undefined : compareVersions(fieldOf(row, versionField), fieldOf(held, versionField))
  // An event may be older than what was read before it came.
  if (order !== undefined && order <= 0) return held
  return hasFieldsOf(row, held) ? row : undefined
}

/** Whether such a change can give a row a place, or take one from it. */
function canMove(view: Placing, changed: readonly string[] | undefined): boolean {
  const deciding = placingFields(view)
  return deciding === 'any' ? changed?.length !== 0 : deciding.some((field) => changed?.includes(field) ?? true)
}

/** A list may have fields that a row by itself has not, such as those of other tables. */
function hasFieldsOf<Row extends object>(row: object, held: Row): row is Row {
  return Object.keys(held).every((field) => Object.hasOwn(row, field))
}

function staysInPlace(held: object, row: object, { where, search, orderBy }: Placing, changed?: readonly string[]): boolean {
  // A list may be placed by fields that it does not show.
  const isSame = (field: string): boolean => {
    if (changed?.includes(field) === true) return false
    return Object.hasOwn(row, field) ? sameJson(fieldOf(held, field), fieldOf(row, field)) : changed !== undefined
  }
  if (search !== '') return changed?.length === 0
  return (
    where.every((comparison) => isSame(comparison.field) || surelyHolds(row, comparison)) && orderBy.every(({ field }) => isSame(field))
  )
}

/** Masters differ in how they compare text, but not in whether a value is the one asked for. */
function surelyHolds(row: object, { field, operator, value }: Comparison): boolean {
  const held = fieldOf(row, field)
  if (operator === 'eq') return held === value
  return operator === 'in' && value.some((each) => each === held)
}
