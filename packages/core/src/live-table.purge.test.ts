import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Cache } from './cache/cache.ts'
import { memoryCache } from './cache/memory.ts'
import { ClosedError, NotCachedError, PurgedError } from './errors.ts'
import { LiveTable } from './live-table.ts'
import type { LiveTableOptions } from './live-table-options.ts'
import { manualStream } from './stream/manual.ts'
import { deferred, settle } from './testing/deferred.ts'
import { fakeMaster, items, type FakeMaster, type Item } from './testing/fake-master.ts'
import { makeGates } from './testing/gates.ts'
import { moodyCache } from './testing/moody-cache.ts'
import type { TraceEvent } from './trace.ts'
import type { WriteStorage } from './writes/write-storage.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('promise 14: a purge ends', () => {
  test('the table and its views: reads and writes reject, and subscribers hear of it once', async () => {
    const { table } = setUp()
    const view = table.view({ where: { id: 1 } })
    const told: string[] = []
    table.subscribe(({ type }) => told.push(type))
    view.subscribe(({ type }) => told.push(`view ${type}`))
    await Promise.all([table.list({ page: 1 }), view.list({ page: 1 })])
    told.length = 0
    await view.purge()
    for (const each of [table, view]) {
      for (const call of callsOf(each)) await expect(call()).rejects.toBeInstanceOf(PurgedError)
      expect(each.subscribe(() => told.push('late'))).toBeTypeOf('function')
      await each.invalidate()
    }
    await settle()
    expect(told.filter((type) => type.endsWith('purged'))).toEqual(['purged', 'view purged'])
    expect(told.at(-1)).toBe('view purged')
    await expect(table.purge()).resolves.toBeUndefined()
  })

  test('all tables of the scope, whatever their keys and caches, closed ones too, and none of another', async () => {
    const cache = memoryCache()
    const { table, scope } = setUp({ cache })
    const same = [setUp({ scope, cache, cacheKey: 'another' }), setUp({ scope, cache: memoryCache() }), setUp({ scope, cache, version: 2 })]
    const closed = setUp({ scope, cache: memoryCache() })
    const others = [setUp({ cache, scope: `${scope}2` }), setUp({ cache, scope: undefined }), setUp({ scope: undefined })]
    for (const each of [...same, closed, ...others]) await each.table.list({ page: 1 })
    closed.table.close()
    await table.purge()
    for (const each of same) await expect(each.table.list({ page: 1 })).rejects.toBeInstanceOf(PurgedError)
    await expect(closed.table.list({ page: 1 })).rejects.toBeInstanceOf(PurgedError)
    for (const each of [...same, closed]) expect(await isCached(each)).toBe(false)
    for (const each of others) {
      expect(await isCached(each)).toBe(true)
      expect((await each.table.patch(1, { name: 'new' })).name).toBe('new')
      expect((await each.table.list({ page: 1 })).rows[0]?.name).toBe('new')
    }
  })

  test('of tables without a scope those that share a cache', async () => {
    const cache = memoryCache()
    const [table, same, other] = [{ cache }, { cache, cacheKey: 'another' }, {}].map((options) => setUp({ ...options, scope: undefined }))
    for (const each of [table, same, other]) await each?.table.list({ page: 1 })
    await table?.table.purge()
    await expect(same?.table.list({ page: 1 })).rejects.toBeInstanceOf(PurgedError)
    await expect(other?.table.list({ page: 1 })).resolves.toMatchObject({ rows: items(3) })
  })

  test('also one that was never used', async () => {
    const { table } = setUp()
    await table.purge()
    await expect(table.list({ page: 1 })).rejects.toBeInstanceOf(PurgedError)
  })

  test('the stream, and what an event or a gap tells after it does nothing', async () => {
    const stream = manualStream()
    const { table, events } = setUp({ stream })
    const told: unknown[] = []
    table.subscribe((change) => told.push(change))
    await table.list({ page: 1 })
    await table.purge()
    expect(table.streamStatus).toMatchObject({ state: 'closed', reason: 'the table is purged' })
    await settle()
    told.length = 0
    const before = events.length
    stream.emit({ type: 'updated', id: 1, row: { id: 1, name: 'late' } })
    stream.gap()
    await settle()
    expect(told).toEqual([])
    expect(events.slice(before)).toEqual([])
  })
})

describe('promise 14: what is under way', () => {
  test('its readers hear of the purge at once, though the master goes on, and its answers are kept nowhere', async () => {
    const gates = makeGates()
    const { master, table, cache, scope } = setUp({}, { step: gates.step })
    const deaf: FakeMaster = { ...master, list: (query) => master.list(query), get: (id) => master.get(id) }
    const others = new LiveTable<Item>({ master: deaf, cacheKey: 'deaf', cache, scope })
    const reads = [table, others].flatMap((each) => [
      each.list({ page: 1 }),
      each.list({ page: 1 }, { signal: new AbortController().signal }),
      each.read(1),
      each.list({ page: 1 }, { cache: 'reload' }),
      each.view({ where: { id: 1 } }).list({ page: 1 }),
    ])
    const outcomes = Promise.allSettled(reads)
    await settle()
    await table.purge()
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'purged' } })
    for (const signal of master.signals) expect(signal.reason).toBeInstanceOf(PurgedError)
    await gates.open()
    const next = setUp({ cache, scope })
    const nextDeaf = setUp({ cache, scope, cacheKey: 'deaf' })
    for (const each of [next, nextDeaf]) {
      expect(await isCached(each)).toBe(false)
      await expect(each.table.read(1, { cache: 'only-if-cached' })).rejects.toBeInstanceOf(NotCachedError)
    }
  })

  test('a read that waits for the cache rejects, also where it would have found something', async () => {
    const cache = moodyCache()
    const { table } = setUp({ cache })
    await table.list({ page: 1 })
    cache.moods.read = 'hang'
    const read = table.list({ page: 1 })
    read.catch(() => undefined)
    const purged = table.purge()
    cache.release()
    await purged
    await expect(read).rejects.toBeInstanceOf(PurgedError)
  })

  test('writes that wait reject; the one under way ends as it ends; nothing is pending or failed, and nothing is laid over', async () => {
    const gates = makeGates()
    const { master, table } = setUp({}, { step: gates.step })
    master.failing = (call) => (call === 'patch 3' ? new Error('refused') : undefined)
    const refused = table.patch(3, { name: 'refused' })
    refused.catch(() => undefined)
    await gates.pass('patch 3 >')
    await gates.pass('patch 3 <').catch(() => undefined)
    await expect(refused).rejects.toThrow('refused')
    const written = table.patch(1, { name: 'under way' })
    const waiting = [table.patch(2, { name: 'waits' }), table.insert({ name: 'waits' }), table.delete(3)]
    const outcomes = Promise.allSettled(waiting)
    await settle()
    expect([table.pending.length, table.failed.length]).toEqual([4, 1])
    const told: string[] = []
    table.subscribe(({ type }) => told.push(type))
    await table.purge()
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: 'purged' } })
    expect([table.pending, table.failed, [...table.pendingIds]]).toEqual([[], [], []])
    const page = { rows: items(3), page: 1, pageSize: 50, fetchedAt: 0, stale: false }
    expect(table.overlay(page)).toBe(page)
    await gates.open()
    expect(await written).toEqual({ id: 1, name: 'under way' })
    expect(master.calls.filter((call) => !call.startsWith('list'))).toEqual(['patch 3', 'patch 1'])
    expect(table.overlay(page)).toBe(page)
    expect([table.pending, table.failed]).toEqual([[], []])
  })

  test('promise 1: what a write changes that was under way is not fresh in a table that was made meanwhile', async () => {
    const gates = makeGates()
    const { master, table, cache, scope } = setUp({}, { step: gates.step })
    const written = table.patch(1, { name: 'new' })
    await settle()
    await table.purge()
    const next = new LiveTable<Item>({ master: fakeMaster([...master.rows.values()]), cacheKey: 'items', cache, scope })
    expect((await next.list({ page: 1 })).rows[0]?.name).toBe('item 1')
    await settle()
    await gates.open()
    await written
    expect(await next.list({ page: 1 }, { cache: 'only-if-cached' })).toMatchObject({ stale: true })
  })

  test('what was kept of writes is forgotten, and nothing is kept after it', async () => {
    const { table, queue } = setUp({ queue: recordingQueue() })
    await table.patch(1, { name: 'new' })
    const calls = queue?.calls ?? []
    expect(calls).toEqual(['connect items', 'update'])
    await table.purge()
    await table.patch(1, { name: 'late' }).catch(() => undefined)
    expect(calls).toEqual(['connect items', 'update', 'close', 'purge Infinity'])
  })
})

describe('promise 14: after it', () => {
  test('a new table of the scope finds nothing, asks the master, and works', async () => {
    const { table, cache, scope, master } = setUp()
    await Promise.all([table.list({ page: 1 }), table.get(1), table.count()])
    await table.purge()
    const next = setUp({ cache, scope })
    expect(await isCached(next)).toBe(false)
    for (const read of [next.table.read(1, { cache: 'only-if-cached' }), next.table.count({}, { cache: 'only-if-cached' })]) {
      await expect(read).rejects.toBeInstanceOf(NotCachedError)
    }
    expect((await next.table.list({ page: 1 })).rows).toEqual(items(3))
    await next.table.patch(1, { name: 'new' })
    expect((await next.table.list({ page: 1 })).rows[0]?.name).toBe('new')
    await next.table.list({ page: 1 })
    expect(next.master.calls).toEqual(['list 1', 'patch 1', 'list 1'])
    expect(master.calls).toEqual(['list 1', 'get 1', 'count'])
  })

  test('a table that is made where it is heard of works as well, and loses nothing but what is cached', async () => {
    const { table, cache, scope } = setUp()
    await table.list({ page: 1 })
    let next: LiveTable<Item> | undefined
    table.subscribe(({ type }) => {
      if (type === 'purged') next = setUp({ cache, scope }).table
    })
    const purged = table.purge()
    const early = next?.list({ page: 1 })
    expect((await early)?.rows).toEqual(items(3))
    await purged
    expect((await next?.list({ page: 1 }))?.rows).toEqual(items(3))
  })

  test('where the cache fails it rejects, the tables have ended all the same, and it can be called again', async () => {
    const inner = memoryCache()
    const failure = new Error('the disk is gone')
    let isBroken = true
    const cache: Cache = { ...inner, purge: (scope) => (isBroken ? Promise.reject(failure) : inner.purge(scope)) }
    const { table, events, scope } = setUp({ cache })
    await table.list({ page: 1 })
    await settle()
    await expect(table.purge()).rejects.toBe(failure)
    await expect(table.list({ page: 1 })).rejects.toBeInstanceOf(PurgedError)
    expect(events).toContainEqual({ cacheKey: 'items', type: 'error', during: 'cache-purge', error: failure })
    isBroken = false
    await table.purge()
    expect(await isCached(setUp({ cache, scope }))).toBe(false)
  })

  test('a cache that does not answer is waited for no longer than 2 s', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const cache: Cache = { ...memoryCache(), purge: () => new Promise(() => undefined) }
    const { table } = setUp({ cache })
    const purged = table.purge()
    purged.catch(() => undefined)
    await vi.advanceTimersByTimeAsync(2_000)
    await expect(purged).rejects.toMatchObject({ code: 'timeout', bound: 2_000 })
  })

  test('a closed table goes on rejecting with what ended it last', async () => {
    const { table } = setUp()
    table.close()
    await expect(table.list({ page: 1 })).rejects.toBeInstanceOf(ClosedError)
    await table.purge()
    await expect(table.list({ page: 1 })).rejects.toBeInstanceOf(PurgedError)
  })
})

describe("promise 14: with writes: 'drain'", () => {
  test('it waits for the writes of all tables of the scope, and then purges', async () => {
    const gates = makeGates()
    const { table, cache, scope } = setUp({}, { step: gates.step })
    const other = setUp({ cache, scope, cacheKey: 'another' }, { step: gates.step })
    const written = [table.patch(1, { name: 'a' }), table.patch(2, { name: 'b' }), other.table.patch(3, { name: 'c' })]
    await settle()
    const isPurged = deferred<string>()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const purged = table.purge({ writes: 'drain' }).then(() => isPurged.resolve('purged'))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await Promise.race([isPurged.promise, settle()])).toBeUndefined()
    expect(table.pending).toHaveLength(2)
    await gates.open()
    expect(await Promise.all(written)).toMatchObject([{ name: 'a' }, { name: 'b' }, { name: 'c' }])
    await vi.advanceTimersByTimeAsync(500)
    await purged
    await expect(other.table.list({ page: 1 })).rejects.toBeInstanceOf(PurgedError)
  })

  test('its signal ends the wait: then nothing is purged', async () => {
    const gates = makeGates()
    const { table } = setUp({}, { step: gates.step })
    const page = table.list({ page: 1 })
    await settle()
    await gates.pass('list 1 >')
    await gates.pass('list 1 <')
    await page
    const written = table.patch(1, { name: 'new' })
    await settle()
    const leaving = new AbortController()
    const purged = table.purge({ writes: 'drain', signal: leaving.signal })
    purged.catch(() => undefined)
    await settle()
    leaving.abort('stays')
    await expect(purged).rejects.toBe('stays')
    await expect(table.purge({ writes: 'drain', signal: AbortSignal.abort('never') })).rejects.toBe('never')
    await gates.open()
    expect(await written).toMatchObject({ name: 'new' })
    expect((await table.list({ page: 1 })).rows[0]?.name).toBe('new')
  })
})

test('promise 14: whatever is under way when it is purged, nothing of it is kept, and every promise settles', async () => {
  const action = fc.constantFrom('list', 'reload', 'view', 'get', 'count', 'patch', 'insert', 'event', 'changed', 'invalidate', 'pass')
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 12 }), fc.array(action, { maxLength: 4 }), async (before, after) => {
      const gates = makeGates()
      const stream = manualStream()
      const { table, cache, scope } = setUp({ stream }, { step: gates.step })
      const all: Promise<unknown>[] = []
      const act = async (name: string): Promise<void> => {
        const passing = gates.waiting[0]
        if (name === 'list') all.push(table.list({ page: 1 }))
        if (name === 'reload') all.push(table.list({ page: 1 }, { cache: 'reload' }))
        if (name === 'view') all.push(table.view({ where: { id: 1 } }).list({ page: 1 }))
        if (name === 'get') all.push(table.read(1))
        if (name === 'count') all.push(table.count())
        if (name === 'patch') all.push(table.patch(1, { name: 'patched' }))
        if (name === 'insert') all.push(table.insert({ name: 'inserted' }))
        if (name === 'event') stream.emit({ type: 'updated', id: 1, row: { id: 1, name: 'event' } })
        if (name === 'changed') stream.emit({ type: 'changed' })
        if (name === 'invalidate') all.push(table.invalidate())
        if (name === 'pass' && passing !== undefined) await gates.pass(passing)
        all.at(-1)?.catch(() => undefined)
        await Promise.resolve()
      }
      for (const each of before) await act(each)
      const purged = table.purge()
      for (const each of after) await act(each)
      await purged
      await gates.open()
      await Promise.allSettled(all)
      await settle()
      const { table: next } = setUp({ cache, scope })
      const views = [next, next.view({ where: { id: 1 } })]
      for (const view of views) await expect(view.list({ page: 1 }, { cache: 'only-if-cached' })).rejects.toBeInstanceOf(NotCachedError)
      await expect(next.read(1, { cache: 'only-if-cached' })).rejects.toBeInstanceOf(NotCachedError)
      await expect(next.count({}, { cache: 'only-if-cached' })).rejects.toBeInstanceOf(NotCachedError)
    }),
    { numRuns: 200 },
  )
})

interface RecordingQueue extends WriteStorage {
  readonly calls: string[]
}

interface SetUp {
  readonly table: LiveTable<Item>
  readonly master: FakeMaster
  readonly cache: Cache
  readonly scope: string
  readonly events: TraceEvent[]
  readonly queue: RecordingQueue | undefined
}

type SetUpOptions = Partial<Omit<LiveTableOptions<Item>, 'scope' | 'queue'>> & {
  readonly scope?: string | undefined
  readonly queue?: RecordingQueue
}

/** A table of a scope of its own. */
function setUp(options: SetUpOptions = {}, traits: Parameters<typeof fakeMaster>[1] = {}): SetUp {
  const { scope: given, queue, cache = memoryCache(), ...rest } = options
  const scope = queue?.scope ?? ('scope' in options ? given : crypto.randomUUID())
  const master = fakeMaster(items(3), traits)
  const events: TraceEvent[] = []
  const table = new LiveTable<Item>({
    master,
    cacheKey: 'items',
    cache,
    trace: (event) => events.push(event),
    ...(scope !== undefined && { scope }),
    ...(queue && { queue }),
    ...rest,
  })
  return { table, master, cache, scope: scope ?? '', events, queue }
}

function callsOf(table: LiveTable<Item>): (() => Promise<unknown>)[] {
  return [
    () => table.list({ page: 1 }),
    () => table.list({ page: 1 }, { cache: 'only-if-cached' }),
    () => table.get(1),
    () => table.read(1),
    () => table.count(),
    () => table.insert({ name: 'late' }),
    () => table.replace(1, { id: 1, name: 'late' }),
    () => table.patch(1, { name: 'late' }),
    () => table.delete(1),
    () => table.deleteAll(),
  ]
}

/** Whether a new table like this one would find its first page. */
async function isCached({ table, cache, scope }: SetUp): Promise<boolean> {
  const slot = { scope, cacheKey: table.cacheKey, key: table.pageCacheKey(1), tags: [] }
  const { entry } = await cache.read(slot)
  return entry !== undefined
}

function recordingQueue(): RecordingQueue {
  const calls: string[] = []
  return {
    calls,
    scope: crypto.randomUUID(),
    purge: async (before) => void calls.push(`purge ${before}`),
    connect(cacheKey) {
      calls.push(`connect ${cacheKey}`)
      let order = 0
      return {
        ready: Promise.resolve(),
        nextOrder: () => (order += 1),
        update: async () => {
          if (calls.at(-1) !== 'update') calls.push('update')
        },
        close: () => void calls.push('close'),
      }
    },
  }
}
