import { promisifyRequest } from 'idb-keyval'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { cdp, server } from 'vitest/browser'
import type { StorageStatus } from './cache/safe-cache.ts'
import type * as Core from './index.ts'
import { durableQueue, idbCache, LiveTable, type LiveTableOptions } from './index.ts'
import { fakeMaster, items, type FakeMaster, type Item } from './testing/fake-master.ts'
import { makeGates } from './testing/gates.ts'
import { stopTime } from './testing/stop-time.ts'
import type { TraceEvent } from './trace.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('promise 7: the site’s data is deleted under the page', () => {
  const ways: [string, () => Promise<unknown>][] = [['by the server, with Clear-Site-Data', () => fetch('/__storage/clear')]]
  // Only the DevTools protocol can do as the user does.
  if (server.browser === 'chromium') ways.push(['by the user', deleteAsTheUser])

  test.each(ways)(
    'promises 2 and 7: %s: nobody hears of it, nothing from before is fresh, and what was under way fills nothing',
    async (_, clear) => {
      const gates = makeGates()
      const scope = crypto.randomUUID()
      let isHeld = false
      const step = async (name: string): Promise<void> => (isHeld ? gates.step(name) : undefined)
      const { table, master } = setUp(fakeMaster(items(3), { step, honoursIdempotencyKeys: true }), { queue: durableQueue({ scope }) })
      await expect
        .poll(async () => {
          await Promise.all([table.list({ page: 2 }), table.read(3)])
          const found = await Promise.allSettled([
            table.list({ page: 2 }, { cache: 'only-if-cached' }),
            table.read(3, { cache: 'only-if-cached' }),
          ])
          return found.map(({ status }) => status)
        })
        .toEqual(['fulfilled', 'fulfilled'])
      isHeld = true
      const under = [table.list({ page: 1 }), table.patch(1, { name: 'new' }), table.patch(2, { name: 'new' })]
      await expect.poll(() => gates.waiting).toEqual(expect.arrayContaining(['list 1 >', 'patch 1 >']))
      await gates.pass('list 1 >')
      await clear()
      // Whatever asks a database right now may wait for ever in this browser, so the test asks through the table only.
      await expect
        .poll(() => table.read(3, { cache: 'only-if-cached' }).catch((error: unknown) => error))
        .toMatchObject({ code: 'not-cached' })
      for (const read of [table.list({ page: 2 }, { cache: 'only-if-cached' }), table.read(3, { cache: 'only-if-cached' })]) {
        await expect(read).rejects.toMatchObject({ code: 'not-cached' })
      }
      await gates.open()
      await Promise.all(under)
      await table.read(9)
      await expect(table.list({ page: 1 }, { cache: 'only-if-cached' })).rejects.toMatchObject({ code: 'not-cached' })
      expect((await table.list({ page: 1 })).rows).toEqual([...master.rows.values()])
      master.calls.length = 0
      expect(await table.list({ page: 1 })).toMatchObject({ rows: [{ name: 'new' }, { name: 'new' }, {}], stale: false })
      expect(master.calls).toEqual([])
      expect(table.storageStatus.storage).toBe('indexeddb')
      // What is written from now on is kept again.
      await table.patch(3, { name: 'later' })
    },
  )
})

describe('promise 7: the database cannot be had', () => {
  test('promise 7: a tab with an older version of the app keeps it: the table works without at once, and with it once it is free', async () => {
    const name = crypto.randomUUID()
    const holder = await openRaw(name, 1, ['slots'])
    // No time passes: nothing waits for the storage to give up.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const { table, master, statuses, errors } = setUp(fakeMaster(items(3)), {}, name)
    await expectRightAnswers(table, master, 'blocked')
    vi.useRealTimers()
    expect(table.storageStatus).toMatchObject({ storage: 'degraded', reason: 'blocked', error: { name: 'StorageError' } })
    expect(errors().toSorted()).toEqual(['cache-invalidate', 'cache-open', 'cache-read'])
    holder.close()
    await expectKept(table, master)
    expect(statuses()).toMatchObject([{ storage: 'degraded', reason: 'blocked' }, { storage: 'indexeddb' }])
  })

  test('promise 7: another tab’s transaction does not end: a read waits 2 s once, and the cache is used again when it has', async () => {
    const { table, master, statuses, errors, name } = setUp()
    await expectKept(table, master)
    const free = await holdDisk(name)
    stopTime()
    const read = table.list({ page: 1 })
    await vi.advanceTimersByTimeAsync(2_000)
    expect((await read).rows).toEqual([...master.rows.values()])
    await expectRightAnswers(table, master, 'silent')
    expect(table.storageStatus).toMatchObject({ storage: 'degraded', reason: 'silent', error: { name: 'TimeoutError' } })
    expect(errors()).toEqual(['cache-read'])
    vi.useRealTimers()
    await free()
    await expectKept(table, master)
    expect(statuses().map(({ storage }) => storage)).toEqual(['degraded', 'indexeddb'])
  })

  test.each<[string, number, readonly string[]]>([
    ['somebody else’s', 1, ['theirs']],
    ['one of a newer version of the app', 3, ['entries', 'meta', 'state']],
  ])(
    'promise 7: there is %s in its place: the table works in memory, says so once, and leaves the other alone',
    async (_, version, stores) => {
      const name = crypto.randomUUID()
      const theirs = await openRaw(name, version, stores)
      theirs.close()
      const { table, master, statuses, errors } = setUp(fakeMaster(items(3)), {}, name)
      await expectKept(table, master)
      expect(statuses()).toMatchObject([{ storage: 'memory', reason: 'foreign' }])
      expect(errors()).toEqual([])
      expect((await openRaw(name, version, [])).objectStoreNames).toHaveLength(stores.length)
    },
  )

  test('promise 7: it is not granted, as in a sandboxed frame: the table works in memory, and a queue and a shared stream do no harm', async () => {
    const told = await runWithoutOrigin(async (core) => {
      const errors: string[] = []
      const scope = 'user'
      const table = new core.LiveTable({
        master: core.memoryTable([{ id: 1, name: 'old' }]),
        cacheKey: 'items',
        queue: core.durableQueue({ scope }),
        stream: core.sharedStream(core.manualStream(), { name: 'items' }),
        cache: core.idbCache({ persist: true }),
        trace: (event) => void (event.type === 'error' && errors.push(`${event.during} ${String(event.error)}`)),
      })
      table.subscribe(() => undefined)
      const first = await table.list({ page: 1 })
      const written = await table.patch(1, { name: 'new' })
      const inserted = await table.insert({ name: 'newer' })
      const second = await table.list({ page: 1 })
      const { stale } = await table.list({ page: 1 }, { cache: 'only-if-cached' })
      const { storage, reason, persisted } = table.storageStatus
      const purged = await table.purge().then(() => 'purged', String)
      return { rows: [first.rows, second.rows], written, inserted, stale, storage, reason, persisted, purged, errors }
    })
    expect(told).toMatchObject({
      rows: [[{ name: 'old' }], [{ name: 'new' }, { name: 'newer' }]],
      written: { id: 1, name: 'new' },
      inserted: { name: 'newer' },
      stale: false,
      storage: 'memory',
      reason: 'denied',
      persisted: false,
      purged: 'purged',
      errors: expect.not.arrayContaining([expect.stringContaining('cache-')]),
    })
  })
})

test('promise 7: what lies in the database and is not ours is a miss, never an error, and is swept out with the rest', async () => {
  const { table, master, errors, name } = setUp()
  await expectKept(table, master)
  const garbage = [null, 5, 'text', [], {}, new Map(), { value: 1 }, { byTag: 'x', all: 1 }, { size: NaN, usedAt: 'x', fetchedAt: {} }]
  const own = [
    ['', table.pageCacheKey(1)],
    ['', table.idCacheKey(1)],
  ]
  for (const value of garbage) {
    const database = await openRaw(name, 2, [])
    const transaction = database.transaction(['entries', 'meta', 'state'], 'readwrite')
    for (const store of ['entries', 'meta', 'state']) {
      for (const key of [...own, ['', 'items'], 'era', 1, 'x', ['', 7], [['']], new Date(0)]) transaction.objectStore(store).put(value, key)
    }
    await promisifyRequest(transaction)
    database.close()
    await expectRightAnswers(table, master, JSON.stringify(value))
    await expectKept(table, master)
  }
  expect(errors()).toEqual([])
  expect(table.storageStatus.storage).toBe('indexeddb')
})

function setUp(
  master: FakeMaster = fakeMaster(items(3)),
  options: Partial<LiveTableOptions<Item>> = {},
  name: string = crypto.randomUUID(),
) {
  const events: TraceEvent[] = []
  const trace = (event: TraceEvent): number => events.push(event)
  const table = new LiveTable<Item>({
    master,
    cacheKey: 'items',
    pageSize: master.rows.size > 3 ? 1 : 3,
    cache: idbCache({ name }),
    trace,
    ...options,
  })
  onTestFinished(() => table.close())
  return {
    table,
    master,
    name,
    statuses: (): StorageStatus[] => events.flatMap((event) => (event.type === 'storage' ? event.status : [])),
    errors: (): string[] => events.flatMap((event) => (event.type === 'error' ? event.during : [])),
  }
}

async function expectRightAnswers(table: LiveTable<Item>, master: FakeMaster, name: string): Promise<void> {
  await table.patch(1, { name })
  for (const round of [1, 2]) {
    const [page, row] = await Promise.all([table.list({ page: 1 }), table.read(1)])
    expect({ round, page }).toMatchObject({ page: { rows: [...master.rows.values()], stale: false } })
    expect(row).toMatchObject({ row: { id: 1, name }, stale: false })
  }
}

/** It comes to keep what is read, by itself. */
async function expectKept(table: LiveTable<Item>, master: FakeMaster): Promise<void> {
  await expect
    .poll(async () => {
      await Promise.all([table.list({ page: 1 }), table.read(1)])
      master.calls.length = 0
      await Promise.all([table.list({ page: 1 }), table.read(1)])
      return master.calls
    })
    .toEqual([])
}

async function deleteAsTheUser(): Promise<void> {
  const session: { send?: (method: string, parameters: object) => Promise<unknown> } = cdp()
  await session.send?.('Storage.clearDataForOrigin', { origin: location.origin, storageTypes: 'indexeddb' })
}

/** A connection that gives way to nobody. */
function openRaw(name: string, version: number, stores: readonly string[]): Promise<IDBDatabase> {
  const request = indexedDB.open(name, version)
  request.addEventListener('upgradeneeded', () => {
    for (const store of stores) request.result.createObjectStore(store)
  })
  return promisifyRequest(request)
}

/** Keeps all others from the database until the returned function is called. */
async function holdDisk(name: string): Promise<() => Promise<void>> {
  const database = await openRaw(name, 2, [])
  const transaction = database.transaction(['entries', 'meta', 'state'], 'readwrite')
  let isOver = false
  const goOn = (): void => {
    if (!isOver) transaction.objectStore('state').get('era').addEventListener('success', goOn)
  }
  goOn()
  return async () => {
    isOver = true
    await promisifyRequest(transaction)
    database.close()
  }
}

/** Runs something in a page without an origin, to which no storage, lock or channel is granted. */
function runWithoutOrigin(work: (core: typeof Core) => Promise<unknown>): Promise<unknown> {
  const frame = document.createElement('iframe')
  frame.setAttribute('sandbox', 'allow-scripts')
  const tell = (what: string): string => `(told) => parent.postMessage({ ${what}: told }, '*')`
  const url = JSON.stringify(new URL('./index.ts', import.meta.url).href)
  frame.srcdoc = `<script type="module">
    import(${url}).then(${work.toString()}).then(${tell('result')}, (error) => (${tell('error')})(String(error)))
    addEventListener('unhandledrejection', ({ reason }) => (${tell('error')})('unhandled: ' + reason))
  </script>`
  return new Promise((resolve, reject) => {
    const hear = ({ source, data }: MessageEvent<{ result?: unknown; error?: string }>): void => {
      if (source !== frame.contentWindow) return
      if (data.error === undefined) resolve(data.result)
      else reject(new Error(data.error))
    }
    addEventListener('message', hear)
    onTestFinished(() => {
      removeEventListener('message', hear)
      frame.remove()
    })
    document.body.append(frame)
  })
}
