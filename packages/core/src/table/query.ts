import { ArgumentError } from '../errors.ts'
import { readArgument } from './read-argument.ts'
import type { ListQuery, OrderBy, RowId, ViewQuery } from './table.ts'

/** How a field is compared. */
export type Operator = 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'in' | 'contains'

/** A value as it stands in JSON; a `Date` has become its ISO text. */
export type PlainScalar = string | number | boolean | null

/** One comparison of a canonical query; `value` is a list for `in`, and else a single value. */
export type Comparison =
  | { readonly field: string; readonly operator: 'in'; readonly value: readonly PlainScalar[] }
  | { readonly field: string; readonly operator: Exclude<Operator, 'in'>; readonly value: PlainScalar }

/** A view's query in its one canonical form: equal queries, however they were written, are equal here. */
export interface CanonicalQuery {
  /** Sorted by field, then operator; all must hold. */
  readonly where: readonly Comparison[]
  /** In the caller's order, for that is the order's meaning; a field counts where it first stands. */
  readonly orderBy: readonly { readonly field: string; readonly direction: 'asc' | 'desc' }[]
  readonly search: string
}

/** One page of a view, in canonical form. */
export interface CanonicalListQuery extends CanonicalQuery {
  readonly page: number
  readonly pageSize: number
}

const operators: readonly string[] = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'contains'] satisfies Operator[]

/**
 * The canonical form of a query.
 *
 * @throws ArgumentError where a field, an operator, a value or a direction is none (promise 20)
 */
export function canonicalQuery<Row>(query: ViewQuery<Row>): CanonicalQuery {
  return readArgument('query', query, () => {
    if (!isPlainObject(query)) throw new ArgumentError('query', query, 'an object')
    const { where, orderBy, search }: ViewQuery<Row> = query
    return { where: comparisons(where), orderBy: order(orderBy), search: searchText(search) }
  })
}

/**
 * A page number or a size.
 *
 * @throws ArgumentError unless it is a whole number from 1 on (promise 20)
 */
export function checkCount(argument: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value
  throw new ArgumentError(argument, value, 'a whole number from 1 on')
}

/**
 * Checks a page's numbers and gives its query's canonical form.
 *
 * @throws ArgumentError as `checkCount` and `canonicalQuery` do (promise 20)
 */
export function canonicalListQuery<Row>(query: ListQuery<Row>): CanonicalListQuery {
  return readArgument('query', query, () => ({
    ...canonicalQuery(query),
    page: checkCount('page', query.page),
    pageSize: checkCount('pageSize', query.pageSize),
  }))
}

/**
 * A view of a view: both filters hold; the inner order, where there is one, takes the outer one's place.
 *
 * @throws ArgumentError where the inner one filters a field that the outer filters too, or both search (promise 20)
 */
export function narrow<Row>(outer: ViewQuery<Row>, inner: ViewQuery<Row>): ViewQuery<Row> {
  const outside = canonicalQuery(outer)
  const inside = canonicalQuery(inner)
  const twice = inside.where.find(({ field }) => outside.where.some((other) => other.field === field))
  if (twice !== undefined) throw new ArgumentError(`where.${twice.field}`, twice.value, 'a field that the view does not filter already')
  if (outside.search !== '' && inside.search !== '') {
    throw new ArgumentError('search', inside.search, 'no search, for the view has one already')
  }
  const where = { ...inner.where, ...outer.where }
  const orderBy = inside.orderBy.length > 0 ? inner.orderBy : outer.orderBy
  const search = outside.search === '' ? inside.search : outside.search
  return {
    ...(outside.where.length + inside.where.length > 0 ? { where } : {}),
    ...(orderBy === undefined ? {} : { orderBy }),
    ...(search === '' ? {} : { search }),
  }
}

/** Whether a query asks for all of what it is asked of, in the order in which that comes. */
export function isUnnarrowed<Row>(query: ViewQuery<Row>): boolean {
  if (!isPlainObject(query)) return false
  const { where, orderBy, search }: ViewQuery<Row> = query
  return where === undefined && orderBy === undefined && search === undefined
}

/** Whether something can be the id of a row. */
export function isRowId(value: unknown): value is RowId {
  return (typeof value === 'string' && value !== '') || (typeof value === 'number' && Number.isFinite(value))
}

/**
 * An id in the one form in which ids are compared.
 *
 * @throws ArgumentError unless it is a string with something in it or a finite number (promise 20)
 */
export function idText(id: unknown, argument: string = 'id'): string {
  if (isRowId(id)) return String(id)
  throw new ArgumentError(argument, id, 'a string that is not empty, or a finite number')
}

function comparisons(where: unknown): Comparison[] {
  if (where === undefined) return []
  if (!isPlainObject(where)) throw new ArgumentError('where', where, 'an object of fields')
  return Object.entries(where)
    .filter(([, condition]) => condition !== undefined)
    .flatMap(([field, condition]) => fieldComparisons(field, condition))
    .sort((a, b) => compareText(a.field, b.field) || compareText(a.operator, b.operator))
}

function fieldComparisons(field: string, condition: unknown): Comparison[] {
  if (field === '') throw new ArgumentError('where', field, 'the names of fields')
  if (!isPlainObject(condition)) return [{ field, operator: 'eq', value: plainScalar(`where.${field}`, condition) }]
  return Object.entries(condition)
    .filter(([, value]) => value !== undefined)
    .map(([operator, value]) => comparison(field, operator, value))
}

function comparison(field: string, operator: string, value: unknown): Comparison {
  const argument = `where.${field}.${operator}`
  if (!isOperator(operator)) throw new ArgumentError(`where.${field}`, operator, `one of the operators ${operators.join(', ')}`)
  if (operator === 'contains' && typeof value !== 'string') throw new ArgumentError(argument, value, 'a string')
  if (operator !== 'in') return { field, operator, value: plainScalar(argument, value) }
  if (!Array.isArray(value)) throw new ArgumentError(argument, value, 'an array of values')
  const byText = new Map(value.map((each) => plainScalar(argument, each)).map((plain) => [JSON.stringify(plain), plain]))
  return { field, operator, value: [...byText].sort(([a], [b]) => compareText(a, b)).map(([, plain]) => plain) }
}

function order(orderBy: unknown): OrderBy<Record<string, unknown>>[] {
  if (orderBy === undefined) return []
  if (!Array.isArray(orderBy)) throw new ArgumentError('orderBy', orderBy, 'an array of { field, direction }')
  const byField = new Map<string, OrderBy<Record<string, unknown>>>()
  orderBy.forEach((key: unknown, index) => {
    const { field, direction } = isPlainObject(key) ? key : {}
    if (typeof field !== 'string' || field === '') throw new ArgumentError(`orderBy[${index}].field`, field, 'the name of a field')
    if (direction !== 'asc' && direction !== 'desc') throw new ArgumentError(`orderBy[${index}].direction`, direction, "'asc' or 'desc'")
    if (!byField.has(field)) byField.set(field, { field, direction })
  })
  return [...byField.values()]
}

function searchText(search: unknown): string {
  if (search === undefined) return ''
  if (typeof search !== 'string') throw new ArgumentError('search', search, 'a string')
  return search
}

function plainScalar(argument: string, value: unknown): PlainScalar {
  if (value instanceof Date && Number.isFinite(value.getTime())) return value.toISOString()
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  // Minus zero equals zero wherever it is compared, so it is the same query.
  if (typeof value === 'number' && Number.isFinite(value)) return value + 0
  throw new ArgumentError(argument, value, 'a string, a finite number, a boolean, a valid Date or null')
}

function isOperator(operator: string): operator is Operator {
  return operators.includes(operator)
}

/** A Map, a Set or a RegExp has no fields to see: taken for an object it would be a condition that always holds. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Object]'
}

/** By code unit, which is the same order in every locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
