import { queryOptions, type DataTag, type UnusedSkipTokenOptions } from '@tanstack/react-query'
import type { LiveTable, Page } from '@vantage-live/core'
import type { Layer } from './laid-data.ts'
import { liveKeys, type LivePageKey } from './live-keys.ts'
import { liveQueryDefaults, readForQuery } from './live-query.ts'

/** What `livePageOptions` returns. */
export type LivePageOptions<Row extends object> = UnusedSkipTokenOptions<Page<Row>, Error, Page<Row>, LivePageKey> & {
  readonly queryKey: DataTag<LivePageKey, Page<Row>, Error>
}

/**
 * Query options for one page of a table or view: for `useSuspenseQuery`, `prefetchQuery`, router loaders and the like.
 *
 * @param page counted from 1
 * @param pageSize the table's own by default
 * @throws ArgumentError where the page or the size is none (promise 20)
 */
export function livePageOptions<Row extends object>(
  table: LiveTable<Row>,
  page: number,
  pageSize: number = table.pageSize,
): LivePageOptions<Row> {
  return queryOptions({
    ...liveQueryDefaults,
    queryKey: liveKeys.page(table, page, pageSize),
    queryFn: (context): Promise<Page<Row>> =>
      readForQuery(table, context, (options) => table.list({ page, pageSize }, options), pageLayer(table)),
  })
}

/** What a table or view makes of pages that were read from it. */
export function pageLayer<Row extends object>(table: LiveTable<Row>): Layer<Page<Row>> {
  return { lay: (base) => table.overlay(base), after: (base, change) => table.pageAfter(base, change) }
}
