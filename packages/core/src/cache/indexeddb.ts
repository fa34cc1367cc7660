import { promisifyRequest } from 'idb-keyval'
import { commit, idbStore } from '../idb-store.ts'
import { outranks, renewed, sameLease, tagsOfEntry, type Cache, type CacheEntry, type CacheRead, type Renewal, type Slot } from './cache.ts'
import { leaseOf, noStamps, restamped, type Stamps } from './stamps.ts'
import { together } from './together.ts'

/** Options of `idbCache`. */
export interface IdbCacheOptions {
  /** The database's name; `'vantage-live'` by default. Caches of one name share one database and one connection. */
  readonly name?: string
}

/** A slot to be filled. */
interface Fill {
  readonly slot: Slot
  readonly entry: CacheEntry
}

// One per database, and so one connection, however many tables use it.
const caches = new Map<string, Cache>()

/**
 * A cache in IndexedDB: it survives a reload and is shared by all tabs of an origin.
 *
 * Entries and the stamps of invalidations lie in one object store, so that one transaction reads or writes both:
 * the truth about freshness is on disk beside the pages (promises 1 and 2). Reads of one task share a transaction, and so
 * do fills. The database is opened when a table is made with it, while the app still renders.
 */
export function idbCache(options: IdbCacheOptions = {}): Cache {
  const { name = 'vantage-live' } = options
  const cache = caches.get(name) ?? makeCache(name)
  caches.set(name, cache)
  return cache
}

function makeCache(name: string): Cache {
  const transact = idbStore(name, 'slots')
  let writeNow: (() => void) | undefined
  const afterFills = async (): Promise<void> => {
    await Promise.resolve()
    writeNow?.()
  }
  const read = together(afterFills, (slots: readonly Slot[]) => transact('readonly', (store) => readSlots(store, slots)))
  // What the master answered is shown first: it is written in a task of its own, or before anything is read.
  const anotherTask = (): Promise<void> =>
    new Promise((resolve) => {
      writeNow = resolve
      setTimeout(resolve)
    })
  const fill = together(anotherTask, (fills: readonly Fill[]) => transact('readwrite', (store) => fillSlots(store, fills)))
  return {
    kind: 'indexeddb',
    sharedAs: name,

    open: () => transact('readonly', () => undefined),

    read: async (slot) => (await read(slot)) ?? { entry: undefined, lease: [], leaseOf: () => [] },

    fill: async (slot, entry) => (await fill({ slot, entry: structuredClone(entry) })) ?? false,

    invalidate: (cacheKey, tags, renewals = []) =>
      transact('readwrite', async (store) => {
        // Where all of them give way to one, none has to be read first.
        const before = tags === 'all' ? noStamps : await readStamps(store, cacheKey)
        const after = restamped(before, tags)
        store.put(after, stampsKey(cacheKey))
        if (tags !== 'all') await Promise.all(renewals.map((renewal) => renewEntry(store, renewal, before, after)))
        await commit(store)
      }),
  }
}

/** The stamps of a table lie in one record: whatever is read of it, one more request tells whether it is fresh. */
function stampsKey(cacheKey: string): IDBValidKey {
  // Slots' keys are strings, so this is none.
  return ['stamps', cacheKey]
}

async function readSlots(store: IDBObjectStore, slots: readonly Slot[]): Promise<CacheRead[]> {
  const stampsOf = stampsReader(store)
  return Promise.all(
    slots.map(async (slot) => {
      const [entry, stamps] = await Promise.all([readEntry(store, slot.key), stampsOf(slot)])
      return { entry, lease: leaseOf(tagsOfEntry(slot, entry), stamps), leaseOf: (tags) => leaseOf(tags, stamps) }
    }),
  )
}

async function fillSlots(store: IDBObjectStore, fills: readonly Fill[]): Promise<boolean[]> {
  const stampsOf = stampsReader(store)
  const held: boolean[] = []
  for (const { slot, entry } of fills) {
    /* oxlint-disable no-await-in-loop -- one may be outranked by the one before */
    const stamps = await stampsOf(slot)
    const holds = sameLease(leaseOf(tagsOfEntry(slot, entry), stamps), entry.lease)
    if (holds || !outranks(await readEntry(store, slot.key), entry)) store.put(entry, slot.key)
    held.push(holds)
    /* oxlint-enable no-await-in-loop */
  }
  await commit(store)
  return held
}

async function renewEntry(store: IDBObjectStore, renewal: Renewal, before: Stamps, after: Stamps): Promise<void> {
  const { slot, tags } = renewal
  const entry = renewed(await readEntry(store, slot.key), renewal, leaseOf(tags, before), leaseOf(tags, after))
  if (entry !== undefined) store.put(entry, slot.key)
}

/** Reads the stamps of each table once. */
function stampsReader(store: IDBObjectStore): (slot: Slot) => Promise<Stamps> {
  const read = new Map<string, Promise<Stamps>>()
  return ({ cacheKey }) => {
    const stamps = read.get(cacheKey) ?? readStamps(store, cacheKey)
    read.set(cacheKey, stamps)
    return stamps
  }
}

async function readEntry(store: IDBObjectStore, key: string): Promise<CacheEntry | undefined> {
  const value = await promisifyRequest<unknown>(store.get(key))
  return isEntry(value) ? value : undefined
}

async function readStamps(store: IDBObjectStore, cacheKey: string): Promise<Stamps> {
  const value = await promisifyRequest<unknown>(store.get(stampsKey(cacheKey)))
  return isStamps(value) ? value : noStamps
}

function isStamps(value: unknown): value is Stamps {
  return typeof value === 'object' && value !== null && 'byTag' in value && value.byTag instanceof Map && 'all' in value
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
