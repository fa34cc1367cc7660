import { TimeoutError } from '../errors.ts'
import { reaches, sameLease, type Cache, type CacheEntry, type Renewal, type Slot, type Tags } from './cache.ts'
import { isOvertaken, type HeldLease } from './held-lease.ts'
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

  /** Whether what another tab has invalidated is invalidated here. */
  get isShared(): boolean {
    return this.#cache.sharedAs !== undefined
  }

  /** A storage that has to be opened is ready sooner for it. Nobody waits for that. */
  async open(): Promise<void> {
    try {
      await this.#cache.open?.()
    } catch (error) {
      this.#onError('cache-open', error)
    }
  }

  /**
   * Looks a slot up and takes a lease on it, which the caller gives back with `release`. What was overtaken meanwhile is looked
   * up once more: under a lease that is void already, the master's answer could only be stored as stale.
   */
  async read(slot: Slot): Promise<Lookup> {
    const first = await this.#lookUp(slot, slot.tags)
    const tags = first.entry?.tags ?? []
    const isLate = isOvertaken(first.lease, tags) || (this.#isDue(tags) && !this.#isDue(slot.tags))
    // In a burst the next one would be overtaken as well.
    if (!isLate || this.#isBurst) return first
    this.release(first.lease)
    return this.#lookUp(slot, [...slot.tags, ...tags])
  }

  /**
   * Stores what was read under a lease and tells whether it held. `neverFresh` keeps the value readable as stale only.
   *
   * @param tags what the value hangs on beside the slot's tags
   */
  async fill(
    slot: Slot,
    lease: HeldLease,
    value: unknown,
    fetchedAt: number,
    neverFresh: boolean,
    tags: readonly string[] = [],
  ): Promise<boolean> {
    const { stored } = lease
    const isVoid = neverFresh || lease.isLocal || isOvertaken(lease, tags)
    const fill = (): Promise<boolean> | undefined => {
      // No slot's present lease is ever empty, so an entry under an empty one is stale for good, also where the invalidation
      // that voided the lease cannot be written.
      const own = isVoid ? [] : stored?.leaseOf([...slot.tags, ...tags])
      return own && this.#cache.fill(slot, { value, fetchedAt, ...(tags.length > 0 && { tags }), lease: own })
    }
    const isWritable = stored !== undefined || lease.isLocal
    const held = isWritable ? await this.#attempt('cache-fill', async () => fill()) : undefined
    return held !== false && !neverFresh && !isOvertaken(lease, tags)
  }

  /**
   * A lease of this realm alone, from now on: whether what is asked of the master now is overtaken before it is here. What is
   * filled under it is stale for whoever reads it from the cache.
   */
  hold(slot: Slot): HeldLease {
    return this.#hold(slot, true)
  }

  /**
   * Whether more invalidations come than can be written one by one, and these tags are among them: to look up what hangs on
   * them would only tell, and late, that it is stale.
   */
  isSwamped(tags: readonly string[]): boolean {
    return this.#isBurst && this.#isDue(tags)
  }

  release(lease: HeldLease): void {
    this.#shared.held.delete(lease)
  }

  /** Voids every lease under these tags at once: whoever else shares the storage has invalidated them there. */
  overtake(tags: Tags): void {
    for (const lease of this.#shared.held) {
      lease.isVoid ||= reaches(tags, lease.slot.tags)
      if (tags !== 'all' && lease.slot.hasParts === true) for (const tag of tags) lease.touched.add(tag)
    }
  }

  /**
   * Voids every lease under these tags at once, and resolves when that is on disk, or known to be impossible for now.
   *
   * @param renewals what is known of the entries that it makes stale; they stay fresh
   */
  async invalidate(tags: Tags, renewals: readonly Renewal[] = []): Promise<void> {
    this.overtake(tags)
    this.#shared.renewals.add(tags, renewals)
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
    const renewals = this.#shared.renewals.take()
    let isWritten = false
    await this.#attempt('cache-invalidate', async () => {
      await this.#cache.invalidate(this.#cacheKey, tags, renewals)
      isWritten = true
      // Here it counts also where it took longer than the bound. What was asked for meanwhile is still due.
      if (this.#shared.allDue <= calls) this.#shared.allDue = 0
      for (const [tag, call] of this.#shared.due) if (call <= calls) this.#shared.due.delete(tag)
    })
    if (!isWritten) this.#shared.renewals.drop()
  }

  /** @param tags all that it hangs on, as far as that is known */
  async #lookUp(slot: Slot, tags: readonly string[]): Promise<Lookup> {
    const lease = this.#hold(slot, false)
    if (this.#isDue(tags)) {
      // In a burst there is always another one to be waited for.
      if (this.#isBurst) lease.isVoid = true
      else await (this.#shared.writing ?? this.#writeDue())
    }
    // It may be written before the answer comes, which is from before it all the same.
    const isDue = this.#isDue(slot.tags)
    const read = await this.#attempt('cache-read', () => this.#cache.read(slot))
    lease.stored = read
    if (read?.entry === undefined) return { entry: undefined, fresh: false, lease }
    const own = read.entry.tags ?? []
    const fresh = sameLease(read.entry.lease, read.lease) && !isOvertaken(lease, own) && !isDue && !this.#isDue(own)
    return { entry: read.entry, fresh, lease }
  }

  #hold(slot: Slot, isLocal: boolean): HeldLease {
    const lease: HeldLease = { slot, stored: undefined, isLocal, isVoid: false, touched: new Set() }
    this.#shared.held.add(lease)
    return lease
  }

  /** More invalidations come than can be written one by one. */
  get #isBurst(): boolean {
    return this.#shared.next !== undefined
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
