import type { LiveEvent } from '../stream/stream.ts'
import type { OverlaidWrite } from './overlay.ts'
import type { PendingWrite } from './pending-write.ts'

/** One write, on its way. */
export interface Write<Row extends object> extends OverlaidWrite<Row> {
  /** Undefined where the target would not know what to do with it. */
  readonly idempotencyKey: string | undefined
  /** The version that it was made against, where there are any. */
  version: string | number | undefined
  /** An attempt had no answer: it may have been applied. */
  isUnsure: boolean
  /** The order that it was first called with: one that is sent again because somebody decided so has a later one. */
  readonly firstOrder: number
  /** As the app sees it. */
  readonly shown: PendingWrite<Row>
  /** The events that came while it was under way, and that its own invalidation is to cover. */
  readonly heard: LiveEvent[]
  /** It is with the target, which has not answered yet. */
  isUnderWay: boolean
  /** Nobody wants it any more. */
  readonly cancelled: AbortSignal
  /** Its place among the writes of all tabs, which are sent, and kept, in the order of this: that of the calls. */
  order: number
  /** When it is kept. */
  kept: Promise<void> | undefined
  readonly resolve: (row: Row | undefined) => void
  readonly reject: (error: unknown) => void
}

/** Writes that are sent as one. */
export type Batch<Row extends object> = Set<Write<Row>>
