import type { Page, TraceEvent } from '@vantage-live/core'
import { useState } from 'react'
import { useTraceEntries } from '../session/session.ts'
import type { TraceEntry } from '../trace-log.ts'

/** Where a page came from, and how long that took. */
export interface Origin {
  readonly source: 'memory' | 'IndexedDB' | 'network'
  /** In ms. */
  readonly duration: number
  /** It was out of date when it came. */
  readonly isStale: boolean
}

interface Seen {
  readonly slot: string
  readonly page: Page<object> | undefined
  /** Where it came from at first, and then at last. */
  readonly origins: readonly Origin[]
}

/** Where the page in a slot came from: first, and at last. A page that is there when it is asked for was in memory. */
export function usePageOrigin(slot: string, page: Page<object> | undefined): readonly Origin[] {
  const entries = useTraceEntries()
  const [seen, setSeen] = useState<Seen>({ slot: '', page: undefined, origins: [] })
  if (seen.slot === slot && seen.page === page) return seen.origins

  const next = { slot, page, origins: seen.slot === slot ? withLatest(seen.origins, slot, page, entries) : firstOrigins(page) }
  setSeen(next)
  return next.origins
}

function firstOrigins(page: Page<object> | undefined): readonly Origin[] {
  return page === undefined ? [] : [{ source: 'memory', duration: 0, isStale: page.stale }]
}

function withLatest(
  origins: readonly Origin[],
  slot: string,
  page: Page<object> | undefined,
  entries: readonly TraceEntry[],
): readonly Origin[] {
  const latest = page && entries.map(({ event }) => originOf(event, slot)).findLast((origin) => origin !== undefined)
  if (latest === undefined) return origins
  const [first] = origins
  return first === undefined || first.source === latest.source ? [latest] : [first, latest]
}

function originOf(event: TraceEvent, slot: string): Origin | undefined {
  if (!('slot' in event) || event.slot !== slot) return undefined
  switch (event.type) {
    case 'hit':
    case 'stale':
      return { source: event.cache === 'indexeddb' ? 'IndexedDB' : 'memory', duration: event.duration, isStale: event.type === 'stale' }
    case 'answer':
      return { source: 'network', duration: event.duration, isStale: false }
    default:
      return undefined
  }
}
