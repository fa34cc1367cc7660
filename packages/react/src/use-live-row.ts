'use client'

import { skipToken, useQueryClient, type SkipToken, type UseQueryOptions, type UseQueryResult } from '@tanstack/react-query'
import type { LiveRow, LiveTable, RowId } from '@vantage-live/core'
import { useEffect, useMemo } from 'react'
import { extendResult } from './extend-result.ts'
import { frameGate } from './frame-gate.ts'
import { liveKeys, type LiveRowKey } from './live-keys.ts'
import { liveQueryDefaults, type OwnedOption } from './live-query.ts'
import { liveRowOptions, rowLayer, rowOf } from './live-row-options.ts'
import { useBridge } from './use-bridge.ts'
import { useObservedQuery } from './use-observed-query.ts'

/** TanStack Query's options but for those that the table owns. */
export interface UseLiveRowOptions<Row extends object, Data = Row | undefined> extends Omit<
  UseQueryOptions<LiveRow<Row>, Error, Data, LiveRowKey>,
  OwnedOption | 'select'
> {
  /** Makes `data` of the row. An inline function runs again at each render. */
  readonly select?: (row: Row | undefined) => Data
}

/** What TanStack Query's `useQuery` returns, and how old it is. */
export type UseLiveRowResult<Data> = UseQueryResult<Data> & {
  /** When the master was asked for the row, in ms since 1970; undefined before anything is known of it. */
  readonly fetchedAt: number | undefined
}

/**
 * One row of a live table, kept right as `useLivePage` keeps a page. `data` is the row, or undefined where the master has
 * none (then `isSuccess` is true) or nothing is known yet.
 *
 * @param id nothing is asked while it is undefined or null
 * @throws ArgumentError where the id is none (promise 20)
 */
export function useLiveRow<Row extends object>(
  table: LiveTable<Row>,
  id: RowId | undefined | null,
  options?: UseLiveRowOptions<Row> & { readonly select?: undefined },
): UseLiveRowResult<Row | undefined>
export function useLiveRow<Row extends object, Data>(
  table: LiveTable<Row>,
  id: RowId | undefined | null,
  options: UseLiveRowOptions<Row, Data>,
): UseLiveRowResult<Data>
export function useLiveRow<Row extends object, Data>(
  table: LiveTable<Row>,
  id: RowId | undefined | null,
  { select, ...options }: UseLiveRowOptions<Row, Data> = {},
): UseLiveRowResult<Row | Data | undefined> {
  const queryOptions = useMemo(() => (id === undefined || id === null ? noRowOptions(table) : liveRowOptions(table, id)), [table, id])
  const selectFrom = useMemo(() => select && (({ row }: LiveRow<Row>): Data => select(row)), [select])
  const layer = useMemo(() => (id === undefined || id === null ? undefined : rowLayer(table, id)), [table, id])
  useBridge(table, queryOptions.queryKey, layer)
  useEffect(() => (id === undefined || id === null ? undefined : table.pinRow(id)), [table, id])
  const client = useQueryClient()
  const result = useObservedQuery<LiveRow<Row>, Row | Data | undefined, LiveRowKey>(
    {
      ...queryOptions,
      ...options,
      ...(selectFrom && { select: selectFrom }),
    },
    frameGate(table).schedule,
  )
  return withAge(result, () => client.getQueryData<LiveRow<Row>>(queryOptions.queryKey))
}

function withAge<Row extends object, Data>(result: UseQueryResult<Data>, read: () => LiveRow<Row> | undefined): UseLiveRowResult<Data> {
  const extended = extendResult(result, {
    get fetchedAt() {
      // To read it is to look again when the query has something new, also where that is the same row.
      return result.dataUpdatedAt === 0 ? undefined : read()?.fetchedAt
    },
  })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the compiler cannot follow the getter above
  return extended as UseLiveRowResult<Data>
}

function noRowOptions<Row extends object>(
  table: LiveTable<Row>,
): typeof liveQueryDefaults & { readonly queryKey: LiveRowKey; readonly queryFn: SkipToken; readonly select: typeof rowOf<Row> } {
  return { ...liveQueryDefaults, queryKey: liveKeys.noRow(table), queryFn: skipToken, select: rowOf<Row> }
}
