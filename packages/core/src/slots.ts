import type { CachedTable, Slot, Tags } from './cache/cache.ts'
import type { CanonicalQuery } from './table/query.ts'
import type { AffectedRows, OrderBy, RowUpdate } from './table/table.ts'

/** A view, as far as it decides where rows stand: with the master's own order where it has none. */
export type Placing = Pick<CanonicalQuery, 'where' | 'search'> & {
  readonly orderBy: readonly OrderBy<Record<string, unknown>>[]
  /** A page of it is put together from parts, which may be from before and after a change: that one has its row says nothing of the others. */
  readonly isGlued?: boolean
}

/** A table, and the shape that its rows have in this version of the app: what was cached in another shape is never read. */
export interface SlotTable extends CachedTable {
  readonly version?: string | number | undefined
}

// Keys are JSON, so that no two of them collide, whatever a scope, a cache key or an id holds (promise 10).

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
  table: SlotTable,
  view: CanonicalQuery,
  page: number,
  pageSize: number,
  placing: readonly string[] | 'any' = placingFields(view),
): Slot {
  const key = name(table, 'page', page, pageSize, ...viewName(view))
  return { ...ofTable(table), key, tags: [lists, ...placeTags(placing)], hasParts: true }
}

/**
 * How many rows a view has. Its order is left out: it changes no count.
 *
 * @param placing the fields that decide which rows it has
 */
export function countSlot(
  table: SlotTable,
  view: CanonicalQuery,
  placing: readonly string[] | 'any' = placingFields({ ...view, orderBy: [] }),
): Slot {
  const key = name(table, 'count', ...viewName({ ...view, orderBy: [] }))
  return { ...ofTable(table), key, tags: [lists, ...placeTags(placing)] }
}

/** One row, by `String(id)`. All views share it. */
export function rowSlot(table: SlotTable, id: string): Slot {
  return { ...ofTable(table), key: name(table, 'id', id), tags: [rowTag(id)] }
}

/** What a table is known by, among those of all scopes. */
export function tableName({ scope, cacheKey }: CachedTable): string {
  return scope === '' && !cacheKey.startsWith('[') ? cacheKey : JSON.stringify([scope, cacheKey])
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

/** The invalidations of a table reach all versions of its rows. */
function ofTable({ scope, cacheKey }: SlotTable): CachedTable {
  return { scope, cacheKey }
}

function name({ scope, cacheKey, version }: SlotTable, ...parts: readonly unknown[]): string {
  const isPlain = scope === '' && version === undefined
  return JSON.stringify([isPlain ? cacheKey : [scope, cacheKey, ...(version === undefined ? [] : [version])], ...parts])
}
