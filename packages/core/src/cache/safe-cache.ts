import { TimeoutError } from '../errors.ts'
import { sameLease, type Cache, type CacheEntry, type Slot, type Tags } from './cache.ts'
import type { HeldLease } from './held-lease.ts'
import { invalidationsOf, type Invalidations } from './invalidations.ts'
import { Watchdog } from './watchdog.ts'

/** How long a cache may take to answer, in ms, before the table goes on without it. */
const answerWithin = 2_000

/** More tags than these are due as all of them. */
const mostDue = 5_000

/** What was done with the cache when it failed. */
export type CacheOperation = 'cache-open' | 'cache-read' | 'cache-fill' | 'cache-invalidate'

/** What the cache knows of a slot. */
export interface Lookup {
  readonly entry: CacheEntry | undefined
  readonly fresh: boolean
  readonly lease: HeldLease
}

/**
 * A table's cache, which cannot fail (promise 7): none of its methods rejects or hangs; errors go to `onError` and cost speed only.
 *
 * An invalidation that could not be written is kept as due: until it is written, nothing under its tags counts as fresh
 * and every read tries to write it again.
 */
export class SafeCache {
  readonly #cache: Cache
  readonly #cacheKey: string
  readonly #onError: (during: CacheOperation, error: unknown) => void
  readonly #shared: Invalidations
  readonly #watchdog = new Watchdog(answerWithin)
  /** Requests that are past their bound. While there are any, the cache is not asked at all. */
  #stuck = 0

  constructor(cache: Cache, cacheKey: string, onError: (during: CacheOperation, error: unknown) => void) {
    this.#cache = cache
    this.#cacheKey = cacheKey
    this.#onError = onError
    this.#shared = invalidationsOf(cache, cacheKey)
  }

  get kind(): string {
    return this.#cache.kind
  }

  /** A storage that has to be opened is ready sooner for it. Nobody waits for that. */
  async open(): Promise<void> {
    try {
      await this.#cache.open?.()
    } catch (error) {
      this.#onError('cache-open', error)
    }
  }

  /** Looks a slot up and takes a lease on it, which the caller gives back with `release`. */
  async read(slot: Slot): Promise<Lookup> {
    const lease: HeldLease = { tags: slot.tags, stored: undefined, isVoid: false }
    this.#shared.held.add(lease)
    if (this.#isDue(slot.tags)) await (this.#shared.writing ?? this.#writeDue())
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
    this.#shared.held.delete(lease)
  }

  /** Voids every lease under these tags at once, and resolves when that is on disk, or known to be impossible for now. */
  async invalidate(tags: Tags): Promise<void> {
    for (const lease of this.#shared.held) lease.isVoid ||= tags === 'all' || lease.tags.some((tag) => tags.includes(tag))
    this.#shared.calls += 1
    if (tags === 'all') this.#shared.allDue = this.#shared.calls
    else for (const tag of tags) this.#shared.due.set(tag, this.#shared.calls)
    // A cache that stays broken must not make every call longer than the one before.
    if (this.#shared.due.size > mostDue) {
      this.#shared.allDue = this.#shared.calls
      this.#shared.due.clear()
    }
    await this.#writeDue()
  }

  /** The first invalidation is written at once; all that come meanwhile share the one write behind it (promise 12). */
  #writeDue(): Promise<void> {
    if (this.#shared.writing === undefined) {
      this.#shared.writing = this.#writeNow().finally(() => {
        this.#shared.writing = undefined
      })
      return this.#shared.writing
    }
    this.#shared.next ??= this.#shared.writing.then(() => {
      this.#shared.next = undefined
      return this.#writeDue()
    })
    return this.#shared.next
  }

  async #writeNow(): Promise<void> {
    const calls = this.#shared.calls
    const tags = this.#shared.allDue > 0 ? 'all' : [...this.#shared.due.keys()]
    await this.#attempt('cache-invalidate', async () => {
      await this.#cache.invalidate(this.#cacheKey, tags)
      // Here it counts also where it took longer than the bound. What was asked for meanwhile is still due.
      if (this.#shared.allDue <= calls) this.#shared.allDue = 0
      for (const [tag, call] of this.#shared.due) if (call <= calls) this.#shared.due.delete(tag)
    })
  }

  #isDue(tags: readonly string[]): boolean {
    return this.#shared.allDue > 0 || tags.some((tag) => this.#shared.due.has(tag))
  }

  /** Undefined where the cache cannot. After the bound, until the request ends, it counts as stuck. */
  #attempt<T>(during: CacheOperation, request: () => Promise<T>): Promise<T | undefined> {
    if (this.#stuck > 0) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      let isLate = false
      const fail = (error: unknown): void => {
        this.#onError(during, error)
        resolve(undefined)
      }
      const unwatch = this.#watchdog.watch(() => {
        isLate = true
        this.#stuck += 1
        fail(new TimeoutError(during, answerWithin))
      })
      const end = (): void => {
        unwatch()
        if (!isLate) return
        this.#stuck -= 1
        // It works again, and other tabs cannot know of what is due here.
        if (this.#shared.allDue + this.#shared.due.size > 0) void this.#writeDue()
      }
      asPromise(request)
        .then(resolve, (error: unknown) => {
          if (!isLate) fail(error)
        })
        .finally(end)
    })
  }
}

/** What the caller's own cache throws is a rejection like any other. */
async function asPromise<T>(request: () => Promise<T>): Promise<T> {
  return request()
}
