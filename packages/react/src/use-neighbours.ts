'use client'

import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import type { LiveTable } from '@vantage-live/core'
import { useEffect } from 'react'
import { adopt } from './laid-data.ts'
import { liveKeys } from './live-keys.ts'
import { pageLayer } from './live-page-options.ts'

/**
 * Once a page is shown, takes the one after and the one before it from the cache, never from the master: to flip to them
 * then takes no disk.
 */
export function useNeighbours<Row extends object>(table: LiveTable<Row>, page: number, pageSize: number, isShown: boolean): void {
  const client = useQueryClient()
  useEffect(() => {
    if (!isShown) return
    // What is on screen comes first.
    const timer = setTimeout(() => {
      if (Number.isSafeInteger(page + 1)) void prefetchCached(client, table, page + 1, pageSize)
      if (page > 1) void prefetchCached(client, table, page - 1, pageSize)
    })
    return () => clearTimeout(timer)
  }, [client, table, page, pageSize, isShown])
}

async function prefetchCached<Row extends object>(
  client: QueryClient,
  table: LiveTable<Row>,
  page: number,
  pageSize: number,
): Promise<void> {
  const queryKey = liveKeys.page(table, page, pageSize)
  const isKnown = (): boolean => client.getQueryState(queryKey) !== undefined
  if (isKnown()) return
  let isOvertaken = false
  const leave = table.subscribe(({ type }) => {
    isOvertaken ||= type === 'invalidated' || type === 'purged'
  })
  try {
    const found = await table.list({ page, pageSize }, { cache: 'only-if-cached', overlay: false })
    // An invalidation between the reading and this is told to queries, and this is none yet.
    if (isOvertaken || isKnown()) return
    client.setQueryData(queryKey, found)
    adopt(client, queryKey, pageLayer(table), table.root)
  } catch {
    // It is not cached, and will be asked for when it is opened. The table's trace has it as a miss.
  } finally {
    leave()
  }
}
