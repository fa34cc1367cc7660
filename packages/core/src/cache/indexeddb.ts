import { createStore, promisifyRequest, type UseStore } from 'idb-keyval'
import { newStamp, outranks, sameLease, type Cache, type CacheEntry, type Lease, type Slot } from './cache.ts'

/** Options of `idbCache`. */
export interface IdbCacheOptions {
  /** The database's name; `'vantage-live'` by default. Caches of one name share one database and one connection. */
  readonly name?: string
}

// One connection per database, however many tables use it.
const stores = new Map<string, UseStore>()

/**
 * A cache in IndexedDB: it survives a reload and is shared by all tabs of an origin.
 *
 * Entries and the stamps of invalidations lie in one object store, so that one transaction reads or writes both:
 * the truth about freshness is on disk beside the pages (promises 1 and 2). Nothing is opened before the first use.
 */
export function idbCache(options: IdbCacheOptions = {}): Cache {
  const { name = 'vantage-live' } = options
  const transact: UseStore = (mode, work) => storeNamed(name)(mode, work)
  return {
    kind: 'indexeddb',

    read: (slot) =>
      transact('readonly', async (store) => {
        const [entry, lease] = await Promise.all([readEntry(store, slot.key), readLease(store, slot)])
        return { entry, lease }
      }),

    fill: (slot, entry) =>
      transact('readwrite', async (store) => {
        const lease = await readLease(store, slot)
        const holds = sameLease(lease, entry.lease)
        if (holds || !outranks(await readEntry(store, slot.key), lease, entry)) store.put(entry, slot.key)
        await promisifyRequest(store.transaction)
        return holds
      }),

    invalidate: (tags) =>
      transact('readwrite', (store) => {
        for (const tag of tags) store.put(newStamp(), stampKey(tag))
        return promisifyRequest(store.transaction)
      }),
  }
}

function storeNamed(name: string): UseStore {
  const known = stores.get(name)
  if (known !== undefined) return known
  const store = createStore(name, 'slots')
  stores.set(name, store)
  return store
}

/** Entries and stamps share a store; a slot's key and a tag are both JSON arrays, so the prefix keeps them apart. */
function stampKey(tag: string): string {
  return `invalidated:${tag}`
}

async function readEntry(store: IDBObjectStore, key: string): Promise<CacheEntry | undefined> {
  const value = await promisifyRequest<unknown>(store.get(key))
  return isEntry(value) ? value : undefined
}

function readLease(store: IDBObjectStore, slot: Slot): Promise<Lease> {
  return Promise.all(
    slot.tags.map(async (tag) => {
      const stamp = await promisifyRequest<unknown>(store.get(stampKey(tag)))
      return typeof stamp === 'string' ? stamp : undefined
    }),
  )
}

function isEntry(value: unknown): value is CacheEntry {
  return (
    typeof value === 'object' &&
    value !== null &&
    'value' in value &&
    'fetchedAt' in value &&
    typeof value.fetchedAt === 'number' &&
    'lease' in value &&
    Array.isArray(value.lease)
  )
}
