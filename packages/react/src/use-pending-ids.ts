'use client'

import type { LiveTable } from '@vantage-live/core'
import { useCallback, useSyncExternalStore } from 'react'

/** The ids of a table's rows with a pending write, by `String(id)`. */
export function usePendingIds<Row extends object>(table: LiveTable<Row>): ReadonlySet<string> {
  const subscribe = useCallback(
    (onChange: () => void) =>
      table.subscribe(({ type }) => {
        if (type === 'writes') onChange()
      }),
    [table],
  )
  const read = (): ReadonlySet<string> => table.pendingIds
  return useSyncExternalStore(subscribe, read, read)
}
