import { outranks, renewed, sameLease, tagsOfEntry, type Cache, type CacheEntry } from './cache.ts'
import { leaseOf, noStamps, restamped, type Stamps } from './stamps.ts'

/**
 * A cache in memory, for tests, stories and runtimes without IndexedDB. It is gone after a reload and not shared by tabs.
 *
 * Entries are cloned on the way in and out, as IndexedDB does it: what works with one works with the other.
 */
export function memoryCache(): Cache {
  const entries = new Map<string, CacheEntry>()
  const stamps = new Map<string, Stamps>()
  const stampsOf = (cacheKey: string): Stamps => stamps.get(cacheKey) ?? noStamps
  return {
    kind: 'memory',

    // oxlint-disable-next-line require-await -- an error must reject, not throw
    async read(slot) {
      const held = entries.get(slot.key)
      const present = stampsOf(slot.cacheKey)
      const entry = structuredClone(held)
      return { entry, lease: leaseOf(tagsOfEntry(slot, held), present), leaseOf: (tags) => leaseOf(tags, present) }
    },

    // oxlint-disable-next-line require-await -- an error must reject, not throw
    async fill(slot, entry) {
      const present = stampsOf(slot.cacheKey)
      const holds = sameLease(leaseOf(tagsOfEntry(slot, entry), present), entry.lease)
      if (holds || !outranks(entries.get(slot.key), entry)) entries.set(slot.key, structuredClone(entry))
      return holds
    },

    // oxlint-disable-next-line require-await -- an error must reject, not throw
    async invalidate(cacheKey, tags, renewals = []) {
      const before = stampsOf(cacheKey)
      const after = restamped(before, tags)
      stamps.set(cacheKey, after)
      for (const renewal of tags === 'all' ? [] : renewals) {
        const held = structuredClone(entries.get(renewal.slot.key))
        const entry = renewed(held, renewal, leaseOf(renewal.tags, before), leaseOf(renewal.tags, after))
        if (entry !== undefined) entries.set(renewal.slot.key, structuredClone(entry))
      }
    },
  }
}
