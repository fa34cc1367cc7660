'use client'

import { useQueryClient, type QueryKey } from '@tanstack/react-query'
import type { LiveTable } from '@vantage-live/core'
import { useEffect } from 'react'
import { bridge } from './bridge.ts'
import { adopt, type Layer } from './laid-data.ts'

/**
 * A query that came with the page's HTML has run no query function here, so the hooks see to the bridge as well.
 *
 * @param layer undefined where there is nothing to read
 */
export function useBridge<Row extends object, Data>(table: LiveTable<Row>, queryKey: QueryKey, layer: Layer<Data> | undefined): void {
  const client = useQueryClient()
  useEffect(() => {
    bridge(client, table)
    if (layer !== undefined) adopt(client, queryKey, layer, table.root)
  }, [client, table, queryKey, layer])
}
