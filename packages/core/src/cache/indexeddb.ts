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
  const transact: UseStore = async (mode, work) => {
    const stored = storeNamed(name)
    const forget = (): void => {
      if (stores.get(name) === stored) stores.delete(name)
    }
    try {
      return await stored(mode, (store) => {
        const { db } = store.transaction
        // Whoever deletes the database, or wants to upgrade it, would wait for every open connection.
        db.onversionchange = () => {
          forget()
          db.close()
        }
        return work(store)
      })
    } catch (error) {
      // Some browsers close a connection without telling. The next use opens another one.
      if (error instanceof DOMException && error.name === 'InvalidStateError') forget()
      throw error
    }
  }
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

/** Entries and stamps share a store; a slot's key is a string, so a list is never mistaken for one. */
function stampKey(tag: string): IDBValidKey {
  return ['invalidated', tag]
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
