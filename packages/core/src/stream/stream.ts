/** What somebody changed in the master. */
export type LiveEvent =
  | { readonly type: 'changed' }
  | { readonly type: 'inserted' | 'updated'; readonly id: string | number; readonly row?: object }
  | { readonly type: 'deleted'; readonly id: string | number }

/** How a live stream stands. */
export type StreamStatus =
  | { readonly state: 'connecting' }
  | { readonly state: 'open' }
  | { readonly state: 'closed'; readonly reason: string }

/** What a stream calls. None of them throws. */
export interface StreamListener {
  onEvent(event: LiveEvent): void
  /** Events may have been missed: it was not connected, and cannot prove that nothing happened (promise 11). */
  onGap(reason: string): void
  onStatus(status: StreamStatus): void
  /** Something went wrong that the stream lives on with, such as a malformed message that it skipped. */
  onError(error: unknown): void
}

/** A source of live events. */
export interface LiveStream {
  /**
   * Starts listening; the returned function ends it, and after that nothing is called any more.
   *
   * The status is reported at once, and at each change. Unless the stream can prove that nothing was ever emitted
   * that this connection did not hear, it reports a gap once it is open, and again whenever it opens anew (promise 11).
   */
  connect(listener: StreamListener): () => void
}
