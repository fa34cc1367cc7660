import { StorageError, TimeoutError, type StorageReason } from '../errors.ts'
import { reaches, sameLease, type Cache, type CachedTable, type CacheEntry, type Renewal, type Slot, type Tags } from './cache.ts'
import { isOvertaken, type HeldLease } from './held-lease.ts'
import { invalidationsOf, type Invalidations } from './invalidations.ts'
import { Watchdog } from './watchdog.ts'

/** How long a cache may take to answer, in ms, before the table goes on without it. */
const answerWithin = 2_000

/** More tags than these are due as all of them. */
const mostDue = 5_000

/** What was done with the cache when it failed. */
export type CacheOperation = 'cache-open' | 'cache-read' | 'cache-fill' | 'cache-invalidate' | 'cache-purge'

/** How what is cached is stored. */
export interface StorageStatus {
  /**
   * The cache's kind (`'indexeddb'`, `'memory'`, `'none'`, or that of your own): also `'memory'` where `idbCache` cannot work in this
   * page. `'degraded'` while the storage fails: what it cannot do is done without it, and it is tried again each time.
   */
  readonly storage: 'indexeddb' | 'memory' | 'none' | 'degraded' | (string & {})
  /** Why it is not what it was to be. */
  readonly reason?: StorageReason
  /** The error that told so. */
  readonly error?: unknown
  /** Whether the browser has promised not to delete it by itself; only where it was asked to. */
  readonly persisted?: boolean
  /** In ms since 1970. */
  readonly since: number
}

/** What a safe cache tells. */
export interface SafeCacheListener {
  /** An error that was survived. While something goes on failing it is told once. */
  readonly onError: (during: CacheOperation, error: unknown) => void
  readonly onStatus: (status: StorageStatus) => void
}

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
  readonly #table: CachedTable
  readonly #listener: SafeCacheListener
  readonly #shared: Invalidations
  readonly #watchdog = new Watchdog(answerWithin)
  /** Requests that are past their bound. While there are any, the cache is not asked at all. */
  #stuck = 0
  /** What does not work at present. */
  readonly #failing = new Map<CacheOperation, unknown>()
  #status: StorageStatus
  #isEnded = false

  constructor(cache: Cache, table: CachedTable, listener: SafeCacheListener) {
    this.#cache = cache
    this.#table = table
    this.#listener = listener
    this.#shared = invalidationsOf(cache, table)
    this.#status = { ...this.#standing(), since: Date.now() }
  }

  get kind(): string {
    return this.#cache.kind
  }

  /** The same object until something of it changes. */
  get status(): StorageStatus {
    return this.#status
  }

  /** Whether what another tab has invalidated is invalidated here. */
  get isShared(): boolean {
    return this.#cache.sharedAs !== undefined && this.#cache.fault === undefined
  }

  /** A storage that has to be opened is ready sooner for it. Nobody waits for that. */
  async open(): Promise<void> {
    try {
      await this.#cache.open?.()
      this.#succeed('cache-open')
    } catch (error) {
      this.#fail('cache-open', error)
    }
  }

  /** What lies in this slot is not evicted until the returned function is called. */
  pin(slot: Slot): () => void {
    return this.#isEnded ? () => undefined : (this.#cache.pin?.(slot) ?? (() => undefined))
  }

  /** From now on nothing is cached, and nothing is found, whatever is under way. */
  end(): void {
    this.#isEnded = true
    for (const lease of this.#shared.held) lease.isVoid = true
  }

  /**
   * Removes all of the scope.
   *
   * @throws TimeoutError where the cache does not answer in time, and whatever it rejects with
   */
  async purge(): Promise<void> {
    await this.#bounded('cache-purge', () => this.#cache.purge(this.#table.scope))
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
    const { era } = lease
    const fill = (): Promise<boolean> | undefined => {
      // No slot's present lease is that of no tags, so an entry under that one is stale for good, also where the invalidation
      // that voided the lease cannot be written.
      const own = isVoid ? era : stored?.leaseOf([...slot.tags, ...tags])
      return own && this.#cache.fill(slot, { value, fetchedAt, ...(tags.length > 0 && { tags }), lease: own })
    }
    const isWritable = era !== undefined && !this.#isEnded
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
   * Voids every lease under these tags at once, and resolves when that is on disk, or known to be impossible for now: with false.
   *
   * @param renewals what is known of the entries that it makes stale; they stay fresh
   */
  async invalidate(changed: Tags, renewals: readonly Renewal[] = []): Promise<boolean> {
    // A write that was under way may have changed what another table of the scope has read since. Nothing tells which rows it had.
    const tags = this.#isEnded ? 'all' : changed
    this.overtake(tags)
    this.#shared.renewals.add(tags, renewals)
    const call = (this.#shared.calls += 1)
    if (tags === 'all') this.#shared.allDue = this.#shared.calls
    else for (const tag of tags) this.#shared.due.set(tag, this.#shared.calls)
    // A cache that stays broken must not make every call longer than the one before.
    if (this.#shared.due.size > mostDue) {
      this.#shared.allDue = this.#shared.calls
      this.#shared.due.clear()
    }
    await this.#writeDue()
    return this.#shared.written >= call
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
    const tags = this.#isEnded || this.#shared.allDue > 0 ? 'all' : [...this.#shared.due.keys()]
    const renewals = this.#shared.renewals.take()
    let isWritten = false
    await this.#attempt('cache-invalidate', async () => {
      await this.#cache.invalidate(this.#table, tags, renewals)
      isWritten = true
      this.#shared.written = Math.max(this.#shared.written, calls)
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
    } else if (this.#shared.allDue + this.#shared.due.size > 0 && this.#shared.writing === undefined) {
      // It may work again, and other tabs cannot know of what is due here.
      void this.#writeDue()
    }
    // It may be written before the answer comes, which is from before it all the same.
    const isDue = this.#isDue(slot.tags)
    const due = new Set(slot.hasParts === true ? this.#shared.due.keys() : [])
    const read = this.#isEnded ? undefined : await this.#attempt('cache-read', () => this.#cache.read(slot))
    if (read === undefined || this.#isEnded) return { entry: undefined, fresh: false, lease }
    lease.stored = read
    lease.era = this.#shared.era = read.leaseOf([])
    if (read.entry === undefined) return { entry: undefined, fresh: false, lease }
    const own = read.entry.tags ?? []
    const fresh =
      sameLease(read.entry.lease, read.lease) && !isOvertaken(lease, own) && !isDue && !this.#isDue(own) && !own.some((tag) => due.has(tag))
    return { entry: read.entry, fresh, lease }
  }

  #hold(slot: Slot, isLocal: boolean): HeldLease {
    const lease: HeldLease = {
      slot,
      stored: undefined,
      era: isLocal ? this.#shared.era : undefined,
      isLocal,
      isVoid: false,
      touched: new Set(),
    }
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

  /** Undefined where the cache cannot. */
  async #attempt<T>(during: CacheOperation, request: () => Promise<T>): Promise<T | undefined> {
    if (this.#stuck > 0) return undefined
    try {
      return await this.#bounded(during, request)
    } catch {
      return undefined
    }
  }

  /** It rejects after the bound; until the request ends, it counts as stuck then. */
  #bounded<T>(during: CacheOperation, request: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let isLate = false
      const fail = (error: unknown): void => {
        this.#fail(during, error)
        reject(error)
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
        .then(
          (answer) => {
            this.#succeed(during)
            resolve(answer)
          },
          (error: unknown) => {
            if (!isLate) fail(error)
          },
        )
        .finally(end)
    })
  }

  #fail(during: CacheOperation, error: unknown): void {
    // What one row holds says nothing of the storage.
    const isOfRow = error instanceof DOMException && error.name === 'DataCloneError'
    if (isOfRow || !this.#failing.has(during)) this.#listener.onError(during, error)
    if (isOfRow) return
    this.#failing.set(during, error)
    this.#tell()
  }

  #succeed(during: CacheOperation): void {
    const writes: readonly CacheOperation[] = ['cache-fill', 'cache-invalidate']
    this.#failing.delete(during)
    // What takes one write takes another, unless there is only room for less; there may be none of the other kind for long.
    for (const each of writes.includes(during) ? writes : []) {
      if (reasonOf(this.#failing.get(each)) !== 'full') this.#failing.delete(each)
    }
    // It is open, or another request could not have been answered.
    this.#failing.delete('cache-open')
    this.#tell()
  }

  #tell(): void {
    const standing = this.#standing()
    const { storage, reason, persisted } = this.#status
    if (standing.storage === storage && standing.reason === reason && standing.persisted === persisted) return
    this.#status = { ...standing, since: Date.now() }
    this.#listener.onStatus(this.#status)
  }

  #standing(): Omit<StorageStatus, 'since'> {
    const { kind, fault, persisted } = this.#cache
    const asked = persisted === undefined ? {} : { persisted }
    const [failure] = this.#failing.values()
    if (this.#failing.size > 0) return { storage: 'degraded', reason: reasonOf(failure), error: failure, ...asked }
    return { storage: kind, ...fault, ...asked }
  }
}

function reasonOf(error: unknown): StorageReason {
  if (error instanceof StorageError) return error.reason
  if (error instanceof TimeoutError) return 'silent'
  const name = error instanceof DOMException ? error.name : ''
  if (name === 'QuotaExceededError') return 'full'
  return name === 'InvalidStateError' || name === 'AbortError' ? 'closed' : 'failed'
}

/** What the caller's own cache throws is a rejection like any other. */
async function asPromise<T>(request: () => Promise<T>): Promise<T> {
  return request()
}
