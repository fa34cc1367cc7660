import type { Slot } from './cache/cache.ts'
import type { CanonicalQuery } from './table/query.ts'
import type { AffectedRows } from './table/table.ts'

// Keys and tags are JSON, so that no two of them collide, whatever a cache key or an id holds (promise 10).

/** One page of one view, at one page size. */
export function pageSlot(cacheKey: string, view: CanonicalQuery, page: number, pageSize: number): Slot {
  return { key: name(cacheKey, 'page', page, pageSize, ...viewName(view)), tags: [listsTag(cacheKey)] }
}

/** How many rows a view has. Its order is left out: it changes no count. */
export function countSlot(cacheKey: string, view: CanonicalQuery): Slot {
  return { key: name(cacheKey, 'count', ...viewName({ ...view, orderBy: [] })), tags: [listsTag(cacheKey)] }
}

/** One row, by `String(id)`. All views share it. */
export function rowSlot(cacheKey: string, id: string): Slot {
  return { key: name(cacheKey, 'id', id), tags: [rowsTag(cacheKey), rowTag(cacheKey, id)] }
}

/** The tags to invalidate. A change to one row leaves the other rows' slots fresh (promise 17). */
export function tagsOf(cacheKey: string, rows: AffectedRows): string[] {
  const own = rows === 'all' ? [rowsTag(cacheKey)] : rows.map((id) => rowTag(cacheKey, id))
  return [listsTag(cacheKey), ...own]
}

function listsTag(cacheKey: string): string {
  return name(cacheKey, 'lists')
}

function rowsTag(cacheKey: string): string {
  return name(cacheKey, 'rows')
}

function rowTag(cacheKey: string, id: string): string {
  return name(cacheKey, 'row', id)
}

function viewName({ where, orderBy, search }: CanonicalQuery): unknown[] {
  if (where.length === 0 && orderBy.length === 0 && search === '') return []
  return [
    where.map(({ field, operator, value }) => [field, operator, value]),
    orderBy.map(({ field, direction }) => [field, direction]),
    search,
  ]
}

function name(...parts: readonly unknown[]): string {
  return JSON.stringify(parts)
}
