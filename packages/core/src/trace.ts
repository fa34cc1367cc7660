import type { LiveEvent, StreamStatus } from './stream/stream.ts'

/** Why a table was invalidated. */
export type InvalidationCause = 'write' | 'event' | 'gap' | 'master' | 'call'

/** What a write does. */
export type WriteType = 'insert' | 'replace' | 'patch' | 'delete' | 'deleteAll'

/** What happened, in the order in which it did. Durations are in ms. */
export type TraceEvent = { readonly cacheKey: string } & (
  | {
      /** The cache was asked: it had the slot fresh, had it stale, or had nothing. */
      readonly type: 'hit' | 'stale' | 'miss'
      readonly slot: string
      /** The kind of cache. */
      readonly cache: string
      readonly duration: number
    }
  | {
      /** The master answered; the lease held and the slot is fresh, or was void and the answer counts as stale. */
      readonly type: 'fill' | 'void'
      readonly slot: string
      /** How long the master took. */
      readonly duration: number
    }
  | { readonly type: 'read-failed'; readonly slot: string; readonly error: unknown; readonly duration: number }
  | {
      readonly type: 'invalidate'
      readonly cause: InvalidationCause
      /** Whose slots, beside all pages and counts: these rows', or everybody's. */
      readonly rows: readonly string[] | 'all'
      readonly duration: number
    }
  | { readonly type: 'write-queued'; readonly write: WriteType; readonly id: string | undefined; readonly waiting: number }
  | {
      readonly type: 'write-applied'
      readonly write: WriteType
      readonly id: string | undefined
      /** From leaving the queue to the invalidated cache. */
      readonly duration: number
    }
  | {
      readonly type: 'write-failed'
      readonly write: WriteType
      readonly id: string | undefined
      readonly error: unknown
      readonly duration: number
    }
  | { readonly type: 'event'; readonly event: LiveEvent }
  | { readonly type: 'gap'; readonly reason: string }
  | { readonly type: 'status'; readonly status: StreamStatus }
  | {
      /** An error that was survived: it cost speed or a message, and nobody else hears of it. */
      readonly type: 'error'
      readonly during: 'cache-read' | 'cache-fill' | 'cache-invalidate' | 'stream' | 'listener'
      readonly error: unknown
    }
)

/** Hears what a table does. It must not throw; what it throws is reported as an uncaught error. */
export type Trace = (event: TraceEvent) => void
