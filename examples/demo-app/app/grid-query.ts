import type { Condition, OrderBy, ViewQuery } from '@vantage-live/core'
import { navigate, useLocation } from './location.ts'
import type { Filter, Row, Screen, Value } from './screen.ts'

/** What of a table is shown: all that the address says. */
export interface GridQuery {
  readonly page: number
  readonly pageSize: number
  readonly orderBy: readonly OrderBy<Row>[]
  /** By the filter's name, as it was typed. */
  readonly filters: Readonly<Record<string, string>>
  readonly search: string
  /** The id of the row that the detail panel shows. */
  readonly openId: string | undefined
}

export const pageSizes: readonly number[] = [25, 50, 100, 200]

export type ChangeGridQuery = (change: Partial<GridQuery>, options?: { readonly replace?: boolean }) => void

/** The grid's query, from the address and into it. A change of what is listed leads back to the first page. */
export function useGridQuery(screen: Screen): readonly [GridQuery, ChangeGridQuery] {
  const query = readGridQuery(screen, useLocation().searchParams)
  const change: ChangeGridQuery = (changes, options) => {
    const listsOthers = 'filters' in changes || 'search' in changes || 'orderBy' in changes || 'pageSize' in changes
    const next = { ...query, ...(listsOthers ? { page: 1 } : {}), ...changes }
    navigate(addressOf(screen, next), options)
  }
  return [query, change]
}

/** What an address asks for. What makes no sense in it is passed over. */
function readGridQuery(screen: Screen, parameters: URLSearchParams): GridQuery {
  const page = Number(parameters.get('page'))
  const size = Number(parameters.get('size'))
  const orderBy = readOrder(screen, parameters.get('sort') ?? '')
  return {
    page: Number.isSafeInteger(page) && page >= 1 ? page : 1,
    pageSize: pageSizes.includes(size) ? size : screen.table.pageSize,
    orderBy: orderBy.length > 0 ? orderBy : screen.defaultOrder,
    filters: Object.fromEntries(
      screen.filters.flatMap((filter) => {
        const text = parameters.get(filter.name) ?? ''
        return filterValue(filter, text) === undefined ? [] : [[filter.name, text]]
      }),
    ),
    search: parameters.get('q') ?? '',
    openId: parameters.get('row') ?? undefined,
  }
}

/** The address that asks for it; what goes without saying is left out. */
export function addressOf(screen: Screen, query: Partial<GridQuery>): string {
  const { page = 1, pageSize = screen.table.pageSize, orderBy = [], filters = {}, search = '', openId } = query
  const sort = writeOrder(orderBy)
  const parameters = new URLSearchParams({
    ...(search === '' ? {} : { q: search }),
    ...Object.fromEntries(Object.entries(filters).filter(([, text]) => text !== '')),
    ...(sort === writeOrder(screen.defaultOrder) || sort === '' ? {} : { sort }),
    ...(pageSize === screen.table.pageSize ? {} : { size: String(pageSize) }),
    ...(page === 1 ? {} : { page: String(page) }),
    ...(openId === undefined ? {} : { row: openId }),
  })
  return parameters.size === 0 ? `/${screen.path}` : `/${screen.path}?${parameters}`
}

/** The view of the table that shows it. */
export function viewQueryOf(screen: Screen, { filters, orderBy, search }: GridQuery): ViewQuery<Row> {
  const where: Record<string, Condition<Value>> = {}
  for (const filter of screen.filters) {
    const value = filterValue(filter, filters[filter.name] ?? '')
    if (value !== undefined) where[filter.field] = { ...where[filter.field], [filter.operator]: value }
  }
  return { where, orderBy, search: search.trim() }
}

/** What a filter compares with; undefined where it lets everything pass. */
function filterValue({ input }: Filter, text: string): Value | undefined {
  if (text.trim() === '') return undefined
  if (input.kind === 'select') return input.options.some(({ value }) => value === text) ? text : undefined
  return Number.isFinite(Number(text)) ? Number(text) : undefined
}

function readOrder({ fields }: Screen, sort: string): OrderBy<Row>[] {
  return sort
    .split(',')
    .map((key): OrderBy<Row> => ({ field: key.replace(/^-/, ''), direction: key.startsWith('-') ? 'desc' : 'asc' }))
    .filter(({ field }) => fields.some(({ name, isUnsortable }) => name === field && isUnsortable !== true))
}

function writeOrder(orderBy: readonly OrderBy<Row>[]): string {
  return orderBy.map(({ field, direction }) => (direction === 'desc' ? `-${field}` : field)).join(',')
}
