// oxlint-disable typescript/no-deprecated -- the lowest TanStack Query that is supported has no `client.query()` to use instead
import type { FetchQueryOptions, QueryClient, QueryKey } from '@tanstack/react-query'

/** Reads a query without a hook, in every supported version of TanStack Query. */
export function fetchQuery<Data, Key extends QueryKey>(
  client: QueryClient,
  options: FetchQueryOptions<Data, Error, Data, Key>,
): Promise<Data> {
  return client.fetchQuery(options)
}
