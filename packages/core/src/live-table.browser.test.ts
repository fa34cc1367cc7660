import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { IdbCacheOptions } from './cache/indexeddb.ts'
import type { StorageStatus } from './cache/safe-cache.ts'
import type { StorageReason } from './errors.ts'
import { idbCache, LiveTable, memoryCache, type LiveTableOptions } from './index.ts'
import { fakeMaster, items, type FakeMaster, type Item } from './testing/fake-master.ts'
import { makeGates } from './testing/gates.ts'
import { stopTime } from './testing/stop-time.ts'
import { openTab } from './testing/tab.ts'
import type { TraceEvent } from './trace.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

describe('after a reload', () => {
  test('what was fresh is fresh still, and nothing is asked of the master', async () => {
    const name = crypto.randomUUID()
    const master = fakeMaster(items(3))
    const before = await readEverything(liveTable(master, name))
    master.calls.length = 0
    const tab = await anotherTab(master, name)
    expect(await readEverything(tab)).toEqual(before)
    expect(master.calls).toEqual([])
  })

  test('promise 8: with the master gone, the last known rows are there, stale, with their age and the error', async () => {
    const name = crypto.randomUUID()
    const master = fakeMaster(items(3))
    const first = liveTable(master, name)
    const [{ fetchedAt }] = await readEverything(first)
    await first.invalidate()
    const offline = new Error('offline')
    master.failing = () => offline
    const tab = await anotherTab(master, name)
    expect(await tab.list({ page: 1 }, { cache: 'force-cache' })).toMatchObject({ rows: items(3), total: 3, fetchedAt, stale: true })
    expect(await tab.list({ page: 1 })).toMatchObject({ rows: items(3), total: 3, fetchedAt, stale: true, error: offline })
    expect(await tab.read('1')).toMatchObject({ row: items(1)[0], stale: true, error: offline })
  })

  test('promise 1: what was written before it is seen', async () => {
    const name = crypto.randomUUID()
    const master = fakeMaster(items(3))
    const first = liveTable(master, name)
    await readEverything(first)
    await first.patch(1, { name: 'new' })
    const tab = await anotherTab(master, name)
    expect((await tab.list({ page: 1 })).rows[0]?.name).toBe('new')
    expect((await tab.get(1))?.name).toBe('new')
  })

  test('promise 10: an id may hold any character', async () => {
    const name = crypto.randomUUID()
    const rows = ['a/b', '50%', '🥐', '\ud83e', '"', "'", '\0', '__proto__'].map((id) => ({ id, name: `name of ${id}` }))
    const master = fakeMaster(rows)
    const first = liveTable(master, name)
    for (const { id } of rows) await first.get(id)
    await first.patch('🥐', { name: 'new' })
    const tab = await anotherTab(master, name)
    master.calls.length = 0
    for (const row of rows) expect(await tab.get(row.id)).toEqual(row.id === '🥐' ? { id: '🥐', name: 'new' } : row)
    expect(master.calls).toEqual(['get 🥐'])
  })
})

describe('two tabs', () => {
  test('promise 1: once a write of one has resolved, no read of the other that starts later is from before it', async () => {
    const { tabs } = await twoTabs(fakeMaster(items(3)))
    for (let round = 0; round < 40; round += 1) {
      const [writer, reader] = round % 2 === 0 ? tabs : tabs.toReversed()
      const name = `round ${round}`
      // Reads that race with the write may see either; the ones after it may not.
      const racing = [
        reader?.list({ page: 1 }),
        reader?.get(1),
        writer?.list({ page: 1 }),
        reader?.view({ where: { id: 1 } }).list({ page: 1 }),
      ]
      await writer?.patch(1, { name })
      const after = await Promise.all([
        reader?.list({ page: 1 }).then(({ rows }) => rows[0]?.name),
        reader?.get(1).then((row) => row?.name),
        writer?.list({ page: 1 }).then(({ rows }) => rows[0]?.name),
        reader
          ?.view({ where: { id: 1 } })
          .list({ page: 1 })
          .then(({ rows }) => rows[0]?.name),
      ])
      expect(after).toEqual([name, name, name, name])
      await Promise.all(racing)
    }
  })

  test('promise 2: a read of one that a write of the other overtook leaves no fresh slot behind, and is told of it', async () => {
    const gates = makeGates()
    const master = fakeMaster(items(3), { step: gates.step })
    const { tabs } = await twoTabs(master)
    const [writer, reader] = tabs
    const told: string[] = []
    reader.subscribe(({ type }) => told.push(type))
    const before = Promise.all([reader.list({ page: 1 }), reader.read(1)])
    await expect.poll(() => gates.waiting).toEqual(['list 1 >', 'get 1 >'])
    await gates.pass('list 1 >')
    await gates.pass('get 1 >')
    const written = writer.patch(1, { name: 'new' })
    await gates.pass('patch 1 >')
    await gates.pass('patch 1 <')
    await written
    await gates.open()
    const [page, row] = await before
    expect(page).toMatchObject({ rows: items(3) })
    expect(row).toMatchObject({ row: items(1)[0] })
    await expect.poll(() => told).toContain('invalidated')
    master.calls.length = 0
    for (const tab of tabs) {
      expect(await tab.list({ page: 1 })).toMatchObject({ rows: [{ name: 'new' }, {}, {}], stale: false })
      expect(await tab.get(1)).toMatchObject({ name: 'new' })
      // Answers are written in a task of their own. A tab reads after its own writes, so here they are on disk.
      await tab.read(1, { cache: 'only-if-cached' })
    }
    // What the first of them asked for, the second found.
    expect(master.calls).toEqual(['list 1', 'get 1'])
  })

  test('promise 13: what one of them invalidates or writes, the others are told of, without any stream', async () => {
    const { tabs } = await twoTabs(fakeMaster(items(3)))
    const [writer, other] = tabs
    const told: unknown[] = []
    other.subscribe((change) => told.push(change))
    await writer.invalidate()
    await expect.poll(() => told).toEqual([{ type: 'invalidated', rows: 'all' }])
    await writer.insert({ id: 9, name: 'new' })
    await writer.delete(9)
    await expect.poll(() => told.slice(1)).toEqual(['9', '9'].map((id) => ({ type: 'invalidated', rows: [id] })))
    const row = await writer.patch(1, { name: 'new' })
    await expect.poll(() => told.slice(3)).toEqual([{ type: 'invalidated', rows: ['1'], update: { id: '1', row } }])
    expect(other.pageAfter(await other.list({ page: 1 }), { type: 'invalidated', rows: ['1'], update: { id: '1', row } })?.rows[0]).toEqual(
      row,
    )
  })

  test('promise 13: also where they share no cache: what the other has cached is stale', async () => {
    const master = fakeMaster(items(3))
    const cacheKey = crypto.randomUUID()
    const [writer, other] = [1, 2].map(() => new LiveTable<Item>({ master, cacheKey, cache: memoryCache() }))
    await other?.list({ page: 1 })
    await writer?.patch(1, { name: 'new' })
    await expect.poll(async () => (await other?.list({ page: 1 }))?.rows[0]?.name).toBe('new')
  })

  test('promise 13: a row of another version of the app is asked for, and not taken from its tab', async () => {
    const name = crypto.randomUUID()
    const master = fakeMaster(items(3))
    const [writer, same, older] = [2, 2, 1].map((version) => liveTable(master, name, { version }))
    const told: Record<string, unknown[]> = { same: [], older: [] }
    same?.subscribe((change) => told['same']?.push(change))
    older?.subscribe((change) => told['older']?.push(change))
    const row = await writer?.patch(1, { name: 'new' })
    const all = { type: 'invalidated', rows: ['1'] }
    await expect.poll(() => told).toEqual({ same: [{ ...all, update: { id: '1', row } }], older: [{ ...all, update: undefined }] })
    expect((await older?.list({ page: 1 }))?.rows[0]).toEqual(row)
  })

  test('promise 13: a closed table tells nothing, and is told of nothing', async () => {
    const master = fakeMaster(items(3))
    const cacheKey = crypto.randomUUID()
    const [closed, other] = [1, 2].map(() => new LiveTable<Item>({ master, cacheKey, cache: memoryCache() }))
    const told: unknown[] = []
    closed?.subscribe((change) => told.push(change))
    closed?.close()
    const channel = new BroadcastChannel(`vantage-live/tabs/1/["","${cacheKey}"]`)
    onTestFinished(() => channel.close())
    const heard = new Promise((resolve) => channel.addEventListener('message', ({ data }) => resolve(data)))
    await other?.invalidate()
    expect(await heard).toMatchObject({ rows: 'all', isStored: false })
    expect(told).toEqual([])
  })

  test('promise 2: whatever races in two tabs, at rest nothing is fresh but what the master has', async () => {
    const master = fakeMaster(items(3), { step: () => soon() })
    const { tabs } = await twoTabs(master)
    for (let round = 0; round < 15; round += 1) {
      await Promise.all(
        tabs.flatMap((tab, index) => [
          soon().then(() => tab.list({ page: 1 })),
          soon().then(() => tab.patch(1 + (round % 3), { name: `round ${round}, tab ${index}` })),
          soon().then(() => tab.get(1 + (round % 3))),
          soon().then(() => tab.count()),
          soon().then(() => tab.list({ page: 1 })),
        ]),
      )
      for (const tab of tabs) {
        const page = await tab.list({ page: 1 }, { cache: 'force-cache' })
        if (!page.stale) expect(page.rows).toEqual([...master.rows.values()])
        expect((await tab.list({ page: 1 })).rows).toEqual([...master.rows.values()])
        expect(await tab.get(1 + (round % 3))).toEqual(master.rows.get(`${1 + (round % 3)}`))
      }
    }
  })

  test('promise 17: what one writes leaves the rows it did not touch fresh in the other', async () => {
    const master = fakeMaster(items(3))
    const { tabs } = await twoTabs(master)
    const [writer, reader] = tabs
    await Promise.all([reader.get(1), reader.get(2)])
    await writer.delete(1)
    master.calls.length = 0
    expect(await Promise.all([reader.get(1), reader.get(2)])).toMatchObject([undefined, { id: 2 }])
    expect(master.calls).toEqual(['get 1'])
  })
})

describe('promise 7: IndexedDB', () => {
  test('promise 7: is not there when the table is made: it works, and keeps what it read in memory', async () => {
    vi.stubGlobal('indexedDB', undefined)
    const events: TraceEvent[] = []
    const master = fakeMaster(items(3))
    const table = new LiveTable({ master, cacheKey: 'items', trace: (event) => events.push(event) })
    await table.list({ page: 1 })
    expect((await table.list({ page: 1 })).rows).toEqual(items(3))
    expect(events.map((event) => ('cache' in event ? `${event.type} ${event.cache}` : event.type))).toEqual([
      'miss memory',
      'answer',
      'fill',
      'hit memory',
    ])
  })

  test.each<[string, () => unknown, StorageReason]>([
    ['goes away', () => vi.stubGlobal('indexedDB', undefined), 'missing'],
    [
      'may not be used',
      () =>
        failOpening(() => {
          throw new DOMException('denied', 'SecurityError')
        }),
      'denied',
    ],
  ])('promise 7: %s: all answers are right, and it keeps what it read in memory, which it says once', async (_, fail, reason) => {
    const master = fakeMaster(items(3))
    const events: TraceEvent[] = []
    const told: string[] = []
    fail()
    const table = liveTable(master, crypto.randomUUID(), { trace: (event) => events.push(event) })
    table.subscribe(({ type }) => told.push(type))
    await expectRightAnswers(table, 'failing')
    master.calls.length = 0
    await readEverything(table)
    expect(master.calls).toEqual([])
    expect(events.filter(({ type }) => type === 'error')).toEqual([])
    expect(statusesOf(events)).toMatchObject([{ storage: 'memory', reason, error: { name: 'StorageError', reason } }])
    expect(table.storageStatus).toMatchObject({ storage: 'memory', reason })
    expect(told.filter((type) => type === 'status')).toHaveLength(1)
  })

  test('promise 7: fails to open: all answers are right, the errors are told once, and it is used again when it is back', async () => {
    const master = fakeMaster(items(3))
    const events: TraceEvent[] = []
    failOpening(() => rejectedRequest())
    const table = liveTable(master, crypto.randomUUID(), { trace: (event) => events.push(event) })
    await expectRightAnswers(table, 'failing')
    await expectRightAnswers(table, 'failing still')
    expect(events.flatMap((event) => (event.type === 'error' ? event.during : [])).toSorted()).toEqual([
      'cache-invalidate',
      'cache-open',
      'cache-read',
    ])
    expect(table.storageStatus).toMatchObject({ storage: 'degraded', reason: 'failed', error: { cause: { name: 'UnknownError' } } })
    vi.restoreAllMocks()
    await expectRightAnswers(table, 'working')
    master.calls.length = 0
    await readEverything(table)
    expect(master.calls).toEqual([])
    expect(statusesOf(events)).toMatchObject([{ storage: 'degraded' }, { storage: 'indexeddb' }])
  })

  test('promise 7: never answers: a read waits 2 s once, and all answers are right', async () => {
    stopTime()
    failOpening(() => new EventTarget())
    const table = liveTable(fakeMaster(items(3)), crypto.randomUUID())
    const first = table.list({ page: 1 })
    await vi.advanceTimersByTimeAsync(1_999)
    const isAnswered = vi.fn<() => void>()
    void first.then(isAnswered)
    await vi.advanceTimersByTimeAsync(0)
    expect(isAnswered).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect((await first).rows).toEqual(items(3))
    await expectRightAnswers(table, 'stuck')
  })

  test('promise 7: is blocked by somebody else: the table works without, and with it once it is free', async () => {
    const name = crypto.randomUUID()
    const holder = await openRaw(name)
    const deleted = deleteDatabase(name)
    stopTime()
    const master = fakeMaster(items(3))
    const table = liveTable(master, name)
    const first = table.list({ page: 1 })
    await vi.advanceTimersByTimeAsync(2_000)
    expect((await first).rows).toEqual(items(3))
    await expectRightAnswers(table, 'blocked')
    vi.useRealTimers()
    holder.close()
    await deleted
    await expect
      .poll(async () => {
        await readEverything(table)
        master.calls.length = 0
        await readEverything(table)
        return master.calls
      })
      .toEqual([])
    await expectRightAnswers(table, 'free')
  })

  test('promise 7: is deleted under way: all answers are right, before and after', async () => {
    const name = crypto.randomUUID()
    const master = fakeMaster(items(3))
    const { tabs } = await twoTabs(master, name)
    for (const round of [1, 2, 3]) {
      for (const tab of tabs) await expectRightAnswers(tab, `before ${round}`)
      await Promise.all([deleteDatabase(name), ...tabs.map((tab) => expectRightAnswers(tab, undefined))])
      for (const tab of tabs) await expectRightAnswers(tab, `after ${round}`)
    }
  })

  test('promise 7: is full: writes go through, nothing from before them is fresh, and other tabs learn of it once there is room', async () => {
    const master = fakeMaster(items(3))
    const { tabs } = await twoTabs(master)
    const [table, other] = tabs
    await readEverything(other)
    const put = IDBObjectStore.prototype.put
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, ...args) {
      const request = put.apply(this, args)
      this.transaction.abort()
      return request
    })
    await expectRightAnswers(table, 'full')
    vi.restoreAllMocks()
    await table.list({ page: 1 })
    expect((await other.list({ page: 1 })).rows).toEqual([...master.rows.values()])
    expect(await other.get(1)).toEqual(master.rows.get('1'))
  })

  test('promise 7: holds something else where a page should be: it is a miss', async () => {
    const name = crypto.randomUUID()
    const table = liveTable(fakeMaster(items(3)), name)
    await readEverything(table)
    const database = await openRaw(name)
    const store = database.transaction('entries', 'readwrite').objectStore('entries')
    for (const key of [table.pageCacheKey(1), table.idCacheKey(1)])
      store.put({ value: 'garbage', fetchedAt: 1, lease: [undefined] }, ['', key])
    await new Promise((resolve) => store.transaction.addEventListener('complete', resolve))
    await expectRightAnswers(table, 'garbage')
    database.close()
  })
})

function liveTable(master: FakeMaster, name: string, options: Partial<LiveTableOptions<Item>> = {}): LiveTable<Item> {
  return new LiveTable({ master, cacheKey: 'items', cache: idbCache({ name }), ...options })
}

/** The same table in another tab, over the same database. */
async function anotherTab(master: FakeMaster, name: string): Promise<LiveTable<Item>> {
  const { exports, close } = await openTab<{
    readonly LiveTable: typeof LiveTable
    readonly idbCache: (options: IdbCacheOptions) => ReturnType<typeof idbCache>
  }>(new URL('./index.ts', import.meta.url).href)
  onTestFinished(close)
  return new exports.LiveTable({ master, cacheKey: 'items', cache: exports.idbCache({ name }) })
}

async function twoTabs(master: FakeMaster, name: string = crypto.randomUUID()) {
  const tabs: readonly [LiveTable<Item>, LiveTable<Item>] = [liveTable(master, name), await anotherTab(master, name)]
  return { tabs }
}

function readEverything(table: LiveTable<Item>) {
  return Promise.all([table.list({ page: 1 }), table.read(1), table.count()])
}

/** Writes, if there is something to write, and reads it back. */
async function expectRightAnswers(table: LiveTable<Item>, name: string | undefined): Promise<void> {
  await readEverything(table)
  if (name === undefined) return
  await table.patch(1, { name })
  const [page, row, count] = await readEverything(table)
  expect(page).toMatchObject({ rows: [{ id: 1, name }, { id: 2 }, { id: 3 }], stale: false })
  expect(row).toMatchObject({ row: { id: 1, name }, stale: false })
  expect(count).toBe(3)
}

function statusesOf(events: readonly TraceEvent[]): StorageStatus[] {
  return events.flatMap((event) => (event.type === 'storage' ? event.status : []))
}

function failOpening(open: () => unknown): void {
  vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => open() as IDBOpenDBRequest)
}

/** A request that fails as soon as somebody listens. */
function rejectedRequest() {
  const request = Object.assign(new EventTarget(), { error: new DOMException('broken', 'UnknownError'), onerror: (): void => undefined })
  queueMicrotask(() => request.onerror())
  return request
}

function openRaw(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name)
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(new Error(`${name} could not be opened`)))
  })
}

function deleteDatabase(name: string): Promise<void> {
  const request = indexedDB.deleteDatabase(name)
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve())
    request.addEventListener('error', () => reject(new Error(`${name} could not be deleted`)))
  })
}

/** Some time from now, by real time: what happens first is not known. */
function soon(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.random() * 6)
  })
}
