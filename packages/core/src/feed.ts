import type { LiveStream, StreamListener, StreamStatus } from './stream/stream.ts'

/** A table's connection to its live stream: made when it is first needed, let go when nobody listens, and made again. */
export class Feed {
  readonly #stream: LiveStream
  readonly #listener: StreamListener
  #isConnected = false
  #disconnect: (() => void) | undefined
  #status: StreamStatus = { state: 'closed', reason: 'nobody has asked for anything yet' }

  constructor(stream: LiveStream, listener: StreamListener) {
    this.#stream = stream
    this.#listener = listener
  }

  get status(): StreamStatus {
    return this.#status
  }

  /** Does nothing while it is connected. */
  connect(): void {
    if (this.#isConnected) return
    // A stream reports before connect() returns, and whoever hears that may ask for it again.
    this.#isConnected = true
    this.#disconnect = this.#stream.connect({
      onEvent: (event) => this.#listener.onEvent(event),
      onGap: (reason) => this.#listener.onGap(reason),
      onError: (error) => this.#listener.onError(error),
      onStatus: (status) => this.#changeTo(status),
    })
  }

  disconnect(reason: string): void {
    if (!this.#isConnected) return
    this.#isConnected = false
    this.#disconnect?.()
    this.#disconnect = undefined
    this.#changeTo({ state: 'closed', reason })
  }

  #changeTo(status: StreamStatus): void {
    this.#status = status
    this.#listener.onStatus(status)
  }
}
