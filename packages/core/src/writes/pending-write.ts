import type { WriteType } from '../trace.ts'

/** A write that is queued or under way. */
export interface PendingWrite<Row extends object> {
  /** A name that no other write has, for lists on screen. */
  readonly key: string
  readonly type: WriteType
  /** The row it is about, by `String(id)`; for an insert without an id the name it is known by meanwhile; undefined for deleteAll. */
  readonly id: string | undefined
  /** What it writes; undefined where it deletes. */
  readonly fields: Partial<Row> | undefined
  /** In ms since 1970. */
  readonly calledAt: number
  /** Takes it back, as its `signal` would. Where it is being sent, that is waited for, and nothing is sent again. */
  readonly discard: () => void
}

/** A write that failed for good. Nothing of it shows; it is held aside until somebody decides, and holds nothing up. */
export interface FailedWrite<Row extends object> extends PendingWrite<Row> {
  readonly error: unknown
  /** In ms since 1970. */
  readonly failedAt: number
  /** Sends it again as it is, after all that waits; after a conflict, against the version that the master has now. */
  readonly retry: () => Promise<Row | undefined>
  /** Sends this in place of what it wrote: for a patch its fields, else the whole row. */
  readonly edit: (fields: Partial<Row>) => Promise<Row | undefined>
}
