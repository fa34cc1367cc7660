/** What waits its turn. */
export interface Queued {
  /** The row it is about; undefined where it is about all of them. */
  readonly key: string | undefined
  /** What was called before has a lower one. */
  readonly order: number
}

/** What a queue needs to know. */
export interface WriteQueueOptions<Item> {
  /** How many may wait (promise 5). */
  readonly capacity?: number
  /** How many run at once, each for another row; one by default. */
  readonly concurrency?: number
  /** Called when its turn has come; must not reject. */
  readonly run: (item: Item) => Promise<void>
  /** Called when it has found room. */
  readonly onQueued: (item: Item) => void
}

/** How many writes may wait by default (promise 5). */
export const defaultCapacity = 256

/**
 * First in, first out (promise 4). What is about one row runs one after the other; where more than one may run at once,
 * other rows need not wait for it. At most `capacity` wait; those beyond that wait for room, in order, and nothing is
 * dropped (promise 5).
 */
export class WriteQueue<Item extends Queued> {
  readonly #capacity: number
  readonly #concurrency: number
  readonly #run: (item: Item) => Promise<void>
  readonly #onQueued: (item: Item) => void
  readonly #waiting: Item[] = []
  readonly #callers: Item[] = []
  readonly #running = new Set<Item>()
  #isHeld = false

  constructor({ capacity = defaultCapacity, concurrency = 1, run, onQueued }: WriteQueueOptions<Item>) {
    this.#capacity = capacity
    this.#concurrency = concurrency
    this.#run = run
    this.#onQueued = onQueued
  }

  /** How many wait in the queue; those under way and those without room are not counted. */
  get waiting(): number {
    return this.#waiting.length
  }

  push(item: Item): void {
    this.#callers.push(item)
    this.#admit()
    this.#start()
  }

  /** Begins nothing more until `release`. */
  hold(): void {
    this.#isHeld = true
  }

  release(): void {
    this.#isHeld = false
    this.#start()
  }

  /** Takes it out; tells whether it still waited. */
  remove(item: Item): boolean {
    for (const line of [this.#waiting, this.#callers]) {
      const place = line.indexOf(item)
      if (place >= 0) {
        line.splice(place, 1)
        this.#admit()
        this.#start()
        return true
      }
    }
    return false
  }

  /** Puts these where they belong in the order of the calls, which need not be the end. */
  insert(items: readonly Item[]): void {
    for (const item of items) {
      const isLater = ({ order }: Item): boolean => order > item.order
      const line = this.#waiting.some(isLater) || this.#callers.length === 0 ? this.#waiting : this.#callers
      const place = line.findIndex(isLater)
      line.splice(place < 0 ? line.length : place, 0, item)
    }
    this.#admit()
    this.#start()
  }

  /** Whether something waits that was called before, and has come in since this was begun. */
  isOvertaking({ key, order }: Item): boolean {
    return this.#waiting.some((other) => other.order < order && (other.key === key || other.key === undefined || key === undefined))
  }

  /** Takes everything out that waits. */
  clear(): Item[] {
    return [...this.#waiting.splice(0), ...this.#callers.splice(0)]
  }

  /** Takes out what waits for the same row and can go along with it, up to the first that cannot. */
  takeAlong(item: Item, canJoin: (later: Item) => boolean): Item[] {
    const along: Item[] = []
    for (const later of this.#waiting) {
      if (later.key === undefined) break
      if (later.key !== item.key) continue
      if (!canJoin(later)) break
      along.push(later)
    }
    for (const later of along) this.#waiting.splice(this.#waiting.indexOf(later), 1)
    this.#admit()
    this.#start()
    return along
  }

  #admit(): void {
    while (this.#waiting.length < this.#capacity) {
      const item = this.#callers.shift()
      if (item === undefined) return
      this.#waiting.push(item)
      this.#onQueued(item)
    }
  }

  #start(): void {
    while (!this.#isHeld && this.#running.size < this.#concurrency) {
      const item = this.#next()
      if (item === undefined) return
      this.#waiting.splice(this.#waiting.indexOf(item), 1)
      this.#running.add(item)
      this.#admit()
      void this.#run(item).finally(() => {
        this.#running.delete(item)
        this.#start()
      })
    }
  }

  /** The first that nothing before it keeps waiting. */
  #next(): Item | undefined {
    const busy = new Set([...this.#running].map(({ key }) => key))
    if (busy.has(undefined)) return undefined
    const first = this.#waiting.find(({ key }) => key === undefined || !busy.has(key))
    if (first === undefined || first.key !== undefined) return first
    return busy.size === 0 && first === this.#waiting[0] ? first : undefined
  }
}
