import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Cache } from './cache/cache.ts'
import { memoryCache } from './cache/memory.ts'
import { noCache } from './cache/none.ts'
import { AnswerError, ArgumentError, ClosedError, EventError, LiveError, NotCachedError } from './errors.ts'
import { LiveTable } from './live-table.ts'
import type { LiveTableOptions } from './live-table-options.ts'
import { manualStream } from './stream/manual.ts'
import type { LiveStream } from './stream/stream.ts'
import type { TableChange } from './table/table.ts'
import { settle } from './testing/deferred.ts'
import { fakeMaster, items, type FakeMaster, type Item } from './testing/fake-master.ts'
import { makeGates } from './testing/gates.ts'
import { moodyCache, type CacheMethod, type Mood } from './testing/moody-cache.ts'
import type { TraceEvent } from './trace.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('promise 1', () => {
  test('promise 1: once a write has resolved, nothing from before it is fresh, in any tab and any view', async () => {
    const master = fakeMaster(items(3))
    const cache = memoryCache()
    const tabs = [liveTable(master, { cache }), liveTable(master, { cache })]
    const readers = tabs.flatMap((tab) => [
      async () => (await tab.list({ page: 1 })).rows[0]?.name,
      async () => (await tab.list({ page: 1, pageSize: 2 })).rows[0]?.name,
      async () => (await tab.view({ where: { id: 1 } }).list({ page: 1 })).rows[0]?.name,
      async () => (await tab.get(1))?.name,
      async () => (await tab.read('1')).row?.name,
    ])
    const counters = tabs.map((tab) => () => tab.count())
    const readAll = () => Promise.all([...readers, ...counters].map((read) => read()))
    await readAll()
    await tabs[0]?.patch(1, { name: 'patched' })
    expect(await readAll()).toEqual([...readers.map(() => 'patched'), 3, 3])
    await tabs[1]?.replace(1, { id: 1, name: 'replaced' })
    expect(await readAll()).toEqual([...readers.map(() => 'replaced'), 3, 3])
    await tabs[0]?.insert({ id: 4, name: 'inserted' })
    expect(await readAll()).toEqual([...readers.map(() => 'replaced'), 4, 4])
    await tabs[1]?.delete(4)
    expect(await readAll()).toEqual([...readers.map(() => 'replaced'), 3, 3])
    await tabs[0]?.deleteAll()
    expect(await readAll()).toEqual([...readers.map(() => undefined), 0, 0])
  })

  test('promise 1: a write resolves only when its invalidation is on disk', async () => {
    const cache = moodyCache()
    const table = liveTable(fakeMaster(items(1)), { cache })
    cache.moods.invalidate = 'hang'
    const done = vi.fn<() => void>()
    const written = table.patch(1, { name: 'new' }).then(done)
    await settle()
    expect(cache.invalidations).toHaveLength(1)
    expect(done).not.toHaveBeenCalled()
    cache.release()
    await written
    expect(done).toHaveBeenCalledOnce()
  })

  test.each([
    ['memoryCache', memoryCache],
    ['noCache', noCache],
  ])('promise 1: a read that starts after a write joins no request from before it, with %s', async (_, create) => {
    const gates = makeGates()
    const table = liveTable(fakeMaster(items(1), { step: gates.step }), { cache: create() })
    const before = table.list({ page: 1 }, { overlay: false })
    await settle()
    await gates.pass('list 1 >')
    const written = table.patch(1, { name: 'new' })
    await gates.pass('patch 1 >')
    await gates.pass('patch 1 <')
    await written
    const after = table.list({ page: 1 }, { overlay: false })
    await settle()
    expect(gates.waiting).toEqual(['list 1 <', 'list 1 >'])
    await gates.open()
    expect(await before).toMatchObject({ rows: [{ name: 'item 1' }], stale: true })
    expect(await after).toMatchObject({ rows: [{ name: 'new' }], stale: false })
  })

  test('promise 1: a row is stale after a write under the other form of its id', async () => {
    const table = liveTable(fakeMaster(items(1)))
    await table.get(1)
    await table.patch('1', { name: 'new' })
    expect(await table.get(1)).toEqual({ id: 1, name: 'new' })
  })

  test('promise 1: a write that gives a row another id than it was called with makes both stale', async () => {
    const master = fakeMaster(items(1))
    const table = liveTable(master)
    master.rows.set('2', { id: 2, name: 'item 2' })
    await Promise.all([table.get(1), table.get(2)])
    master.patch = async () => {
      master.rows.delete('1')
      const moved = { id: 2, name: 'moved' }
      master.rows.set('2', moved)
      return moved
    }
    await table.patch(1, { name: 'moved' })
    expect(await Promise.all([table.get(1), table.get(2)])).toEqual([undefined, { id: 2, name: 'moved' }])
  })

  test('promise 1: a row that was changed by whoever sent the query afterwards is not taken for the answer to it', async () => {
    const table = liveTable(
      fakeMaster([
        { id: 1, name: 'a', status: 'open' },
        { id: 2, name: 'b', status: 'paid' },
      ]),
    )
    const where = { status: 'open' }
    const listed = table.list({ page: 1, where })
    const counted = table.count({ where })
    where.status = 'paid'
    expect((await listed).rows).toMatchObject([{ id: 1 }])
    expect(await counted).toBe(1)
    expect((await table.list({ page: 1, where: { status: 'open' } })).rows).toMatchObject([{ id: 1 }])
  })
})

test('promise 1: who hears of an invalidation may read through another table of the same cache key', async () => {
  const gates = makeGates()
  const inner = memoryCache()
  const cache: Cache = {
    ...inner,
    invalidate: async (cacheKey, tags) => {
      await gates.step('invalidate')
      await inner.invalidate(cacheKey, tags)
    },
  }
  const master = fakeMaster(items(1))
  const [table, same] = [liveTable(master, { cache }), liveTable(master, { cache })]
  await table.list({ page: 1 })
  await settle()
  const seen: unknown[] = []
  table.subscribe(({ type }) => {
    if (type === 'invalidated') void same.list({ page: 1 }).then(({ rows, stale }) => seen.push({ name: rows[0]?.name, stale }))
  })
  const written = table.patch(1, { name: 'new' })
  await settle()
  expect(seen).toEqual([])
  await gates.open()
  await written
  await settle()
  expect(seen).toEqual([{ name: 'new', stale: false }])
})

describe('promise 2', () => {
  const stream = manualStream()
  const causes: [string, 'here' | 'elsewhere', (table: LiveTable<Item>, other: LiveTable<Item>) => unknown][] = [
    ['invalidate()', 'here', (table) => table.invalidate()],
    ['invalidate() in another tab', 'elsewhere', (_, other) => other.invalidate()],
    ['a write in another tab', 'elsewhere', (_, other) => other.patch(1, { name: 'changed' })],
    ["an event 'changed'", 'here', () => stream.emit({ type: 'changed' })],
    ['an event about the row', 'here', () => stream.emit({ type: 'deleted', id: 1 })],
    ['a gap', 'here', () => stream.gap()],
  ]

  test.each(causes)(
    'promise 2: a page, a row and a count that were asked for before %s leave no fresh slot behind',
    async (_, place, invalidate) => {
      const gates = makeGates()
      const master = fakeMaster(items(3), { step: gates.step })
      const cache = memoryCache()
      const table = liveTable(master, { cache, stream })
      const told: string[] = []
      table.subscribe(({ type }) => told.push(type))
      // Another tab has the same storage, and an object of its own.
      const other = liveTable(fakeMaster(items(3)), { cache: { ...cache } })
      const before = [table.list({ page: 1 }), table.read(1), table.count()] as const
      await settle()
      for (const call of ['list 1', 'get 1', 'count']) await gates.pass(`${call} >`)
      master.rows.set('1', { id: 1, name: 'changed' })
      invalidate(table, other)
      await settle()
      await gates.open()
      const [page, row, count] = await Promise.all(before)
      // What happened elsewhere comes to light only when the answer is written, and is told then.
      expect([page.stale, row.stale, count]).toEqual([place === 'here', place === 'here', 3])
      await settle()
      expect(told).toContain('invalidated')
      master.calls.length = 0
      expect((await table.list({ page: 1 })).rows[0]).toEqual({ id: 1, name: 'changed' })
      expect(await table.get(1)).toEqual({ id: 1, name: 'changed' })
      await table.count()
      expect(master.calls).toEqual(['list 1', 'get 1', 'count'])
    },
  )

  test('promise 2: an invalidation of one row leaves the answer about another one fresh', async () => {
    const gates = makeGates()
    const own = manualStream()
    const table = liveTable(fakeMaster(items(2), { step: gates.step }), { stream: own })
    const read = table.read(1)
    await settle()
    await gates.pass('get 1 >')
    own.emit({ type: 'updated', id: 2 })
    await settle()
    await gates.open()
    expect(await read).toMatchObject({ stale: false })
  })
})

describe('promise 3', () => {
  test('promise 3: a write that fails leaves every slot fresh, rejects with the error of the master, and is pending no more', async () => {
    const master = fakeMaster(items(2))
    const table = liveTable(master)
    const changes: TableChange[] = []
    onTestFinished(table.subscribe((change) => changes.push(change)))
    await readEverything(table)
    const error = new Error('refused')
    master.failing = (call) => (/^(list|get|count)/.test(call) ? undefined : error)
    const pending: unknown[] = []
    const writes = [
      () => table.insert({ name: 'new' }),
      () => table.replace(1, { id: 1, name: 'new' }),
      () => table.patch(1, { name: 'new' }),
      () => table.delete(1),
      () => table.deleteAll(),
    ]
    for (const write of writes) {
      const written = write()
      pending.push([...table.pendingIds])
      await expect(written).rejects.toBe(error)
      pending.push([...table.pendingIds])
    }
    expect(pending).toEqual([[expect.stringMatching(/^new-/)], [], ['1'], [], ['1'], [], ['1'], [], [], []])
    expect(new Set(changes.map(({ type }) => type))).toEqual(new Set(['writes']))
    master.calls.length = 0
    expect(await readEverything(table)).toMatchObject([{ rows: items(2), stale: false }, { row: items(1)[0], stale: false }, 2])
    expect(master.calls).toEqual([])
  })

  test('promise 3: it is told that a write is pending, and that it is so no more, before the caller hears of its end', async () => {
    const master = fakeMaster(items(1))
    master.failing = () => new Error('refused')
    const table = liveTable(master)
    const heard: string[] = []
    onTestFinished(table.subscribe(({ type }) => heard.push(`${type} ${[...table.pendingIds].join(' ')}`)))
    await table.patch(1, { name: 'new' }).catch(() => heard.push('caller'))
    expect(heard).toEqual(['writes 1', 'writes ', 'caller'])
  })

  test('promise 3: the writes behind one that failed go on', async () => {
    const master = fakeMaster(items(2))
    master.failing = (call) => (call === 'patch 1' ? new Error('refused') : undefined)
    const table = liveTable(master)
    const outcomes = await Promise.allSettled([table.patch(1, { name: 'a' }), table.patch(2, { name: 'b' })])
    expect(outcomes).toEqual([
      { status: 'rejected', reason: new Error('refused') },
      { status: 'fulfilled', value: { id: 2, name: 'b' } },
    ])
  })
})

describe('promise 4', () => {
  test('promise 4: the master gets writes one at a time, in the order they were called, from the table and its views', async () => {
    const gates = makeGates()
    const master = fakeMaster(items(3), { step: gates.step })
    const table = liveTable(master)
    const writes = [
      table.patch(2, { name: 'a' }),
      table.view({ where: { id: 1 } }).delete(1),
      table.insert({ id: 9, name: 'b' }),
      table.replace(2, { id: 2, name: 'c' }),
    ]
    await settle()
    expect(master.calls).toEqual(['patch 2'])
    await gates.pass('patch 2 >')
    expect(master.calls).toEqual(['patch 2'])
    await gates.open()
    await Promise.all(writes)
    expect(master.calls).toEqual(['patch 2', 'delete 1', 'insert', 'replace 2'])
  })

  test('promise 4: a write that is called while another one is told to the listeners comes after it', async () => {
    const master = fakeMaster(items(2))
    const table = liveTable(master)
    const inner: Promise<unknown>[] = []
    let isFirst = true
    onTestFinished(
      table.subscribe(() => {
        if (isFirst) {
          isFirst = false
          inner.push(table.patch(2, { name: 'inner' }))
        }
      }),
    )
    await table.patch(1, { name: 'outer' })
    await Promise.all(inner)
    expect(master.calls).toEqual(['patch 1', 'patch 2'])
  })

  test('promise 4: what the caller does to a row after the call changes nothing', async () => {
    const gates = makeGates()
    const master = fakeMaster(items(1), { step: gates.step })
    const table = liveTable(master)
    const row = { id: 1, name: 'as called' }
    const writes = [table.patch(1, { name: 'first' }), table.replace(1, row), table.patch(1, row), table.insert(row)]
    row.name = 'changed'
    await gates.open()
    const [, ...stored] = await Promise.all(writes)
    expect(stored.map(({ name }) => name)).toEqual(['as called', 'as called', 'as called'])
  })
})

describe('promise 5', () => {
  test('promise 5: 256 writes wait in the queue, the callers beyond wait for room, and nothing is dropped', async () => {
    const gates = makeGates()
    const master = fakeMaster(items(1), { step: gates.step })
    const queued: number[] = []
    const table = liveTable(master, { trace: (event) => event.type === 'write-queued' && queued.push(event.waiting) })
    const writes = Array.from({ length: 300 }, (_, index) => table.patch(1, { name: `${index}` }))
    await settle()
    // One is under way, and 256 wait.
    expect(queued).toHaveLength(257)
    await gates.pass('patch 1 >')
    await gates.pass('patch 1 <')
    expect(queued).toHaveLength(258)
    await gates.open()
    const stored = await Promise.all(writes)
    expect(stored.map(({ name }) => name)).toEqual(writes.map((_, index) => `${index}`))
    expect(master.calls).toHaveLength(300)
    expect(Math.max(...queued)).toBe(256)
  })
})

describe('promise 6', () => {
  test('promise 6: a table that is closed refuses the writes that wait, and the one under way ends as it ends', async () => {
    const gates = makeGates()
    const master = fakeMaster(items(1), { step: gates.step })
    const table = liveTable(master)
    const underWay = table.patch(1, { name: 'under way' })
    const waiting = Array.from({ length: 300 }, () => table.delete(1))
    const refused = Promise.allSettled(waiting)
    await settle()
    table.close()
    for (const outcome of await refused) expect(outcome).toEqual({ status: 'rejected', reason: new ClosedError('items') })
    expect([...table.pendingIds]).toEqual(['1'])
    await gates.open()
    expect(await underWay).toEqual({ id: 1, name: 'under way' })
    expect(table.pendingIds.size).toBe(0)
    expect(master.calls).toEqual(['patch 1'])
  })

  test('promise 6: the write under way invalidates also when the table was closed meanwhile', async () => {
    const gates = makeGates()
    const cache = memoryCache()
    const table = liveTable(fakeMaster(items(1), { step: gates.step }), { cache })
    const other = liveTable(fakeMaster(items(1)), { cache })
    await other.get(1)
    const written = table.patch(1, { name: 'new' })
    await gates.pass('patch 1 >')
    table.close()
    await gates.open()
    await written
    expect((await other.read(1, { cache: 'force-cache' })).stale).toBe(true)
  })
})

describe('promise 7', () => {
  const moods: readonly Mood[] = ['reject', 'throw', 'hang']
  const methods: readonly CacheMethod[] = ['read', 'fill', 'invalidate']
  const failures = moods.flatMap((mood) => [...methods, 'all' as const].map((method) => ({ mood, method })))

  test.each(failures)(
    'promise 7: with a cache of which $method fails by $mood, all answers are right and nothing rejects',
    async ({ mood, method }) => {
      vi.useFakeTimers()
      const cache = moodyCache()
      const table = liveTable(fakeMaster(items(2)), { cache })
      await readEverything(table)
      for (const each of method === 'all' ? methods : [method]) cache.moods[each] = mood
      for (const name of ['first', 'second', 'third']) {
        await inTime(readEverything(table))
        await inTime(table.patch(1, { name }))
        const [page, row, count] = await inTime(readEverything(table))
        expect(page).toMatchObject({ rows: [{ id: 1, name }, { id: 2 }], stale: false })
        expect(row).toMatchObject({ row: { id: 1, name }, stale: false })
        expect(count).toBe(2)
      }
    },
  )

  test('promise 7: a cache that hangs costs 2 s once, and nothing from then on', async () => {
    vi.useFakeTimers()
    const cache = moodyCache()
    const table = liveTable(fakeMaster(items(2)), { cache })
    cache.moods.read = 'hang'
    cache.moods.fill = 'hang'
    const first = table.list({ page: 1 })
    await vi.advanceTimersByTimeAsync(2_000)
    expect((await first).rows).toHaveLength(2)
    const started = performance.now()
    await readEverything(table)
    await table.patch(1, { name: 'new' })
    await readEverything(table)
    expect(performance.now() - started).toBe(0)
  })

  test('promise 7: an error of the cache is told to the trace', async () => {
    const cache = moodyCache()
    const events: TraceEvent[] = []
    const table = liveTable(fakeMaster(items(1)), { cache, trace: (event) => events.push(event) })
    for (const method of methods) cache.moods[method] = 'reject'
    await table.list({ page: 1 })
    await table.invalidate()
    cache.moods.read = 'work'
    await table.list({ page: 1 })
    expect(events.filter(({ type }) => type === 'error')).toEqual([
      { type: 'error', cacheKey: 'items', during: 'cache-read', error: new Error('read rejected') },
      { type: 'error', cacheKey: 'items', during: 'cache-invalidate', error: new Error('invalidate rejected') },
      // The read tries once more to write it, which is no news.
      { type: 'error', cacheKey: 'items', during: 'cache-fill', error: new Error('fill rejected') },
    ])
  })

  test('promise 7: a cache that holds something else in the slot is a miss', async () => {
    const cache = memoryCache()
    const foreign: Cache = {
      ...cache,
      read: async (slot) => {
        const read = await cache.read(slot)
        return { ...read, entry: { value: 'something else', fetchedAt: 1, lease: read.lease } }
      },
    }
    const table = liveTable(fakeMaster(items(1)), { cache: foreign })
    expect(await readEverything(table)).toMatchObject([{ rows: items(1), stale: false }, { row: items(1)[0] }, 1])
  })
})

describe('promise 8', () => {
  test('promise 8: where the master fails, the last known rows are handed out, stale, with the error and their age', async () => {
    vi.useFakeTimers({ now: 1_000 })
    const master = fakeMaster(items(2))
    const cache = memoryCache()
    await readEverything(liveTable(master, { cache }))
    const error = new Error('offline')
    master.failing = () => error
    vi.setSystemTime(5_000)
    // As after a reload.
    const table = liveTable(master, { cache })
    await table.invalidate()
    // No two things in a tab have the same time.
    const fetchedAt = expect.closeTo(1_000, 1)
    expect(await table.list({ page: 1 })).toEqual({ rows: items(2), total: 2, page: 1, pageSize: 10, fetchedAt, stale: true, error })
    expect(await table.read(1)).toEqual({ row: items(1)[0], fetchedAt, stale: true, error })
    // These two could not say that their answer is stale.
    await expect(table.get(1)).rejects.toBe(error)
    await expect(table.count()).rejects.toBe(error)
  })

  test('promise 8: an answer that is none counts as a failure', async () => {
    const master = fakeMaster(items(1))
    const table = liveTable(master)
    await table.list({ page: 1 })
    await table.invalidate()
    Object.assign(master, { list: async () => 'not a page' })
    const page = await table.list({ page: 1 })
    expect(page).toMatchObject({ rows: items(1), stale: true })
    expect(page.error).toBeInstanceOf(AnswerError)
  })

  test('promise 8: where nothing is known, the read rejects with the error', async () => {
    const master = fakeMaster(items(1))
    const error = new Error('offline')
    master.failing = () => error
    const table = liveTable(master)
    for (const read of [table.list({ page: 1 }), table.read(1), table.get(1), table.count()]) await expect(read).rejects.toBe(error)
  })

  test('promise 8: when the master is back, so are fresh rows', async () => {
    const master = fakeMaster(items(1))
    const table = liveTable(master)
    await table.list({ page: 1 })
    await table.invalidate()
    master.failing = () => new Error('offline')
    await table.list({ page: 1 })
    master.failing = () => undefined
    const page = await table.list({ page: 1 })
    expect(page).toMatchObject({ rows: items(1), stale: false })
    expect(page).not.toHaveProperty('error')
  })

  test("promise 8: with 'force-cache' anything cached is handed out at once, and the master asked only where there is nothing", async () => {
    const master = fakeMaster(items(1))
    const table = liveTable(master)
    await readEverything(table)
    await table.invalidate()
    master.calls.length = 0
    expect(await readEverything(table, 'force-cache')).toMatchObject([{ stale: true }, { stale: true }, 1])
    expect(master.calls).toEqual([])
    expect(await table.list({ page: 1, pageSize: 3 }, { cache: 'force-cache' })).toMatchObject({ stale: false })
    expect(master.calls).toEqual(['list 1'])
  })

  test("with 'only-if-cached' anything cached is handed out, and the master is never asked", async () => {
    const master = fakeMaster(items(1))
    const table = liveTable(master)
    const options = { cache: 'only-if-cached' } as const
    await expect(table.list({ page: 1 }, options)).rejects.toThrow(NotCachedError)
    await expect(table.get(1, options)).rejects.toMatchObject({ code: 'not-cached', slot: table.idCacheKey(1) })
    await expect(table.count({}, options)).rejects.toThrow(NotCachedError)
    expect(master.calls).toEqual([])

    await readEverything(table)
    master.calls.length = 0
    expect(await readEverything(table, 'only-if-cached')).toMatchObject([{ stale: false }, { stale: false }, 1])
    await table.invalidate()
    expect(await readEverything(table, 'only-if-cached')).toMatchObject([{ stale: true }, { stale: true }, 1])
    expect(master.calls).toEqual([])
    // It holds nobody else up.
    expect(await table.list({ page: 1 })).toMatchObject({ stale: false })
  })
})

describe('promise 9', () => {
  test('promise 9: a row the master does not have is asked for again', async () => {
    const master = fakeMaster([])
    const table = liveTable(master)
    expect(await table.get(1)).toBeUndefined()
    expect(await table.read(1, { cache: 'force-cache' })).toMatchObject({ row: undefined, stale: false })
    master.rows.set('1', { id: 1, name: 'new' })
    expect(await table.get(1)).toEqual({ id: 1, name: 'new' })
    expect(master.calls).toEqual(['get 1', 'get 1', 'get 1'])
  })

  test('promise 9: a row that is gone takes what was cached of it along', async () => {
    const master = fakeMaster(items(1))
    const table = liveTable(master)
    await table.get(1)
    master.rows.clear()
    await table.invalidate()
    expect(await table.get(1)).toBeUndefined()
    master.failing = () => new Error('offline')
    await expect(table.read(1)).rejects.toThrow('offline')
  })
})

describe('promise 10', () => {
  test('promise 10: tables whose names begin alike neither see nor touch each other', async () => {
    const cache = memoryCache()
    const keys = ['client', 'clients', 'client"', '["client"', '']
    const masters = keys.map((key) => fakeMaster([{ id: 1, name: key }]))
    const tables = masters.map((master, index) => liveTable(master, { cache, cacheKey: `x${keys[index]}` }))
    for (const table of tables) await readEverything(table)
    for (const master of masters) master.calls.length = 0
    await tables[0]?.invalidate()
    for (const [index, table] of tables.entries()) {
      expect(await readEverything(table)).toMatchObject([{ rows: [{ name: keys[index] }] }, { row: { name: keys[index] } }, 1])
    }
    expect(masters.map(({ calls }) => calls.length)).toEqual([3, 0, 0, 0, 0])
  })

  test('promise 10: an id may hold any character, and stands for one row only', async () => {
    const ids = ['a', 'a/b', 'a%2Fb', 'a b', '"', "'", '\\', '🥐', '\ud83e', '__proto__', '1', ' 1', '01', 'NaN', '\0']
    const master = fakeMaster(ids.map((id) => ({ id, name: `name of ${id}` })))
    const table = liveTable(master)
    for (const id of ids) expect(await table.get(id)).toEqual({ id, name: `name of ${id}` })
    expect(new Set(ids.map((id) => table.idCacheKey(id))).size).toBe(ids.length)
    await table.patch('a', { name: 'new' })
    master.calls.length = 0
    for (const id of ids) expect(await table.get(id)).toEqual({ id, name: id === 'a' ? 'new' : `name of ${id}` })
    expect(master.calls).toEqual(['get a'])
  })

  test('promise 10: pages of another size, filter, order or search are other slots, and 42 and "42" are one row', async () => {
    const table = liveTable(fakeMaster(items(1)))
    const tables = [
      table,
      table.view({ where: { status: 'open' } }),
      table.view({ where: { status: { ne: 'open' } } }),
      table.view({ orderBy: [{ field: 'name', direction: 'asc' }] }),
      table.view({ orderBy: [{ field: 'name', direction: 'desc' }] }),
      table.view({ search: 'open' }),
    ]
    const keys = tables.flatMap((each) => [each.pageCacheKey(1), each.pageCacheKey(2), each.pageCacheKey(1, 11), each.pageCacheKey(11, 1)])
    expect(new Set(keys).size).toBe(keys.length)
    expect(table.pageCacheKey(1, 10)).toBe(table.pageCacheKey(1))
    expect(table.idCacheKey(42)).toBe(table.idCacheKey('42'))
  })

  test('promise 10: a page is read from the slot that pageCacheKey() names, and a row from that of idCacheKey()', async () => {
    const slots: string[] = []
    const table = liveTable(fakeMaster(items(1)), { trace: (event) => 'slot' in event && slots.push(event.slot) })
    await table.view({ search: 'item' }).list({ page: 2, pageSize: 3 })
    await table.get(42)
    expect(new Set(slots)).toEqual(new Set([table.view({ search: 'item' }).pageCacheKey(2, 3), table.idCacheKey('42')]))
  })
})

describe('promise 15', () => {
  test('promise 15: readers of one slot share one request, and readers of others do not', async () => {
    const master = fakeMaster(items(3))
    const table = liveTable(master)
    const pages = await Promise.all([
      table.list({ page: 1 }),
      table.list({ page: 1, pageSize: 10 }),
      table.view({}).list({ page: 1 }),
      table.list({ page: 1, where: { status: 'open' } }),
      table.view({ where: { status: 'open' } }).list({ page: 1 }),
    ])
    expect(pages.map(({ rows }) => rows.length)).toEqual([3, 3, 3, 0, 0])
    await Promise.all([table.get(1), table.get('1'), table.view({ search: 'x' }).read(1), table.get(2)])
    await Promise.all([table.count(), table.count({}), table.count({ search: '' })])
    expect(master.calls).toEqual(['list 1', 'list 1', 'get 1', 'get 2', 'count'])
  })

  test('promise 15: readers whose slot is invalidated while it is looked up share one request, and its answer is fresh', async () => {
    const master = fakeMaster(items(1))
    const table = liveTable(master)
    await table.get(1)
    const reads = [table.read(1), table.read(1), table.read(1)]
    const invalidated = table.invalidate()
    for (const { stale } of await Promise.all(reads)) expect(stale).toBe(false)
    await invalidated
    expect(master.calls).toEqual(['get 1', 'get 1'])
    expect(await table.read(1, { cache: 'force-cache' })).toMatchObject({ stale: false })
  })

  test('promise 15: one reader going away rejects with its reason, and the others get their answer', async () => {
    const gates = makeGates()
    const master = fakeMaster(items(1), { step: gates.step })
    const table = liveTable(master)
    const [leaving, staying] = [new AbortController(), new AbortController()]
    const left = table.list({ page: 1 }, { signal: leaving.signal })
    const stayed = table.list({ page: 1 }, { signal: staying.signal })
    await settle()
    const reason = new Error('unmounted')
    leaving.abort(reason)
    await expect(left).rejects.toBe(reason)
    expect(master.signals.map(({ aborted }) => aborted)).toEqual([false])
    await gates.open()
    expect(await stayed).toMatchObject({ rows: items(1) })
  })

  test('promise 15: the last reader going away ends the request, and the next reader asks anew', async () => {
    const gates = makeGates()
    const master = fakeMaster(items(1), { step: gates.step })
    const table = liveTable(master)
    const controllers = [new AbortController(), new AbortController()]
    const left = Promise.allSettled(controllers.map(({ signal }) => table.get(1, { signal })))
    await settle()
    for (const controller of controllers) controller.abort(new Error('unmounted'))
    expect((await left).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(master.signals.map(({ aborted }) => aborted)).toEqual([true])
    const next = table.get(1)
    await gates.open()
    expect(await next).toEqual(items(1)[0])
    expect(master.calls).toEqual(['get 1', 'get 1'])
  })

  test('promise 15: a reader who is gone before its slot was looked up asks nothing', async () => {
    const master = fakeMaster(items(1))
    const table = liveTable(master)
    const gone = AbortSignal.abort(new Error('gone'))
    await expect(table.list({ page: 1 }, { signal: gone })).rejects.toThrow('gone')
    const going = new AbortController()
    const left = table.list({ page: 1 }, { signal: going.signal })
    going.abort(new Error('going'))
    await expect(left).rejects.toThrow('going')
    expect(master.calls).toEqual([])
  })

  test('promise 15: readers who share a request that fails all hear of it, and the next one asks again', async () => {
    const master = fakeMaster(items(1))
    master.failing = () => new Error('offline')
    const table = liveTable(master)
    const outcomes = await Promise.allSettled([table.list({ page: 1 }), table.list({ page: 1 })])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    master.failing = () => undefined
    expect((await table.list({ page: 1 })).rows).toEqual(items(1))
    expect(master.calls).toHaveLength(2)
  })
})

describe('promise 16', () => {
  test('promise 16: a page put together from smaller ones equals that slice of the whole list', async () => {
    const size = fc.integer({ min: 1, max: 12 })
    await fc.assert(
      fc.asyncProperty(
        fc.nat(40),
        size,
        size,
        fc.integer({ min: 1, max: 6 }),
        fc.boolean(),
        async (length, pageSize, masterPageSize, page, hasTotal) => {
          const asked: number[] = []
          const master = fakeMaster(items(length), { hasTotal })
          const table = liveTable(
            { ...master, list: (query, options) => (asked.push(query.pageSize), master.list(query, options)) },
            { masterPageSize },
          )
          const { rows, total } = await table.list({ page, pageSize })
          expect(rows).toEqual(items(length).slice((page - 1) * pageSize, page * pageSize))
          expect(total).toBe(hasTotal ? length : undefined)
          expect(Math.max(...asked)).toBeLessThanOrEqual(masterPageSize)
        },
      ),
      { numRuns: 200 },
    )
  })

  test('promise 16: a list that changes between two parts is asked for again', async () => {
    const gates = makeGates()
    const master = fakeMaster(items(4), { step: gates.step })
    const table = liveTable(master, { masterPageSize: 2 })
    const listed = table.list({ page: 1, pageSize: 4 })
    await settle()
    await gates.pass('list 1 >')
    master.rows.delete('1')
    await gates.open()
    expect(await listed).toMatchObject({ rows: items(4).slice(1), total: 3, stale: false })
    expect(master.calls).toEqual(['list 1', 'list 2', 'list 1', 'list 2'])
  })

  test('promise 16: a list that changes again and again is handed out as stale, with an error, and without doubles', async () => {
    const master = fakeMaster(items(4))
    let changes = 0
    const restless: FakeMaster = {
      ...master,
      async list(query, options) {
        // Each time a row is put before the others, the last of the first part becomes the first of the second, too.
        if (query.page === 2) await settle()
        const answer = await master.list(query, options)
        changes += 1
        const rows = [...master.rows.values()]
        master.rows.clear()
        for (const row of [{ id: `new ${changes}`, name: '' }, ...rows]) master.rows.set(`${row.id}`, row)
        return { rows: answer.rows }
      },
    }
    const table = liveTable(restless, { masterPageSize: 2 })
    const page = await table.list({ page: 1, pageSize: 4 })
    expect(page.stale).toBe(true)
    expect(page.error).toBeInstanceOf(AnswerError)
    expect(new Set(page.rows.map(({ id }) => id)).size).toBe(page.rows.length)
    expect((await table.list({ page: 1, pageSize: 4 }, { cache: 'force-cache' })).stale).toBe(true)
  })

  test('promise 16: a master that serves smaller pages than it was said to is found out', async () => {
    const master = fakeMaster(items(6))
    const table = liveTable(
      { ...master, list: (query) => master.list({ ...query, pageSize: Math.min(query.pageSize, 2) }) },
      { masterPageSize: 3 },
    )
    const page = await table.list({ page: 1, pageSize: 6 })
    expect(page.stale).toBe(true)
    expect(page.error).toBeInstanceOf(AnswerError)
  })
})

describe('promise 19', () => {
  test('promise 19: it can be imported and made in Node, without a global of the browser, and leaves nothing open', async () => {
    const script = `
      for (const name of ['indexedDB', 'EventSource', 'BroadcastChannel', 'navigator', 'window', 'document', 'localStorage', 'fetch']) delete globalThis[name]
      const before = process.getActiveResourcesInfo()
      const { LiveTable, idbCache, memoryCache, memoryTable, noCache, restTable, sseStream, sharedStream } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)})
      const stream = sharedStream(sseStream('/events'), { name: 'events' })
      const tables = [idbCache(), memoryCache(), noCache(), undefined].map((cache) =>
        new LiveTable({ master: restTable('/api/items'), cacheKey: 'items', stream, ...(cache && { cache }) }))
      const opened = process.getActiveResourcesInfo().filter((name) => !before.includes(name))
      // Used, too: a cache that is not there costs speed only.
      const table = new LiveTable({ master: memoryTable([{ id: 1 }]), cacheKey: 'items', cache: idbCache(), stream })
      const { rows } = await table.list({ page: 1 })
      await table.patch(1, { name: 'new' })
      const row = await table.get(1)
      const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout')
      console.log(JSON.stringify({ opened, tables: tables.length, rows, row, timers }))
    `
    // It has to end by itself.
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--conditions=vantage-live-source', '--input-type=module', '--eval', script],
      { timeout: 60_000 },
    )
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({ opened: [], tables: 4, rows: [{ id: 1 }], row: { id: 1, name: 'new' }, timers: [] })
  })

  test('promise 19: before the first use nothing happens but that the cache is opened', async () => {
    const calls: string[] = []
    const spy = (name: string) => () => {
      calls.push(name)
      throw new Error(`${name} was called`)
    }
    const master = fakeMaster([])
    const table = liveTable(
      { ...master, subscribe: spy('subscribe') },
      {
        cache: { kind: 'spy', open: spy('open'), read: spy('read'), fill: spy('fill'), invalidate: spy('invalidate'), purge: spy('purge') },
        stream: { connect: spy('connect') },
      },
    )
    table.view({ search: 'x' })
    table.pageCacheKey(1)
    expect(table.streamStatus).toMatchObject({ state: 'closed' })
    table.close()
    await settle()
    expect([...calls, ...master.calls]).toEqual(['open'])
  })
})

describe('promise 20', () => {
  const master = fakeMaster(items(2))

  test.each<[string, () => unknown, string]>([
    ['no options', () => new LiveTable(wrong(undefined)), 'options'],
    ['no master', () => liveTable(wrong(undefined)), 'master'],
    ['a master that is none', () => liveTable(wrong({ name: 'x' })), 'master'],
    ['an empty cache key', () => liveTable(master, { cacheKey: '' }), 'cacheKey'],
    ['a cache key that is no string', () => liveTable(master, { cacheKey: wrong(5) }), 'cacheKey'],
    ['a cache that is none', () => liveTable(master, { cache: wrong('indexeddb') }), 'cache'],
    ['a stream that is none', () => liveTable(master, { stream: wrong('/events') }), 'stream'],
    ['a write target that is none', () => liveTable(master, { writeTarget: wrong('/api') }), 'writeTarget'],
    ['a trace that is none', () => liveTable(master, { trace: wrong(true) }), 'trace'],
    ['a page size of 0', () => liveTable(master, { pageSize: 0 }), 'pageSize'],
    ['a master page size that is no whole number', () => liveTable(master, { masterPageSize: 1.5 }), 'masterPageSize'],
  ])('promise 20: a table of %s is refused', (_, make, argument) => {
    expect(make).toThrow(ArgumentError)
    expect(make).toThrow(new RegExp(`^${argument} is .*; expected `))
  })

  const table = liveTable(master)
  test.each<[string, () => Promise<unknown>, string, unknown]>([
    ['page 0', () => table.list({ page: 0 }), 'page', 0],
    ['page -1', () => table.list({ page: -1 }), 'page', -1],
    ['page NaN', () => table.list({ page: Number.NaN }), 'page', Number.NaN],
    ['page 1.5', () => table.list({ page: 1.5 }), 'page', 1.5],
    ['page "1"', () => table.list({ page: wrong('1') }), 'page', '1'],
    ['page 2^53', () => table.list({ page: 2 ** 53 }), 'page', 2 ** 53],
    ['a page size of 0', () => table.list({ page: 1, pageSize: 0 }), 'pageSize', 0],
    ['no query', () => table.list(wrong(undefined)), 'query', undefined],
    ['a query that is null', () => table.count(wrong(null)), 'query', null],
    ['a where that is none', () => table.list({ page: 1, where: wrong('status') }), 'where', 'status'],
    ['an unknown operator', () => table.count({ where: { status: wrong({ like: 'a' }) } }), 'where.status', 'like'],
    ['an order that is none', () => table.list({ page: 1, orderBy: wrong(['name']) }), 'orderBy[0].field', undefined],
    ['an id of nothing', () => table.get(''), 'id', ''],
    ['an id of NaN', () => table.get(Number.NaN), 'id', Number.NaN],
    ['an id that is an object', () => table.read(wrong({})), 'id', {}],
    ['no id', () => table.delete(wrong(undefined)), 'id', undefined],
    ['no row', () => table.insert(wrong(undefined)), 'row', undefined],
    ['a row that is an array', () => table.replace(1, wrong([])), 'row', []],
    ['a row with another id', () => table.replace(1, { id: 2, name: '' }), 'row.id', '2'],
    ['a partial with another id', () => table.patch(1, { id: 2 }), 'partial.id', '2'],
    ['an id in the row that can be none', () => table.insert({ id: '' }), 'row.id', ''],
  ])('promise 20: a call with %s is refused, and the master hears nothing of it', async (_, call, argument, value) => {
    master.calls.length = 0
    const error = await rejection(call())
    expect(error).toBeInstanceOf(ArgumentError)
    expect(error).toMatchObject({ code: 'argument', argument, value })
    expect(error.message).toMatch(new RegExp(`^${argument.replaceAll(/[.[\]]/g, String.raw`\$&`)} is .*; expected `))
    expect(master.calls).toEqual([])
  })

  test('promise 20: a row that cannot be cloned is refused', async () => {
    const error = await rejection(table.insert({ name: wrong(() => '') }))
    expect(error).toMatchObject({ code: 'argument', argument: 'row' })
  })

  test('promise 20: a page beyond the end has no rows', async () => {
    expect(await table.list({ page: 1_000 })).toMatchObject({ rows: [], total: 2, page: 1_000, stale: false })
    expect(await table.list({ page: Number.MAX_SAFE_INTEGER })).toMatchObject({ rows: [], total: 2 })
    const glued = liveTable(fakeMaster(items(2)), { masterPageSize: 7 })
    expect(await glued.list({ page: 1e9 })).toMatchObject({ rows: [], total: 2, stale: false })
  })

  test('promise 20: pageCacheKey() and idCacheKey() refuse what list() and get() refuse', () => {
    expect(() => table.pageCacheKey(0)).toThrow(ArgumentError)
    expect(() => table.pageCacheKey(1, 0)).toThrow(ArgumentError)
    expect(() => table.idCacheKey('')).toThrow(ArgumentError)
    expect(() => table.view(wrong(null))).toThrow(ArgumentError)
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a bare array', []],
    ['no rows', { total: 1 }],
    ['rows that are no array', { rows: {} }],
    ['a total that is none', { rows: [], total: '1' }],
    ['a negative total', { rows: [], total: -1 }],
    ['a row that is none', { rows: [null] }],
    ['a row without an id', { rows: [{ name: 'a' }] }],
    ['a row with an empty id', { rows: [{ id: '', name: 'a' }] }],
    ['two rows with one id', { rows: [{ id: 1 }, { id: '1' }] }],
    ['more rows than were asked for', { rows: items(11) }],
  ])('promise 20: an answer to list() with %s is refused', async (_, answer) => {
    const error = await rejection(liveTable({ ...fakeMaster([]), list: async () => wrong(answer) }).list({ page: 1 }))
    expect(error).toBeInstanceOf(AnswerError)
    expect(error.message).toMatch(/^table "items": .* is .*; expected /)
  })

  test('promise 20: an answer to get() or count() that is none is refused', async () => {
    const bad = liveTable({ ...fakeMaster([]), get: async () => wrong(null), count: async () => wrong('1') })
    expect(await rejection(bad.get(1))).toBeInstanceOf(AnswerError)
    expect(await rejection(bad.count())).toBeInstanceOf(AnswerError)
  })

  test('promise 20: a write that is answered with no row rejects, but was applied, and so invalidates', async () => {
    const held = fakeMaster(items(1))
    const bad = liveTable({ ...held, patch: async (id, partial) => (await held.patch(id, partial), wrong(undefined)) })
    await bad.list({ page: 1 })
    expect(await rejection(bad.patch(1, { name: 'new' }))).toBeInstanceOf(AnswerError)
    expect((await bad.list({ page: 1 })).rows).toEqual([{ id: 1, name: 'new' }])
  })

  test('promise 20: after close every read and every write rejects with ClosedError', async () => {
    const closed = liveTable(fakeMaster(items(1)))
    const view = closed.view({ search: 'x' })
    closed.close()
    const calls = [closed, view].flatMap((each) => [
      each.list({ page: 1 }),
      each.get(1),
      each.read(1),
      each.count(),
      each.insert({ name: 'a' }),
      each.replace(1, { id: 1, name: 'a' }),
      each.patch(1, {}),
      each.delete(1),
      each.deleteAll(),
    ])
    for (const error of await Promise.all(calls.map(rejection))) expect(error).toEqual(new ClosedError('items'))
  })

  test('promise 20: an event that is none is told to the trace and skipped', async () => {
    const events: TraceEvent[] = []
    const careless: LiveStream = {
      connect(listener) {
        listener.onStatus({ state: 'open' })
        listener.onEvent(wrong({ type: 'updated' }))
        return () => undefined
      },
    }
    const live = liveTable(fakeMaster(items(1)), { stream: careless, trace: (event) => events.push(event) })
    expect((await live.list({ page: 1 })).rows).toEqual(items(1))
    expect(events.filter(({ type }) => type === 'error')).toEqual([
      {
        type: 'error',
        cacheKey: 'items',
        during: 'stream',
        error: new EventError({ type: 'updated' }, 'an id that is a string or a number'),
      },
    ])
    expect(events.map(({ type }) => type)).not.toContain('event')
  })
})

function liveTable(master: LiveTableOptions<Item>['master'], options: Partial<LiveTableOptions<Item>> = {}): LiveTable<Item> {
  return new LiveTable({ master, cacheKey: 'items', cache: memoryCache(), pageSize: 10, ...options })
}

function readEverything(table: LiveTable<Item>, cache: 'default' | 'force-cache' | 'only-if-cached' = 'default') {
  return Promise.all([table.list({ page: 1 }, { cache }), table.read(1, { cache }), table.count({}, { cache })])
}

/** Lets time pass until it is done. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const state = { isDone: false }
  const end = (): void => {
    state.isDone = true
  }
  work.then(end, end)
  while (!state.isDone) await vi.advanceTimersByTimeAsync(500)
  return work
}

async function rejection(call: Promise<unknown>): Promise<LiveError> {
  const error = await call.then(
    (value) => new Error(`it resolved with ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  )
  if (error instanceof LiveError) return error
  throw error
}

/** What a caller without types might pass. */
function wrong(value: unknown): never {
  return value as never
}
