import type { StorageStatus } from './cache/safe-cache.ts'
import type { LiveEvent, StreamStatus } from './stream/stream.ts'
import type { AffectedRows } from './table/table.ts'
import type { Pause } from './writes/write-gate.ts'

/** Why a table was invalidated. */
export type InvalidationCause = 'write' | 'event' | 'gap' | 'master' | 'call' | 'tab'

/** What a write does. */
export type WriteType = 'insert' | 'replace' | 'patch' | 'delete' | 'deleteAll'

/** What can happen. Durations are in ms. */
export type TraceDetail =
  | {
      /** The cache was asked: it had the slot fresh, had it stale, or had nothing. */
      readonly type: 'hit' | 'stale' | 'miss'
      readonly slot: string
      /** The kind of cache. */
      readonly cache: string
      readonly duration: number
    }
  | {
      /** The master answered, and so will the read. */
      readonly type: 'answer'
      readonly slot: string
      /** How long the master took. */
      readonly duration: number
    }
  | {
      /** The answer was written; the lease held and the slot is fresh, or it was void and what is written is stale. */
      readonly type: 'fill' | 'void'
      readonly slot: string
      /** How long the cache took. */
      readonly duration: number
    }
  | { readonly type: 'read-failed'; readonly slot: string; readonly error: unknown; readonly duration: number }
  | {
      readonly type: 'invalidate'
      readonly cause: InvalidationCause
      readonly rows: AffectedRows
      readonly duration: number
    }
  | { readonly type: 'write-queued'; readonly write: WriteType; readonly id: string | undefined; readonly waiting: number }
  | {
      /** It failed, and is sent again. */
      readonly type: 'write-retry'
      readonly write: WriteType
      readonly id: string | undefined
      readonly error: unknown
      /** How long until then. */
      readonly delay: number
    }
  | {
      readonly type: 'write-applied'
      readonly write: WriteType
      readonly id: string | undefined
      /** From the call to its answer. */
      readonly duration: number
    }
  | {
      readonly type: 'write-failed'
      readonly write: WriteType
      readonly id: string | undefined
      readonly error: unknown
      readonly duration: number
    }
  | {
      /** No writes are sent until this is over; with undefined it is. */
      readonly type: 'write-pause'
      readonly pause: Pause | undefined
    }
  | { readonly type: 'event'; readonly event: LiveEvent }
  | { readonly type: 'gap'; readonly reason: string }
  | { readonly type: 'status'; readonly status: StreamStatus }
  /** The cache's storage fails, works again, or was given up for one in memory. */
  | { readonly type: 'storage'; readonly status: StorageStatus }
  | { readonly type: 'purge' }
  | {
      /**
       * An error that was survived: it cost speed or a message, and nobody else hears of it. What goes on failing is told of once, until
       * it works again.
       */
      readonly type: 'error'
      readonly during:
        | 'cache-open'
        | 'cache-read'
        | 'cache-fill'
        | 'cache-invalidate'
        | 'cache-purge'
        | 'stream'
        | 'tabs'
        | 'row'
        | 'write-storage'
        | 'write-conflict'
      readonly error: unknown
    }

/** What happened, and to which table. */
export type TraceEvent = { readonly cacheKey: string } & TraceDetail

/** Hears what a table does. It must not throw; what it throws is reported as an uncaught error. */
export type Trace = (event: TraceEvent) => void

/** Tells a table's trace what happened; undefined where nobody listens, so that `emit?.({…})` then builds nothing. */
export type Emit = ((detail: TraceDetail) => void) | undefined
