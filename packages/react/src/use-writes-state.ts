'use client'

import type { LiveTable } from '@vantage-live/core'
import { useCallback, useSyncExternalStore } from 'react'
import { frameGate } from './frame-gate.ts'

/** What a table tells of its writes; `read` gives the same value for as long as it has not changed. */
export function useWritesState<Row extends object, State>(table: LiveTable<Row>, read: (table: LiveTable<Row>) => State): State {
  const subscribe = useCallback((onChange: () => void) => frameGate(table).onWrites(onChange), [table])
  const current = (): State => read(table)
  return useSyncExternalStore(subscribe, current, current)
}
