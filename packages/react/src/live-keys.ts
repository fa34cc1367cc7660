import type { LiveTable, RowId } from '@vantage-live/core'

/** The key of everything of a table and its views: the cache key, and the scope where there is one. */
export type LiveTableKey = readonly ['vantage-live', scopedKey: string]
/** The key of one page of a table or view. */
export type LivePageKey = readonly ['vantage-live', scopedKey: string, 'page', slot: string]
/** The key of one row of a table. */
export type LiveRowKey = readonly ['vantage-live', scopedKey: string, 'row', slot: string]

/**
 * Query keys, for `getQueryData`, `invalidateQueries` and the like; each begins with the ones before it.
 *
 * They hold the table's canonical slot names: equal queries, however they are written, have equal keys.
 */
export const liveKeys = {
  /** Everything of a table and its views. */
  table<Row extends object>(table: LiveTable<Row>): LiveTableKey {
    return ['vantage-live', table.scopedKey]
  },

  /** All pages of a table and its views. */
  pages<Row extends object>(table: LiveTable<Row>): readonly [...LiveTableKey, 'page'] {
    return [...liveKeys.table(table), 'page']
  },

  /** One page of a table or view. */
  page<Row extends object>(table: LiveTable<Row>, page: number, pageSize?: number): LivePageKey {
    return [...liveKeys.pages(table), table.pageCacheKey(page, pageSize)]
  },

  /** One row of a table, which its views share. */
  row<Row extends object>(table: LiveTable<Row>, id: RowId): LiveRowKey {
    return [...liveKeys.table(table), 'row', table.idCacheKey(id)]
  },

  /** No row in particular: the key while no id is known. */
  noRow<Row extends object>(table: LiveTable<Row>): LiveRowKey {
    return [...liveKeys.table(table), 'row', '']
  },
} as const
