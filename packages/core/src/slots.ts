import type { Slot, Tags } from './cache/cache.ts'
import type { CanonicalQuery } from './table/query.ts'
import type { AffectedRows, OrderBy, RowUpdate } from './table/table.ts'

/** A view, as far as it decides where rows stand: with the master's own order where it has none. */
export type Placing = Pick<CanonicalQuery, 'where' | 'search'> & { readonly orderBy: readonly OrderBy<Record<string, unknown>>[] }

// Keys are JSON, so that no two of them collide, whatever a cache key or an id holds (promise 10).

/** What every page and every count hangs on: rows come and go. */
const lists = 'lists'
/** What pages and counts hang on in which a row that is changed may get, or lose, its place. */
const places = 'places'
/** The same, where any of its fields may decide. */
const anyField = 'any field'

/**
 * One page of one view, at one page size. It hangs on the rows that it shows besides.
 *
 * @param placing the fields that decide where rows stand in it
 */
export function pageSlot(
  cacheKey: string,
  view: CanonicalQuery,
  page: number,
  pageSize: number,
  placing: readonly string[] | 'any' = placingFields(view),
): Slot {
  const key = name(cacheKey, 'page', page, pageSize, ...viewName(view))
  return { cacheKey, key, tags: [lists, ...placeTags(placing)], hasParts: true }
}

/**
 * How many rows a view has. Its order is left out: it changes no count.
 *
 * @param placing the fields that decide which rows it has
 */
export function countSlot(
  cacheKey: string,
  view: CanonicalQuery,
  placing: readonly string[] | 'any' = placingFields({ ...view, orderBy: [] }),
): Slot {
  const key = name(cacheKey, 'count', ...viewName({ ...view, orderBy: [] }))
  return { cacheKey, key, tags: [lists, ...placeTags(placing)] }
}

/** One row, by `String(id)`. All views share it. */
export function rowSlot(cacheKey: string, id: string): Slot {
  return { cacheKey, key: name(cacheKey, 'id', id), tags: [rowTag(id)] }
}

/** The tags to invalidate where rows may have come or gone. It leaves the other rows' slots fresh (promise 17). */
export function tagsOf(rows: AffectedRows): Tags {
  return rows === 'all' ? 'all' : [lists, ...rows.map(rowTag)]
}

/** The tags to invalidate where a row was changed, and none came or went. It leaves pages fresh that it cannot have changed. */
export function tagsOfUpdate({ id, fields }: RowUpdate): readonly string[] {
  const moved = fields?.map(fieldTag) ?? [places]
  return [...moved, ...(fields !== undefined && fields.length > 0 ? [anyField] : []), rowTag(id)]
}

/** What hangs on one row, by `String(id)`. */
export function rowTag(id: string): string {
  return `row ${id}`
}

/** The fields that decide where rows stand in a view. */
export function placingFields({ where, search, orderBy }: Placing): readonly string[] | 'any' {
  return search === '' ? [...new Set([...where, ...orderBy].map(({ field }) => field))] : 'any'
}

function placeTags(placing: readonly string[] | 'any'): readonly string[] {
  if (placing === 'any') return [places, anyField]
  return placing.length === 0 ? [] : [places, ...placing.map(fieldTag)]
}

function fieldTag(field: string): string {
  return `field ${field}`
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
