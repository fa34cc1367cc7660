'use client'

import { useQuery, type UseQueryOptions, type UseQueryResult } from '@tanstack/react-query'
import type { LiveTable, Page } from '@vantage-live/core'
import { useCallback } from 'react'
import { extendResult } from './extend-result.ts'
import type { LivePageKey } from './live-keys.ts'
import type { OwnedOption } from './live-query.ts'
import { livePageOptions } from './live-page-options.ts'
import { useBridge } from './use-bridge.ts'
import { usePendingIds } from './use-pending-ids.ts'

/** TanStack Query's options but for those that the table owns, and a page size. */
export interface UseLivePageOptions<Row extends object, Data = Page<Row>> extends Omit<
  UseQueryOptions<Page<Row>, Error, SelectedFrom<Row, Data>, LivePageKey>,
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
}

/** A page and what the caller's `select` made of it. */
interface SelectedFrom<Row extends object, Data> {
  readonly page: Page<Row>
  readonly data: Data
}

const noRows: readonly never[] = []

/**
 * One page of a live table or view, kept right: shown at once from the cache, stale or not, renewed from the master where
 * it is stale, and again whenever something invalidates it.
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
  useBridge(table)
  const pendingIds = usePendingIds(table)
  const result = useQuery({
    placeholderData: (former, query) => (query?.queryKey[1] === table.cacheKey ? former : undefined),
    ...livePageOptions(table, page, pageSize),
    ...options,
    select: useCallback(
      (found: Page<Row>): SelectedFrom<Row, Data | Page<Row>> => ({ page: found, data: select === undefined ? found : select(found) }),
      [select],
    ),
  })
  return withPage(result, pendingIds)
}

function withPage<Row extends object, Data>(
  result: UseQueryResult<SelectedFrom<Row, Data>>,
  pendingIds: ReadonlySet<string>,
): UseLivePageResult<Row, Data> {
  const extended = extendResult(result, {
    get data() {
      return result.data?.data
    },
    get rows() {
      return result.data?.page.rows ?? noRows
    },
    get total() {
      return result.data?.page.total
    },
    get pageCount() {
      const page = result.data?.page
      return page?.total === undefined ? undefined : Math.ceil(page.total / page.pageSize)
    },
    pendingIds,
  })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the compiler cannot follow the getters above
  return extended as UseLivePageResult<Row, Data>
}
