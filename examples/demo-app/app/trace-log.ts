import type { TraceEvent } from '@vantage-live/core'
import { useSyncExternalStore } from 'react'

/** Something that a table did. */
export interface TraceEntry {
  readonly number: number
  /** In ms since 1970. */
  readonly at: number
  readonly event: TraceEvent
}

const mostEntries = 100
const listeners = new Set<() => void>()
let entries: readonly TraceEntry[] = []
let count = 0
let isTelling = false

/** Takes note of what a table does: the `trace` of all the tables here. */
export function logTrace(event: TraceEvent): void {
  count += 1
  change([...entries, { number: count, at: Date.now(), event }].slice(-mostEntries))
}

export function clearTrace(): void {
  change([])
}

/** The latest things that the tables did, the oldest first. */
export function useTraceEntries(): readonly TraceEntry[] {
  return useSyncExternalStore(subscribe, () => entries)
}

function change(next: readonly TraceEntry[]): void {
  entries = next
  if (isTelling) return
  isTelling = true
  // Once, however much happens in this turn; and not amid a write, whose row is to show before the log does.
  queueMicrotask(() => {
    isTelling = false
    for (const listener of listeners) listener()
  })
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
