import { ArgumentError } from '../errors.ts'
import { outranks, renewed, sameEra, sameLease, tagsOfEntry, type Cache, type CachedTable, type CacheEntry, type Slot } from './cache.ts'
import { Pins } from './pins.ts'
import { leaseOf, newStamp, noStamps, restamped, type Stamps } from './stamps.ts'

/** Options of `memoryCache`. */
export interface MemoryCacheOptions {
  /** How many pages, rows and counts are kept; 1,000 by default. Of more, those go that were not used for the longest time. */
  readonly maxEntries?: number
}

/** What is held, and for whom. */
interface Held {
  readonly scope: string
  readonly entry: CacheEntry
}

/**
 * A cache in memory, for tests, stories and runtimes without IndexedDB. It is gone after a reload and not shared by tabs.
 *
 * Entries are cloned on the way in and out, as IndexedDB does it: what works with one works with the other.
 *
 * @throws ArgumentError where the bound is none (promise 20)
 */
export function memoryCache({ maxEntries = 1_000 }: MemoryCacheOptions = {}): Cache {
  if (!(maxEntries > 0)) throw new ArgumentError('maxEntries', maxEntries, 'a number above 0')
  /** Those that were used last come last. */
  const held = new Map<string, Held>()
  const stamps = new Map<string, Stamps & { readonly scope: string }>()
  const pins = new Pins()
  let era = newStamp()
  const stampsOf = (table: CachedTable): Stamps => ({ ...(stamps.get(nameOf(table)) ?? noStamps()), era })
  const put = ({ scope, key }: Slot, entry: CacheEntry): void => {
    held.delete(key)
    held.set(key, { scope, entry })
    for (const oldest of held.keys()) {
      if (held.size <= maxEntries) return
      if (!pins.has(oldest) && oldest !== key) held.delete(oldest)
    }
  }
  /* oxlint-disable require-await -- an error must reject, not throw */
  return {
    kind: 'memory',

    async read(slot) {
      const found = held.get(slot.key)
      if (found !== undefined) {
        held.delete(slot.key)
        held.set(slot.key, found)
      }
      const present = stampsOf(slot)
      const entry = structuredClone(found?.entry)
      return { entry, lease: leaseOf(tagsOfEntry(slot, entry), present), leaseOf: (tags) => leaseOf(tags, present) }
    },

    async fill(slot, entry) {
      const lease = leaseOf(tagsOfEntry(slot, entry), stampsOf(slot))
      const holds = sameLease(lease, entry.lease)
      if (sameEra(lease, entry.lease) && (holds || !outranks(held.get(slot.key)?.entry, entry))) put(slot, structuredClone(entry))
      return holds
    },

    async invalidate(table, tags, renewals = []) {
      const before = stampsOf(table)
      const after = restamped(before, tags)
      stamps.set(nameOf(table), { ...after, scope: table.scope })
      for (const renewal of tags === 'all' ? [] : renewals) {
        const found = structuredClone(held.get(renewal.slot.key)?.entry)
        const entry = renewed(found, renewal, leaseOf(renewal.tags, before), leaseOf(renewal.tags, after))
        if (entry !== undefined) put(renewal.slot, structuredClone(entry))
      }
    },

    async purge(scope) {
      era = newStamp()
      for (const all of [held, stamps]) for (const [name, each] of all) if (each.scope === scope) all.delete(name)
    },

    pin: (slot) => pins.add(slot.key, slot),
  }
}

function nameOf({ scope, cacheKey }: CachedTable): string {
  return JSON.stringify([scope, cacheKey])
}
