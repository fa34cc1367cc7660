import { promisifyRequest } from 'idb-keyval'
import { makeClock } from '../clock.ts'
import { ArgumentError, StorageError, TimeoutError } from '../errors.ts'
import { answered, idbDatabase } from '../idb-database.ts'
import { isObject } from '../table/is-object.ts'
import { randomName } from '../table/random-name.ts'
import { fieldOf } from '../table/row.ts'
import type { StoredWrite, WriteStorage, WriteStorageConnection } from './write-storage.ts'

/** How long the disk, and the browser's locks, may take to answer, in ms. */
const answerWithin = 2_000

/** Options of `durableQueue`. */
export interface DurableQueueOptions {
  /** Whose writes these are, a user's id for instance: what was left behind is sent by tables of the same scope only (promise 14). */
  readonly scope: string
  /** The database's name; `'vantage-live-writes'` by default. */
  readonly name?: string
}

/**
 * Keeps a table's writes in IndexedDB from the call to the answer, so that they survive a reload, a crash and a closed tab.
 *
 * What a tab leaves behind is sent, in order, by one other tab, or by the next that is opened: each tab holds a Web Lock for as
 * long as it lives, and writes whose tab holds none any more are taken over. Where there are no Web Locks (pages without TLS)
 * the next table that is opened takes over what there is. That nothing is applied twice needs a master that honours
 * idempotency keys, for a tab may be killed after the master has answered.
 *
 * @throws ArgumentError where the scope is none (promise 20)
 */
export function durableQueue(options: DurableQueueOptions): WriteStorage {
  const { scope, name = 'vantage-live-writes' }: { scope?: unknown; name?: string } = isObject(options) ? options : {}
  if (typeof scope !== 'string' || scope === '') throw new ArgumentError('scope', scope, 'a string that is not empty, such as a user’s id')
  const database = idbDatabase({ name, version: 1, stores: ['writes'] })
  const transact = <T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => T | PromiseLike<T>): Promise<T> =>
    database(mode, ['writes'], (transaction) => work(transaction.objectStore('writes')))
  /** Each makes a connection keep nothing more, and gives its tab's name when nothing of it is under way. */
  const connections = new Set<() => Promise<string>>()

  return {
    scope,

    purge(before = Infinity) {
      const purged = [...connections].map((stop) => stop())
      connections.clear()
      const erase = async (): Promise<void> => {
        // What is on its way to the disk is removed with the rest.
        const own = new Set<unknown>(await Promise.all(purged))
        const isGone = (key: IDBValidKey): boolean =>
          Array.isArray(key) && (own.has(key[2]) || typeof key[3] !== 'number' || key[3] <= before)
        try {
          await transact('readwrite', async (store) => {
            const keys = await promisifyRequest(store.getAllKeys(rangeOf(scope)))
            // If one of these fails, the others are still worth having: this rejects all the same.
            for (const key of keys) if (isGone(key)) store.delete(key)
          })
        } catch (error) {
          // For this page nothing is kept.
          if (!(error instanceof StorageError) || (error.reason !== 'missing' && error.reason !== 'denied')) throw error
        }
      }
      return boundedRequests('the queue of writes on disk')(erase())
    },

    connect(cacheKey, onFound): WriteStorageConnection {
      const owner = randomName()
      const now = makeClock()
      const closing = new AbortController()
      const { signal } = closing
      const underWay = new Set<Promise<unknown>>()
      let isPurged = false
      const stop = async (): Promise<string> => {
        isPurged = true
        await Promise.allSettled(underWay)
        return owner
      }
      connections.add(stop)
      /** Tabs that live and have writes, whose end is waited for. */
      const awaited = new Set<string>()

      const lockOf = (...tab: readonly string[]): string => `${name} ${JSON.stringify([scope, cacheKey, ...tab])}`
      const keyOf = (order: number): IDBValidKey => [scope, cacheKey, owner, order]
      const { held, release } = holdLock(lockOf(owner))

      const takeOver = (tabs: readonly string[]): Promise<StoredWrite[]> =>
        transact('readwrite', async (store) => {
          const ranges = tabs.map((tab) => rangeOf(scope, cacheKey, tab))
          const left = await Promise.all(ranges.map((range) => promisifyRequest<unknown[]>(store.getAll(range))))
          const keys = await promisifyRequest(store.getAllKeys(rangeOf(scope, cacheKey, owner)))
          const taken = new Set(keys.map((key) => (Array.isArray(key) ? key[3] : undefined)))
          const own = left
            .flat()
            .filter((value) => isStoredWrite(value))
            .sort((a, b) => a.order - b.order)
            .map((write) => ({ ...write, order: freeOrder(write.order, taken) }))
          for (const write of own) store.put(write, keyOf(write.order))
          const deletions = ranges.map((range) => store.delete(range))
          await answered(deletions.at(-1))
          return own
        })

      /** What tabs that are gone have left behind is taken over at once; what belongs to others, when they end. */
      const look = async (): Promise<void> => {
        const keys = await transact('readonly', (store) => promisifyRequest(store.getAllKeys(rangeOf(scope, cacheKey))))
        const tabs = new Set(keys.flatMap((key) => (Array.isArray(key) && typeof key[2] === 'string' ? [key[2]] : [])))
        tabs.delete(owner)
        const locks = await heldLocks()
        const gone = [...tabs].filter((tab) => !locks.has(lockOf(tab)))
        const found = gone.length === 0 ? [] : await takeOver(gone)
        // A table that was closed meanwhile leaves them behind like its own.
        if (found.length > 0 && !signal.aborted) onFound(found)
        for (const tab of tabs) if (locks.has(lockOf(tab))) outlive(tab)
      }

      /** One tab looks at a time. So one finds it all, and in order. */
      const lookForOthers = async (): Promise<void> => {
        try {
          // Before that, another tab would take what is taken over here for left behind.
          await held
          await withLock(lockOf(), signal, look)
        } catch (error) {
          if (!signal.aborted) throw error
        }
      }

      // Where this or the next one fails, it is tried again when the tab becomes visible again.
      const outlive = (tab: string): void => {
        if (awaited.has(tab)) return
        awaited.add(tab)
        const ended = withLock(lockOf(tab), signal, () => Promise.resolve()).finally(() => awaited.delete(tab))
        ended.then(lookForOthers).catch(() => undefined)
      }

      const onVisible = (): void => {
        if (document.visibilityState === 'visible') lookForOthers().catch(() => undefined)
      }
      // Without locks nobody can tell whether a tab lives.
      const canTell = lockManager() !== undefined && typeof document !== 'undefined'
      if (canTell) document.addEventListener('visibilitychange', onVisible)

      const inTime = boundedRequests('the queue of writes on disk')

      return {
        ready: boundedRequests('the queue of writes on disk')(lookForOthers()),

        nextOrder: now,

        async update(put, forget) {
          const write = async (): Promise<void> => {
            // Before that, another tab would take them for left behind.
            await held
            await transact('readwrite', async (store) => {
              const kept = isPurged ? [] : put
              const requests = [
                ...kept.map((each): IDBRequest => store.put(each, keyOf(each.order))),
                ...forget.map((order) => store.delete(keyOf(order))),
              ]
              // One request is kept even if the page goes away right after the call.
              if (requests.length > 1) await answered(requests.at(-1))
            })
          }
          const written = write()
          underWay.add(written)
          await inTime(written.finally(() => underWay.delete(written)))
        },

        close() {
          closing.abort()
          if (canTell) document.removeEventListener('visibilitychange', onVisible)
          // What is on its way to the disk may yet have to be purged.
          void Promise.allSettled(underWay).then(() => {
            connections.delete(stop)
            release()
          })
        },
      }
    },
  }
}

const writeTypes = ['insert', 'replace', 'patch', 'delete', 'deleteAll']

function isStoredWrite(value: unknown): value is StoredWrite {
  if (!isObject(value) || !Number.isFinite(fieldOf(value, 'order'))) return false
  const change = fieldOf(value, 'change')
  return isObject(change) && writeTypes.some((type) => fieldOf(change, 'type') === type)
}

/** The order itself, or the next that is free. */
function freeOrder(order: number, taken: Set<unknown>): number {
  let free = order
  while (taken.has(free)) free += 0.001
  taken.add(free)
  return free
}

function lockManager(): LockManager | undefined {
  return typeof navigator === 'undefined' || !('locks' in navigator) ? undefined : navigator.locks
}

/** All keys that begin so. */
function rangeOf(...prefix: readonly string[]): IDBKeyRange {
  return IDBKeyRange.bound([...prefix], [...prefix, []])
}

/** Holds a lock until it is released. Where there are no locks it is held at once. */
function holdLock(name: string): { readonly held: Promise<void>; readonly release: () => void } {
  const release = new AbortController()
  const released = new Promise<void>((resolve) => {
    release.signal.addEventListener('abort', () => resolve())
  })
  const locks = lockManager()
  const held = new Promise<void>((resolve, reject) => {
    if (locks === undefined) resolve()
    else
      locks
        .request(name, () => {
          resolve()
          return released
        })
        .catch(reject)
  })
  return { held, release: () => release.abort() }
}

async function withLock(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  const locks = lockManager()
  await (locks === undefined ? work() : locks.request(name, { signal }, work))
}

async function heldLocks(): Promise<ReadonlySet<string | undefined>> {
  const found = await lockManager()?.query()
  return new Set(found?.held?.map(({ name }) => name))
}

/** For requests that are waited for no longer than the bound. While one is past it, no other is waited for at all. */
function boundedRequests(what: string): <T>(request: Promise<T>) => Promise<T> {
  let late = 0
  return async (request) => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const outOfTime = new Promise<never>((_, reject) => {
      const expire = (): void => {
        late += 1
        const ended = (): void => {
          late -= 1
        }
        request.then(ended, ended)
        reject(new TimeoutError(what, answerWithin))
      }
      if (late > 0) reject(new TimeoutError(what, answerWithin))
      else timer = setTimeout(expire, answerWithin)
    })
    try {
      return await Promise.race([request, outOfTime])
    } finally {
      clearTimeout(timer)
    }
  }
}
