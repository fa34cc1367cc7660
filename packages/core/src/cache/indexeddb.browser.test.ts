import { promisifyRequest } from 'idb-keyval'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
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
    expect(open).not.toHaveBeenCalledWith(name, 2)
    for (const cache of caches) await cache.read(slot())
    expect(open.mock.calls.filter(([opened]) => opened === name)).toEqual([[name, 2]])
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
    const name = crypto.randomUUID()
    const cache = idbCache({ name })
    await fill(cache, 1)
    const { lease } = await cache.read(slot())
    const calls = spyOnTransactions(name)
    await cache.read(slot())
    expect(calls()).toEqual([[['entries', 'state'], 'readonly']])
    await cache.fill(slot(), { value: 2, fetchedAt: 2, lease })
    await cache.invalidate({ scope: '', cacheKey: 'table' }, ['x', 'y'])
    expect(calls().slice(1)).toEqual([
      [['entries', 'meta', 'state'], 'readwrite'],
      [['entries', 'state'], 'readwrite'],
    ])
  })

  test('an invalidation reads the era and writes one record that it reads, however much hangs on the tag; one of all tags reads none', async () => {
    const name = crypto.randomUUID()
    const cache = idbCache({ name })
    for (let page = 0; page < 100; page += 1) {
      await fill(cache, page, slot(`${page}`))
    }
    const requests = spyOnRequests(name)
    await cache.invalidate({ scope: '', cacheKey: 'table' }, slot().tags)
    expect(requests()).toEqual(['get era', 'get ,table', 'put'])
    await cache.invalidate({ scope: '', cacheKey: 'table' }, 'all')
    expect(requests()).toEqual(['get era', 'get ,table', 'put', 'put'])
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
    const name = crypto.randomUUID()
    const cache = idbCache({ name })
    await fill(cache, 1, slot('1'))
    await fill(cache, 2, slot('2'))
    const calls = spyOnTransactions(name)
    const reads = await Promise.all([cache.read(slot('1')), cache.read(slot('2')), cache.read(slot('3'))])
    expect(reads.map(({ entry }) => entry?.value)).toEqual([1, 2, undefined])
    expect(calls()).toHaveLength(1)
  })

  test('what lies in a slot but is no entry is not there', async () => {
    const name = crypto.randomUUID()
    const cache = idbCache({ name })
    await fill(cache, 1)
    const put = IDBObjectStore.prototype.put
    for (const garbage of [null, 5, 'text', {}, { value: 1, fetchedAt: '1', lease: [] }, { value: 1, fetchedAt: 1 }]) {
      vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, entry, key) {
        return put.call(this, this.name === 'entries' ? garbage : entry, key)
      })
      await fill(cache, 2)
      vi.restoreAllMocks()
      expect(await cache.read(slot())).toMatchObject({ entry: undefined, lease: { length: 3, 1: undefined, 2: undefined } })
    }
  })

  describe('promise 7: it rejects, and works again afterwards, where', () => {
    test('open() throws what is over in a moment', async () => {
      const cache = idbCache({ name: crypto.randomUUID() })
      vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
        throw new DOMException('not now', 'UnknownError')
      })
      await rejectsAll(cache, { name: 'StorageError', reason: 'failed', cause: { name: 'UnknownError' } })
      vi.restoreAllMocks()
      await works(cache)
    })

    test('open() fails', async () => {
      const cache = idbCache({ name: crypto.randomUUID() })
      vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => failedRequest('QuotaExceededError'))
      await rejectsAll(cache, { name: 'StorageError', reason: 'full', cause: { name: 'QuotaExceededError' } })
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
  })

  test('promise 7: its connection was closed under it: it opens another one, and nobody hears of it', async () => {
    const cache = idbCache({ name: crypto.randomUUID() })
    const database = await connectionOf(cache)
    await fill(cache, 'before')
    database.close()
    expect(await cache.read(slot())).toMatchObject({ entry: { value: 'before' } })
    await works(cache)
  })

  describe('promise 7: for as long as the page lives it is one in memory, and says why, where', () => {
    const gone: [string, string, object, () => unknown][] = [
      ['there is no IndexedDB', 'missing', {}, () => vi.stubGlobal('indexedDB', undefined)],
      [
        'it may not be used',
        'denied',
        { cause: { name: 'SecurityError' } },
        () =>
          vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
            throw new DOMException('not here', 'SecurityError')
          }),
      ],
      [
        'it is not granted in this kind of window',
        'denied',
        { cause: { name: 'InvalidStateError' } },
        () => vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => failedRequest('InvalidStateError')),
      ],
    ]
    test.each(gone)('%s', async (_, reason, error, take) => {
      const name = crypto.randomUUID()
      const cache = idbCache({ name })
      take()
      await works(cache)
      expect(cache).toMatchObject({ kind: 'memory', fault: { reason, error: { name: 'StorageError', reason, ...error } } })
      vi.restoreAllMocks()
      vi.unstubAllGlobals()
      await works(cache)
      expect(cache.kind).toBe('memory')
      expect(idbCache({ name })).toBe(cache)
      await expect(cache.purge('')).resolves.toBeUndefined()
      expect((await indexedDB.databases()).map((database) => database.name)).not.toContain(name)
    })
  })

  describe("promise 7: somebody else's database is left as it is, and one in memory takes its place", () => {
    test.each<[string, number, readonly string[]]>([
      ['of an older version', 1, ['theirs']],
      ['of an older version that has a store of ours, too', 1, ['slots', 'theirs']],
      ['of the same version', 2, ['theirs']],
      ['of a newer version', 3, ['entries', 'meta', 'state']],
    ])('%s', async (_, version, stores) => {
      const name = crypto.randomUUID()
      await makeDatabase(name, version, stores)
      const cache = idbCache({ name })
      await works(cache)
      expect(cache).toMatchObject({ kind: 'memory', fault: { reason: 'foreign', error: { name: 'StorageError' } } })
      // What they hold may be what was kept by a newer version of the app.
      await expect(cache.purge('')).rejects.toBe(cache.fault?.error)
      expect((await cache.read(slot())).entry).toBeUndefined()
      const database = await makeDatabase(name, version, [])
      expect([...database.objectStoreNames]).toEqual([...stores])
      const held = database.transaction(stores).objectStore(stores[0] ?? '')
      expect(await promisifyRequest(held.get('theirs'))).toBe('kept')
    })
  })

  test('what its first version has left is thrown away', async () => {
    const name = crypto.randomUUID()
    await makeDatabase(name, 1, ['slots'])
    await works(idbCache({ name }))
    expect([...(await makeDatabase(name, 2, [])).objectStoreNames]).toEqual(['entries', 'meta', 'state'])
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

async function rejectsAll(cache: Cache, error: object): Promise<void> {
  await expect(cache.read(slot())).rejects.toMatchObject(error)
  await expect(cache.fill(slot(), { value: 1, fetchedAt: 1, lease: [] })).rejects.toMatchObject(error)
  await expect(cache.invalidate({ scope: '', cacheKey: 'table' }, slot().tags)).rejects.toMatchObject(error)
  await expect(cache.purge('')).rejects.toMatchObject(error)
  expect(cache).toMatchObject({ kind: 'indexeddb', fault: undefined })
}

/** A call that throws instead of rejecting fails the test. */
async function expectRejection(call: () => Promise<unknown>): Promise<void> {
  const outcome = call().then(
    () => 'resolved',
    () => 'rejected',
  )
  expect(await outcome).toBe('rejected')
}

/** What is asked of one database from now on; others may be looked through meanwhile. */
function spyOnTransactions(name: string): () => unknown[] {
  const { mock } = vi.spyOn(IDBDatabase.prototype, 'transaction')
  return () => mock.calls.filter((_, index) => mock.contexts[index] instanceof IDBDatabase && mock.contexts[index].name === name)
}

/** The requests to a database from now on: other tests’ may still be at work. */
function spyOnRequests(name: string): () => readonly string[] {
  const calls: string[] = []
  for (const method of [
    'get',
    'getAll',
    'getAllKeys',
    'getKey',
    'openCursor',
    'openKeyCursor',
    'put',
    'add',
    'delete',
    'clear',
    'count',
  ] as const) {
    const call = IDBObjectStore.prototype[method]
    vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(function (this: IDBObjectStore, ...args: unknown[]) {
      if (this.transaction.db.name === name) calls.push(method === 'get' ? `get ${String(args[0])}` : method)
      return Reflect.apply(call, this, args)
    })
  }
  return () => calls
}

async function connectionOf(cache: Cache): Promise<IDBDatabase> {
  const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction')
  await cache.read(slot())
  const database = transaction.mock.contexts[0]
  transaction.mockRestore()
  if (!(database instanceof IDBDatabase)) throw new Error('it opened no transaction')
  return database
}

/** A request that fails as soon as somebody listens. */
function failedRequest(name: string): IDBOpenDBRequest {
  const request = Object.assign(new EventTarget(), { error: new DOMException('broken', name), onerror: (): void => undefined })
  queueMicrotask(() => request.onerror())
  return request as unknown as IDBOpenDBRequest
}

/** Each of these stores holds something. */
async function makeDatabase(name: string, version: number, stores: readonly string[]): Promise<IDBDatabase> {
  const request = indexedDB.open(name, version)
  request.addEventListener('upgradeneeded', () => {
    for (const store of stores) request.result.createObjectStore(store).put('kept', 'theirs')
  })
  const database = await promisifyRequest(request)
  onTestFinished(() => database.close())
  database.addEventListener('versionchange', () => database.close())
  return database
}

function deleteDatabase(name: string): Promise<void> {
  const request = indexedDB.deleteDatabase(name)
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve())
    request.addEventListener('blocked', () => reject(new Error(`${name} is in use`)))
    request.addEventListener('error', () => reject(new Error(`${name} could not be deleted`)))
  })
}
