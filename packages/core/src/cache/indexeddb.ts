import { ArgumentError, StorageError } from '../errors.ts'
import type { Cache, StorageFault } from './cache.ts'
import type { Bounds } from './eviction.ts'
import { idbDisk } from './idb-disk.ts'
import { memoryCache } from './memory.ts'

/**
 * Options of `idbCache`. Bounds hold for the database, whatever its tables; what was not used for the longest time goes first, what
 * is shown never. Where a name comes twice, those that were given last hold.
 */
export interface IdbCacheOptions {
  /** The database's name; `'vantage-live'` by default. Caches of one name share one database and one connection. */
  readonly name?: string
  /** How many pages, rows and counts it keeps at most; 5,000 by default. */
  readonly maxEntries?: number
  /** How many bytes they take at most, as they are estimated; 100 MB by default, and never more than half of what the browser grants. */
  readonly maxBytes?: number
  /** How long they are kept after the master was asked for them, in ms; 30 days by default. */
  readonly maxAge?: number
  /** Asks the browser not to delete the site's data by itself, which it may ask the user; `storageStatus.persisted` tells. False by default. */
  readonly persist?: boolean
}

/** One per database, and so one connection, however many tables use it. */
interface Database {
  readonly cache: Cache
  readonly configure: (options: IdbCacheOptions) => void
}

const databases = new Map<string, Database>()

const day = 24 * 3600_000

/**
 * A cache in IndexedDB: it survives a reload and is shared by all tabs of an origin. Where there is none, or it is not granted,
 * it keeps what is read in memory instead, and says so (`storageStatus`).
 *
 * Entries and the stamps of invalidations lie in one database, and one transaction reads or writes both:
 * the truth about freshness is on disk beside the pages (promises 1 and 2). Reads of one task share a transaction, and so
 * do fills. The database is opened when a table is made with it, while the app still renders.
 *
 * @throws ArgumentError where a bound is none (promise 20)
 */
export function idbCache(options: IdbCacheOptions = {}): Cache {
  const { name = 'vantage-live' } = options
  for (const bound of ['maxEntries', 'maxBytes', 'maxAge'] as const) {
    const value = options[bound]
    if (value !== undefined && !(value > 0)) throw new ArgumentError(bound, value, 'a number above 0')
  }
  const database = databases.get(name) ?? makeDatabase(name)
  databases.set(name, database)
  database.configure(options)
  return database.cache
}

function makeDatabase(name: string): Database {
  let bounds: Bounds = { maxEntries: 5_000, maxBytes: 100_000_000, maxAge: 30 * day }
  let isToPersist = false
  let asked: Promise<boolean> | undefined
  let persisted: boolean | undefined
  let instead: { readonly cache: Cache; readonly fault: StorageFault } | undefined
  const disk = idbDisk(name, () => bounds)

  /** What can never work in this page is done in memory. */
  const inPlace = async <T>(work: (cache: Cache) => Promise<T>): Promise<T> => {
    if (instead !== undefined) return work(instead.cache)
    try {
      return await work(disk)
    } catch (error) {
      if (!(error instanceof StorageError) || !['missing', 'denied', 'foreign'].includes(error.reason)) throw error
      instead ??= { cache: memoryCache(), fault: { reason: error.reason, error } }
      return work(instead.cache)
    }
  }

  const cache: Cache = {
    get kind() {
      return instead?.cache.kind ?? 'indexeddb'
    },
    get fault() {
      return instead?.fault
    },
    get persisted() {
      return persisted
    },
    sharedAs: name,
    async open() {
      await inPlace(async (own) => own.open?.())
      if (isToPersist) persisted = await (asked ??= persist())
    },
    read: (slot) => inPlace((own) => own.read(slot)),
    fill: (slot, entry) => inPlace((own) => own.fill(slot, entry)),
    invalidate: (table, tags, renewals) => inPlace((own) => own.invalidate(table, tags, renewals)),
    async purge(scope) {
      await inPlace((own) => own.purge(scope))
      // Where a newer version of the app has taken the database over, what this one had kept may still be found.
      if (instead?.fault.reason === 'foreign') throw instead.fault.error
    },
    pin(slot) {
      const unpin = [disk.pin?.(slot), instead?.cache.pin?.(slot)]
      return () => unpin.forEach((each) => each?.())
    },
  }
  return {
    cache,
    configure({ persist: asks = isToPersist, maxEntries, maxBytes, maxAge }) {
      isToPersist = asks
      bounds = {
        maxEntries: maxEntries ?? bounds.maxEntries,
        maxBytes: maxBytes ?? bounds.maxBytes,
        maxAge: maxAge ?? bounds.maxAge,
      }
    },
  }
}

async function persist(): Promise<boolean> {
  try {
    return typeof navigator !== 'undefined' && 'storage' in navigator && (await navigator.storage.persist())
  } catch {
    // Nothing is kept for a page without an origin.
    return false
  }
}
