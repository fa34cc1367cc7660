'use client'

import type { UseQueryOptions, UseQueryResult } from '@tanstack/react-query'
import type { FailedWrite, LiveTable, Page, PendingWrite } from '@vantage-live/core'
import { useCallback, useMemo } from 'react'
import { extendResult } from './extend-result.ts'
import { frameGate } from './frame-gate.ts'
import type { LivePageKey } from './live-keys.ts'
import type { OwnedOption } from './live-query.ts'
import { livePageOptions } from './live-page-options.ts'
import { useBridge } from './use-bridge.ts'
import { useNeighbours } from './use-neighbours.ts'
import { useObservedQuery } from './use-observed-query.ts'
import { useWritesState } from './use-writes-state.ts'

/** TanStack Query's options but for those that the table owns, and a page size. */
export interface UseLivePageOptions<Row extends object, Data = Page<Row>> extends Omit<
  UseQueryOptions<Page<Row>, Error, Shown<Row, Data>, LivePageKey>,
  OwnedOption | 'select'
> {
  /** The table's own by default. */
  readonly pageSize?: number
  /** Makes `data` of the page; `rows` and the like stay the page's. An inline function runs again at each render. */
  readonly select?: (page: Page<Row>) => Data
}

/** What TanStack Query's `useQuery` returns, and what a grid needs besides. */
export type UseLivePageResult<Row extends object, Data = Page<Row>> = UseQueryResult<Data> & {
  /** The page's rows; none before the first page has come. */
  readonly rows: readonly Row[]
  /** How many rows the whole view has, where the master knows it. */
  readonly total: number | undefined
  /** How many pages that makes. */
  readonly pageCount: number | undefined
  /** The ids of the table's rows with a pending write, by `String(id)`. */
  readonly pendingIds: ReadonlySet<string>
  /** The table's writes that failed and are held aside, each with its `error`, `retry()`, `edit()` and `discard()`. */
  readonly failed: readonly FailedWrite<Row>[]
}

/** A page, together with what the caller's `select` made of it where there is one. */
type Shown<Row extends object, Data> = Page<Row> | { readonly from: Page<Row>; readonly data: Data }

const noRows: readonly never[] = []

/**
 * One page of a live table or view, kept right: shown at once from the cache, stale or not, renewed from the master where
 * it is stale, and again whenever something invalidates it. Writes to the table show from their call on.
 *
 * When the page, its size or the view changes, the former rows stay (`isPlaceholderData`) until the new ones are there.
 * Where the master fails, the last known rows stay, with `isStale` and the `error` (promise 8). `refetch()` and
 * `refetchInterval` ask the master, whatever is cached.
 *
 * @param page counted from 1
 * @throws ArgumentError where the page or the size is none (promise 20)
 */
export function useLivePage<Row extends object>(
  table: LiveTable<Row>,
  page: number,
  options?: UseLivePageOptions<Row> & { readonly select?: undefined },
): UseLivePageResult<Row>
export function useLivePage<Row extends object, Data>(
  table: LiveTable<Row>,
  page: number,
  options: UseLivePageOptions<Row, Data>,
): UseLivePageResult<Row, Data>
export function useLivePage<Row extends object, Data>(
  table: LiveTable<Row>,
  page: number,
  { pageSize, select, ...options }: UseLivePageOptions<Row, Data> = {},
): UseLivePageResult<Row, Data | Page<Row>> {
  const pendingIds = useWritesState(table, pendingIdsOf)
  const failed = useWritesState(table, failedOf<Row>)
  const pending = useWritesState(table, pendingOf<Row>)
  // As long as it is the same function, TanStack Query takes what it has selected from the former page, and compares nothing.
  const { cacheKey } = table
  const keepFormer = useCallback(
    (former: Page<Row> | undefined, query: { readonly queryKey: LivePageKey } | undefined) =>
      query?.queryKey[1] === cacheKey ? former : undefined,
    // oxlint-disable-next-line react/exhaustive-deps -- what another function would select has to be selected anew, and so has what shows a write
    [cacheKey, select, pending],
  )
  const selectFrom = useMemo(() => select && ((found: Page<Row>): Shown<Row, Data> => ({ from: found, data: select(found) })), [select])
  const queryOptions = useMemo(() => livePageOptions(table, page, pageSize), [table, page, pageSize])
  const lay = useCallback((base: Page<Row>) => table.overlay(base), [table])
  useBridge(table, queryOptions.queryKey, lay)
  const result = useObservedQuery<Page<Row>, Shown<Row, Data>, LivePageKey>(
    {
      placeholderData: keepFormer,
      ...queryOptions,
      ...options,
      ...(selectFrom && { select: selectFrom }),
    },
    frameGate(table).schedule,
  )
  useNeighbours(table, page, pageSize ?? table.pageSize, result.data !== undefined && !result.isPlaceholderData)
  return withPage(result, { pendingIds, failed })
}

function pendingOf<Row extends object>(table: LiveTable<Row>): readonly PendingWrite<Row>[] {
  return table.pending
}

function pendingIdsOf<Row extends object>(table: LiveTable<Row>): ReadonlySet<string> {
  return table.pendingIds
}

function failedOf<Row extends object>(table: LiveTable<Row>): readonly FailedWrite<Row>[] {
  return table.failed
}

function withPage<Row extends object, Data>(
  result: UseQueryResult<Shown<Row, Data>>,
  writes: Pick<UseLivePageResult<Row>, 'pendingIds' | 'failed'>,
): UseLivePageResult<Row, Data> {
  const page = (): Page<Row> | undefined => result.data && ('from' in result.data ? result.data.from : result.data)
  const extended = extendResult(result, {
    get data() {
      return result.data && ('from' in result.data ? result.data.data : result.data)
    },
    get rows() {
      return page()?.rows ?? noRows
    },
    get total() {
      return page()?.total
    },
    get pageCount() {
      const shown = page()
      return shown?.total === undefined ? undefined : Math.ceil(shown.total / shown.pageSize)
    },
    ...writes,
  })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the compiler cannot follow the getters above
  return extended as UseLivePageResult<Row, Data>
}
