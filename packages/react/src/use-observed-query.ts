'use client'

import {
  QueryObserver,
  shouldThrowError,
  useIsRestoring,
  useQueryClient,
  useQueryErrorResetBoundary,
  type QueryKey,
  type QueryObserverOptions,
  type QueryObserverResult,
} from '@tanstack/react-query'
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'

/**
 * What TanStack Query's `useQuery` does, on the observer that it gives to the makers of such hooks; but what comes is shown
 * in the task in which it came.
 *
 * `useQuery` is told by a timer, one for each query: every answer is shown a task late, and 500 rows that were read from
 * disk in one transaction are 500 commits.
 *
 * @param schedule runs what makes React look again, soon
 */
export function useObservedQuery<Found, Data, Key extends QueryKey>(
  options: QueryObserverOptions<Found, Error, Data, Found, Key> & { readonly subscribed?: boolean | undefined },
  schedule: (run: () => void) => void,
): QueryObserverResult<Data> {
  const client = useQueryClient()
  const isRestoring = useIsRestoring()
  const boundary = useQueryErrorResetBoundary()

  const defaulted = client.defaultQueryOptions(options)
  const subscribing = isRestoring ? 'isRestoring' : options.subscribed === false ? 'no' : 'optimistic'
  // oxlint-disable-next-line no-underscore-dangle -- TanStack Query's name for what its own hooks set
  if (subscribing !== 'no') defaulted._optimisticResults = subscribing

  const query = client.getQueryCache().get<Found, Error, Found, Key>(defaulted.queryHash)
  const isThrown = (error: unknown): boolean =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- TanStack Query's types call an Error whatever was thrown
    query !== undefined && !boundary.isReset() && shouldThrowError(defaulted.throwOnError, [error as Error, query])
  // What went to an error boundary is asked for again when that is reset, and not whenever it is mounted.
  if (query?.state.status === 'error' && isThrown(query.state.error)) defaulted.retryOnMount = false
  useEffect(() => boundary.clearReset(), [boundary])

  const [observer] = useState(() => new QueryObserver<Found, Error, Data, Found, Key>(client, defaulted))
  const result = observer.getOptimisticResult(defaulted)
  useEffect(() => observer.setOptions(defaulted), [observer, defaulted])
  const current = (): QueryObserverResult<Data> => observer.getCurrentResult()
  useSyncExternalStore(
    useCallback(
      (onChange) => (subscribing === 'optimistic' ? observer.subscribe(() => schedule(onChange)) : () => undefined),
      [observer, subscribing, schedule],
    ),
    current,
    current,
  )

  if (result.isError && !result.isFetching && isThrown(result.error)) throw result.error
  return defaulted.notifyOnChangeProps === undefined ? observer.trackResult(result) : result
}
