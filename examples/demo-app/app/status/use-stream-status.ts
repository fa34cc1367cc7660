import type { LiveTable, StreamStatus } from '@vantage-live/core'
import { useCallback, useSyncExternalStore } from 'react'
import type { Row } from '../screen.ts'

/** How a table's live stream stands. */
export function useStreamStatus(table: LiveTable<Row>): StreamStatus | undefined {
  const subscribe = useCallback((listener: () => void) => table.subscribe(listener), [table])
  return useSyncExternalStore(subscribe, () => table.streamStatus)
}
