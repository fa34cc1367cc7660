import { toLiveEvent } from './stream/live-event.ts'
import type { LiveEvent, LiveStream, StreamListener, StreamStatus } from './stream/stream.ts'
import { wait, type Wait } from './wait.ts'

/** How long reads wait for a stream that is connecting, in ms. */
const patience = 250

/** A table's connection to its live stream: made when it is first needed, let go when nobody listens, and made again. */
export class Feed {
  readonly #stream: LiveStream
  readonly #listener: StreamListener
  #disconnect: (() => void) | undefined
  #settling: Wait | undefined
  #status: StreamStatus = { state: 'closed', reason: 'nobody has asked for anything yet' }

  constructor(stream: LiveStream, listener: StreamListener) {
    this.#stream = stream
    this.#listener = listener
  }

  get status(): StreamStatus {
    return this.#status
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
      end = this.#stream.connect({
        onEvent: unlessEnded((event) => this.#hear(event)),
        onGap: unlessEnded((reason) => this.#listener.onGap(reason)),
        onError: unlessEnded((error) => this.#listener.onError(error)),
        onStatus: unlessEnded((status) => this.#changeTo(status)),
      })
    } catch (error) {
      this.#listener.onError(error)
      this.#changeTo({ state: 'closed', reason: 'the stream could not be connected' })
    }
    if (isEnded) end?.()
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
      this.#listener.onGap('an event could not be read')
      return
    }
    this.#listener.onEvent(event)
  }

  #changeTo(status: StreamStatus): void {
    this.#status = status
    this.#settling?.end()
    this.#settling = status.state === 'connecting' ? wait(patience) : undefined
    this.#listener.onStatus(status)
  }
}
