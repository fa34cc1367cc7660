import { afterEach, describe, expect, test, vi } from 'vitest'
import { describeCache } from '../contract/cache-contract.ts'
import { openTab, type Tab } from '../testing/tab.ts'
import { sameLease, type Cache, type Slot } from './cache.ts'
import { idbCache } from './indexeddb.ts'

describeCache('idbCache', () => {
  const name = crypto.randomUUID()
  return { cache: idbCache({ name }) }
})

describeCache('idbCache in two tabs', async () => {
  const name = crypto.randomUUID()
  const tab = await anotherTab()
  return { cache: idbCache({ name }), other: tab.exports.idbCache({ name }), dispose: tab.close }
})

describe('idbCache', () => {
  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllGlobals()
  })

  test('nothing is opened before the first use, and caches of one name share one connection', async () => {
    const open = vi.spyOn(IDBFactory.prototype, 'open')
    const name = crypto.randomUUID()
    const caches = [idbCache({ name }), idbCache({ name })]
    expect(open).not.toHaveBeenCalled()
    for (const cache of caches) await cache.read(slot())
    expect(open).toHaveBeenCalledExactlyOnceWith(name)
  })

  test('databases of different names do not touch', async () => {
    const cache = idbCache({ name: crypto.randomUUID() })
    const other = idbCache({ name: crypto.randomUUID() })
    await fill(cache, 'mine')
    expect(await other.read(slot())).toMatchObject({ entry: undefined, lease: { length: 3, 1: undefined, 2: undefined } })
    await other.invalidate({ scope: '', cacheKey: 'table' }, slot().tags)
    expect(await isFresh(cache)).toBe(true)
  })

  test('its database is named vantage-live by default', async () => {
    await idbCache().read(slot())
    const databases = await indexedDB.databases()
    expect(databases.map(({ name }) => name)).toContain('vantage-live')
  })

  test('a read takes one transaction, and so do a fill and an invalidation', async () => {
    const cache = idbCache({ name: crypto.randomUUID() })
    await fill(cache, 1)
    const { lease } = await cache.read(slot())
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction')
    await cache.read(slot())
    expect(transaction.mock.calls).toEqual([['slots', 'readonly']])
    await cache.fill(slot(), { value: 2, fetchedAt: 2, lease })
    expect(transaction.mock.calls).toEqual([
      ['slots', 'readonly'],
      ['slots', 'readwrite'],
    ])
    await cache.invalidate({ scope: '', cacheKey: 'table' }, ['x', 'y'])
    expect(transaction).toHaveBeenCalledTimes(3)
  })

  test('an invalidation reads and writes one record, however much hangs on the tag; one of all tags only writes it', async () => {
    const cache = idbCache({ name: crypto.randomUUID() })
    for (let page = 0; page < 100; page += 1) {
      await fill(cache, page, slot(`${page}`))
    }
    const requests = (['getAll', 'getAllKeys', 'getKey', 'openCursor', 'openKeyCursor', 'add', 'delete', 'clear', 'count'] as const).map(
      (method) => vi.spyOn(IDBObjectStore.prototype, method),
    )
    const get = vi.spyOn(IDBObjectStore.prototype, 'get')
    const put = vi.spyOn(IDBObjectStore.prototype, 'put')
    await cache.invalidate({ scope: '', cacheKey: 'table' }, slot().tags)
    expect(get).toHaveBeenCalledTimes(1)
    expect(put).toHaveBeenCalledTimes(1)
    await cache.invalidate({ scope: '', cacheKey: 'table' }, 'all')
    expect(get).toHaveBeenCalledTimes(1)
    expect(put).toHaveBeenCalledTimes(2)
    for (const request of requests) expect(request).not.toHaveBeenCalled()
  })

  test('stamps of very many tags are forgotten all at once, and nothing that hung on them is fresh', async () => {
    const cache = idbCache({ name: crypto.randomUUID() })
    const { lease } = await cache.read(slot())
    await cache.fill(slot(), { value: 1, fetchedAt: 1, lease })
    for (let tag = 0; tag < 10; tag += 1)
      await cache.invalidate(
        { scope: '', cacheKey: 'table' },
        Array.from({ length: 60 }, (_, index) => `${tag}-${index}`),
      )
    const read = await cache.read(slot())
    expect(read.entry?.value).toBe(1)
    expect(read.entry?.lease).not.toEqual(read.lease)
  })

  test('reads of one task share a transaction', async () => {
    const cache = idbCache({ name: crypto.randomUUID() })
    await fill(cache, 1, slot('1'))
    await fill(cache, 2, slot('2'))
    const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction')
    const reads = await Promise.all([cache.read(slot('1')), cache.read(slot('2')), cache.read(slot('3'))])
    expect(reads.map(({ entry }) => entry?.value)).toEqual([1, 2, undefined])
    expect(transaction).toHaveBeenCalledTimes(1)
  })

  test('what lies in a slot but is no entry is not there', async () => {
    const name = crypto.randomUUID()
    const cache = idbCache({ name })
    await fill(cache, 1)
    const put = IDBObjectStore.prototype.put
    for (const garbage of [null, 5, 'text', {}, { value: 1, fetchedAt: '1', lease: [] }, { value: 1, fetchedAt: 1 }]) {
      vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, _entry, key) {
        return put.call(this, garbage, key)
      })
      await fill(cache, 2)
      vi.restoreAllMocks()
      expect(await cache.read(slot())).toMatchObject({ entry: undefined, lease: { length: 3, 1: undefined, 2: undefined } })
    }
  })

  describe('promise 7: it rejects, and works again afterwards, where', () => {
    test('there is no IndexedDB', async () => {
      const cache = idbCache({ name: crypto.randomUUID() })
      vi.stubGlobal('indexedDB', undefined)
      await rejectsAll(cache)
      vi.unstubAllGlobals()
      await works(cache)
    })

    test('open() throws', async () => {
      const cache = idbCache({ name: crypto.randomUUID() })
      vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
        throw new DOMException('not here', 'SecurityError')
      })
      await rejectsAll(cache)
      vi.restoreAllMocks()
      await works(cache)
    })

    test('open() fails', async () => {
      const cache = idbCache({ name: crypto.randomUUID() })
      const newer = crypto.randomUUID()
      await openAtVersion(newer, 2)
      const open = IDBFactory.prototype.open
      vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(function (this: IDBFactory) {
        return open.call(this, newer, 1)
      })
      await rejectsAll(cache)
      vi.restoreAllMocks()
      await works(cache)
    })

    test('a transaction is aborted', async () => {
      const cache = idbCache({ name: crypto.randomUUID() })
      await works(cache)
      const put = IDBObjectStore.prototype.put
      vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, ...args) {
        const request = put.apply(this, args)
        this.transaction.abort()
        return request
      })
      await expectRejection(() => fill(cache, 2))
      await expectRejection(() => cache.invalidate({ scope: '', cacheKey: 'table' }, slot().tags))
      vi.restoreAllMocks()
      expect(await isFresh(cache)).toBe(true)
      await works(cache)
    })

    test('a row cannot be written: it tells why', async () => {
      const cache = idbCache({ name: crypto.randomUUID() })
      await works(cache)
      const { add } = IDBObjectStore.prototype
      vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, ...args) {
        return add.apply(this, args)
      })
      await expect(fill(cache, 2)).rejects.toMatchObject({ name: 'ConstraintError' })
      await expect(cache.invalidate({ scope: '', cacheKey: 'table' }, 'all')).rejects.toMatchObject({ name: 'ConstraintError' })
      vi.restoreAllMocks()
      await works(cache)
    })

    test('its connection was closed under it', async () => {
      const cache = idbCache({ name: crypto.randomUUID() })
      const database = await connectionOf(cache)
      database.close()
      await expectRejection(() => cache.read(slot()))
      await works(cache)
    })
  })

  test("promise 7: it rejects where the database is somebody else's", async () => {
    const name = crypto.randomUUID()
    await openAtVersion(name, 1)
    await rejectsAll(idbCache({ name }))
    expect((await indexedDB.databases()).map((database) => database.name)).toContain(name)
  })

  test('promise 7: its connection gives way to whoever deletes the database, and it works on in a new one', async () => {
    const name = crypto.randomUUID()
    const cache = idbCache({ name })
    await fill(cache, 1)
    await deleteDatabase(name)
    expect(await cache.read(slot())).toMatchObject({ entry: undefined, lease: { length: 3, 1: undefined, 2: undefined } })
    await works(cache)
  })
})

function slot(key: string = 'a'): Slot {
  return { scope: '', cacheKey: 'table', key, tags: ['x', 'y'] }
}

function anotherTab(): Promise<Tab<{ readonly idbCache: typeof idbCache }>> {
  return openTab(new URL('./indexeddb.ts', import.meta.url).href)
}

async function fill(cache: Cache, value: unknown, own: Slot = slot()): Promise<boolean> {
  const { lease } = await cache.read(own)
  return cache.fill(own, { value, fetchedAt: 1, lease })
}

async function isFresh(cache: Cache): Promise<boolean> {
  const { entry, lease } = await cache.read(slot())
  return entry !== undefined && sameLease(entry.lease, lease)
}

async function works(cache: Cache): Promise<void> {
  expect(await fill(cache, 'works')).toBe(true)
  expect(await isFresh(cache)).toBe(true)
  await cache.invalidate({ scope: '', cacheKey: 'table' }, slot().tags)
  expect(await isFresh(cache)).toBe(false)
  expect(await fill(cache, 'works again')).toBe(true)
}

async function rejectsAll(cache: Cache): Promise<void> {
  await expectRejection(() => cache.read(slot()))
  await expectRejection(() => cache.fill(slot(), { value: 1, fetchedAt: 1, lease: [] }))
  await expectRejection(() => cache.invalidate({ scope: '', cacheKey: 'table' }, slot().tags))
}

/** A call that throws instead of rejecting fails the test. */
async function expectRejection(call: () => Promise<unknown>): Promise<void> {
  const outcome = call().then(
    () => 'resolved',
    () => 'rejected',
  )
  expect(await outcome).toBe('rejected')
}

async function connectionOf(cache: Cache): Promise<IDBDatabase> {
  const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction')
  await cache.read(slot())
  const database = transaction.mock.contexts[0]
  transaction.mockRestore()
  if (!(database instanceof IDBDatabase)) throw new Error('it opened no transaction')
  return database
}

function openAtVersion(name: string, version: number): Promise<void> {
  const request = indexedDB.open(name, version)
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => {
      request.result.close()
      resolve()
    })
    request.addEventListener('error', () => reject(new Error(`${name} could not be opened`)))
  })
}

function deleteDatabase(name: string): Promise<void> {
  const request = indexedDB.deleteDatabase(name)
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve())
    request.addEventListener('blocked', () => reject(new Error(`${name} is in use`)))
    request.addEventListener('error', () => reject(new Error(`${name} could not be deleted`)))
  })
}
