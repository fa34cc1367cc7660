import { createStore, promisifyRequest, type UseStore } from 'idb-keyval'
import { newStamp, outranks, sameLease, type Cache, type CacheEntry, type CacheRead, type Lease, type Slot } from './cache.ts'

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
 * the truth about freshness is on disk beside the pages (promises 1 and 2). Reads that are asked for in one task share a
 * transaction. Nothing is opened before the first use.
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
  let asked: Slot[] = []
  let reading: Promise<readonly CacheRead[]> | undefined
  /** Opening a transaction costs more than a read, so whatever is asked for in one task is read in one. */
  const readTogether = async (): Promise<readonly CacheRead[]> => {
    await Promise.resolve()
    const slots = asked
    asked = []
    reading = undefined
    return transact('readonly', (store) => readSlots(store, slots))
  }
  return {
    kind: 'indexeddb',

    read: async (slot) => {
      const index = asked.push(slot) - 1
      reading ??= readTogether()
      const read = (await reading)[index]
      return read ?? { entry: undefined, lease: [] }
    },

    fill: async (slot, entry) => {
      const own = structuredClone(entry)
      return transact('readwrite', async (store) => {
        const lease = leaseOf(slot, await readStamps(store))
        const holds = sameLease(lease, own.lease)
        if (holds || !outranks(await readEntry(store, slot.key), lease, own)) store.put(own, slot.key)
        await promisifyRequest(store.transaction)
        return holds
      })
    },

    invalidate: (tags) =>
      transact('readwrite', async (store) => {
        store.put(restamped(await readStamps(store), tags), stampsKey)
        await promisifyRequest(store.transaction)
      }),
  }
}

/**
 * The stamps of all tags that were invalidated, in one record: whatever is read, one more request tells whether it is
 * fresh. For a tag that is not among them `others` stands.
 */
interface Stamps {
  readonly byTag: ReadonlyMap<string, string>
  readonly others: string | undefined
}

/** Slots' keys are strings, so this is none. */
const stampsKey: IDBValidKey = ['stamps']

/** More would weigh on every read. To forget a stamp is to invalidate, so it is all of them or none. */
const mostStamps = 500

function restamped({ byTag, others }: Stamps, tags: readonly string[]): Stamps {
  const stamps = new Map([...byTag, ...tags.map((tag) => [tag, newStamp()] as const)])
  return stamps.size > mostStamps ? { byTag: new Map(), others: newStamp() } : { byTag: stamps, others }
}

function leaseOf(slot: Slot, { byTag, others }: Stamps): Lease {
  return slot.tags.map((tag) => byTag.get(tag) ?? others)
}

function storeNamed(name: string): UseStore {
  const known = stores.get(name)
  if (known !== undefined) return known
  const store = createStore(name, 'slots')
  stores.set(name, store)
  return store
}

async function readSlots(store: IDBObjectStore, slots: readonly Slot[]): Promise<CacheRead[]> {
  const [stamps, ...entries] = await Promise.all([readStamps(store), ...slots.map(({ key }) => readEntry(store, key))])
  return slots.map((slot, index) => ({ entry: entries[index], lease: leaseOf(slot, stamps) }))
}

async function readEntry(store: IDBObjectStore, key: string): Promise<CacheEntry | undefined> {
  const value = await promisifyRequest<unknown>(store.get(key))
  return isEntry(value) ? value : undefined
}

async function readStamps(store: IDBObjectStore): Promise<Stamps> {
  const value = await promisifyRequest<unknown>(store.get(stampsKey))
  return isStamps(value) ? value : { byTag: new Map(), others: undefined }
}

function isStamps(value: unknown): value is Stamps {
  return typeof value === 'object' && value !== null && 'byTag' in value && value.byTag instanceof Map && 'others' in value
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
