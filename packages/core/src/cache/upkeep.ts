import { promisifyRequest } from 'idb-keyval'
import { answered, type Transact } from '../idb-database.ts'
import type { Slot } from './cache.ts'
import { evicted, type Bounds, type EntryMeta } from './eviction.ts'
import { Pins } from './pins.ts'

/** How long after its first use the database is looked through, in ms, and how often at most. */
const firstAfter = 5_000
const atMostEvery = 60_000
/** How often, in ms, what is in use is said to be so, for other tabs. */
const pinEvery = 5 * 60_000
/** How many entries are looked at, or deleted, in one transaction. */
const chunk = 1_000
/** The part of what the browser grants to the whole origin that the cache takes at most. */
const share = 0.5

/** When something was last used, or said to be in use. */
interface Use extends Pick<EntryMeta, 'usedAt' | 'pinnedAt'> {
  readonly key: IDBValidKey
}

/**
 * Keeps a database within its bounds, when the browser has nothing else to do, by what is noted of each entry beside it.
 *
 * What was used is noted in memory, and written then. Each tab does this for itself: what was evicted twice is gone once.
 */
export class Upkeep {
  readonly #transact: Transact
  readonly #bounds: () => Bounds
  readonly #pins = new Pins()
  /** When slots were last used, by their keys in the database, as JSON. */
  #used = new Map<string, Use>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #dueAt = Infinity
  #lastAt = -Infinity
  #sparedUntil = -Infinity
  #making: Promise<boolean> | undefined

  constructor(transact: Transact, bounds: () => Bounds) {
    this.#transact = transact
    this.#bounds = bounds
  }

  /** Something was read. */
  use(slot: Slot): void {
    this.#used.set(nameOf(slot), { key: entryKey(slot), usedAt: Date.now() })
    // With a disk that never lets it be written.
    if (this.#used.size > 10 * chunk) this.#used.clear()
    this.#schedule(atMostEvery)
  }

  /** Something was filled in, of which this is to be noted. */
  noted(slot: Slot, size: number, fetchedAt: number): EntryMeta {
    const usedAt = Date.now()
    this.#schedule(atMostEvery)
    return { size, fetchedAt, usedAt, ...(this.#pins.has(nameOf(slot)) && { pinnedAt: usedAt }) }
  }

  pin(slot: Slot): () => void {
    return this.#pins.add(nameOf(slot), slot)
  }

  /** To make room was of no use: for a while nothing is evicted for that. */
  spare(): void {
    this.#sparedUntil = performance.now() + atMostEvery
  }

  /** The disk is full: evicts half of what there is, and tells whether that was anything. */
  makeRoom(): Promise<boolean> {
    if (performance.now() < this.#sparedUntil) return Promise.resolve(false)
    this.#making ??= this.#evict((bytes) => ({ maxEntries: Infinity, maxAge: Infinity, maxBytes: bytes / 2 })).finally(() => {
      this.#making = undefined
    })
    return this.#making
  }

  #schedule(every: number): void {
    const now = performance.now()
    const dueAt = Math.max(now + firstAfter, this.#lastAt + every)
    if (dueAt >= this.#dueAt) return
    clearTimeout(this.#timer)
    this.#dueAt = dueAt
    this.#timer = setTimeout(() => whenIdle(() => void this.#sweep()), dueAt - now)
  }

  async #sweep(): Promise<void> {
    try {
      await this.#writeUses()
      const { quota = Infinity } = await estimate()
      const { maxBytes, ...bounds } = this.#bounds()
      await this.#evict(() => ({ ...bounds, maxBytes: Math.min(maxBytes, quota * share) }))
    } catch {
      // Whatever is wrong with the disk, whoever reads or fills hears of it too, and this is tried again.
    }
    this.#lastAt = performance.now()
    this.#dueAt = Infinity
    if (this.#pins.slots.length > 0) this.#schedule(pinEvery)
  }

  async #writeUses(): Promise<void> {
    const now = Date.now()
    const uses = new Map<string, Use>(this.#used)
    for (const slot of this.#pins.slots) uses.set(nameOf(slot), { key: entryKey(slot), usedAt: now, pinnedAt: now })
    this.#used = new Map()
    if (uses.size === 0) return
    await this.#transact('readwrite', ['meta'], async (transaction) => {
      const store = transaction.objectStore('meta')
      let last: IDBRequest | undefined
      const note = async ({ key, usedAt, ...pinned }: Use): Promise<void> => {
        const meta = await promisifyRequest<unknown>(store.get(key))
        if (isMeta(meta)) last = store.put({ ...meta, ...pinned, usedAt: Math.max(meta.usedAt, usedAt) }, key)
      }
      await Promise.all([...uses.values()].map(note))
      await answered(last)
    })
  }

  async #evict(boundsOf: (bytes: number) => Bounds): Promise<boolean> {
    const now = Date.now()
    const entries = await this.#entries()
    const own = new Set(this.#pins.slots.map(nameOf))
    const known = entries.map(([key, meta]) => {
      const name = JSON.stringify(key)
      // What was not written yet.
      const usedAt = Math.max(meta.usedAt, this.#used.get(name)?.usedAt ?? -Infinity)
      return [key, { ...meta, usedAt, ...(own.has(name) && { pinnedAt: now }) }] as const
    })
    const gone = new Set(evicted(known, boundsOf(known.reduce((sum, [, { size }]) => sum + size, 0)), now))
    await this.#delete(entries.filter(([key]) => gone.has(key)))
    return gone.size > 0
  }

  async #entries(after?: IDBValidKey): Promise<(readonly [IDBValidKey, EntryMeta])[]> {
    const [keys, values] = await this.#transact('readonly', ['meta'], (transaction) => {
      const store = transaction.objectStore('meta')
      const range = after === undefined ? undefined : IDBKeyRange.lowerBound(after, true)
      return Promise.all([promisifyRequest(store.getAllKeys(range, chunk)), promisifyRequest<unknown[]>(store.getAll(range, chunk))])
    })
    const found = keys.map((key, index) => [key, asMeta(values[index])] as const)
    return keys.length < chunk ? found : [...found, ...(await this.#entries(keys.at(-1)))]
  }

  /** But for what was used or written meanwhile. */
  async #delete(gone: readonly (readonly [IDBValidKey, EntryMeta])[]): Promise<void> {
    if (gone.length === 0) return
    await this.#transact('readwrite', ['entries', 'meta'], async (transaction) => {
      const [entries, metas] = [transaction.objectStore('entries'), transaction.objectStore('meta')]
      let last: IDBRequest | undefined
      const remove = async ([key, { usedAt, pinnedAt }]: readonly [IDBValidKey, EntryMeta]): Promise<void> => {
        const present = asMeta(await promisifyRequest<unknown>(metas.get(key)))
        // Clocks may be set back, so none of these has to be the later one.
        if (present.usedAt !== usedAt || present.pinnedAt !== pinnedAt) return
        entries.delete(key)
        last = metas.delete(key)
      }
      await Promise.all(gone.slice(0, chunk).map(remove))
      await answered(last)
    })
    await this.#delete(gone.slice(chunk))
  }
}

/** The key of a slot in the database. */
export function entryKey({ scope, key }: Slot): [scope: string, key: string] {
  return [scope, key]
}

function nameOf(slot: Slot): string {
  return JSON.stringify(entryKey(slot))
}

/** What cannot be read is the first to go. */
function asMeta(value: unknown): EntryMeta {
  return isMeta(value) ? value : { size: 0, fetchedAt: -Infinity, usedAt: -Infinity }
}

function isMeta(value: unknown): value is EntryMeta {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['size', 'fetchedAt', 'usedAt'].every((name) => Number.isFinite(Reflect.get(value, name)))
  )
}

/** Safari has storage to persist since 15.2, and estimates it since 17. */
async function estimate(): Promise<StorageEstimate> {
  const canEstimate = typeof navigator !== 'undefined' && 'storage' in navigator && 'estimate' in navigator.storage
  return canEstimate ? navigator.storage.estimate() : {}
}

/** Not every browser tells. */
function whenIdle(work: () => void): void {
  if (typeof requestIdleCallback === 'undefined') work()
  else requestIdleCallback(work, { timeout: 10_000 })
}
