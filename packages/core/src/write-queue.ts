/** What is to be done when its turn comes. */
export interface QueuedWrite<T> {
  readonly apply: () => Promise<T>
  /** Called when it has found room. */
  readonly onQueued: () => void
  /** Takes it out again for as long as it waits. */
  readonly signal?: AbortSignal | undefined
}

/** A write that waits its turn. */
interface Job {
  readonly run: () => Promise<void>
  readonly refuse: (error: unknown) => void
  readonly onQueued: () => void
}

/** How many writes may wait by default (promise 5). */
export const defaultCapacity = 256

/**
 * First in, first out, one at a time (promise 4). At most `capacity` writes wait; callers beyond that wait for room, in
 * order, and nothing is dropped (promise 5). Every write settles once (promise 6).
 */
export class WriteQueue {
  readonly #capacity: number
  readonly #waiting: Job[] = []
  readonly #callers: Job[] = []
  #isWorking = false
  #closed: { readonly error: unknown } | undefined

  constructor(capacity: number = defaultCapacity) {
    this.#capacity = capacity
  }

  /** How many writes wait in the queue; the one under way and callers without room are not counted. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Settles as `apply` does, once its turn has come; rejects with the signal's reason where that aborts before. */
  push<T>({ apply, onQueued, signal }: QueuedWrite<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) {
        reject(this.#closed.error)
        return
      }
      const cancel = (): void => {
        if (this.#remove(job)) reject(signal?.reason)
      }
      const job: Job = {
        run: () => {
          signal?.removeEventListener('abort', cancel)
          return apply().then(resolve, reject)
        },
        refuse: (error) => {
          signal?.removeEventListener('abort', cancel)
          reject(error)
        },
        onQueued,
      }
      signal?.addEventListener('abort', cancel, { once: true })
      this.#callers.push(job)
      this.#admit()
      if (!this.#isWorking) void this.#work()
    })
  }

  /** Refuses every write that waits, and all that come, with this error. The one under way ends as it ends. */
  close(error: unknown): void {
    this.#closed ??= { error }
    for (const job of [...this.#waiting.splice(0), ...this.#callers.splice(0)]) job.refuse(error)
  }

  /** Whether it still waited. */
  #remove(job: Job): boolean {
    for (const line of [this.#waiting, this.#callers]) {
      const place = line.indexOf(job)
      if (place >= 0) {
        line.splice(place, 1)
        this.#admit()
        return true
      }
    }
    return false
  }

  #admit(): void {
    while (this.#waiting.length < this.#capacity) {
      const job = this.#callers.shift()
      if (job === undefined) return
      this.#waiting.push(job)
      job.onQueued()
    }
  }

  async #work(): Promise<void> {
    this.#isWorking = true
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      this.#admit()
      // oxlint-disable-next-line no-await-in-loop -- one at a time is what the queue is for
      await job.run()
    }
    this.#isWorking = false
  }
}
