import type { Slot, Tags } from './cache/cache.ts'
import type { CanonicalQuery } from './table/query.ts'
import type { AffectedRows } from './table/table.ts'

// Keys are JSON, so that no two of them collide, whatever a cache key or an id holds (promise 10).

/** What every page and every count hangs on. */
const lists = 'lists'

/** One page of one view, at one page size. */
export function pageSlot(cacheKey: string, view: CanonicalQuery, page: number, pageSize: number): Slot {
  return { cacheKey, key: name(cacheKey, 'page', page, pageSize, ...viewName(view)), tags: [lists] }
}

/** How many rows a view has. Its order is left out: it changes no count. */
export function countSlot(cacheKey: string, view: CanonicalQuery): Slot {
  return { cacheKey, key: name(cacheKey, 'count', ...viewName({ ...view, orderBy: [] })), tags: [lists] }
}

/** One row, by `String(id)`. All views share it. */
export function rowSlot(cacheKey: string, id: string): Slot {
  return { cacheKey, key: name(cacheKey, 'id', id), tags: [rowTag(id)] }
}

/** The tags to invalidate. A change to one row leaves the other rows' slots fresh (promise 17). */
export function tagsOf(rows: AffectedRows): Tags {
  return rows === 'all' ? 'all' : [lists, ...rows.map(rowTag)]
}

function rowTag(id: string): string {
  return `row ${id}`
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
