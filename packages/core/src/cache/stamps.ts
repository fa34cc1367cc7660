import type { Lease, Tags } from './cache.ts'

/** What of a table was invalidated, and by which invalidation last. */
export interface Stamps {
  /** The same for all tables of a storage. */
  readonly era: number | undefined
  /** All of it, if ever; it stands for every tag that was not invalidated by itself since. */
  readonly all: number | undefined
  readonly byTag: ReadonlyMap<string, number>
}

/** More would weigh on every read. To forget a stamp is to invalidate, so it is all of them or none. */
const mostStamps = 500

/** The stamps of a table of which nothing was ever invalidated. */
export function noStamps(era?: number): Stamps {
  return { era, all: undefined, byTag: new Map() }
}

/**
 * A number that no other invalidation and no other era gets, in whatever tab. A counter would come back to an old one when the
 * storage is deleted under a running page, and make a void lease hold.
 */
export function newStamp(): number {
  return Math.random()
}

export function leaseOf(tags: readonly string[], { era, all, byTag }: Stamps): Lease {
  return [era, ...tags.map((tag) => byTag.get(tag) ?? all)]
}

/** The stamps after an invalidation. For one of all tags it does not matter what they were before. */
export function restamped({ era, all, byTag }: Stamps, tags: Tags): Stamps {
  const stamp = newStamp()
  const stamps = new Map(byTag)
  if (tags !== 'all') for (const tag of tags) stamps.set(tag, stamp)
  return tags === 'all' || stamps.size > mostStamps ? { era, all: stamp, byTag: new Map() } : { era, all, byTag: stamps }
}
