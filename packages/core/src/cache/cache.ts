/**
 * The name of one cached thing, and the tags it hangs on.
 *
 * Invalidating any of its tags makes the slot stale.
 */
export interface Slot {
  readonly key: string
  readonly tags: readonly string[]
}

/**
 * When each of a slot's tags was last invalidated, in the order of `Slot.tags`: a stamp that no other
 * invalidation ever gets, or undefined for a tag that never was.
 *
 * A read takes it before it asks the master; a fill whose lease no longer matches is void
 * (the idea of memcache's leases, Nishtala et al., NSDI 2013).
 */
export type Lease = readonly (string | undefined)[]

/** What is cached in a slot. */
export interface CacheEntry {
  /** Anything that `structuredClone` takes. */
  readonly value: unknown
  /** When the master was asked for it, in ms since 1970: the value is no older than this. */
  readonly fetchedAt: number
  /** The lease it was read under. The entry is fresh for as long as the slot's present lease equals it. */
  readonly lease: Lease
}

/** A slot as it stood at one moment. */
export interface CacheRead {
  readonly entry: CacheEntry | undefined
  readonly lease: Lease
}

/**
 * Where a `LiveTable` keeps its pages, rows and counts.
 *
 * Each call is atomic, also between tabs. Any of them may reject: the table then goes on without it.
 * Implement it for a storage of your own and run `describeCache` from `@vantage-live/core/contract` against it.
 */
export interface Cache {
  /** What kind of storage it is, for tracing: `'indexeddb'`, `'memory'`, `'none'`. */
  readonly kind: string
  /** The slot's entry and its present lease, both as of one moment. */
  read(slot: Slot): Promise<CacheRead>
  /**
   * Stores an entry and tells whether its lease still holds. It takes a copy at once: the caller goes on with the value.
   *
   * An entry whose lease is void is kept too, readable as stale, unless the slot holds something fresh or newer.
   */
  fill(slot: Slot, entry: CacheEntry): Promise<boolean>
  /**
   * Makes every slot that hangs on one of these tags stale, in a time that does not grow with their number.
   * Entries stay readable. Once it resolves, no later read, in any tab, sees them as fresh.
   */
  invalidate(tags: readonly string[]): Promise<void>
}

/** Whether nothing was invalidated between the two. */
export function sameLease(a: Lease, b: Lease): boolean {
  return a.length === b.length && a.every((stamp, index) => stamp === b[index])
}

/** Whether a void entry has to give way to what the slot holds. */
export function outranks(held: CacheEntry | undefined, present: Lease, entry: CacheEntry): boolean {
  return held !== undefined && (sameLease(held.lease, present) || held.fetchedAt > entry.fetchedAt)
}

/**
 * A stamp that no other invalidation ever gets, in whatever tab. A counter would come back to an old number when
 * the storage is deleted under a running page, and make a void lease hold.
 */
export function newStamp(): string {
  return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`
}
