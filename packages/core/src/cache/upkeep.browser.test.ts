import { promisifyRequest } from 'idb-keyval'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { LiveTable } from '../live-table.ts'
import { fakeMaster, items } from '../testing/fake-master.ts'
import { stopTime } from '../testing/stop-time.ts'
import { openTab } from '../testing/tab.ts'
import type { TraceEvent } from '../trace.ts'
import type { Cache, Slot } from './cache.ts'
import { pinHolds } from './eviction.ts'
import { idbCache } from './indexeddb.ts'

const day = 24 * 3_600_000
let name: string

beforeEach(() => {
  name = crypto.randomUUID()
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('a database that is kept within its bounds', () => {
  test('loses what was not used for the longest time, in idle time, without a look at any entry', async () => {
    const cache = idbCache({ name, maxEntries: 20 })
    await fillAll(cache, 30)
    later()
    // Used is what is read, by this tab or another.
    await cache.read(slot(3))
    // WebKitGTK has none, and sweeps at once.
    const idle = 'requestIdleCallback' in globalThis ? vi.spyOn(globalThis, 'requestIdleCallback') : undefined
    const touched = spyOnEntries()
    await vi.advanceTimersByTimeAsync(4_000)
    if (idle !== undefined) expect(idle).not.toHaveBeenCalled()
    await sweep()
    await expect.poll(() => keptSlots()).toEqual([3, ...range(13, 29)])
    if (idle !== undefined) expect(idle).toHaveBeenCalled()
    // The test itself asks for the keys.
    expect(touched().filter((method) => method !== 'getAllKeys')).toEqual(['delete'])
    expect(await metaKeys()).toBe(18)
  })

  test('loses as much as is needed for its bytes, and all that is too old', async () => {
    const cache = idbCache({ name, maxBytes: 20_000, maxAge: 10 * day })
    const now = Date.now()
    await fillAll(cache, 10, (index) => ({ value: 'x'.repeat(4_000), fetchedAt: index === 9 ? now - 11 * day : now - 9 * day }))
    await sweep()
    await expect.poll(() => keptSlots()).toEqual([5, 6, 7, 8])
  })

  test('takes no more than half of what the browser grants', async () => {
    stubStorage({ estimate: async () => ({ quota: 40_000, usage: 0 }) })
    await fillAll(idbCache({ name }), 10, () => ({ value: 'x'.repeat(4_000), fetchedAt: Date.now() }))
    await sweep()
    await expect.poll(() => keptSlots()).toEqual(range(6, 9))
  })

  test('keeps to its bounds where the browser does not tell what it grants', async () => {
    // Safari 16 has a storage manager without it.
    stubStorage({})
    await fillAll(idbCache({ name, maxEntries: 20 }), 30)
    await sweep()
    await expect.poll(() => keptSlots()).toEqual(range(12, 29))
  })

  test('promise 8: is not emptied for a disk that others fill', async () => {
    const cache = idbCache({ name })
    await fillAll(cache, 20)
    vi.useRealTimers()
    const put = IDBObjectStore.prototype.put
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value, key) {
      if (this.name === 'entries') throw new DOMException('no room', 'QuotaExceededError')
      return put.call(this, value, key)
    })
    for (let time = 0; time < 5; time += 1) await expect(fill(cache, slot(50 + time))).rejects.toMatchObject({ name: 'QuotaExceededError' })
    expect(await keptSlots()).toEqual(range(11, 19))
  })

  test('keeps what is in use, here and in another tab that says so', async () => {
    const cache = idbCache({ name, maxEntries: 10 })
    const tab = await openTab<{ readonly idbCache: typeof idbCache }>(new URL('./indexeddb.ts', import.meta.url).href)
    onTestFinished(tab.close)
    const other = tab.exports.idbCache({ name })
    const [, unpin, unpinAnother] = [cache.pin?.(slot(0)), cache.pin?.(slot(0)), cache.pin?.(slot(3))]
    // Each of them counts once.
    unpin?.()
    unpin?.()
    unpinAnother?.()
    other.pin?.(slot(1))
    await fill(other, slot(1))
    await fillAll(cache, 20, undefined, (index) => index !== 1)
    // The tab of this one is gone.
    await changeMeta(slot(2), { pinnedAt: Date.now() - 2 * pinHolds })
    await sweep()
    await expect.poll(() => keptSlots()).toEqual([0, 1, ...range(13, 19)])
  })

  test('does not lose what was used or filled in while it was looked through', async () => {
    const cache = idbCache({ name, maxEntries: 10 })
    await fillAll(cache, 20)
    const { transaction } = IDBDatabase.prototype
    let isFirst = true
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, ...args) {
      const [stores, mode] = args
      if (isFirst && mode === 'readwrite' && Array.isArray(stores) && stores.join() === 'entries,meta') {
        isFirst = false
        // Another tab comes right before it.
        const key = ['', slot(4).key]
        transaction.call(this, 'meta', 'readwrite').objectStore('meta').put({ size: 1, fetchedAt: 1, usedAt: 5 }, key)
      }
      return transaction.apply(this, args)
    })
    await sweep()
    await expect.poll(() => keptSlots()).toEqual([4, ...range(11, 19)])
    expect(isFirst).toBe(false)
  })

  test('loses also what was kept while the clock was wrong', async () => {
    const cache = idbCache({ name, maxEntries: 10 })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 400 * day })
    await fillAll(cache, 20)
    await sweep()
    await expect.poll(() => keptSlots()).toHaveLength(9)
  })

  test('loses first what nothing is known of', async () => {
    const cache = idbCache({ name, maxEntries: 10 })
    await fillAll(cache, 11)
    await changeMeta(slot(10), { usedAt: NaN })
    await changeMeta(slot(9), { size: 'garbage' })
    await sweep()
    await expect.poll(() => keptSlots()).toEqual(range(0, 8))
  })

  test('has the bounds that were given last, and those that were not given again', async () => {
    idbCache({ name, maxEntries: 5, maxBytes: 30_000 })
    const cache = idbCache({ name, maxEntries: 100 })
    idbCache({ name })
    await fillAll(cache, 20, () => ({ value: 'x'.repeat(2_000), fetchedAt: Date.now() }))
    await sweep()
    await expect.poll(() => keptSlots()).toEqual(range(7, 19))
  })
})

describe('persist', () => {
  test('asks the browser once to keep the data, and the status tells what it said', async () => {
    const persist = vi.fn<() => Promise<boolean>>().mockResolvedValue(true)
    stubStorage({ persist })
    idbCache({ name, persist: true })
    const events: TraceEvent[] = []
    const [table] = [1, 2].map(
      () =>
        new LiveTable({ master: fakeMaster(items(1)), cacheKey: 'items', cache: idbCache({ name }), trace: (event) => events.push(event) }),
    )
    await table?.list({ page: 1 })
    await expect.poll(() => table?.storageStatus).toMatchObject({ storage: 'indexeddb', persisted: true })
    expect(persist).toHaveBeenCalledOnce()
    expect(events.filter(({ type }) => type === 'storage')).toHaveLength(2)
  })

  test('the table works also while the user has not yet answered, and where the browser refuses', async () => {
    let answer: ((isGranted: boolean) => void) | undefined
    const asked = new Promise<boolean>((resolve) => {
      answer = resolve
    })
    stubStorage({ persist: () => asked })
    const master = fakeMaster(items(1))
    const table = new LiveTable({ master, cacheKey: 'items', cache: idbCache({ name, persist: true }) })
    stopTime()
    await vi.advanceTimersByTimeAsync(10_000)
    await table.list({ page: 1 })
    await table.list({ page: 1 })
    expect(master.calls).toEqual(['list 1'])
    expect(table.storageStatus).toEqual({ storage: 'indexeddb', since: expect.any(Number) })
    vi.useRealTimers()
    answer?.(false)
    await expect.poll(() => table.storageStatus).toMatchObject({ storage: 'indexeddb', persisted: false })
  })

  test('without it nothing is asked', async () => {
    const persist = vi.fn<() => Promise<boolean>>()
    stubStorage({ persist })
    const table = new LiveTable({ master: fakeMaster(items(1)), cacheKey: 'items', cache: idbCache({ name }) })
    await table.list({ page: 1 })
    expect(persist).not.toHaveBeenCalled()
    expect(table.storageStatus).not.toHaveProperty('persisted')
  })
})

/** Puts these in the place of the browser's own, also in WebKitGTK, which has none. */
function stubStorage(storage: Partial<Pick<StorageManager, 'estimate' | 'persist'>>): void {
  Object.defineProperty(navigator, 'storage', { configurable: true, value: storage })
  onTestFinished(() => void Reflect.deleteProperty(navigator, 'storage'))
}

function slot(index: number): Slot {
  return { scope: '', cacheKey: 'table', key: String(index).padStart(3, '0'), tags: [] }
}

async function fill(
  cache: Cache,
  own: Slot,
  entry: { value: unknown; fetchedAt: number } = { value: 'x', fetchedAt: Date.now() },
): Promise<void> {
  const { lease } = await cache.read(own)
  const filled = cache.fill(own, { ...entry, lease })
  // It is written before anything is read.
  await Promise.all([filled, cache.read(own)])
}

/** Fills slots one after the other, a second apart, and stops the clock. */
async function fillAll(
  cache: Cache,
  count: number,
  entry?: (index: number) => { value: unknown; fetchedAt: number },
  isMeant: (index: number) => boolean = () => true,
): Promise<void> {
  stopTime({ date: true })
  for (const index of range(0, count - 1).filter((each) => isMeant(each))) {
    later()
    await fill(cache, slot(index), entry?.(index))
  }
}

function later(): void {
  vi.setSystemTime(Date.now() + 1_000)
}

/** Lets the time come at which the database is looked through. */
async function sweep(after: number = 5_000): Promise<void> {
  await vi.advanceTimersByTimeAsync(after)
  vi.useRealTimers()
}

/** What was done to the store of entries from now on. */
function spyOnEntries(): () => unknown[] {
  const touched = new Set<string>()
  const spies = (
    ['get', 'getAll', 'getAllKeys', 'getKey', 'openCursor', 'openKeyCursor', 'count', 'put', 'add', 'delete', 'clear'] as const
  ).map((method) => [method, vi.spyOn(IDBObjectStore.prototype, method)] as const)
  return () => {
    for (const [method, { mock }] of spies) {
      const own = mock.contexts.filter(
        (store) => store instanceof IDBObjectStore && store.name === 'entries' && store.transaction.db.name === name,
      )
      if (own.length > 0) touched.add(method)
    }
    return [...touched]
  }
}

async function inStore<T>(store: string, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await promisifyRequest(indexedDB.open(name))
  const found = await promisifyRequest(work(database.transaction(store, 'readwrite').objectStore(store)))
  database.close()
  return found
}

async function keptSlots(): Promise<number[]> {
  const keys = await inStore('entries', (store) => store.getAllKeys())
  return keys.map((key) => Number(Array.isArray(key) ? key[1] : key))
}

function metaKeys(): Promise<number> {
  return inStore('meta', (store) => store.count())
}

async function changeMeta({ key }: Slot, change: object): Promise<void> {
  const meta = await inStore<object>('meta', (store) => store.get(['', key]))
  await inStore('meta', (store) => store.put({ ...meta, ...change }, ['', key]))
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}
