'use client'

import { useQueryClient, type QueryKey } from '@tanstack/react-query'
import type { LiveTable } from '@vantage-live/core'
import { useEffect } from 'react'
import { bridge } from './bridge.ts'
import { adopt } from './laid-data.ts'

/**
 * A query that came with the page's HTML has run no query function here, so the hooks see to the bridge as well.
 *
 * @param lay lays the table's writes over the query's rows
 */
export function useBridge<Row extends object, Data>(table: LiveTable<Row>, queryKey: QueryKey, lay: (base: Data) => Data): void {
  const client = useQueryClient()
  useEffect(() => {
    bridge(client, table)
    adopt(client, queryKey, lay, table.root)
  }, [client, table, queryKey, lay])
}
