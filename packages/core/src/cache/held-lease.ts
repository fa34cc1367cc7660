import { sameLease, type Lease } from './cache.ts'

/** What a read holds from before it asks the cache until its answer is filled in or given up. */
export interface HeldLease {
  readonly tags: readonly string[]
  /** Undefined while the cache has not answered, and where it could not. */
  stored: Lease | undefined
  /** Whether one of the tags was invalidated in this realm since. */
  isVoid: boolean
}

/** Whether both were taken at the same state of the slot, so that the answer to one is no older than the other. */
export function sameMoment(a: HeldLease, b: HeldLease): boolean {
  if (a.isVoid || b.isVoid) return false
  return a.stored === undefined || b.stored === undefined ? a.stored === b.stored : sameLease(a.stored, b.stored)
}
