import type { StorageReason } from '../errors.ts'

/** A table as the cache knows it; tags of different tables have nothing to do with each other. */
export interface CachedTable {
  /** Whose it is, such as a user's or a tenant's id: what is purged together. Empty where that was not said. */
  readonly scope: string
  /** The caller's name for the table. */
  readonly cacheKey: string
}

/**
 * The name of one cached thing, and the tags it hangs on.
 *
 * Invalidating any of its tags, or all that is cached of its table, makes the slot stale.
 */
export interface Slot extends CachedTable {
  /** No other slot of any table has it. */
  readonly key: string
  readonly tags: readonly string[]
  /** What is read into it hangs on further tags, which are known only then: `CacheEntry.tags`. */
  readonly hasParts?: true
}

/**
 * The era, and then the stamps of the last invalidations of a slot's tags, in the order of `Slot.tags`; undefined for a tag that
 * never was invalidated. No two invalidations have one stamp, and no two eras: one ends when something is purged, or when
 * the storage is made anew.
 *
 * A read takes it before it asks the master; a fill whose lease no longer matches is void
 * (the idea of memcache's leases, Nishtala et al., NSDI 2013), and what was asked for in another era is not kept at all.
 */
export type Lease = readonly (number | undefined)[]

/** What is cached in a slot. */
export interface CacheEntry {
  /** Anything that `structuredClone` takes. */
  readonly value: unknown
  /** When the master was asked for it, in ms since 1970: the value is no older than this. */
  readonly fetchedAt: number
  /** What it hangs on beside the slot's tags: what the value is made of. */
  readonly tags?: readonly string[]
  /** The lease it was read under: of the slot's tags, then of its own. The entry is fresh for as long as the present one equals it. */
  readonly lease: Lease
}

/** A slot as it stood at one moment. */
export interface CacheRead {
  readonly entry: CacheEntry | undefined
  /** The present lease of the slot's tags, then of the entry's own. */
  readonly lease: Lease
  /** The present lease of any tags, as of the same moment: what is read now may turn out to hang on them. */
  readonly leaseOf: (tags: readonly string[]) => Lease
}

/** What becomes of an entry that an invalidation would make stale, where that is known. */
export interface Renewal {
  readonly slot: Slot
  /** The tags that the entry is thought to hang on, the slot's included; one with others is left alone, and goes stale. */
  readonly tags: readonly string[]
  /** The value after what happened, or undefined where that cannot be told: the entry then goes stale. It must not throw. */
  readonly renew: (value: unknown) => unknown
}

/** Why a storage is not what it was to be. */
export interface StorageFault {
  readonly reason: StorageReason
  readonly error: unknown
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
  /** The name of a storage that all tabs have in common, where it is one: what one of them invalidates is invalidated for all. */
  readonly sharedAs?: string
  /** Why `kind` is not what it was to be: it has been given up, for as long as the page lives, for something that no other tab shares. */
  readonly fault?: StorageFault | undefined
  /** Whether the browser has promised not to delete it by itself; undefined where it was not asked to. */
  readonly persisted?: boolean | undefined
  /** Called when a table is made, for a storage that takes its time to open. Whatever else is called need not wait for it. */
  open?(): Promise<void>
  /** The slot's entry and its present lease, both as of one moment. */
  read(slot: Slot): Promise<CacheRead>
  /**
   * Stores an entry and tells whether its lease still holds. It takes a copy at once: the caller goes on with the value.
   *
   * An entry whose lease is void is kept too, readable as stale, unless the slot holds something fresh or newer. One whose lease
   * is of another era is not kept (promise 14).
   */
  fill(slot: Slot, entry: CacheEntry): Promise<boolean>
  /**
   * Makes every slot of a table that hangs on one of these tags stale, or all of them, in a time that does not grow with
   * their number. Entries stay readable. Once it resolves, no later read, in any tab, sees them as fresh.
   *
   * @param renewals entries that stay fresh with another value, in the same transaction; those that were not fresh are left
   * as they are. A cache may ignore them, which costs requests.
   */
  invalidate(table: CachedTable, tags: Tags, renewals?: readonly Renewal[]): Promise<void>
  /**
   * Removes all of a scope, whatever its tables, and begins another era: once it resolves, nothing of it can be read, and no fill
   * under a lease from before brings any of it back, in any tab (promise 14).
   */
  purge(scope: string): Promise<void>
  /** What lies in this slot is in use, and not to be evicted until the returned function is called. For a storage that evicts. */
  pin?(slot: Slot): () => void
}

/** Tags of a table, or all that it has. */
export type Tags = readonly string[] | 'all'

/** Whether an invalidation of the one makes stale what hangs on the others. */
export function reaches(invalidated: Tags, tags: readonly string[]): boolean {
  return invalidated === 'all' || tags.some((tag) => invalidated.includes(tag))
}

/** Whether something hangs on these tags, in this order, and on no others. */
export function sameTags(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((tag, index) => tag === b[index])
}

/** Whether something was purged between the two, or the storage made anew. */
export function sameEra([a]: Lease, [b]: Lease): boolean {
  return a === b
}

/** Whether nothing was invalidated between the two. */
export function sameLease(a: Lease, b: Lease): boolean {
  return a.length === b.length && a.every((stamp, index) => stamp === b[index])
}

/** All that an entry of a slot hangs on. */
export function tagsOfEntry({ tags }: Slot, entry: CacheEntry | undefined): readonly string[] {
  return entry?.tags === undefined ? tags : [...tags, ...entry.tags]
}

/**
 * Whether a void entry has to give way to what the slot holds: something newer. What is fresh and yet older was renewed; it is
 * right as far as events tell, but the void one has been shown, and nothing older is to come after it (promise 12).
 */
export function outranks(held: CacheEntry | undefined, entry: CacheEntry): boolean {
  return held !== undefined && held.fetchedAt > entry.fetchedAt
}

/** What an entry that was fresh becomes by a renewal, under the lease after it; undefined where it goes stale. */
export function renewed(held: CacheEntry | undefined, { slot, tags, renew }: Renewal, before: Lease, after: Lease): CacheEntry | undefined {
  if (held === undefined || !sameLease(held.lease, before)) return undefined
  if (!sameTags(tagsOfEntry(slot, held), tags)) return undefined
  const value = renew(held.value)
  return value === undefined ? undefined : { ...held, value, lease: after }
}
