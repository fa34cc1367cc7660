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

/**
 * Does some work in one transaction over these stores. A `readwrite` transaction is applied completely before this resolves, or
 * this rejects with the error of the request that failed first. The work may run twice, if the first connection was lost.
 *
 * Firefox applies the rest of a transaction that is told to commit while its requests are pending, even if one of them fails. So
 * work that must be applied as a whole resolves after its last request has succeeded. Work that consists of one request, or that
 * is right in parts too, resolves at once: so it is done even if the page goes away right after.
 */
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
        const transaction = db.transaction(stores, mode)
        return await (mode === 'readwrite' ? applied(transaction, work, options.name) : work(transaction))
      } catch (error) {
        // Some browsers close a connection without telling; others do it in the middle of a transaction.
        const isClosed = isNamed(error, 'InvalidStateError')
        if (isClosed) {
          // Firefox refuses writes over a connection after one has failed for want of room.
          db.close()
          if (connection === own) connection = undefined
        }
        if (isLast || !(isClosed || (connection !== own && isNamed(error, 'AbortError')))) throw error
        return attempt(true)
      }
    }
    return attempt(false)
  }
}

async function applied<T>(
  transaction: IDBTransaction,
  work: (transaction: IDBTransaction) => T | PromiseLike<T>,
  name: string,
): Promise<T> {
  /** The error of the request that failed first: all others fail because of it, and WebKit's transaction does not have it. */
  let failure: unknown
  transaction.addEventListener('error', ({ target }) => {
    if (target instanceof IDBRequest) failure ??= target.error
  })
  const ended = new Promise<'complete' | 'abort'>((resolve) => {
    for (const type of ['complete', 'abort'] as const) transaction.addEventListener(type, () => resolve(type))
  })
  const [outcome] = await Promise.allSettled([(async () => work(transaction))()])
  if (outcome.status === 'rejected') failure ??= outcome.reason
  // It is over sooner than when the browser finds out by itself that nothing more follows.
  tell(transaction, outcome.status === 'rejected' ? 'abort' : 'commit')
  const end = await ended
  if (end === 'complete' && failure === undefined && outcome.status === 'fulfilled') return outcome.value
  const isKnown = failure !== undefined && !isNamed(failure, 'AbortError')
  const cause = isKnown ? failure : (transaction.error ?? failure ?? new DOMException('the transaction was aborted', 'AbortError'))
  throw isOutOfRoom(cause) ? new StorageError(name, 'full', 'cannot be written, probably because the disk is full', { cause }) : cause
}

/** Ends a transaction, unless it has ended by itself. */
function tell(transaction: IDBTransaction, end: 'commit' | 'abort'): void {
  try {
    transaction[end]()
  } catch (error) {
    if (!isNamed(error, 'InvalidStateError')) throw error
  }
}

/** Resolves when this request has been answered, and so all before it in its transaction. */
export async function answered(last: IDBRequest | undefined): Promise<void> {
  if (last?.readyState === 'pending') await promisifyRequest(last)
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

/** Whether a transaction failed because there is no room. */
export function isFull(error: unknown): boolean {
  return isNamed(error, 'QuotaExceededError') || (error instanceof StorageError && error.reason === 'full')
}

/** Chromium does not know why the disk takes nothing more: it says `DataError` of large values and `UnknownError` of others. */
function isOutOfRoom(error: unknown): boolean {
  return isNamed(error, 'UnknownError') || isNamed(error, 'DataError')
}

function openingReason(error: unknown): StorageReason {
  if (isNamed(error, 'SecurityError') || isNamed(error, 'InvalidStateError')) return 'denied'
  if (isNamed(error, 'VersionError')) return 'foreign'
  return isNamed(error, 'QuotaExceededError') ? 'full' : 'failed'
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name
}
