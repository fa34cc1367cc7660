import { sameLease, type CacheRead, type Lease, type Slot } from './cache.ts'

/** What a read holds from before it asks the cache until its answer is filled in or given up. */
export interface HeldLease {
  readonly slot: Slot
  /** Undefined while the cache has not answered, and where it could not. */
  stored: Pick<CacheRead, 'lease' | 'leaseOf'> | undefined
  /** The lease of no tags, which is the era; undefined while it is not known. */
  era: Lease | undefined
  /** It was taken without asking the cache: it tells of this realm alone, and what is filled under it is stale for all others. */
  readonly isLocal: boolean
  /** Whether one of the slot's tags was invalidated in this realm since. */
  isVoid: boolean
  /** What else was, of all that what is read may turn out to hang on. */
  readonly touched: Set<string>
}

/** Whether what was read under it, and hangs on these tags beside its slot's, may be from before an invalidation in this realm. */
export function isOvertaken(lease: HeldLease, tags: readonly string[]): boolean {
  return lease.isVoid || tags.some((tag) => lease.touched.has(tag))
}

/** Whether both were taken at the same state of the slot, so that the answer to one is no older than the other. */
export function sameMoment(a: HeldLease, b: HeldLease): boolean {
  // Of what it will show nothing is known yet.
  if (a.isVoid || b.isVoid || a.touched.size > 0 || b.touched.size > 0) return false
  if (a.stored === undefined || b.stored === undefined) return a.stored === b.stored
  return sameLease(slotLease(a.slot, a.stored), slotLease(b.slot, b.stored))
}

/** The era, and that of the slot's tags alone: what is cached in it says nothing of what will be. */
function slotLease({ tags }: Slot, { lease }: Pick<CacheRead, 'lease'>): Lease {
  return lease.slice(0, 1 + tags.length)
}
