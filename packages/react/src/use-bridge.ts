'use client'

import { useQueryClient } from '@tanstack/react-query'
import type { LiveTable } from '@vantage-live/core'
import { useEffect } from 'react'
import { bridge } from './bridge.ts'

/** A query that came with the page's HTML has run no query function here, so the hooks see to the bridge as well. */
export function useBridge<Row extends object>(table: LiveTable<Row>): void {
  const client = useQueryClient()
  useEffect(() => bridge(client, table), [client, table])
}
