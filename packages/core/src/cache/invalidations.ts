import type { Cache, CachedTable, Lease } from './cache.ts'
import type { HeldLease } from './held-lease.ts'
import { DueRenewals } from './due-renewals.ts'

/** What all tables of one scope and cache key on one cache have to know of each other: they share what is stored. */
export interface Invalidations {
  readonly held: Set<HeldLease>
  /** Tags whose invalidation is not yet on disk, each with the number of the call that asked for it last. */
  readonly due: Map<string, number>
  /** The same for an invalidation of all tags; 0 where none is due. */
  allDue: number
  calls: number
  /** The last call that is on disk, and with it all before. */
  written: number
  /** What the next write can renew of what it makes stale. */
  readonly renewals: DueRenewals
  /** The write of invalidations that is under way, if any, and the one that waits behind it. */
  writing: Promise<void> | undefined
  next: Promise<void> | undefined
  /** The lease of no tags, as it was read last: it is the era. Undefined before anything was read. */
  era: Lease | undefined
}

const known = new WeakMap<Cache, Map<string, Invalidations>>()

/** The same object for as long as the cache lives: a table that is made anew has to wait for what the former one left due. */
export function invalidationsOf(cache: Cache, { scope, cacheKey }: CachedTable): Invalidations {
  const name = JSON.stringify([scope, cacheKey])
  const ofCache = known.get(cache) ?? new Map<string, Invalidations>()
  known.set(cache, ofCache)
  const own = ofCache.get(name) ?? {
    held: new Set(),
    due: new Map(),
    allDue: 0,
    calls: 0,
    written: 0,
    renewals: new DueRenewals(),
    writing: undefined,
    next: undefined,
    era: undefined,
  }
  ofCache.set(name, own)
  return own
}
