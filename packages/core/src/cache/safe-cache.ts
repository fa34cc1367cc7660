import { TimeoutError } from '../errors.ts'
import { sameLease, type Cache, type CacheEntry, type Lease, type Slot } from './cache.ts'

/** How long a cache may take to answer, in ms, before the table goes on without it. */
const answerWithin = 2_000

/** What was done with the cache when it failed. */
export type CacheOperation = 'cache-read' | 'cache-fill' | 'cache-invalidate'

/** What a read holds from before it asks the cache until its answer is filled in or given up. */
export interface HeldLease {
  readonly tags: readonly string[]
  /** Undefined while the cache has not answered, and where it could not. */
  stored: Lease | undefined
  /** Whether one of the tags was invalidated in this realm since. */
  isVoid: boolean
}

/** What the cache knows of a slot. */
export interface Lookup {
  readonly entry: CacheEntry | undefined
  readonly fresh: boolean
  readonly lease: HeldLease
}

/**
 * A cache that cannot fail (promise 7): none of its methods rejects or hangs; errors go to `onError` and cost speed only.
 *
 * An invalidation that could not be written is kept as due: until it is written, nothing under its tags counts as fresh
 * and every read tries to write it again.
 */
export class SafeCache {
  readonly #cache: Cache
  readonly #onError: (during: CacheOperation, error: unknown) => void
  readonly #held = new Set<HeldLease>()
  /** Tags whose invalidation is not yet on disk, each with the number of the call that asked for it last. */
  readonly #due = new Map<string, number>()
  #calls = 0
  /** The write of invalidations that is under way, if any, and the one that waits behind it. */
  #writing: Promise<void> | undefined
  #next: Promise<void> | undefined
  /** Requests that are past their bound. While there are any, the cache is not asked at all. */
  #stuck = 0

  constructor(cache: Cache, onError: (during: CacheOperation, error: unknown) => void) {
    this.#cache = cache
    this.#onError = onError
  }

  get kind(): string {
    return this.#cache.kind
  }

  /** Looks a slot up and takes a lease on it, which the caller gives back with `release`. */
  async read(slot: Slot): Promise<Lookup> {
    const lease: HeldLease = { tags: slot.tags, stored: undefined, isVoid: false }
    this.#held.add(lease)
    if (this.#isDue(slot.tags)) await (this.#writing ?? this.#writeDue())
    // It may be written before the answer comes, which is from before it all the same.
    const isDue = this.#isDue(slot.tags)
    const read = await this.#attempt('cache-read', () => this.#cache.read(slot))
    lease.stored = read?.lease
    if (read?.entry === undefined) return { entry: undefined, fresh: false, lease }
    const fresh = sameLease(read.entry.lease, read.lease) && !lease.isVoid && !isDue
    return { entry: read.entry, fresh, lease }
  }

  /** Stores what was read under a lease and tells whether it held. `neverFresh` keeps the value readable as stale only. */
  async fill(slot: Slot, lease: HeldLease, value: unknown, fetchedAt: number, neverFresh: boolean): Promise<boolean> {
    const { stored } = lease
    // No slot's present lease is ever empty, so an entry under an empty one is stale for good, also where the invalidation
    // that voided the lease cannot be written.
    const entry: CacheEntry | undefined = stored && { value, fetchedAt, lease: neverFresh || lease.isVoid ? [] : stored }
    const held = entry && (await this.#attempt('cache-fill', () => this.#cache.fill(slot, entry)))
    return held !== false && !lease.isVoid && !neverFresh
  }

  release(lease: HeldLease): void {
    this.#held.delete(lease)
  }

  /** Voids every lease under these tags at once, and resolves when that is on disk, or known to be impossible for now. */
  async invalidate(tags: readonly string[]): Promise<void> {
    const named = new Set(tags)
    for (const lease of this.#held) lease.isVoid ||= lease.tags.some((tag) => named.has(tag))
    this.#calls += 1
    for (const tag of tags) this.#due.set(tag, this.#calls)
    await this.#writeDue()
  }

  /** The first invalidation is written at once; all that come meanwhile share the one write behind it (promise 12). */
  #writeDue(): Promise<void> {
    if (this.#writing === undefined) {
      this.#writing = this.#writeNow().finally(() => {
        this.#writing = undefined
      })
      return this.#writing
    }
    this.#next ??= this.#writing.then(() => {
      this.#next = undefined
      return this.#writeDue()
    })
    return this.#next
  }

  async #writeNow(): Promise<void> {
    const due = new Map(this.#due)
    await this.#attempt('cache-invalidate', async () => {
      await this.#cache.invalidate([...due.keys()])
      // Here it counts also where it took longer than the bound.
      for (const [tag, call] of due) if (this.#due.get(tag) === call) this.#due.delete(tag)
    })
  }

  #isDue(tags: readonly string[]): boolean {
    return this.#due.size > 0 && tags.some((tag) => this.#due.has(tag))
  }

  async #attempt<T>(during: CacheOperation, request: () => Promise<T>): Promise<T | undefined> {
    if (this.#stuck > 0) return undefined
    try {
      return await this.#inTime(during, Promise.resolve(request()))
    } catch (error) {
      this.#onError(during, error)
      return undefined
    }
  }

  /** Rejects with a TimeoutError after the bound; from then until the request ends the cache counts as stuck. */
  #inTime<T>(during: CacheOperation, answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let late = false
      const timer = setTimeout(() => {
        late = true
        this.#stuck += 1
        reject(new TimeoutError(during, answerWithin))
      }, answerWithin)
      const end = (): void => {
        clearTimeout(timer)
        if (late) this.#stuck -= 1
      }
      answer.then(
        (value) => {
          end()
          resolve(value)
          // It works again, and other tabs cannot know of what is due here.
          if (late && this.#due.size > 0) void this.#writeDue()
        },
        (error: unknown) => {
          end()
          reject(error)
        },
      )
    })
  }
}

/** Whether both were taken at the same state of the slot, so that the answer to one is no older than the other. */
export function sameMoment(a: HeldLease, b: HeldLease): boolean {
  if (a.isVoid || b.isVoid) return false
  return a.stored === undefined || b.stored === undefined ? a.stored === b.stored : sameLease(a.stored, b.stored)
}
