import { createStore, type UseStore } from 'idb-keyval'

/** An object store of a database of its own. It gives way to others who want the database, and comes back by itself. */
export function idbStore(databaseName: string, storeName: string): UseStore {
  let connection: UseStore | undefined
  return async (mode, work) => {
    const stored = (connection ??= createStore(databaseName, storeName))
    const forget = (): void => {
      if (connection === stored) connection = undefined
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
}

/** Asked for, it is over sooner than when the browser finds out that nothing more comes. */
export function commit({ transaction }: IDBObjectStore): Promise<void> {
  transaction.commit()
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve())
    // A request that fails is heard of here as well, but before the transaction has its error.
    transaction.addEventListener('abort', () => reject(transaction.error))
  })
}
