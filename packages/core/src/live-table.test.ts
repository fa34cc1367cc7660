import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { memoryCache } from './cache/memory.ts'
import { ArgumentError, ClosedError, UnsupportedError } from './errors.ts'
import { LiveTable } from './live-table.ts'
import type { LiveTableOptions } from './live-table-options.ts'
import type { LiveStream, StreamListener, StreamStatus } from './stream/stream.ts'
import { manualStream, type ManualStream } from './stream/manual.ts'
import { memoryTable } from './table/memory.ts'
import type { Reference, Table, TableChange } from './table/table.ts'
import { settle } from './testing/deferred.ts'
import { fakeMaster, items, type FakeMaster, type Item } from './testing/fake-master.ts'
import { makeGates } from './testing/gates.ts'
import { moodyCache } from './testing/moody-cache.ts'
import type { TraceEvent } from './trace.ts'
import { WriteQueue } from './writes/write-queue.ts'

describe('a LiveTable', () => {
  test('tells of its master what the master tells of itself', () => {
    const metadata = {
      name: 'orders',
      idField: 'key',
      titleFields: ['name'],
      columns: [{ name: 'name', label: 'Name', type: 'text' as const }],
      references: { customer: { field: 'customerId', table: () => fakeMaster([]) } },
    }
    const table = liveTable(fakeMaster([], metadata), { cacheKey: 'my orders' })
    for (const each of [table, table.view({ search: 'x' })]) {
      const { name, idField, titleFields, columns, references } = each
      expect({ name, idField, titleFields, columns, references }).toEqual(metadata)
      expect(each.cacheKey).toBe('my orders')
      expect(each.root).toBe(table)
    }
    expect(liveTable(fakeMaster([]))).toMatchObject({ titleFields: undefined, columns: undefined, references: undefined })
  })

  test('takes its ids from the id field of its master', async () => {
    const rows = [{ key: 'a', name: 'A' }]
    const table = new LiveTable({ master: memoryTable(rows, { idField: 'key' }), cacheKey: 'x', cache: memoryCache() })
    expect((await table.list({ page: 1 })).rows).toEqual(rows)
    await table.patch('a', { name: 'B' })
    expect(await table.get('a')).toEqual({ key: 'a', name: 'B' })
    await expect(table.patch('a', { key: 'b' })).rejects.toThrow(ArgumentError)
  })

  test('has pages of 50 rows, and a cache in memory where there is no IndexedDB', async () => {
    const events: TraceEvent[] = []
    const table = new LiveTable({ master: fakeMaster(items(60)), cacheKey: 'items', trace: (event) => events.push(event) })
    expect(table.pageSize).toBe(50)
    const began = Date.now()
    const page = await table.list({ page: 1 })
    expect(page).toEqual({ rows: items(50), total: 60, page: 1, pageSize: 50, fetchedAt: page.fetchedAt, stale: false })
    expect(page.fetchedAt).toBeGreaterThanOrEqual(began)
    expect((await table.list({ page: 2 })).rows).toEqual(items(60).slice(50))
    expect(events[0]).toMatchObject({ type: 'miss', cache: 'memory' })
  })

  test("asks the master with 'reload', whatever is cached, and fills the slot", async () => {
    const master = fakeMaster(items(1))
    const table = liveTable(master)
    await table.list({ page: 1 })
    master.rows.set('1', { id: 1, name: 'new' })
    expect((await table.list({ page: 1 }, { cache: 'reload' })).rows).toEqual([{ id: 1, name: 'new' }])
    expect((await table.list({ page: 1 })).rows).toEqual([{ id: 1, name: 'new' }])
    expect(master.calls).toEqual(['list 1', 'list 1'])
  })

  test('writes to the write target and reads from the master', async () => {
    const master = fakeMaster(items(2))
    const drafts = fakeMaster(items(2), { name: 'drafts' })
    const table = liveTable(master, { writeTarget: drafts })
    await table.list({ page: 1 })
    expect(await table.patch(1, { name: 'draft' })).toEqual({ id: 1, name: 'draft' })
    expect(await table.insert({ id: 3, name: 'new' })).toEqual({ id: 3, name: 'new' })
    await table.delete(2)
    expect((await table.list({ page: 1 })).rows).toEqual(items(2))
    expect(drafts.calls).toEqual(['patch 1', 'insert', 'delete 2'])
    expect(master.calls).toEqual(['list 1', 'list 1'])
  })

  test('names the rows with pending writes, and gives the same set until that changes', async () => {
    const gates = makeGates()
    const table = liveTable(fakeMaster(items(2), { step: gates.step }))
    const none = table.pendingIds
    expect(none).toEqual(new Set())
    expect(table.pendingIds).toBe(none)
    const writes = [
      table.patch(1, { name: 'a' }),
      table.patch('1', { name: 'b' }),
      table.delete(2),
      table.insert({ name: 'c' }),
      table.deleteAll(),
    ]
    const some = table.pendingIds
    // A row without an id has a name of its own until it gets one.
    const newId = expect.stringMatching(/^new-/)
    expect([...some]).toEqual(['1', '2', newId])
    expect(table.pendingIds).toBe(some)
    await gates.pass('patch 1 >')
    await gates.pass('patch 1 <')
    expect([...table.pendingIds]).toEqual(['1', '2', newId])
    await gates.open()
    await Promise.all(writes)
    expect(table.pendingIds).toEqual(new Set())
  })

  describe('counts', () => {
    test('what the master counts, by the filter and the search', async () => {
      const master = fakeMaster([...items(3), { id: 9, name: 'other', status: 'open' }])
      const table = liveTable(master)
      expect(await table.count()).toBe(4)
      expect(await table.count({ search: 'item' })).toBe(3)
      expect(await table.view({ where: { status: 'open' }, orderBy: [{ field: 'name', direction: 'asc' }] }).count()).toBe(1)
      expect(await table.count({ where: { status: 'open' } })).toBe(1)
      expect(master.calls).toEqual(['count', 'count', 'count'])
    })

    test('the total of a list, where the master has no count()', async () => {
      const master = fakeMaster(items(3), { canCount: false })
      const table = liveTable(master)
      expect(await table.count()).toBe(3)
      expect(await table.count({ where: { id: 1 } })).toBe(1)
      expect(master.calls).toEqual(['list 1', 'list 1'])
    })

    test('nothing where the master has neither, and says so', async () => {
      const error = await liveTable(fakeMaster(items(3), { canCount: false, hasTotal: false }))
        .count()
        .catch((reason: unknown) => reason)
      expect(error).toEqual(new UnsupportedError('items', 'it cannot count: it has no count() and list() gives no total'))
    })

    test('nothing as fresh that the list called stale', async () => {
      const master = fakeMaster(items(3), { canCount: false })
      const offline = new Error('offline')
      let error: unknown = offline
      const table = liveTable({
        ...master,
        list: async (query) => ({ ...(await master.list(query)), ...(error !== undefined && { stale: true, error }) }),
      })
      await expect(table.count()).rejects.toBe(offline)
      error = undefined
      expect(await table.count()).toBe(3)
      expect(master.calls).toEqual(['list 1', 'list 1'])
    })
  })

  describe('follows a reference', () => {
    test('to the table that it leads to', async () => {
      const cities = fakeMaster(items(1), { name: 'cities' })
      const references: Record<string, Reference> = { city: { field: 'cityId', table: () => cities } }
      const table = liveTable(fakeMaster([], { references }))
      expect(table.ref('city')).toBe(cities)
      expect(table.view({ search: 'x' }).ref('city')).toBe(cities)
    })

    test('in circles', () => {
      const orders: LiveTable<Item> = liveTable(
        fakeMaster([], { references: { customer: { field: 'customerId', table: () => customers } } }),
      )
      const customers: LiveTable<Item> = liveTable(fakeMaster([], { references: { lastOrder: { field: 'orderId', table: () => orders } } }))
      const back = orders.ref('customer')
      expect(back instanceof LiveTable && back.ref('lastOrder')).toBe(orders)
    })

    test.each(['town', 'constructor', ''])('only where the master has it: %j is refused', (name) => {
      const table = liveTable(fakeMaster([], { references: { city: { field: 'cityId', table: () => fakeMaster([]) } } }))
      expect(() => table.ref(name)).toThrow(new UnsupportedError('items', `it has no reference ${JSON.stringify(name)}`))
      expect(() => liveTable(fakeMaster([])).ref(name)).toThrow(UnsupportedError)
    })
  })
})

describe('a view', () => {
  test('is the same object, with the same slots, however its query is written', () => {
    const table = liveTable(fakeMaster([]))
    const view = table.view({
      where: { name: { gte: 'a', lt: 'z' }, status: 'open' },
      orderBy: [{ field: 'name', direction: 'desc' }],
      search: 'muffin',
    })
    const same = [
      table.view({
        search: 'muffin',
        orderBy: [{ direction: 'desc', field: 'name' }],
        where: { status: 'open', name: { lt: 'z', gte: 'a' } },
      }),
      table
        .view({ where: { status: { eq: 'open' }, name: { gte: 'a', lt: 'z' } }, search: 'muffin' })
        .view({ orderBy: [{ field: 'name', direction: 'desc' }] }),
      table
        .view({ where: { status: 'open' } })
        .view({ where: { name: { gte: 'a', lt: 'z' } }, search: 'muffin', orderBy: [{ field: 'name', direction: 'desc' }] }),
    ]
    for (const each of same) {
      expect(each).toBe(view)
      expect(each.pageCacheKey(1)).toBe(view.pageCacheKey(1))
    }
    expect(table.view({ where: { status: 'open' } })).not.toBe(view)
  })

  test('lists and counts its own rows, and a list with the same query shares its slots', async () => {
    const rows = [
      { id: 1, name: 'b', status: 'open' },
      { id: 2, name: 'a', status: 'open' },
      { id: 3, name: 'c', status: 'paid' },
    ]
    const master = fakeMaster(rows)
    const table = liveTable(master)
    const query = { where: { status: 'open' }, orderBy: [{ field: 'name' as const, direction: 'asc' as const }] }
    const view = table.view(query)
    expect((await view.list({ page: 1 })).rows.map(({ id }) => id)).toEqual([2, 1])
    expect(await view.count()).toBe(2)
    expect((await table.list({ page: 1, ...query })).rows.map(({ id }) => id)).toEqual([2, 1])
    expect(master.calls).toEqual(['list 1', 'count'])
    expect((await view.list({ page: 1, orderBy: [{ field: 'name', direction: 'desc' }] })).rows.map(({ id }) => id)).toEqual([1, 2])
    expect((await view.list({ page: 1, where: { name: 'a' } })).rows.map(({ id }) => id)).toEqual([2])
    expect(view.query).toEqual(query)
  })

  test('keeps its query when the caller changes what it was made with', async () => {
    const table = liveTable(fakeMaster([{ id: 1, name: 'a', status: 'open' }]))
    const where = { status: 'open' }
    const view = table.view({ where })
    where.status = 'paid'
    expect(view.query).toEqual({ where: { status: 'open' } })
    expect((await view.list({ page: 1 })).rows).toHaveLength(1)
    expect(table.view({ where: { status: 'open' } })).toBe(view)
  })

  test('shares rows, writes, stream and listeners with its table', async () => {
    const stream = recordingStream()
    const gates = makeGates()
    const master = fakeMaster(items(2), { step: gates.step })
    const table = liveTable(master, { stream })
    const view = table.view({ search: 'item' })
    const changes: TableChange[] = []
    const leave = view.subscribe((change) => changes.push(change))
    const read = [table.get(1), view.get(1)]
    await settle()
    const written = table.patch(1, { name: 'item one' })
    expect(view.pendingIds).toBe(table.pendingIds)
    expect(view.pendingIds).toEqual(new Set(['1']))
    expect(view.streamStatus).toMatchObject({ state: 'open' })
    expect(view.streamStatus).toBe(table.streamStatus)
    expect(stream.connections()).toBe(1)
    await gates.open()
    await Promise.all([...read, written])
    expect(master.calls.filter((call) => call === 'get 1')).toHaveLength(1)
    expect(view.idCacheKey(1)).toBe(table.idCacheKey(1))
    expect(changes).toContainEqual({ type: 'invalidated', rows: ['1'] })
    leave()
    expect(stream.connections()).toBe(0)
  })

  test.each([
    [{ where: { status: 'open' } }, { where: { status: 'paid' } }, 'where.status'],
    [{ where: { status: { ne: 'a' } } }, { where: { status: { ne: 'b' } } }, 'where.status'],
    [{ search: 'a' }, { search: 'b' }, 'search'],
  ])('promise 20: of %j that is narrowed by %j is refused', async (outer, inner, argument) => {
    const view = liveTable(fakeMaster([])).view(outer)
    expect(() => view.view(inner)).toThrow(expect.objectContaining({ code: 'argument', argument }))
    await expect(view.list({ page: 1, ...inner })).rejects.toMatchObject({ code: 'argument', argument })
    await expect(view.count(inner)).rejects.toMatchObject({ code: 'argument', argument })
  })

  test('deletes all rows of the table', async () => {
    const master = fakeMaster([
      { id: 1, name: 'a', status: 'open' },
      { id: 2, name: 'b', status: 'paid' },
    ])
    await liveTable(master)
      .view({ where: { status: 'open' } })
      .deleteAll()
    expect(master.rows.size).toBe(0)
  })

  test('cannot be closed: the table it was made from owns all that', async () => {
    const table = liveTable(fakeMaster(items(1)))
    const view = table.view({ search: 'item' })
    view.close()
    view[Symbol.dispose]()
    expect((await view.list({ page: 1 })).rows).toHaveLength(1)
    table.close()
    await expect(view.list({ page: 1 })).rejects.toThrow(ClosedError)
  })
})

describe('its stream', () => {
  test('is connected by the first read, write or subscription, once', async () => {
    for (const use of [
      (table: LiveTable<Item>) => table.list({ page: 1 }),
      (table: LiveTable<Item>) => table.read(1),
      (table: LiveTable<Item>) => table.count(),
      (table: LiveTable<Item>) => table.delete(1),
      async (table: LiveTable<Item>) => table.subscribe(() => undefined),
    ]) {
      const stream = recordingStream()
      const table = liveTable(fakeMaster(items(1)), { stream })
      expect(stream.total()).toBe(0)
      await use(table)
      await use(table)
      expect(stream.total()).toBe(1)
    }
  })

  test('is let go when the last subscriber leaves, and connected again by the next', () => {
    const stream = recordingStream()
    const table = liveTable(fakeMaster([]), { stream })
    const leave = [table.subscribe(() => undefined), table.subscribe(() => undefined)]
    leave[0]?.()
    expect(stream.connections()).toBe(1)
    leave[1]?.()
    expect(stream.connections()).toBe(0)
    expect(table.streamStatus).toMatchObject({ state: 'closed', reason: 'nobody listens' })
    const leaveAgain = table.subscribe(() => undefined)
    expect(stream.connections()).toBe(1)
    expect(table.streamStatus).toMatchObject({ state: 'open' })
    leaveAgain()
    leaveAgain()
    expect([stream.connections(), stream.total()]).toEqual([0, 2])
  })

  test('survives a subscriber who comes, goes and comes again, as under StrictMode', async () => {
    const stream = recordingStream()
    const table = liveTable(fakeMaster(items(1)), { stream })
    const changes: TableChange[] = []
    const listener = (change: TableChange): void => void changes.push(change)
    table.subscribe(listener)()
    const leave = table.subscribe(listener)
    expect([stream.connections(), stream.total()]).toEqual([1, 2])
    changes.length = 0
    stream.tell((connection) => connection.onEvent({ type: 'updated', id: 1 }))
    await settle()
    expect(changes).toMatchObject([{ type: 'status' }, { type: 'invalidated', rows: ['1'] }])
    leave()
    expect(stream.connections()).toBe(0)
  })

  test('tells its status to the subscribers', () => {
    const stream = manualStream()
    const table = liveTable(fakeMaster([]), { stream })
    const heard: (StreamStatus | undefined)[] = []
    onTestFinished(table.subscribe(({ type }) => type === 'status' && heard.push(table.streamStatus)))
    stream.setStatus({ state: 'connecting' })
    stream.setStatus({ state: 'open' })
    table.close()
    expect(heard).toMatchObject([{ state: 'connecting' }, { state: 'open' }, { state: 'closed', reason: 'the table is closed' }])
    expect(liveTable(fakeMaster([])).streamStatus).toBeUndefined()
  })

  test('has to be open for anything cached to be fresh', async () => {
    const stream = manualStream()
    const master = fakeMaster(items(1))
    const table = liveTable(master, { stream })
    await readEverything(table)
    await readEverything(table)
    expect(master.calls).toHaveLength(3)
    for (const status of [{ state: 'connecting' }, { state: 'closed', reason: 'gone' }] as const) {
      stream.setStatus(status)
      master.calls.length = 0
      expect(await table.list({ page: 1 }, { cache: 'force-cache' })).toMatchObject({ stale: true })
      expect(await readEverything(table)).toMatchObject([{ stale: false }, { stale: false }, 1])
      expect(master.calls).toHaveLength(3)
    }
    stream.setStatus({ state: 'open' })
    master.calls.length = 0
    await readEverything(table)
    expect(master.calls).toEqual([])
  })

  test.each<[string, (stream: ManualStream) => void, readonly string[]]>([
    ["'changed'", (stream) => stream.emit({ type: 'changed' }), ['list 1', 'list 2', 'count', 'get 1', 'get 2']],
    ['a gap', (stream) => stream.gap(), ['list 1', 'list 2', 'count', 'get 1', 'get 2']],
    ["'inserted'", (stream) => stream.emit({ type: 'inserted', id: 9 }), ['list 1', 'list 2', 'count']],
    ["'updated'", (stream) => stream.emit({ type: 'updated', id: '1' }), ['list 1', 'get 1']],
    ["'updated' with a row", (stream) => stream.emit({ type: 'updated', id: 1, row: { id: 1, name: 'new' } }), []],
    ["'deleted'", (stream) => stream.emit({ type: 'deleted', id: 2 }), ['list 1', 'list 2', 'count', 'get 2']],
  ])('promise 17: %s makes stale what it can have changed, and no more', async (_, emit, asked) => {
    const stream = manualStream()
    const master = fakeMaster(items(4))
    const table = liveTable(master, { stream, pageSize: 2 })
    const readAll = () => Promise.all([table.list({ page: 1 }), table.list({ page: 2 }), table.count(), table.get(1), table.get(2)])
    await readAll()
    master.calls.length = 0
    emit(stream)
    await settle()
    await readAll()
    expect(master.calls).toEqual(asked)
  })

  test('promise 11: what happened while it was let go is a gap: nothing from before is fresh', async () => {
    const stream = manualStream()
    const master = fakeMaster(items(1))
    const table = liveTable(master, { stream })
    const leave = table.subscribe(() => undefined)
    await table.list({ page: 1 })
    leave()
    master.rows.set('1', { id: 1, name: 'new' })
    stream.emit({ type: 'updated', id: 1 })
    expect((await table.list({ page: 1 })).rows).toEqual([{ id: 1, name: 'new' }])
  })
})

describe('its end', () => {
  test('lets the stream go, and nothing is heard of it any more', async () => {
    const stream = recordingStream()
    const table = liveTable(fakeMaster(items(1)), { stream })
    const changes: TableChange[] = []
    table.subscribe((change) => changes.push(change))
    table.close()
    table.close()
    expect(stream.connections()).toBe(0)
    changes.length = 0
    await table.invalidate()
    table.subscribe((change) => changes.push(change))()
    expect([changes, stream.total()]).toEqual([[], 1])
  })

  test('comes with the end of its scope, where it is used with `using`', async () => {
    const stream = recordingStream()
    const gates = makeGates()
    const master = fakeMaster(items(1), { step: gates.step })
    let outcomes: Promise<PromiseSettledResult<unknown>[]> | undefined
    {
      using table = liveTable(master, { stream })
      outcomes = Promise.allSettled([table.delete(1), table.delete(1)])
    }
    expect(stream.connections()).toBe(0)
    await gates.open()
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  })

  test('lets reads that are under way arrive', async () => {
    const gates = makeGates()
    const table = liveTable(fakeMaster(items(1), { step: gates.step }))
    const listed = table.list({ page: 1 })
    await settle()
    table.close()
    await gates.open()
    expect((await listed).rows).toEqual(items(1))
  })

  test('may come from a listener or the trace, also while the stream is being connected', async () => {
    const stream = recordingStream()
    const table = liveTable(fakeMaster(items(1)), { stream, trace: ({ type }) => type === 'status' && table.close() })
    await expect(table.list({ page: 1 }).then(() => table.list({ page: 1 }))).rejects.toThrow(ClosedError)
    expect([stream.connections(), stream.total()]).toEqual([0, 1])
  })
})

describe('a LiveTable as the master of another one', () => {
  test('tells it of its invalidations, by row', async () => {
    const { inner, outer, master } = nested()
    await Promise.all([outer.list({ page: 1 }), outer.get(1), outer.get(2)])
    const changes: TableChange[] = []
    onTestFinished(outer.subscribe((change) => changes.push(change)))
    await inner.patch(1, { name: 'new' })
    expect(await outer.read(1, { cache: 'force-cache' })).toMatchObject({ stale: true })
    expect(await outer.read(2, { cache: 'force-cache' })).toMatchObject({ stale: false })
    expect((await outer.list({ page: 1 })).rows[0]).toEqual({ id: 1, name: 'new' })
    expect(await outer.get(1)).toEqual({ id: 1, name: 'new' })
    expect(changes.filter(({ type }) => type !== 'writes')).toEqual([{ type: 'invalidated', rows: ['1'] }])
    await inner.invalidate()
    await settle()
    expect(changes.at(-1)).toEqual({ type: 'invalidated', rows: 'all' })
    expect(master.calls).toContain('patch 1')
  })

  test('promise 1: what it wrote is seen by the other one, once the write has resolved', async () => {
    const { inner, outer } = nested()
    await outer.list({ page: 1 })
    await inner.patch(1, { name: 'by the inner' })
    expect((await outer.list({ page: 1 })).rows[0]?.name).toBe('by the inner')
    await outer.patch(1, { name: 'by the outer' })
    expect((await outer.list({ page: 1 })).rows[0]?.name).toBe('by the outer')
    expect((await inner.list({ page: 1 })).rows[0]?.name).toBe('by the outer')
  })

  test('promise 1: what it wrote while the other one did not listen is seen, too', async () => {
    const { inner, outer } = nested()
    const leave = outer.subscribe(() => undefined)
    await outer.list({ page: 1 })
    leave()
    await inner.patch(1, { name: 'new' })
    expect((await outer.list({ page: 1 })).rows[0]?.name).toBe('new')
  })

  test('promise 1: what it wrote before the other one was used is seen, too', async () => {
    const cache = memoryCache()
    const first = nested({ cache })
    await first.outer.list({ page: 1 })
    // As after a reload.
    const { inner, outer } = nested({ cache, master: first.master })
    await inner.patch(1, { name: 'new' })
    expect((await outer.list({ page: 1 })).rows[0]?.name).toBe('new')
  })

  test('gets the writes of both in their order, and both know what is pending', async () => {
    const gates = makeGates()
    const { inner, outer, master } = nested({ master: fakeMaster(items(3), { step: gates.step }) })
    const writes = [inner.delete(1), outer.delete(2), outer.delete(3)]
    expect([outer.pendingIds, inner.pendingIds]).toEqual([new Set(['2', '3']), new Set(['1', '2'])])
    await gates.open()
    await Promise.all(writes)
    expect(master.calls.filter((call) => call.startsWith('delete'))).toEqual(['delete 1', 'delete 2', 'delete 3'])
  })

  test('promise 8: its stale answer is handed on with its error, and is never fresh outside', async () => {
    const { inner, outer, master } = nested()
    await Promise.all([inner.list({ page: 1 }), inner.get(1)])
    await inner.invalidate()
    const offline = new Error('offline')
    master.failing = () => offline
    for (const cache of ['default', 'default', 'force-cache'] as const) {
      expect(await outer.list({ page: 1 }, { cache })).toMatchObject({ rows: items(3), stale: true })
    }
    expect((await outer.list({ page: 1 })).error).toBe(offline)
    await expect(outer.get(1)).rejects.toBe(offline)
    await expect(outer.count()).rejects.toBe(offline)
    master.failing = () => undefined
    expect(await outer.list({ page: 1 })).toMatchObject({ stale: false })
    expect(await outer.list({ page: 1 })).toMatchObject({ stale: false })
  })

  test('promise 2: its answer that was overtaken is stale outside, too, and leaves no fresh slot there', async () => {
    const gates = makeGates()
    const { inner, outer } = nested({ master: fakeMaster(items(3), { step: gates.step }) })
    const listed = outer.list({ page: 1 })
    await settle()
    await settle()
    await gates.pass('list 1 >')
    const invalidated = inner.invalidate()
    await gates.open()
    await invalidated
    expect(await listed).toMatchObject({ stale: true })
    expect(await outer.list({ page: 1 }, { cache: 'force-cache' })).toMatchObject({ stale: true })
  })

  test('is not listened to any more when the other one is closed, and lives on', async () => {
    const stream = recordingStream()
    const { inner, outer } = nested({ stream })
    await outer.list({ page: 1 })
    expect(stream.connections()).toBe(1)
    outer.close()
    expect(stream.connections()).toBe(0)
    expect((await inner.list({ page: 1 })).rows).toEqual(items(3))
    await expect(outer.list({ page: 1 })).rejects.toThrow(ClosedError)
  })

  test('may serve smaller pages than the other one', async () => {
    const { outer } = nested({ masterPageSize: 2 })
    expect((await outer.list({ page: 1, pageSize: 3 })).rows).toEqual(items(3))
  })

  test('passes on a view of itself as well', async () => {
    const { inner } = nested()
    const outer = liveTable(inner.view({ where: { id: { lte: 2 } } }), { cacheKey: 'outer' })
    expect((await outer.list({ page: 1 })).rows).toEqual(items(2))
    await inner.patch(2, { name: 'new' })
    expect((await outer.list({ page: 1, search: 'new' })).rows).toEqual([{ id: 2, name: 'new' }])
  })
})

describe('the trace', () => {
  test('hears of reads: a miss and what filled the slot, a hit, and something stale', async () => {
    const { events, table } = traced()
    await table.list({ page: 1 })
    await table.list({ page: 1 })
    await table.invalidate()
    await table.list({ page: 1 })
    const slot = table.pageCacheKey(1)
    expect(events).toEqual([
      { type: 'miss', slot, cache: 'moody', ...common },
      { type: 'answer', slot, ...common },
      { type: 'fill', slot, ...common },
      { type: 'hit', slot, cache: 'moody', ...common },
      { type: 'invalidate', cause: 'call', rows: 'all', ...common },
      { type: 'stale', slot, cache: 'moody', ...common },
      { type: 'answer', slot, ...common },
      { type: 'fill', slot, ...common },
    ])
  })

  test('hears of rows and counts by their slots', async () => {
    const { events, table } = traced()
    await table.get(1)
    await table.count()
    expect(events.filter(({ type }) => type === 'fill')).toEqual([
      { type: 'fill', slot: table.idCacheKey(1), ...common },
      { type: 'fill', slot: expect.stringContaining('"count"'), ...common },
    ])
  })

  test('hears of a lease that was voided, and of a read that failed, with how long the master took', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const gates = makeGates()
    const { events, table, master } = traced({ step: gates.step })
    const listed = table.list({ page: 1 })
    await settle()
    vi.advanceTimersByTime(70)
    await table.invalidate()
    await gates.open()
    await listed
    const slot = table.pageCacheKey(1)
    expect(events).toContainEqual({ type: 'answer', slot, cacheKey: 'items', duration: 70 })
    await settle()
    expect(events.at(-1)).toEqual({ type: 'void', slot, cacheKey: 'items', duration: 0 })
    const error = new Error('offline')
    master.failing = () => error
    await table.list({ page: 1 })
    expect(events.at(-1)).toEqual({ type: 'read-failed', slot: table.pageCacheKey(1), error, cacheKey: 'items', duration: 0 })
  })

  test('hears of a lease that was voided while its answer was being written', async () => {
    const { events, table, cache } = traced()
    cache.moods.fill = 'hang'
    await table.list({ page: 1 })
    cache.moods.invalidate = 'reject'
    await table.invalidate()
    cache.release()
    await settle()
    expect(events.at(-1)).toEqual({ type: 'void', slot: table.pageCacheKey(1), ...common })
    expect(await table.list({ page: 1 }, { cache: 'force-cache' })).toMatchObject({ stale: true })
  })

  test('hears of writes: queued, applied and failed, and of what they invalidate', async () => {
    const { events, table, master } = traced()
    await Promise.all([table.patch(1, { name: 'new' }), table.insert({ name: 'x' })])
    await table.deleteAll()
    const error = new Error('refused')
    master.failing = () => error
    await table.delete(2).catch(() => undefined)
    expect(events).toEqual([
      { type: 'write-queued', write: 'patch', id: '1', waiting: 1, cacheKey: 'items' },
      { type: 'write-queued', write: 'insert', id: expect.stringMatching(/^new-/), waiting: 1, cacheKey: 'items' },
      { type: 'invalidate', cause: 'write', rows: ['1'], ...common },
      { type: 'write-applied', write: 'patch', id: '1', ...common },
      { type: 'invalidate', cause: 'write', rows: ['3'], ...common },
      { type: 'write-applied', write: 'insert', id: '3', ...common },
      { type: 'write-queued', write: 'deleteAll', id: undefined, waiting: 1, cacheKey: 'items' },
      { type: 'invalidate', cause: 'write', rows: 'all', ...common },
      { type: 'write-applied', write: 'deleteAll', id: undefined, ...common },
      { type: 'write-queued', write: 'delete', id: '2', waiting: 1, cacheKey: 'items' },
      { type: 'write-failed', write: 'delete', id: '2', error, ...common },
    ])
  })

  test('hears of the stream: its status, its events, its gaps, its errors, and what they invalidate', async () => {
    const stream = recordingStream()
    const { events, table } = traced({}, { stream })
    onTestFinished(table.subscribe(() => undefined))
    const error = new Error('malformed')
    stream.tell((connection) => connection.onEvent({ type: 'deleted', id: 5 }))
    stream.tell((connection) => connection.onGap('it was cut'))
    stream.tell((connection) => connection.onError(error))
    await settle()
    expect(events).toEqual([
      { type: 'status', status: { state: 'open' }, cacheKey: 'items' },
      { type: 'event', event: { type: 'deleted', id: 5 }, cacheKey: 'items' },
      { type: 'gap', reason: 'it was cut', cacheKey: 'items' },
      { type: 'error', during: 'stream', error, cacheKey: 'items' },
      { type: 'invalidate', cause: 'event', rows: ['5'], ...common },
      { type: 'invalidate', cause: 'gap', rows: 'all', ...common },
    ])
  })

  test('hears of a master that invalidates', async () => {
    const events: TraceEvent[] = []
    const { inner, outer } = nested({ trace: (event) => events.push(event) })
    await outer.list({ page: 1 })
    await inner.patch(1, { name: 'new' })
    await settle()
    expect(events.filter(({ type }) => type === 'gap' || type === 'invalidate')).toEqual([
      { type: 'gap', reason: 'the master was not listened to', cacheKey: 'outer' },
      { type: 'invalidate', cause: 'gap', rows: 'all', cacheKey: 'outer', duration: expect.any(Number) },
      { type: 'invalidate', cause: 'master', rows: ['1'], cacheKey: 'outer', duration: expect.any(Number) },
    ])
  })

  test('hears of the errors of the cache that were survived', async () => {
    const { events, table, cache } = traced()
    cache.moods.fill = 'reject'
    await table.list({ page: 1 })
    cache.moods.read = 'reject'
    await table.list({ page: 1 })
    cache.moods.invalidate = 'reject'
    await table.invalidate()
    const errors = events.filter(({ type }) => type === 'error')
    expect(errors).toEqual(
      (['fill', 'read', 'invalidate'] as const).map((method) => ({
        type: 'error',
        during: `cache-${method}`,
        error: new Error(`${method} rejected`),
        cacheKey: 'items',
      })),
    )
  })

  test('may throw: nothing else stops', async () => {
    const error = new Error('the trace failed')
    const uncaught: unknown[] = []
    vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((task) => {
      try {
        task()
      } catch (thrown) {
        uncaught.push(thrown)
      }
    })
    onTestFinished(() => void vi.restoreAllMocks())
    const table = liveTable(fakeMaster(items(1)), {
      trace: () => {
        throw error
      },
    })
    expect((await table.list({ page: 1 })).rows).toEqual(items(1))
    expect(uncaught).toEqual([error, error, error])
  })

  test('costs nothing where there is none: no event is made', async () => {
    const waiting = vi.spyOn(WriteQueue.prototype, 'waiting', 'get')
    onTestFinished(() => void vi.restoreAllMocks())
    await liveTable(fakeMaster(items(1))).patch(1, { name: 'new' })
    expect(waiting).not.toHaveBeenCalled()
    await traced().table.patch(1, { name: 'new' })
    expect(waiting).toHaveBeenCalledOnce()
  })
})

/** What every event has that is measured. */
const common = { cacheKey: 'items', duration: expect.any(Number) }

function liveTable(master: Table<Item>, options: Partial<LiveTableOptions<Item>> = {}): LiveTable<Item> {
  return new LiveTable({ master, cacheKey: 'items', cache: memoryCache(), pageSize: 10, ...options })
}

function readEverything(table: LiveTable<Item>) {
  return Promise.all([table.list({ page: 1 }), table.read(1), table.count()])
}

interface NestedOptions extends Pick<LiveTableOptions<Item>, 'cache' | 'stream' | 'masterPageSize' | 'trace'> {
  readonly master?: FakeMaster
}

/** Two tables, one the master of the other; the stream is the inner one's, the rest of the options the outer one's. */
function nested({ master = fakeMaster(items(3)), cache = memoryCache(), stream, ...options }: NestedOptions = {}) {
  const inner = liveTable(master, { cacheKey: 'inner', cache, ...(stream && { stream }) })
  return { master, inner, outer: liveTable(inner, { cacheKey: 'outer', cache, ...options }) }
}

function traced(masterOptions: Parameters<typeof fakeMaster>[1] = {}, options: Partial<LiveTableOptions<Item>> = {}) {
  const events: TraceEvent[] = []
  const cache = moodyCache()
  const master = fakeMaster(items(2), masterOptions)
  return { events, cache, master, table: liveTable(master, { cache, trace: (event) => events.push(event), ...options }) }
}

/** A stream that opens at once and knows its connections. */
function recordingStream() {
  const listeners = new Set<StreamListener>()
  let total = 0
  const stream: LiveStream = {
    connect(listener) {
      total += 1
      listeners.add(listener)
      listener.onStatus({ state: 'open' })
      return () => listeners.delete(listener)
    },
  }
  return {
    ...stream,
    connections: () => listeners.size,
    total: () => total,
    tell(call: (listener: StreamListener) => void): void {
      for (const listener of listeners) call(listener)
    },
  }
}
