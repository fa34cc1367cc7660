import { outranks, sameLease, type Cache, type CacheEntry, type Slot } from './cache.ts'
import { leaseOf, noStamps, restamped, type Stamps } from './stamps.ts'

/**
 * A cache in memory, for tests, stories and runtimes without IndexedDB. It is gone after a reload and not shared by tabs.
 *
 * Entries are cloned on the way in and out, as IndexedDB does it: what works with one works with the other.
 */
export function memoryCache(): Cache {
  const entries = new Map<string, CacheEntry>()
  const stamps = new Map<string, Stamps>()
  const stampsOf = ({ cacheKey }: Pick<Slot, 'cacheKey'>): Stamps => stamps.get(cacheKey) ?? noStamps
  return {
    kind: 'memory',

    // oxlint-disable-next-line require-await -- an error must reject, not throw
    async read(slot) {
      return { entry: structuredClone(entries.get(slot.key)), lease: leaseOf(slot, stampsOf(slot)) }
    },

    // oxlint-disable-next-line require-await -- an error must reject, not throw
    async fill(slot, entry) {
      const lease = leaseOf(slot, stampsOf(slot))
      const holds = sameLease(lease, entry.lease)
      if (holds || !outranks(entries.get(slot.key), lease, entry)) entries.set(slot.key, structuredClone(entry))
      return holds
    },

    // oxlint-disable-next-line require-await -- an error must reject, not throw
    async invalidate(cacheKey, tags) {
      stamps.set(cacheKey, restamped(stampsOf({ cacheKey }), tags))
    },
  }
}
