import { toLiveEvent } from './stream/live-event.ts'
import type { LiveEvent, LiveStream, StreamListener, StreamStatus } from './stream/stream.ts'
import { wait, type Wait } from './wait.ts'

/** How long reads wait for a stream that is connecting, in ms. */
const patience = 250

/** How a table's live stream stands, and what came of it. */
export type LiveStatus = StreamStatus & {
  /** When it came to stand so, in ms since 1970; also where another tab holds the connection. */
  readonly since: number
  /** When this table last heard of an event, in ms since 1970. */
  readonly lastEventAt: number | undefined
  /** How often events may have been missed (promise 11), the first opening included. */
  readonly gaps: number
}

/** What a feed calls. */
export interface FeedListener extends Omit<StreamListener, 'onPosition'> {
  /** Something of the status has changed, be it only the time of the last event. */
  onNews(): void
}

/** A table's connection to its live stream: made when it is first needed, let go when nobody listens, and made again. */
export class Feed {
  readonly #stream: LiveStream
  readonly #listener: FeedListener
  #disconnect: (() => void) | undefined
  #settling: Wait | undefined
  /** What was heard up to here is known; the next connection goes on from it. */
  #position: string | undefined
  #status: LiveStatus = {
    state: 'closed',
    reason: 'nobody has asked for anything yet',
    since: Date.now(),
    lastEventAt: undefined,
    gaps: 0,
  }

  constructor(stream: LiveStream, listener: FeedListener) {
    this.#stream = stream
    this.#listener = listener
  }

  /** The same object until something of it changes. */
  get status(): LiveStatus {
    return this.#status
  }

  /** Whether the news of other people's changes arrives. */
  get hearsChanges(): boolean {
    return this.#status.state === 'open' || this.#status.state === 'polling'
  }

  /**
   * Resolves when a stream that is connecting has connected or failed, or has taken too long; undefined where there is
   * nothing to wait for. What was asked of the master before the connection stood would have to be asked again after it.
   */
  get settling(): Promise<void> | undefined {
    return this.#settling?.over
  }

  /** Does nothing while it is connected. */
  connect(): void {
    if (this.#disconnect !== undefined) return
    // A stream reports before connect() returns, and whoever hears that may ask for it again, or let go of it.
    let isEnded = false
    let end: (() => void) | undefined
    const unlessEnded = <Told>(tell: (told: Told) => void) => {
      return (told: Told): void => {
        if (!isEnded) tell(told)
      }
    }
    this.#disconnect = () => {
      isEnded = true
      end?.()
    }
    try {
      end = this.#stream.connect(
        {
          onEvent: unlessEnded((event) => this.#hear(event)),
          onGap: unlessEnded((reason) => this.#hearGap(reason)),
          onError: unlessEnded((error) => this.#listener.onError(error)),
          onStatus: unlessEnded((status) => this.#changeTo(status)),
          onPosition: unlessEnded((position) => {
            this.#position = position
          }),
        },
        this.#position,
      )
    } catch (error) {
      this.#listener.onError(error)
      this.#changeTo({ state: 'closed', reason: 'the stream could not be connected' })
    }
    if (isEnded) end?.()
  }

  /** Connects anew where the stream is closed, for good or for a while. */
  reconnect(): void {
    if (this.#disconnect === undefined || this.#status.state !== 'closed') return
    this.#disconnect()
    this.#disconnect = undefined
    this.connect()
  }

  disconnect(reason: string): void {
    if (this.#disconnect === undefined) return
    this.#disconnect()
    this.#disconnect = undefined
    this.#changeTo({ state: 'closed', reason })
  }

  /** A stream of the app's own may pass on whatever it gets. */
  #hear(event: LiveEvent): void {
    try {
      toLiveEvent(event)
    } catch (error) {
      this.#listener.onError(error)
      this.#hearGap('an event could not be read')
      return
    }
    this.#status = { ...this.#status, lastEventAt: Date.now() }
    this.#listener.onEvent(event)
    this.#listener.onNews()
  }

  #hearGap(reason: string): void {
    this.#status = { ...this.#status, gaps: this.#status.gaps + 1 }
    this.#listener.onGap(reason)
    this.#listener.onNews()
  }

  #changeTo(status: StreamStatus): void {
    const { lastEventAt, gaps } = this.#status
    this.#status = { ...status, since: status.since ?? Date.now(), lastEventAt, gaps }
    this.#settling?.end()
    this.#settling = status.state === 'connecting' ? wait(patience) : undefined
    this.#listener.onStatus(status)
    this.#listener.onNews()
  }
}
