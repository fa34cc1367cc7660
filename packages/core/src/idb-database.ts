import { promisifyRequest } from 'idb-keyval'
import { StorageError, type StorageReason } from './errors.ts'

/** A database of ours. */
export interface DatabaseOptions {
  readonly name: string
  readonly version: number
  readonly stores: readonly string[]
  /** Those that former versions had: they are deleted with what they hold. A database that has any other is somebody else’s, and left alone. */
  readonly formerStores?: readonly string[]
  /** Called when it is made, or made anew of what another version has left. */
  readonly onMade?: (transaction: IDBTransaction) => void
}

/** Does something in one transaction over these stores. It may be called twice, where the first transaction was lost. */
export type Transact = <T>(
  mode: IDBTransactionMode,
  stores: readonly string[],
  work: (transaction: IDBTransaction) => T | PromiseLike<T>,
) => Promise<T>

/**
 * A database that is opened at its first use, gives way to others who want it, and comes back by itself. What keeps it from
 * being opened is a `StorageError`.
 */
export function idbDatabase(options: DatabaseOptions): Transact {
  let connection: Promise<IDBDatabase> | undefined

  const connect = (): Promise<IDBDatabase> => {
    let opening: Promise<IDBDatabase> | undefined
    // Whoever comes while it is blocked hears so at once.
    const first = new Promise<IDBDatabase>((resolve, reject) => {
      opening = open(options, () => reject(new StorageError(options.name, 'blocked', 'is held open by another tab')))
      opening.then(resolve, reject)
    })
    connection = first
    opening?.then(
      (db) => {
        const own = Promise.resolve(db)
        connection = own
        const forget = (): void => {
          if (connection === own) connection = undefined
        }
        // Whoever deletes the database, or wants to upgrade it, would wait for every open connection.
        db.addEventListener('versionchange', () => {
          forget()
          db.close()
        })
        db.addEventListener('close', forget)
      },
      () => {
        connection = undefined
      },
    )
    return first
  }

  return async (mode, stores, work) => {
    const attempt = async (isLast: boolean): Promise<Awaited<ReturnType<typeof work>>> => {
      const db = await (connection ?? connect())
      const own = connection
      try {
        return await work(db.transaction(stores, mode))
      } catch (error) {
        // Some browsers close a connection without telling; others do it in the middle of a transaction.
        const isClosed = isNamed(error, 'InvalidStateError')
        if (isClosed && connection === own) connection = undefined
        if (isLast || !(isClosed || (connection !== own && isNamed(error, 'AbortError')))) throw error
        return attempt(true)
      }
    }
    return attempt(false)
  }
}

async function open({ name, version, stores, formerStores = [], onMade }: DatabaseOptions, onBlocked: () => void): Promise<IDBDatabase> {
  if (typeof indexedDB === 'undefined') throw new StorageError(name, 'missing', 'cannot be opened: there is no IndexedDB')
  let isForeign = false
  try {
    const request = indexedDB.open(name, version)
    request.addEventListener('blocked', onBlocked)
    request.addEventListener('upgradeneeded', () => {
      const { result: db, transaction } = request
      const found = Array.from(db.objectStoreNames)
      isForeign = !found.every((store) => stores.includes(store) || formerStores.includes(store))
      if (isForeign) return transaction?.abort()
      for (const store of found) db.deleteObjectStore(store)
      for (const store of stores) db.createObjectStore(store)
      return transaction === null ? undefined : onMade?.(transaction)
    })
    const db = await promisifyRequest(request)
    if (stores.every((store) => db.objectStoreNames.contains(store))) return db
    db.close()
  } catch (error) {
    if (!isForeign) throw new StorageError(name, openingReason(error), 'cannot be opened', { cause: error })
  }
  throw new StorageError(name, 'foreign', 'is somebody else’s')
}

/** Asked for, it is over sooner than when the browser finds out that nothing more comes. */
export function commit(transaction: IDBTransaction): Promise<void> {
  transaction.commit()
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve())
    // A request that fails is heard of here as well, but before the transaction has its error.
    transaction.addEventListener('abort', () => reject(transaction.error ?? new DOMException('the transaction was aborted', 'AbortError')))
  })
}

function openingReason(error: unknown): StorageReason {
  if (isNamed(error, 'SecurityError') || isNamed(error, 'InvalidStateError')) return 'denied'
  if (isNamed(error, 'VersionError')) return 'foreign'
  return isNamed(error, 'QuotaExceededError') ? 'full' : 'failed'
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name
}
