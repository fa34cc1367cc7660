'use client'

import type { UseQueryOptions, UseQueryResult } from '@tanstack/react-query'
import { ArgumentError, type FailedWrite, type LiveTable, type Page, type PendingWrite } from '@vantage-live/core'
import { useCallback, useEffect, useMemo } from 'react'
import { extendResult } from './extend-result.ts'
import { frameGate } from './frame-gate.ts'
import type { LivePageKey } from './live-keys.ts'
import type { OwnedOption } from './live-query.ts'
import { livePageOptions, pageLayer } from './live-page-options.ts'
import { useBridge } from './use-bridge.ts'
import { useHeldPage } from './use-held-page.ts'
import { useNeighbours } from './use-neighbours.ts'
import { useObservedQuery } from './use-observed-query.ts'
import { useSelected, type Selected } from './use-selected.ts'
import { useWritesState } from './use-writes-state.ts'

/** TanStack Query's options but for those that the table owns, and how the page is shown. */
export interface UseLivePageOptions<Row extends object, Data = Page<Row>> extends Omit<
  UseQueryOptions<Page<Row>, Error, Shown<Row, Data>, LivePageKey>,
  OwnedOption | 'select'
> {
  /** The table's own by default. */
  readonly pageSize?: number
  /**
   * What becomes of rows that others insert, delete or move. With `'apply'`, the default, they show as they come. With `'notify'`
   * the rows that are shown stay, and in their order, until `apply()` is called: `newCount` and `isHeld` tell of what waits. The
   * values of those that are still on the page are kept right, and the reader's own writes show at once.
   */
  readonly liveMode?: 'apply' | 'notify'
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
  /** With `liveMode: 'notify'`, how many rows the page has by now that are not shown; else 0. */
  readonly newCount: number
  /** With `liveMode: 'notify'`, whether rows have come to the page, left it or moved, and that is not shown; else false. */
  readonly isHeld: boolean
  /** With `liveMode: 'notify'`, shows the page as it is by now. The same function at each render. */
  readonly apply: () => void
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
 * With `liveMode: 'notify'` the first page that is fresh is shown, and so is another page, and what the hook's own `refetch()`
 * brings; what comes of itself waits for `apply()` where rows would come, go or move by it. `total` and `pageCount` are then those
 * of the page that is shown.
 *
 * @param page counted from 1
 * @throws ArgumentError where the page, the size or the mode is none (promise 20)
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
  { pageSize, liveMode = 'apply', select, ...options }: UseLivePageOptions<Row, Data> = {},
): UseLivePageResult<Row, Data | Page<Row>> {
  const isNotified = checkMode(liveMode) === 'notify'
  const pendingIds = useWritesState(table, pendingIdsOf)
  const failed = useWritesState(table, failedOf<Row>)
  const pending = useWritesState(table, pendingOf<Row>)
  // As long as it is the same function, TanStack Query takes what it has selected from the former page, and compares nothing.
  const { scopedKey } = table
  const keepFormer = useCallback(
    (former: Page<Row> | undefined, query: { readonly queryKey: LivePageKey } | undefined) =>
      query?.queryKey[1] === scopedKey ? former : undefined,
    // oxlint-disable-next-line react/exhaustive-deps -- what another function would select has to be selected anew, and so has what shows a write
    [scopedKey, select, pending],
  )
  const selectFrom = useMemo(() => select && ((found: Page<Row>): Shown<Row, Data> => ({ from: found, data: select(found) })), [select])
  const queryOptions = useMemo(() => livePageOptions(table, page, pageSize), [table, page, pageSize])
  const layer = useMemo(() => pageLayer(table), [table])
  useBridge(table, queryOptions.queryKey, layer)
  useEffect(() => table.pinPage(page, pageSize), [table, page, pageSize])
  const result = useObservedQuery<Page<Row>, Shown<Row, Data>, LivePageKey>(
    {
      placeholderData: keepFormer,
      ...queryOptions,
      ...options,
      // Of a page that is held something else is selected than of the one that the query has.
      ...(selectFrom && !isNotified && { select: selectFrom }),
    },
    frameGate(table).schedule,
  )
  useNeighbours(table, page, pageSize ?? table.pageSize, result.data !== undefined && !result.isPlaceholderData)

  const shown = isNotified ? pageOf(result.data) : undefined
  const isHoldable = shown !== undefined && !(result.isPlaceholderData && 'placeholderData' in options)
  const { applyAnswer, ...held } = useHeldPage(
    table,
    queryOptions.queryKey,
    pending,
    isHoldable ? { page: shown, isFormer: result.isPlaceholderData } : undefined,
  )
  const heldPage = held.page ?? shown
  const selected = useSelected(heldPage, isNotified ? select : undefined)
  const ask = result.refetch
  const refetch = useCallback<typeof ask>((asked) => applyAnswer(ask(asked)), [ask, applyAnswer])
  return withPage(result, { pendingIds, failed, ...held }, isNotified ? { page: heldPage, selected, refetch } : undefined)
}

function checkMode(mode: unknown): 'apply' | 'notify' {
  if (mode === 'apply' || mode === 'notify') return mode
  throw new ArgumentError('liveMode', mode, "'apply' or 'notify'")
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

/** What is shown in place of what the query has. */
interface InPlace<Row extends object, Data> {
  readonly page: Page<Row> | undefined
  /** Undefined where there is nothing to select. */
  readonly selected: Selected<Data> | undefined
  readonly refetch: UseQueryResult<Shown<Row, Data>>['refetch']
}

function withPage<Row extends object, Data>(
  result: UseQueryResult<Shown<Row, Data>>,
  extras: Omit<UseLivePageResult<Row>, keyof UseQueryResult | 'rows' | 'total' | 'pageCount'>,
  inPlace: InPlace<Row, Data> | undefined,
): UseLivePageResult<Row, Data> {
  const page = (): Page<Row> | undefined => (inPlace === undefined ? pageOf(result.data) : inPlace.page)
  const extended = extendResult(result, {
    get data() {
      if (inPlace?.selected !== undefined) return 'data' in inPlace.selected ? inPlace.selected.data : undefined
      return inPlace === undefined && result.data && 'from' in result.data ? result.data.data : page()
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
    ...extras,
    ...(inPlace && { refetch: inPlace.refetch }),
    // As with TanStack Query, what select throws is the result's error.
    ...(inPlace?.selected !== undefined &&
      'error' in inPlace.selected && { error: inPlace.selected.error, status: 'error', isError: true, isSuccess: false }),
  })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the compiler cannot follow the getters above
  return extended as UseLivePageResult<Row, Data>
}

function pageOf<Row extends object, Data>(shown: Shown<Row, Data> | undefined): Page<Row> | undefined {
  return shown && ('from' in shown ? shown.from : shown)
}
