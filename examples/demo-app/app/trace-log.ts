import type { Trace, TraceEvent } from '@vantage-live/core'

/** Something that a table did. */
export interface TraceEntry {
  readonly number: number
  /** In ms since 1970. */
  readonly at: number
  readonly event: TraceEvent
}

/** The latest things that the tables of one session did. */
export interface TraceLog {
  /** The oldest first. The same array until that changes. */
  readonly entries: readonly TraceEntry[]
  /** Takes note of what a table does: the `trace` of all the tables. */
  readonly add: Trace
  readonly clear: () => void
  readonly subscribe: (listener: () => void) => () => void
}

const mostEntries = 100

export function makeTraceLog(): TraceLog {
  const listeners = new Set<() => void>()
  let entries: readonly TraceEntry[] = []
  let count = 0
  let isTelling = false

  const change = (next: readonly TraceEntry[]): void => {
    entries = next
    if (isTelling) return
    isTelling = true
    // Once, however much happens in this turn; and not amid a write, whose row is to show before the log does.
    queueMicrotask(() => {
      isTelling = false
      for (const listener of listeners) listener()
    })
  }

  return {
    get entries() {
      return entries
    },

    add(event) {
      count += 1
      change([...entries, { number: count, at: Date.now(), event }].slice(-mostEntries))
    },

    clear: () => change([]),

    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
