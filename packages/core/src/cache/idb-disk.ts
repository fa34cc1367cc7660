import { promisifyRequest } from 'idb-keyval'
import { answered, idbDatabase, isFull } from '../idb-database.ts'
import {
  outranks,
  renewed,
  sameEra,
  sameLease,
  tagsOfEntry,
  type Cache,
  type CachedTable,
  type CacheEntry,
  type CacheRead,
  type Renewal,
  type Slot,
} from './cache.ts'
import { sizeOf, type Bounds } from './eviction.ts'
import { leaseOf, newStamp, noStamps, restamped, type Stamps } from './stamps.ts'
import { together } from './together.ts'
import { entryKey, Upkeep } from './upkeep.ts'

/** All that the database has. */
const stores: readonly string[] = ['entries', 'meta', 'state']

/** A slot to be filled. */
interface Fill {
  readonly slot: Slot
  readonly entry: CacheEntry
}

/** A cache on disk, kept within bounds. It rejects where the disk fails. */
export function idbDisk(name: string, bounds: () => Bounds): Cache {
  const transact = idbDatabase({ name, version: 2, stores, formerStores: ['slots'], onMade: beginEra })
  const upkeep = new Upkeep(transact, bounds)
  let writeNow: (() => void) | undefined
  const afterFills = async (): Promise<void> => {
    await Promise.resolve()
    writeNow?.()
  }
  const read = together(afterFills, (slots: readonly Slot[]) =>
    transact('readonly', ['entries', 'state'], (transaction) => readSlots(transaction, slots)),
  )
  // What the master answered is shown first: it is written in a task of its own, or before anything is read.
  const anotherTask = (): Promise<void> =>
    new Promise((resolve) => {
      writeNow = resolve
      setTimeout(resolve)
    })
  /** A disk that is full may have room for this once something less needed is gone. */
  const withRoom = async <T>(write: () => Promise<T>): Promise<T> => {
    try {
      return await write()
    } catch (error) {
      if (!isFull(error) || !(await upkeep.makeRoom().catch(() => false))) throw error
    }
    try {
      return await write()
    } catch (error) {
      // It is not ours that fills it.
      if (isFull(error)) upkeep.spare()
      throw error
    }
  }
  const fill = together(anotherTask, (fills: readonly Fill[]) =>
    withRoom(() => transact('readwrite', stores, (transaction) => fillSlots(transaction, fills, upkeep))),
  )
  return {
    kind: 'indexeddb',

    open: () => transact('readonly', ['state'], () => undefined),

    async read(slot) {
      const found = await read(slot)
      upkeep.use(slot)
      return found ?? { entry: undefined, lease: [], leaseOf: () => [] }
    },

    fill: async (slot, entry) => (await fill({ slot, entry: structuredClone(entry) })) ?? false,

    invalidate: (table, tags, renewals = []) =>
      withRoom(() =>
        transact('readwrite', ['entries', 'state'], async (transaction) => {
          const state = transaction.objectStore('state')
          // Where all of them give way to one, none has to be read first.
          const before = tags === 'all' ? noStamps() : await stampsReader(transaction)(table)
          const { era, ...after } = restamped(before, tags)
          let last = state.put(after, stampsKey(table))
          if (tags === 'all' || renewals.length === 0) return
          const entries = transaction.objectStore('entries')
          const renew = async (renewal: Renewal): Promise<void> => {
            const { slot } = renewal
            const entry = renewed(
              await readEntry(entries, slot),
              renewal,
              leaseOf(renewal.tags, before),
              leaseOf(renewal.tags, { era, ...after }),
            )
            if (entry !== undefined) last = entries.put(entry, entryKey(slot))
          }
          await Promise.all(renewals.map(renew))
          await answered(last)
        }),
      ),

    purge: (scope) =>
      transact('readwrite', stores, (transaction) => {
        // If one of these fails, the others are still worth having: this rejects all the same.
        beginEra(transaction)
        // No key of another scope lies between the two.
        for (const store of stores) transaction.objectStore(store).delete(IDBKeyRange.bound([scope], [scope, []]))
      }),

    pin: (slot) => upkeep.pin(slot),
  }
}

/** The stamps of a table lie in one record: whatever is read of it, one more request tells whether it is fresh. */
function stampsKey({ scope, cacheKey }: CachedTable): IDBValidKey {
  return [scope, cacheKey]
}

async function readSlots(transaction: IDBTransaction, slots: readonly Slot[]): Promise<CacheRead[]> {
  const entries = transaction.objectStore('entries')
  const stampsOf = stampsReader(transaction)
  return Promise.all(
    slots.map(async (slot) => {
      const [entry, stamps] = await Promise.all([readEntry(entries, slot), stampsOf(slot)])
      return { entry, lease: leaseOf(tagsOfEntry(slot, entry), stamps), leaseOf: (tags) => leaseOf(tags, stamps) }
    }),
  )
}

async function fillSlots(transaction: IDBTransaction, fills: readonly Fill[], upkeep: Upkeep): Promise<boolean[]> {
  const [entries, meta] = [transaction.objectStore('entries'), transaction.objectStore('meta')]
  const stampsOf = stampsReader(transaction)
  const held: boolean[] = []
  let last: IDBRequest | undefined
  for (const { slot, entry } of fills) {
    /* oxlint-disable no-await-in-loop -- one may be outranked by the one before */
    const lease = leaseOf(tagsOfEntry(slot, entry), await stampsOf(slot))
    const holds = sameLease(lease, entry.lease)
    if (sameEra(lease, entry.lease) && (holds || !outranks(await readEntry(entries, slot), entry))) {
      entries.put(entry, entryKey(slot))
      last = meta.put(upkeep.noted(slot, sizeOf(entry.value), entry.fetchedAt), entryKey(slot))
    }
    held.push(holds)
    /* oxlint-enable no-await-in-loop */
  }
  await answered(last)
  return held
}

/** Reads the era, and the stamps of each table, once. */
function stampsReader(transaction: IDBTransaction): (table: CachedTable) => Promise<Stamps> {
  const state = transaction.objectStore('state')
  const era = promisifyRequest<unknown>(state.get('era'))
  const read = new Map<string, Promise<Stamps>>()
  const readStamps = async (table: CachedTable): Promise<Stamps> => {
    const [own, value] = await Promise.all([era, promisifyRequest<unknown>(state.get(stampsKey(table)))])
    return { ...(isStamps(value) ? value : noStamps()), era: typeof own === 'number' ? own : undefined }
  }
  return (table) => {
    const name = JSON.stringify(stampsKey(table))
    const stamps = read.get(name) ?? readStamps(table)
    read.set(name, stamps)
    return stamps
  }
}

async function readEntry(entries: IDBObjectStore, slot: Slot): Promise<CacheEntry | undefined> {
  const value = await promisifyRequest<unknown>(entries.get(entryKey(slot)))
  return isEntry(value) ? value : undefined
}

function isStamps(value: unknown): value is Omit<Stamps, 'era'> {
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

/** Nothing that was asked for before is kept from now on. */
function beginEra(transaction: IDBTransaction): void {
  transaction.objectStore('state').put(newStamp(), 'era')
}
