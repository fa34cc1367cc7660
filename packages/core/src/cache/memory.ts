import { newStamp, outranks, sameLease, type Cache, type CacheEntry, type Lease, type Slot } from './cache.ts'

/**
 * A cache in memory, for tests, stories and runtimes without IndexedDB. It is gone after a reload and not shared by tabs.
 *
 * Entries are cloned on the way in and out, as IndexedDB does it: what works with one works with the other.
 */
export function memoryCache(): Cache {
  const entries = new Map<string, CacheEntry>()
  const stamps = new Map<string, string>()
  const leaseOf = (slot: Slot): Lease => slot.tags.map((tag) => stamps.get(tag))
  return {
    kind: 'memory',

    // oxlint-disable-next-line require-await -- an error must reject, not throw
    async read(slot) {
      return { entry: structuredClone(entries.get(slot.key)), lease: leaseOf(slot) }
    },

    // oxlint-disable-next-line require-await -- an error must reject, not throw
    async fill(slot, entry) {
      const lease = leaseOf(slot)
      const holds = sameLease(lease, entry.lease)
      if (holds || !outranks(entries.get(slot.key), lease, entry)) entries.set(slot.key, structuredClone(entry))
      return holds
    },

    // oxlint-disable-next-line require-await -- an error must reject, not throw
    async invalidate(tags) {
      for (const tag of tags) stamps.set(tag, newStamp())
    },
  }
}
