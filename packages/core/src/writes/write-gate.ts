/** Why no writes are sent at present. */
export type PauseReason =
  /** The browser says that it is offline. */
  | 'offline'
  /** The master could not be reached. One write tries again and again; the others wait for its success. */
  | 'unreachable'
  /** The master wants to know who writes (401, 403). Nothing is sent until `resume()`. */
  | 'unauthorized'

/** That no writes are sent at present. */
export interface Pause {
  readonly reason: PauseReason
  /** In ms since 1970. */
  readonly since: number
  /** What the write failed with that brought it about, where one did. */
  readonly error?: unknown
}

/** What writes pass before they are sent. It opens by itself when the browser is online again. */
export class WriteGate {
  readonly #onChange: (paused: Pause | undefined) => void
  readonly #waits = new Set<() => void>()
  #paused: Pause | undefined
  #isProbed = false
  #stopListening: (() => void) | undefined

  constructor(onChange: (paused: Pause | undefined) => void) {
    this.#onChange = onChange
  }

  get paused(): Pause | undefined {
    return this.#paused
  }

  close(reason: PauseReason, error?: unknown): void {
    // Whatever becomes of the network, another token is wanted.
    if (this.#paused?.reason === reason || this.#paused?.reason === 'unauthorized') return
    this.#paused = { reason, since: Date.now(), ...(error === undefined ? {} : { error }) }
    if (reason === 'unauthorized') this.leave()
    else this.#listen()
    this.#onChange(this.#paused)
  }

  /** The master has answered. That it wants to know who writes is not over by that. */
  reached(): void {
    if (this.#paused?.reason !== 'unauthorized') this.#open()
  }

  #open(): void {
    if (this.#paused === undefined) return
    this.#paused = undefined
    this.leave()
    this.#onChange(undefined)
    this.#endWaits()
  }

  /**
   * While the master is out of reach one write goes on trying, in the name of all. Tells whether it may be this one; then it is to
   * call `stopProbing` when it tries no longer.
   */
  probe(): boolean {
    if (this.#paused?.reason !== 'unreachable' || this.#isProbed) return false
    this.#isProbed = true
    return true
  }

  stopProbing(): void {
    this.#isProbed = false
    // Another one takes its place.
    this.#endWaits()
  }

  /** There is reason to hope: whoever waits for another attempt makes it now. A gate that waits for a new token stays shut. */
  wake(): void {
    if (this.#paused?.reason === 'offline') this.#open()
    else if (this.#paused?.reason === 'unreachable') this.#endWaits()
  }

  /** The app says that it may go on. */
  resume(): void {
    if (this.#paused?.reason === 'unauthorized') this.#open()
    else this.wake()
  }

  /** Resolves after so many ms, when there is reason to hope, or as soon as one of the signals aborts; and tells whether that was it. */
  async wait(delay: number, signals: readonly AbortSignal[]): Promise<'over' | 'aborted'> {
    const isAborted = (): boolean => signals.some(({ aborted }) => aborted)
    // One that has aborted already tells nobody any more.
    if (isAborted()) return 'aborted'
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#waits.delete(end)
        for (const signal of signals) signal.removeEventListener('abort', end)
        resolve(isAborted() ? 'aborted' : 'over')
      }
      const timer = delay === Infinity ? undefined : setTimeout(end, delay)
      this.#waits.add(end)
      for (const signal of signals) signal.addEventListener('abort', end)
    })
  }

  #endWaits(): void {
    for (const end of this.#waits) end()
  }

  #listen(): void {
    if (this.#stopListening !== undefined || typeof addEventListener !== 'function') return
    const onOnline = (): void => this.wake()
    addEventListener('online', onOnline)
    this.#stopListening = () => removeEventListener('online', onOnline)
  }

  /** No longer listens for the browser to be online. */
  leave(): void {
    this.#stopListening?.()
    this.#stopListening = undefined
  }
}
