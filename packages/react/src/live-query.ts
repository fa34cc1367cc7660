import type { QueryClient, QueryKey } from '@tanstack/react-query'
import type { CachedReadOptions, LiveTable } from '@vantage-live/core'
import { bridge } from './bridge.ts'
import { layOver, type Layer } from './laid-data.ts'

/** What pages and rows have in common: how sure the table is of them. */
export interface Aged {
  readonly stale: boolean
  readonly error?: unknown
}

/** The options of a query that the table sees to itself. */
export type OwnedOption =
  | 'initialData'
  | 'initialDataUpdatedAt'
  | 'networkMode'
  | 'persister'
  | 'queryFn'
  | 'queryKey'
  | 'queryKeyHashFn'
  | 'staleTime'

/** What TanStack Query hands to a query function, as far as it is used here. */
interface FetchContext {
  readonly client: QueryClient
  readonly queryKey: QueryKey
  readonly signal: AbortSignal
}

/**
 * The options that every query of a live table has. The table owns freshness, so nothing goes stale by the clock, and it
 * can answer without a network, so it is always asked.
 */
export const liveQueryDefaults: {
  readonly networkMode: 'always'
  readonly refetchOnReconnect: true
  readonly staleTime: (query: { readonly state: { readonly data: Aged | undefined } }) => number
} = {
  networkMode: 'always',
  refetchOnReconnect: true,
  staleTime: ({ state }) => (state.data?.stale === true ? 0 : Infinity),
}

/**
 * Reads for a query. The first time whatever is cached will do, so that it shows at once; the bridge asks for more where
 * that is stale. After an invalidation the table decides; a refetch that nothing called for, by the user or an interval,
 * goes to the master.
 *
 * An error beside rows that are shown already becomes the query's error, and the rows stay (promise 8).
 */
export async function readForQuery<Row extends object, Answer extends Aged>(
  table: LiveTable<Row>,
  { client, queryKey, signal }: FetchContext,
  read: (options: CachedReadOptions) => Promise<Answer>,
  layer: Layer<Answer>,
): Promise<Answer> {
  bridge(client, table)
  const shown = client.getQueryState<Aged>(queryKey)
  const known = shown?.data
  const cache = known === undefined ? 'force-cache' : shown?.isInvalidated === true || known.stale ? 'default' : 'reload'
  const answer = await read({ signal, cache, overlay: false })
  if (known !== undefined && answer.error !== undefined) throw answer.error
  return layOver(client, queryKey, answer, layer, table.root)
}
