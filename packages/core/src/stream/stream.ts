/**
 * What somebody changed in the master.
 *
 * `write` is the idempotency key of the write that made the change, where the server tells it (docs/wire.md).
 */
export type LiveEvent =
  | { readonly type: 'changed'; readonly write?: string }
  | {
      readonly type: 'inserted'
      readonly id: string | number
      /** The whole row as it is now, in the shape in which lists have it. */
      readonly row?: object
      readonly write?: string
    }
  | {
      readonly type: 'updated'
      readonly id: string | number
      /** As above. */
      readonly row?: object
      /** All fields of the row that have another value now: views that neither filter nor order by them are spared. */
      readonly fields?: readonly string[]
      readonly write?: string
    }
  | { readonly type: 'deleted'; readonly id: string | number; readonly write?: string }

/** How a live stream stands. `since` is when that began, in ms since 1970, where the stream knows it. */
export type StreamStatus =
  | { readonly state: 'connecting'; readonly since?: number }
  | { readonly state: 'open'; readonly since?: number }
  /** It cannot stay connected, and asks for events again and again; the reason says why. */
  | { readonly state: 'polling'; readonly reason: string; readonly since?: number }
  | { readonly state: 'closed'; readonly reason: string; readonly since?: number }

/** What a stream calls. None of them throws. */
export interface StreamListener {
  onEvent(event: LiveEvent): void
  /** Events may have been missed: it was not connected, and cannot prove that nothing happened (promise 11). */
  onGap(reason: string): void
  onStatus(status: StreamStatus): void
  /** Something went wrong that the stream lives on with, such as a malformed message that it skipped. */
  onError(error: unknown): void
  /**
   * All events up to this position have been told. Whoever connects with it later hears what came after it; a stream that
   * cannot resume never calls this.
   */
  onPosition?(position: string): void
}

/** A source of live events. */
export interface LiveStream {
  /**
   * Starts listening; the returned function ends it, and after that nothing is called any more.
   *
   * The status is reported at once, and at each change. Unless the stream can prove that nothing was ever emitted
   * that this connection did not hear, it reports a gap once it is open, and again whenever it opens anew (promise 11).
   *
   * @param position where to go on, as a connection to the same source was told before; where the stream can, it then
   * tells what came after it and reports no gap
   */
  connect(listener: StreamListener, position?: string): () => void
}
