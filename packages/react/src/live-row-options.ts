import { queryOptions, type DataTag, type UnusedSkipTokenOptions } from '@tanstack/react-query'
import type { LiveRow, LiveTable, RowId } from '@vantage-live/core'
import type { Layer } from './laid-data.ts'
import { liveKeys, type LiveRowKey } from './live-keys.ts'
import { liveQueryDefaults, readForQuery } from './live-query.ts'

/** What `liveRowOptions` returns: the query holds the row with its age, and selects the row. */
export type LiveRowOptions<Row extends object> = UnusedSkipTokenOptions<LiveRow<Row>, Error, Row | undefined, LiveRowKey> & {
  readonly queryKey: DataTag<LiveRowKey, LiveRow<Row>, Error>
}

/**
 * Query options for one row: for `useSuspenseQuery`, `prefetchQuery`, router loaders and the like. The data is the row, or
 * undefined where the master has none.
 *
 * @throws ArgumentError where the id is none (promise 20)
 */
export function liveRowOptions<Row extends object>(table: LiveTable<Row>, id: RowId): LiveRowOptions<Row> {
  return queryOptions({
    ...liveQueryDefaults,
    queryKey: liveKeys.row(table, id),
    queryFn: (context): Promise<LiveRow<Row>> => readForQuery(table, context, (options) => table.read(id, options), rowLayer(table, id)),
    select: rowOf<Row>,
  })
}

/** What a table makes of a row that was read from it. */
export function rowLayer<Row extends object>(table: LiveTable<Row>, id: RowId): Layer<LiveRow<Row>> {
  return { lay: (base) => table.overlayRow(id, base), after: (base, change) => table.rowAfter(id, base, change) }
}

/** One function for all, so that nothing is selected anew while the read is the same. */
export function rowOf<Row extends object>(read: LiveRow<Row>): Row | undefined {
  return read.row
}
