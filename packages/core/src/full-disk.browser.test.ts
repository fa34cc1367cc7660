import { promisifyRequest } from 'idb-keyval'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { cdp, server } from 'vitest/browser'
import type { StorageStatus } from './cache/safe-cache.ts'
import type * as Core from './index.ts'
import { durableQueue, idbCache, LiveTable, noCache } from './index.ts'
import { fakeMaster, items, type FakeMaster, type Item } from './testing/fake-master.ts'
import { makeGates } from './testing/gates.ts'
import { openTab } from './testing/tab.ts'
import type { TraceEvent } from './trace.ts'

// A full disk for real. WebKitGTK grants each origin 1 GB, and nothing changes that: `idb-database.browser.test.ts` has its errors.

/** A disk with room for about 16 rows. */
interface SmallDisk {
  /** In bytes. */
  readonly rowSize: number
  readonly limit: () => Promise<unknown>
  /** Takes some of the room, which `free` gives back. */
  readonly reserve: () => Promise<unknown>
  /** Leaves no room for anything at all, and tells whether it can. */
  readonly exhaust: () => Promise<boolean>
  /** There is room for some more rows. */
  readonly free: () => Promise<unknown>
}

/** Chromium is told by the DevTools protocol how much this origin may store. */
const chromiumDisk: SmallDisk = {
  rowSize: 60_000,
  async limit() {
    await send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000_000 })
    // The browser goes by what it knew of the room before, unless it begins anew.
    await send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' })
  },
  reserve: async () => undefined,
  async exhaust() {
    await send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 })
    return true
  },
  free: () => send('Storage.overrideQuotaForOrigin', { origin }),
}

/** Firefox is started with a quota of 10 MB, less than which it grants to no site. */
const firefoxDisk: SmallDisk = {
  rowSize: 450_000,
  limit: deleteDatabases,
  async reserve() {
    const database = await openRaw(fillerName)
    const transaction = database.transaction('values', 'readwrite')
    for (let key = 0; key < 6; key += 1) transaction.objectStore('values').put(randomText(500_000), key)
    await promisifyRequest(transaction)
    database.close()
  },
  exhaust: async () => false,
  free: () => deleteDatabase(fillerName),
}

const { origin } = location
const fillerName = 'somebody else’s'
/** Those that the tests make: on a full disk Firefox may refuse to list them, and goes on doing so. */
const databases = new Set([fillerName, 'vantage-live-writes'])
const disk = server.browser === 'chromium' ? chromiumDisk : firefoxDisk

beforeEach(async () => {
  // Tables are closed before this, because the hook that is registered last runs first.
  onTestFinished(async () => {
    await disk.free()
    await deleteDatabases()
  })
  await disk.limit()
})

describe('promise 7: the disk is full', { timeout: 120_000 }, () => {
  test('promise 7: what was not used for the longest time gives way, and nobody hears of it', async () => {
    const { table, master, statuses, errors } = setUp(bigMaster(30))
    for (let page = 1; page <= 30; page += 1) {
      await table.list({ page })
      await table.list({ page: 3 }, { cache: page < 3 ? 'default' : 'only-if-cached' })
      // Where room has to be made first it takes longer.
      await expect.poll(() => cachedPages(table, page)).toContain(page)
    }
    const kept = await cachedPages(table, 30)
    expect(kept.slice(-3)).toEqual([28, 29, 30])
    expect(kept).toContain(3)
    expect(kept.length).toBeLessThan(20)
    expect(kept).not.toContain(1)
    expect([statuses(), errors()]).toEqual([[], []])
    expect(master.calls).toHaveLength(30)
  })

  test('promises 1 and 7: where nothing may go it says so once, goes on with what is cached, and comes back when there is room', async () => {
    const { table, master, statuses, errors, name } = setUp(bigMaster(30))
    await disk.reserve()
    for (let page = 1; page <= 30; page += 1) {
      onTestFinished(table.pinPage(page))
      await table.list({ page })
      await table.list({ page: 1 })
    }
    expect(statuses()[0]).toMatchObject({ storage: 'degraded', reason: 'full', error: { name: 'QuotaExceededError' } })
    // In Firefox one that is a little smaller may fit, and the next one fail again.
    expect(errors()).toEqual(statuses().flatMap(({ storage }) => (storage === 'degraded' ? 'cache-fill' : [])))
    const kept = await cachedPages(table, 30)
    expect(kept.length).toBeGreaterThan(5)
    expect(kept.length).toBeLessThan(20)
    // Now not even an invalidation finds room.
    const isExhausted = await disk.exhaust()
    await table.list({ page: 30 })
    // It comes after the fill, which finds out that there is no room at all.
    await cachedPages(table, 30)
    await table.patch(1, { name: 'new' })
    expect(await table.list({ page: 1 })).toMatchObject({ rows: [{ id: 1, name: 'new' }], stale: false })
    expect(await table.list({ page: 1 })).toMatchObject({ rows: [{ id: 1, name: 'new' }], stale: false })
    expect(errors().includes('cache-invalidate')).toBe(isExhausted)
    expect(await table.list({ page: kept.at(-1) ?? 0 }, { cache: 'only-if-cached' })).toMatchObject({ rows: [{ id: kept.at(-1) }] })
    await disk.free()
    await expect
      .poll(async () => {
        await Promise.all([table.list({ page: 1 }), table.list({ page: 30 })])
        return table.storageStatus.storage
      })
      .toBe('indexeddb')
    master.calls.length = 0
    for (const page of [1, 30]) await table.list({ page })
    expect(master.calls).toEqual([])
    const other = await openInTab(master, name)
    expect(await other.list({ page: 1 })).toMatchObject({ rows: [{ id: 1, name: 'new' }] })
    expect(statuses().at(-1)?.storage).toBe('indexeddb')
  })

  test('promise 7: writes that do not fit go through all the same, those that fit are kept, and all of it is told', async () => {
    const place = { scope: crypto.randomUUID(), cacheKey: 'items' }
    const { table, gates, errors } = writing(place)
    const outcomes = Promise.all(Array.from({ length: 20 }, (_, index) => table.patch(index + 1, { name: randomText(3 * disk.rowSize) })))
    outcomes.catch(() => undefined)
    // Nothing is sent before it is kept, or has failed to be.
    await expect.poll(() => gates.waiting).toEqual(['patch 1 >'])
    await expect.poll(() => errors().length).toBeGreaterThan(5)
    const kept = (await keptIds(place)).length
    expect(kept).toBeGreaterThan(1)
    expect(kept).toBeLessThan(20)
    await gates.open()
    await outcomes
    // Not even a deletion may find room on a full disk. It is made up for with the next write.
    await disk.free()
    await expect
      .poll(async () => {
        await table.patch(1, { name: 'small' })
        return keptIds(place)
      })
      .toEqual([])
  })

  test('promise 7: what another tab has left behind is taken over as a whole, or stays where it is', async () => {
    const place = { scope: crypto.randomUUID(), cacheKey: 'items' }
    const left = ['1', '2', '3', '4', '5']
    const { exports, close } = await openTab<typeof Core>(new URL('./index.ts', import.meta.url).href)
    const tab = new exports.LiveTable<Item>({
      master: fakeMaster(items(20), { step: () => new Promise(() => undefined) }),
      cacheKey: place.cacheKey,
      queue: exports.durableQueue({ scope: place.scope }),
    })
    for (const id of left) tab.patch(id, { name: randomText(disk.rowSize) }).catch(() => undefined)
    await expect.poll(() => keptIds(place)).toEqual(left)
    await fillUp()
    close()
    const { table, gates, errors } = writing(place)
    // Nothing of its own is sent before it has looked for what others left.
    const own = table.patch(19, { name: 'mine' })
    await expect.poll(() => gates.waiting).not.toEqual([])
    const isTakenOver = table.pending.length > 1
    if (!isTakenOver) expect(errors()).toContain('QuotaExceededError')
    expect((await keptIds(place)).filter((id) => id !== 19)).toEqual(left)
    await gates.open()
    await own
    await disk.free()
    document.dispatchEvent(new Event('visibilitychange'))
    await expect.poll(() => keptIds(place)).toEqual([])
  })
})

function setUp(master: FakeMaster) {
  const events: TraceEvent[] = []
  const name = crypto.randomUUID()
  databases.add(name)
  const trace = (event: TraceEvent): number => events.push(event)
  const table = new LiveTable<Item>({ master, cacheKey: 'items', pageSize: 1, cache: idbCache({ name }), trace })
  onTestFinished(() => table.close())
  return {
    table,
    master,
    name,
    statuses: (): StorageStatus[] => events.flatMap((event) => (event.type === 'storage' ? event.status : [])),
    errors: (): string[] => events.flatMap((event) => (event.type === 'error' ? event.during : [])),
  }
}

interface Place {
  readonly scope: string
  readonly cacheKey: string
}

/** A table that keeps its writes on disk, over a master that answers when it is told to. */
function writing({ scope, cacheKey }: Place) {
  const gates = makeGates()
  const events: TraceEvent[] = []
  const trace = (event: TraceEvent): number => events.push(event)
  const master = fakeMaster(items(20), { step: gates.step, honoursIdempotencyKeys: true })
  const table = new LiveTable<Item>({ master, cacheKey, queue: durableQueue({ scope }), cache: noCache(), trace })
  onTestFinished(() => table.close())
  const errors = (): unknown[] =>
    events.flatMap((event) =>
      event.type === 'error' && event.during === 'write-storage' && event.error instanceof Error ? event.error.name : [],
    )
  return { table, gates, errors }
}

/** The ids of the rows whose changes are on disk, in their order. */
async function keptIds({ scope, cacheKey }: Place): Promise<unknown[]> {
  const database = await openRaw('vantage-live-writes', 'writes')
  const range = IDBKeyRange.bound([scope, cacheKey], [scope, cacheKey, []])
  const found = await promisifyRequest<Core.StoredWrite[]>(database.transaction('writes').objectStore('writes').getAll(range))
  database.close()
  return found.toSorted((a, b) => a.order - b.order).map(({ change }) => ('id' in change ? change.id : undefined))
}

async function openInTab(master: FakeMaster, name: string): Promise<LiveTable<Item>> {
  const { exports, close } = await openTab<typeof Core>(new URL('./index.ts', import.meta.url).href)
  onTestFinished(close)
  return new exports.LiveTable<Item>({ master, cacheKey: 'items', pageSize: 1, cache: exports.idbCache({ name }) })
}

function bigMaster(count: number): FakeMaster {
  return fakeMaster(items(count).map((item) => ({ ...item, status: randomText(disk.rowSize) })))
}

/** It cannot be compressed. */
function randomText(length: number): string {
  const bytes = new Uint8Array(length)
  for (let start = 0; start < length; start += 65_536) crypto.getRandomValues(bytes.subarray(start, start + 65_536))
  return Array.from(bytes, (byte) => String.fromCodePoint(32 + (byte % 90))).join('')
}

async function cachedPages(table: LiveTable<Item>, count: number): Promise<number[]> {
  const pages = Array.from({ length: count }, (_, index) => index + 1)
  const found = await Promise.all(
    pages.map((page) =>
      table.list({ page }, { cache: 'only-if-cached' }).then(
        () => page,
        () => [],
      ),
    ),
  )
  return found.flat()
}

/** Takes what room there is for somebody else’s database. */
async function fillUp(): Promise<void> {
  for (const size of [disk.rowSize, disk.rowSize / 10]) {
    for (let isFull = false; !isFull;) {
      // After a failure Firefox refuses the next write over the same connection.
      const database = await openRaw(fillerName)
      const transaction = database.transaction('values', 'readwrite')
      transaction.objectStore('values').put(randomText(size), crypto.randomUUID())
      isFull = await promisifyRequest(transaction).then(
        () => false,
        () => true,
      )
      database.close()
    }
  }
}

async function openRaw(name: string, store: string = 'values'): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1)
  request.addEventListener('upgradeneeded', () => request.result.createObjectStore(store))
  const database = await promisifyRequest(request)
  database.addEventListener('versionchange', () => database.close())
  return database
}

async function deleteDatabases(): Promise<void> {
  for (const name of databases) await deleteDatabase(name)
}

async function deleteDatabase(name: string): Promise<void> {
  const request = indexedDB.deleteDatabase(name)
  await promisifyRequest(request).catch((error: unknown) => {
    throw new Error(`${name} could not be deleted`, { cause: error })
  })
}

async function send(method: string, parameters: object): Promise<unknown> {
  const session: { send?: (method: string, parameters: object) => Promise<unknown> } = cdp()
  return session.send?.(method, parameters)
}
