import { promisifyRequest } from 'idb-keyval'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { ArgumentError, ClosedError, HttpError, MissingRowError, RestoredError, TimeoutError } from '../errors.ts'
import type * as Core from '../index.ts'
import { LiveTable } from '../live-table.ts'
import { noCache } from '../cache/none.ts'
import { deferred, settle } from '../testing/deferred.ts'
import { fakeMaster, items, type FakeMaster, type FakeMasterOptions, type Item } from '../testing/fake-master.ts'
import { makeGates, type Gates } from '../testing/gates.ts'
import { stopTime } from '../testing/stop-time.ts'
import { openTab } from '../testing/tab.ts'
import type { TraceEvent } from '../trace.ts'
import { durableQueue } from './durable-queue.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

describe('on disk', () => {
  test('a write is kept before it reaches the master, and no longer when its promise has resolved', async () => {
    const place = somewhere()
    const server = makeServer()
    let seen: unknown
    const { patch } = server.master
    server.master.patch = async (...args) => {
      seen = await kept(place)
      return patch(...args)
    }
    const { table } = openHere(server, place)
    expect(await table.patch(1, { name: 'new' })).toEqual({ id: 1, name: 'new' })
    expect(seen).toMatchObject([{ change: { type: 'patch', partial: { name: 'new' } }, idempotencyKey: server.sent[0]?.key }])
    expect(await kept(place)).toEqual([])
  })

  test('a write has not resolved while it might still be sent again', async () => {
    const place = somewhere()
    const server = makeServer()
    server.hold()
    const { table } = openHere(server, place)
    const onResolved = vi.fn<() => void>()
    const written = table.patch(1, { name: 'new' }).then(onResolved)
    await server.gates.passWhenThere('patch 1 >')
    const free = await blockDisk(place)
    await server.release()
    await settle()
    expect(onResolved).not.toHaveBeenCalled()
    await free()
    await written
    expect(await kept(place)).toEqual([])
  })

  test('a write that is cancelled is forgotten, whether it waits or is being sent again', async () => {
    const place = somewhere()
    const server = makeServer()
    const tab = await openInTab(server, place)
    const cancels = [new AbortController(), new AbortController()]
    server.master.failing = (call) => (call === 'patch 1' ? tab.refusal(503) : undefined)
    const outcomes = Promise.allSettled(cancels.map(({ signal }, index) => tab.table.patch(index + 1, { name: 'cancelled' }, { signal })))
    await expect.poll(() => kept(place)).toHaveLength(2)
    await expect.poll(() => tab.events.map(({ type }) => type)).toContain('write-retry')
    for (const cancel of cancels) cancel.abort('changed my mind')
    expect(await outcomes).toEqual(cancels.map(() => ({ status: 'rejected', reason: 'changed my mind' })))
    await expect.poll(() => kept(place)).toEqual([])
    await tab.close()
    server.forget()
    expect(await sentAfter(openHere(server, place), server)).toEqual([])
  })

  test('writes that find no room in the queue are kept as well', async () => {
    const place = somewhere()
    const server = makeServer({ rows: items(1) })
    const tab = await openInTab(server, place)
    server.hold()
    const names = Array.from({ length: 300 }, (_, index) => `name ${index}`)
    for (const name of names) void tab.table.patch(1, { name })
    await expect.poll(() => kept(place)).toHaveLength(300)
    await tab.close()
    server.lose()
    expect(await sentAfter(openHere(server, place), server)).toMatchObject(names.map((name) => ({ fields: { name } })))
  })
})

describe('after a tab was closed or killed', () => {
  test('what waited is sent once, in order, under the same idempotency keys, also to a row that was inserted without an id', async () => {
    const place = somewhere()
    const server = makeServer()
    const tab = await openInTab(server, place)
    server.hold()
    void tab.table.patch(1, { name: 'a' })
    void tab.table.insert({ name: 'b' })
    const newId = tab.table.pending[1]?.id ?? ''
    void tab.table.patch(newId, { name: 'c' })
    void tab.table.replace(2, { id: 2, name: 'd' })
    void tab.table.delete(3)
    await expect.poll(() => kept(place)).toHaveLength(5)
    const keys = (await kept(place)).map(({ idempotencyKey }) => idempotencyKey)
    expect(new Set(keys).size).toBe(5)
    await tab.close()
    server.lose()

    const next = openHere(server, place)
    expect(await sentAfter(next, server)).toEqual([
      { call: 'patch 1', fields: { name: 'a' }, key: keys[0] },
      { call: 'insert', fields: { name: 'b' }, key: keys[1] },
      { call: 'patch 4', fields: { name: 'c' }, key: keys[2] },
      { call: 'replace 2', fields: { id: 2, name: 'd' }, key: keys[3] },
      { call: 'delete 3', fields: undefined, key: keys[4] },
    ])
    expect([...server.master.rows.values()]).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'd' },
      { id: 4, name: 'c' },
    ])
    expect(await kept(place)).toEqual([])
    expect(next.table.pending).toEqual([])
  })

  test('promise 14: a table of another scope or another cache key sends none of it', async () => {
    const place = somewhere()
    const server = makeServer()
    await leaveBehind(server, place, [[1, 'mine']])
    for (const other of [
      { ...place, scope: crypto.randomUUID() },
      { ...place, scope: `${place.scope}\0` },
      { ...place, cacheKey: 'item' },
      { ...place, cacheKey: 'items2' },
      { ...place, name: crypto.randomUUID() },
    ]) {
      expect(await sentAfter(openHere(server, other), server)).toEqual([])
    }
    expect(await kept(place)).toHaveLength(1)
    expect(await sentAfter(openHere(server, place), server)).toMatchObject([{ call: 'patch 1', fields: { name: 'mine' } }])
  })

  test('what the master had applied before the tab was killed is not applied twice', async () => {
    const place = somewhere()
    const server = makeServer()
    const tab = await openInTab(server, place)
    server.hold()
    void tab.table.patch(1, { name: 'mine' })
    void tab.table.insert({ name: 'new' })
    void tab.table.patch(tab.table.pending[1]?.id ?? '', { name: 'renamed' })
    await server.gates.passWhenThere('patch 1 >')
    await server.gates.passWhenThere('patch 1 <')
    await server.gates.passWhenThere('insert >')
    await expect.poll(() => server.gates.waiting).toEqual(['insert <'])
    expect(server.master.rows.get('4')).toEqual({ id: 4, name: 'new' })
    await tab.close()
    const [, firstInsert] = server.lose()

    expect(await sentAfter(openHere(server, place), server)).toMatchObject([
      { call: 'insert', key: firstInsert?.key },
      { call: 'patch 4', fields: { name: 'renamed' } },
    ])
    expect([...server.master.rows.values()].slice(3)).toEqual([{ id: 4, name: 'renamed' }])
  })

  test('a patch that was applied before the tab was killed does not overwrite what came after it', async () => {
    const place = somewhere()
    const server = makeServer()
    const tab = await openInTab(server, place)
    server.hold()
    void tab.table.patch(1, { name: 'mine' })
    await server.gates.passWhenThere('patch 1 >')
    expect(server.master.rows.get('1')).toEqual({ id: 1, name: 'mine' })
    await tab.close()
    server.master.rows.set('1', { id: 1, name: 'theirs' })
    server.lose()

    expect(await sentAfter(openHere(server, place), server)).toMatchObject([{ call: 'patch 1', fields: { name: 'mine' } }])
    expect(server.master.rows.get('1')).toEqual({ id: 1, name: 'theirs' })
  })

  test('where the master gives versions, what it had applied before is known by them, without idempotency keys too', async () => {
    const place = somewhere()
    const server = makeServer({ honoursIdempotencyKeys: false, versionField: 'version' })
    const tab = await openInTab(server, place)
    await tab.table.list({ page: 1 })
    server.hold()
    void tab.table.patch(1, { name: 'applied' })
    await server.gates.passWhenThere('patch 1 >')
    void tab.table.patch(2, { name: 'not applied' })
    await expect.poll(() => kept(place)).toHaveLength(2)
    await tab.close()
    server.lose()
    server.master.rows.set('2', { id: 2, name: 'theirs', version: 2 })
    const next = openHere(server, place)
    await sentAfter(next, server)
    expect([...server.master.rows.values()].slice(0, 2)).toEqual([
      { id: 1, name: 'applied', version: 2 },
      { id: 2, name: 'theirs', version: 2 },
    ])
    expect(next.table.failed).toMatchObject([{ id: '2', error: { code: 'conflict', mine: { name: 'not applied' } } }])
  })

  test('a patch to a row whose insert was answered goes to the id that the master gave it', async () => {
    const place = somewhere()
    const server = makeServer()
    const tab = await openInTab(server, place)
    server.hold('patch')
    const inserted = tab.table.insert({ name: 'new' })
    const newId = tab.table.pending[0]?.id ?? ''
    void tab.table.patch(1, { name: 'between' })
    void tab.table.patch(newId, { name: 'renamed' })
    expect(await inserted).toEqual({ id: 4, name: 'new' })
    void tab.table.patch(newId, { status: 'called after the answer' })
    await expect.poll(() => kept(place)).toHaveLength(3)
    await tab.close()
    server.lose()

    expect(await sentAfter(openHere(server, place), server)).toMatchObject([
      { call: 'patch 1' },
      { call: 'patch 4', fields: { name: 'renamed' } },
      { call: 'patch 4', fields: { status: 'called after the answer' } },
    ])
  })

  test('ids are sent as the app gave them, numbers as numbers', async () => {
    const place = somewhere()
    const server = makeServer({ rows: [...items(1), { id: '2', name: 'b' }] })
    const tab = await openInTab(server, place)
    server.hold()
    void tab.table.patch(1, { name: 'x' })
    void tab.table.patch('2', { name: 'x' })
    void tab.table.replace(1, { id: 1, name: 'y' })
    await expect.poll(() => kept(place)).toHaveLength(3)
    await tab.close()
    server.lose()
    const ids: unknown[] = []
    const { patch, replace } = server.master
    server.master.patch = (id, ...args) => {
      ids.push(id)
      return patch(id, ...args)
    }
    server.master.replace = (id, row, options) => {
      ids.push(id, row.id)
      return replace(id, row, options)
    }
    await sentAfter(openHere(server, place), server)
    expect(ids).toEqual([1, '2', 1, 1])
  })

  test('promise 4: what several tabs left behind is sent in the order of the calls', async () => {
    const place = somewhere()
    const server = makeServer()
    const names = Array.from({ length: 8 }, (_, index) => `name ${index}`)
    await leaveBehind(
      server,
      place,
      names.map((name) => [1, name]),
    )
    const writes = await kept(place)
    await clear(place)
    await keep(place, writes.toReversed())
    expect(await sentAfter(openHere(server, place), server)).toMatchObject(names.map((name) => ({ fields: { name } })))
  })

  test('writes of several tabs that were called at the same time are all sent, also where it takes two more tabs', async () => {
    const place = somewhere()
    const server = makeServer({ rows: items(4) })
    await leaveBehind(server, place, [[1, 'mine']])
    const [write] = await kept(place)
    const ids = ['2', '3', '4']
    await keep(
      place,
      ids.map((id) => ({ ...write, change: { type: 'patch', id, partial: { name: 'mine' } }, key: id, idempotencyKey: id })),
    )
    server.hold()
    const heir = await openInTab(server, place)
    void heir.table.delete(marker)
    await expect.poll(() => heir.table.pending).toHaveLength(5)
    await expect.poll(() => kept(place)).toHaveLength(5)
    await heir.close()
    server.lose()
    const next = openHere(server, place)
    await sentAfter(next, server)
    expect([...server.master.rows.values()].map(({ name }) => name)).toEqual(['mine', 'mine', 'mine', 'mine'])
    expect(await kept(place)).toEqual([])
  })

  test('promise 4: what goes from tab to tab as they are closed stays in the order of the calls', async () => {
    const place = somewhere()
    const server = makeServer({ rows: items(1) })
    const tabs = await Promise.all(Array.from({ length: 4 }, () => openInTab(server, place)))
    server.hold()
    // What a tab has sent comes before what it takes over.
    for (const { table } of tabs) void table.delete(marker)
    const names = Array.from({ length: 12 }, (_, index) => `name ${index}`)
    for (const [index, name] of names.entries()) {
      void tabs[index % tabs.length]?.table.patch(1, { name })
      const calledAt = Date.now()
      // The clocks of two tabs may differ by one.
      await expect.poll(() => Date.now(), { interval: 1 }).toBeGreaterThan(calledAt + 1)
    }
    await expect.poll(() => kept(place)).toHaveLength(tabs.length + names.length)
    for (const tab of tabs) await tab.close()
    server.lose()
    expect(await sentAfter(openHere(server, place), server)).toMatchObject(names.map((name) => ({ fields: { name } })))
  })

  test('promise 4: what was sent and not answered comes before what is taken over, also for the next tab', async () => {
    const place = somewhere()
    const server = makeServer({ rows: items(1) })
    const [first, second] = [await openInTab(server, place), await openInTab(server, place)]
    server.hold()
    void first.table.patch(1, { name: 'called first' })
    await expect.poll(() => kept(place)).toHaveLength(1)
    void second.table.patch(1, { name: 'sent' })
    await expect.poll(() => server.sent).toHaveLength(2)
    await first.close()
    const inOrder = [{ fields: { name: 'sent' } }, { fields: { name: 'called first' } }]
    await expect.poll(() => second.table.pending).toMatchObject(inOrder)
    await expect.poll(() => kept(place)).toMatchObject(inOrder.map(({ fields }) => ({ change: { partial: fields } })))
    await second.close()
    server.lose()
    expect(await sentAfter(openHere(server, place), server)).toMatchObject(inOrder)
    expect(await kept(place)).toEqual([])
  })

  test('promise 4: what the app writes right at start comes after it', async () => {
    const place = somewhere()
    const server = makeServer()
    await leaveBehind(server, place, [
      [1, 'left behind'],
      [2, 'left behind'],
    ])
    const { table } = openHere(server, place)
    await Promise.all([table.patch(1, { name: 'at start' }), table.insert({ name: 'at start' })])
    expect(server.sent).toMatchObject([
      { call: 'patch 1', fields: { name: 'left behind' } },
      { call: 'patch 2', fields: { name: 'left behind' } },
      { call: 'patch 1', fields: { name: 'at start' } },
      { call: 'insert', fields: { name: 'at start' } },
    ])
    expect(server.master.rows.get('1')).toEqual({ id: 1, name: 'at start' })
  })

  test('promise 4: it is in order also where the tab that took it over is killed in turn', async () => {
    const place = somewhere()
    const server = makeServer({ rows: items(1) })
    await leaveBehind(server, place, [
      [1, 'first'],
      [1, 'second'],
    ])
    server.hold()
    const heir = await openInTab(server, place)
    void heir.table.patch(1, { name: 'third' })
    await expect.poll(() => server.sent).toHaveLength(1)
    await expect.poll(() => kept(place)).toHaveLength(3)
    await heir.close()
    server.lose()
    expect(await sentAfter(openHere(server, place), server)).toMatchObject(
      ['first', 'second', 'third'].map((name) => ({ fields: { name } })),
    )
  })

  test('it shows as pending as soon as it is found, with the row as it was written', async () => {
    const place = somewhere()
    const server = makeServer()
    await leaveBehind(server, place, [[1, 'mine']])
    server.hold('patch')
    const { table } = openHere(server, place)
    const leave = table.subscribe(() => undefined)
    await expect.poll(() => table.pendingIds).toEqual(new Set(['1']))
    expect(table.pending).toMatchObject([{ type: 'patch', id: '1', fields: { name: 'mine' } }])
    expect((await table.list({ page: 1 })).rows[0]).toEqual({ id: 1, name: 'mine' })
    leave()
  })

  test('something else that lies where writes are kept is thrown away, and holds nothing up', async () => {
    const place = somewhere()
    const server = makeServer()
    await leaveBehind(server, place, [[1, 'mine']])
    const change = { type: 'delete', id: 3 }
    const garbage = [
      null,
      5,
      'text',
      {},
      { order: 1 },
      { order: '1', change },
      { order: NaN, change },
      { order: 1, change: { type: 'new' } },
    ]
    await keep(place, garbage)
    const { table, events } = openHere(server, place)
    expect(await sentAfter({ table }, server)).toMatchObject([{ call: 'patch 1', fields: { name: 'mine' } }])
    expect(events.flatMap((event) => (event.type === 'write-applied' ? event.id : []))).toEqual(['1', marker])
    expect(await kept(place)).toEqual([])
    expect(errorsOf(events)).toEqual([])
  })
})

describe('several tabs', () => {
  test('a tab that lives keeps its writes; when it is closed, one that knows of them takes over', async () => {
    const place = somewhere()
    const server = makeServer()
    const first = await openInTab(server, place)
    server.hold('patch 1')
    void first.table.patch(1, { name: 'of the first' })
    await expect.poll(() => server.sent).toHaveLength(1)
    const second = await openInTab(server, place)
    expect(await sentAfter(second, server)).toMatchObject([{ call: 'patch 1' }])
    const [{ key } = {}] = server.lose()
    await first.close()
    await expect.poll(() => server.sent).toEqual([{ call: 'patch 1', fields: { name: 'of the first' }, key }])
    await expect.poll(() => kept(place)).toEqual([])
  })

  test('when the one that took over is closed too, the next one takes over, until the last', async () => {
    const place = somewhere()
    const server = makeServer()
    const tabs = [await openInTab(server, place)]
    server.hold('patch')
    void tabs[0]?.table.patch(1, { name: 'mine' })
    await expect.poll(() => server.sent).toHaveLength(1)
    for (let count = 0; count < 3; count += 1) tabs.push(await openInTab(server, place))
    for (const { table } of tabs.slice(1)) await table.insert({ name: 'they look for others first' })
    while (tabs.length > 1) {
      const holder = tabs.findIndex(({ table }) => table.pending.length > 0)
      server.forget()
      await tabs.splice(holder, 1)[0]?.close()
      await expect.poll(() => server.sent).toMatchObject([{ call: 'patch 1', fields: { name: 'mine' } }])
    }
    await server.release()
    await expect.poll(() => kept(place)).toEqual([])
  })

  test('one that does not know of them takes over when it becomes visible', async () => {
    const place = somewhere()
    const server = makeServer()
    const second = openHere(server, place)
    await second.table.insert({ name: 'x' })
    await leaveBehind(server, place, [[1, 'mine']])
    expect(await sentAfter(second, server)).toEqual([])
    document.dispatchEvent(new Event('visibilitychange'))
    await expect.poll(() => server.sent).toMatchObject([{ call: 'patch 1', fields: { name: 'mine' } }])
  })

  test('one that becomes visible again and again waits for the end of each other tab once, and for none of its own', async () => {
    const place = somewhere()
    const server = makeServer()
    server.hold('patch')
    const { table } = await openInTab(server, place)
    void table.patch(1, { name: 'of the other' })
    await expect.poll(() => server.sent).toHaveLength(1)
    const here = openHere(server, place)
    void here.table.patch(2, { name: 'own' })
    await expect.poll(() => server.sent).toHaveLength(2)
    const query = vi.spyOn(LockManager.prototype, 'query')
    for (let times = 1; times <= 3; times += 1) {
      document.dispatchEvent(new Event('visibilitychange'))
      await expect.poll(() => query).toHaveBeenCalledTimes(times)
    }
    // It looks one time after the other.
    await navigator.locks.request(crypto.randomUUID(), settle)
    const { pending = [] } = await navigator.locks.query()
    expect(locksOf(place, pending)).toHaveLength(1)
  })

  test('where a third tab holds the lock of one that has ended for a moment, it is waited for again', async () => {
    const place = somewhere()
    const server = makeServer()
    server.hold('patch')
    const first = await openInTab(server, place)
    void first.table.patch(1, { name: 'mine' })
    await expect.poll(() => server.sent).toHaveLength(1)
    const { held = [] } = await navigator.locks.query()
    const second = openHere(server, place)
    await sentAfter(second, server)
    server.lose()
    const { query } = LockManager.prototype
    const later = vi.spyOn(LockManager.prototype, 'query')
    let isSeen = false
    later.mockImplementation(async function (this: LockManager) {
      const found = await query.apply(this)
      const isFirst = !isSeen && locksOf(place, found.held).length === 1
      if (isFirst) isSeen = true
      return isFirst ? { ...found, held: [...(found.held ?? []), ...locksOf(place, held)] } : found
    })
    await first.close()
    await expect.poll(() => server.sent).toMatchObject([{ call: 'patch 1' }])
    expect(isSeen).toBe(true)
  })

  test('what could not be taken over is taken over when the tab becomes visible', async () => {
    const place = somewhere()
    const server = makeServer()
    await leaveBehind(server, place, [[1, 'mine']])
    failWriting()
    const next = openHere(server, place)
    expect(await sentAfter(next, server)).toEqual([])
    vi.restoreAllMocks()
    expect(errorsOf(next.events)[0]).toMatchObject({ name: 'ConstraintError' })
    expect(await kept(place)).toHaveLength(1)
    document.dispatchEvent(new Event('visibilitychange'))
    await expect.poll(() => server.sent).toMatchObject([{ call: 'patch 1', fields: { name: 'mine' } }])
  })

  test('before it holds its lock a tab keeps nothing and takes nothing over, for others would take it for left behind', async () => {
    const place = somewhere()
    const server = makeServer()
    await leaveBehind(server, place, [[1, 'left behind']])
    const before = await kept(place)
    const lock = deferred()
    const { request } = LockManager.prototype
    vi.spyOn(LockManager.prototype, 'request').mockImplementationOnce(async function (this: LockManager, ...args) {
      await lock.promise
      return request.apply(this, args)
    })
    const open = vi.spyOn(IDBFactory.prototype, 'open')
    const { table } = openHere(server, place)
    const written = table.patch(2, { name: 'own' })
    // Whatever else it had asked for is there by then.
    await navigator.locks.request(crypto.randomUUID(), settle)
    expect(open).not.toHaveBeenCalled()
    expect(await kept(place)).toEqual(before)
    lock.resolve()
    await written
    expect(server.sent.map(({ call }) => call)).toEqual(['patch 1', 'patch 2'])
  })

  test('of several that are opened at once after a crash exactly one sends what was left behind', async () => {
    const place = somewhere()
    const server = makeServer()
    const left = Array.from({ length: 20 }, (_, index) => `left ${index}`)
    await leaveBehind(
      server,
      place,
      left.map((name) => [1, name]),
    )
    const tabs = await Promise.all(Array.from({ length: 5 }, () => openInTab(server, place)))
    await Promise.all(tabs.map(({ table }, index) => table.patch(2, { name: `own ${index}` })))
    await expect.poll(() => kept(place)).toEqual([])
    expect(server.sent.filter(({ call }) => call === 'patch 1')).toMatchObject(left.map((name) => ({ fields: { name } })))
    expect(new Set(server.sent.map(({ key }) => key)).size).toBe(25)
    expect(server.sent).toHaveLength(25)
  })
})

describe('a write that failed for good', () => {
  test('is held aside in the next tab too, with what is known of its error, and is not sent by itself', async () => {
    const place = somewhere()
    const server = makeServer()
    await failBehind(server, place)
    const next = openHere(server, place)
    expect(await sentAfter(next, server)).toEqual([])
    expect(next.table.pending).toEqual([])
    expect(next.table.failed).toMatchObject([{ type: 'patch', id: '1', fields: { name: 'refused' } }])
    const error = next.table.failed[0]?.error
    expect(error).toBeInstanceOf(RestoredError)
    expect(error).toMatchObject({ message: 'PATCH /1: 422', originalCode: 'http', status: 422, body: { reason: 'taken' } })
  })

  test('retry sends it, under the key that it had, and then it is kept no longer', async () => {
    const place = somewhere()
    const server = makeServer()
    const { key } = await failBehind(server, place)
    const next = openHere(server, place)
    await sentAfter(next, server)
    expect(await next.table.failed[0]?.retry()).toEqual({ id: 1, name: 'refused' })
    expect(server.sent).toEqual([{ call: 'patch 1', fields: { name: 'refused' }, key }])
    expect(next.table.failed).toEqual([])
    await expect.poll(() => kept(place)).toEqual([])
  })

  test('a retry that fails again is held aside anew, also over another reload', async () => {
    const place = somewhere()
    const server = makeServer()
    await failBehind(server, place)
    const tab = await openInTab(server, place)
    server.master.failing = (call) => (call === 'patch 1' ? tab.refusal(422) : undefined)
    await sentAfter(tab, server)
    await expect(tab.table.failed[0]?.retry()).rejects.toMatchObject({ status: 422 })
    await expect
      .poll(async () => (await kept(place)).map(({ failure }) => failure))
      .toEqual([{ message: 'PATCH /1: 422', code: 'http', status: 422, body: { reason: 'taken' }, failedAt: expect.any(Number) }])
    await tab.close()
    const next = openHere(server, place)
    server.forget()
    expect(await sentAfter(next, server)).toEqual([])
    expect(next.table.failed).toMatchObject([{ fields: { name: 'refused' }, error: { status: 422 } }])
  })

  test('discard forgets it on disk', async () => {
    const place = somewhere()
    const server = makeServer()
    await failBehind(server, place)
    const tab = await openInTab(server, place)
    await sentAfter(tab, server)
    expect(await kept(place)).toHaveLength(1)
    tab.table.failed[0]?.discard()
    expect(tab.table.failed).toEqual([])
    await expect.poll(() => kept(place)).toEqual([])
    await tab.close()
    const next = openHere(server, place)
    await sentAfter(next, server)
    expect(next.table.failed).toEqual([])
  })

  test('one that a later write makes pointless is forgotten on disk too', async () => {
    const place = somewhere()
    const server = makeServer()
    await failBehind(server, place)
    const next = openHere(server, place)
    await sentAfter(next, server)
    await next.table.patch(1, { name: 'better' })
    expect(await kept(place)).toEqual([])
  })

  test('what was known of its error survives any number of reloads', async () => {
    const place = somewhere()
    const server = makeServer()
    await failBehind(server, place)
    for (let reload = 0; reload < 3; reload += 1) {
      const tab = await openInTab(server, place)
      await sentAfter(tab, server)
      expect(tab.table.failed).toMatchObject([
        { error: { message: 'PATCH /1: 422', originalCode: 'http', status: 422, body: { reason: 'taken' } } },
      ])
      await expect.poll(() => kept(place)).toMatchObject([{ failure: { code: 'http', status: 422, body: { reason: 'taken' } } }])
      await tab.close()
    }
  })

  test('an insert that failed and a patch to it can both be retried after a reload', async () => {
    const place = somewhere()
    const server = makeServer()
    await failInsertBehind(server, place)
    const next = openHere(server, place)
    await sentAfter(next, server)
    expect(next.table.failed).toMatchObject([
      { type: 'insert', fields: { name: 'new' } },
      { type: 'patch', fields: { name: 'renamed' }, error: { originalCode: 'missing-row' } },
    ])
    const [insert, patch] = next.table.failed
    expect(await insert?.retry()).toEqual({ id: 4, name: 'new' })
    expect(await patch?.retry()).toEqual({ id: 4, name: 'renamed' })
    expect(await kept(place)).toEqual([])
  })

  test('where an insert that was left behind is refused, a patch to it is not sent', async () => {
    const place = somewhere()
    const server = makeServer()
    const tab = await openInTab(server, place)
    server.hold()
    void tab.table.insert({ name: 'new' })
    void tab.table.patch(tab.table.pending[0]?.id ?? '', { name: 'renamed' })
    await expect.poll(() => kept(place)).toHaveLength(2)
    await tab.close()
    server.lose()
    const next = openHere(server, place)
    server.master.failing = (call) => (call === 'insert' ? next.refusal(422) : undefined)
    expect((await sentAfter(next, server)).map(({ call }) => call)).toEqual(['insert'])
    expect(next.table.failed).toMatchObject([{ error: { status: 422 } }, { error: { code: 'missing-row' } }])
  })

  test('a patch to an insert that failed is refused here also after a reload', async () => {
    const place = somewhere()
    const server = makeServer()
    await failInsertBehind(server, place)
    const next = openHere(server, place)
    await sentAfter(next, server)
    await expect(next.table.failed[1]?.retry()).rejects.toBeInstanceOf(MissingRowError)
    expect(server.sent).toEqual([])
  })

  test('a patch that failed with its insert goes to the id that the master gave, also where the tab was killed in between', async () => {
    const place = somewhere()
    const server = makeServer()
    await failInsertBehind(server, place)
    const tab = await openInTab(server, place)
    await sentAfter(tab, server)
    await tab.table.failed[0]?.retry()
    await tab.close()
    server.forget()
    const next = openHere(server, place)
    await sentAfter(next, server)
    expect(next.table.failed).toHaveLength(1)
    expect(await next.table.failed[0]?.retry()).toEqual({ id: 4, name: 'renamed' })
  })
})

describe('promise 6: closing', () => {
  test('promise 6: what waits rejects with ClosedError and is sent by the next table; what was under way is not sent again', async () => {
    const place = somewhere()
    const server = makeServer()
    server.hold('patch')
    const { table } = openHere(server, place)
    const outcomes = Promise.allSettled([
      table.patch(1, { name: 'under way' }),
      table.patch(2, { name: 'waiting' }),
      table.insert({ name: 'waiting' }),
    ])
    await expect.poll(() => server.gates.waiting).toEqual(['patch 1 >'])
    const keys = (await kept(place)).map(({ idempotencyKey }) => idempotencyKey)
    table.close()
    const next = openHere(server, place)
    // While the first one may still be answered it is not for others to send.
    expect(await sentAfter(next, server)).toMatchObject([{ call: 'patch 1', key: keys[0] }])
    await server.release()
    expect(await outcomes).toEqual([
      { status: 'fulfilled', value: { id: 1, name: 'under way' } },
      { status: 'rejected', reason: new ClosedError('items') },
      { status: 'rejected', reason: new ClosedError('items') },
    ])
    await expect.poll(() => kept(place)).toEqual([])
    expect(server.sent.filter(({ key }) => keys.includes(key ?? ''))).toEqual([
      { call: 'patch 1', fields: { name: 'under way' }, key: keys[0] },
      { call: 'patch 2', fields: { name: 'waiting' }, key: keys[1] },
      { call: 'insert', fields: { name: 'waiting' }, key: keys[2] },
    ])
  })

  test('promise 6: a table that is closed right after a write keeps it for the next one', async () => {
    const place = somewhere()
    const server = makeServer()
    const { table, events } = openHere(server, place)
    const written = Promise.allSettled([table.patch(1, { name: 'kept' })])
    table.close()
    expect(await written).toEqual([{ status: 'rejected', reason: new ClosedError('items') }])
    expect(await sentAfter(openHere(server, place), server)).toMatchObject([{ call: 'patch 1', fields: { name: 'kept' } }])
    expect(errorsOf(events)).toEqual([])
  })

  test('promise 6: a table that is closed before its write is on disk holds its lock until it is', async () => {
    const place = somewhere()
    const server = makeServer()
    const { table } = openHere(server, place)
    await sentAfter({ table }, server)
    const free = await blockDisk(place)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const written = Promise.allSettled([table.patch(1, { name: 'kept' })])
    table.close()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await written).toMatchObject([{ status: 'rejected' }])
    vi.useRealTimers()
    await settle()
    expect(await livingTabs(place)).toBe(1)
    await free()
    await expect.poll(() => livingTabs(place)).toBe(0)
    expect(await kept(place)).toHaveLength(1)
  })

  test('promise 6: a table that is closed while it takes over loses nothing', async () => {
    const place = somewhere()
    const server = makeServer()
    await leaveBehind(server, place, [
      [1, 'first'],
      [1, 'second'],
    ])
    const first = openHere(server, place)
    const { getAll } = IDBObjectStore.prototype
    let next: Opened | undefined
    vi.spyOn(IDBObjectStore.prototype, 'getAll').mockImplementationOnce(function (this: IDBObjectStore, ...args) {
      first.table.close()
      next = openHere(server, place)
      void next.table.insert({ name: 'own' })
      return getAll.apply(this, args)
    })
    const leave = first.table.subscribe(() => undefined)
    await expect
      .poll(() => server.sent)
      .toMatchObject([{ call: 'patch 1', fields: { name: 'first' } }, { call: 'patch 1', fields: { name: 'second' } }, { call: 'insert' }])
    await expect.poll(() => kept(place)).toEqual([])
    expect(first.table.pending).toEqual([])
    expect(first.events).toEqual([])
    leave()
  })

  test('promise 6: opened and closed twice in a row, as StrictMode does, what was left behind is sent once', async () => {
    const place = somewhere()
    const server = makeServer()
    await leaveBehind(server, place, [[1, 'mine']])
    const opened = [openHere(server, place), openHere(server, place)]
    for (const { table } of opened) {
      table.subscribe(() => undefined)
      table.close()
    }
    expect(await sentAfter(openHere(server, place), server)).toMatchObject([{ call: 'patch 1', fields: { name: 'mine' } }])
    expect(opened.flatMap(({ events }) => errorsOf(events))).toEqual([])
  })

  test('what failed stays on disk when the table is closed', async () => {
    const place = somewhere()
    const server = makeServer()
    const { table, refusal } = openHere(server, place)
    server.master.failing = () => refusal(422)
    await expect(table.patch(1, { name: 'refused' })).rejects.toBeInstanceOf(HttpError)
    table.close()
    server.master.failing = () => undefined
    const next = openHere(server, place)
    server.forget()
    expect(await sentAfter(next, server)).toEqual([])
    expect(next.table.failed).toMatchObject([{ error: { status: 422 } }])
  })
})

describe('promise 7: where writes cannot be kept', () => {
  test.each<[string, () => unknown, object]>([
    ['IndexedDB is missing', () => vi.stubGlobal('indexedDB', undefined), { name: 'StorageError', reason: 'missing' }],
    [
      'IndexedDB may not be used',
      () =>
        failOpening(() => {
          throw new DOMException('denied', 'SecurityError')
        }),
      { name: 'StorageError', reason: 'denied', cause: { name: 'SecurityError' } },
    ],
    [
      'IndexedDB cannot be opened',
      () => failOpening(() => rejectedRequest()),
      { name: 'StorageError', reason: 'failed', cause: { name: 'UnknownError' } },
    ],
    ['IndexedDB takes no more', () => failWriting(), { name: 'ConstraintError' }],
    [
      'the locks fail',
      () =>
        vi.spyOn(LockManager.prototype, 'request').mockImplementation(() => Promise.reject(new DOMException('denied', 'SecurityError'))),
      { name: 'SecurityError' },
    ],
  ])('%s: writes go through in order, each error is told to the trace, and they are kept again when it is over', async (_, fail, error) => {
    const place = somewhere()
    const server = makeServer()
    fail()
    const { table, events } = openHere(server, place)
    await Promise.all([table.patch(1, { name: 'a' }), table.insert({ name: 'b' }), table.delete(2)])
    expect(server.sent.map(({ call }) => call)).toEqual(['patch 1', 'insert', 'delete 2'])
    expect(errorsOf(events).length).toBeGreaterThanOrEqual(3)
    for (const each of errorsOf(events)) expect(each).toMatchObject(error)
    vi.restoreAllMocks()
    vi.unstubAllGlobals()
    server.hold()
    const next = openHere(server, place)
    void next.table.patch(3, { name: 'c' })
    await expect.poll(() => kept(place)).toMatchObject([{ key: '3' }])
    await server.release()
  })

  test.each<[string, () => unknown]>([
    ['IndexedDB hangs', () => failOpening(() => new EventTarget())],
    ['the locks hang', () => vi.spyOn(LockManager.prototype, 'request').mockImplementation(() => new Promise(() => undefined))],
  ])('%s: the first writes wait two seconds, and no later one waits again', async (_, hang) => {
    stopTime()
    hang()
    const server = makeServer()
    const { table, events } = openHere(server, somewhere())
    const first = Promise.all([1, 2, 3].map((id) => table.patch(id, { name: 'new' })))
    await vi.advanceTimersByTimeAsync(1_999)
    expect(server.sent).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    await first
    await table.patch(1, { name: 'later' })
    expect(server.sent).toHaveLength(4)
    expect(errorsOf(events).length).toBeGreaterThanOrEqual(4)
    for (const each of errorsOf(events)) expect(each).toBeInstanceOf(TimeoutError)
  })

  test('IndexedDB hangs in the midst of it: writes go through, and are kept again when it is over', async () => {
    const place = { ...somewhere(), name: crypto.randomUUID() }
    const server = makeServer()
    const { table, events } = openHere(server, place)
    await table.patch(1, { name: 'before' })
    const free = await blockDisk(place)
    stopTime()
    const during = table.patch(1, { name: 'during' })
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await during).toMatchObject({ name: 'during' })
    expect(await table.patch(1, { name: 'also' })).toMatchObject({ name: 'also' })
    expect(errorsOf(events).length).toBeGreaterThanOrEqual(2)
    vi.useRealTimers()
    await free()
    await expect.poll(() => kept(place)).toEqual([])
    const freeAgain = await blockDisk(place)
    const after = table.patch(2, { name: 'after' })
    await settle()
    expect(server.sent).toHaveLength(3)
    await freeAgain()
    await after
  })

  test('without Web Locks writes go through, and the next table that is opened sends what was left behind', async () => {
    const place = somewhere()
    const server = makeServer()
    await leaveBehind(server, place, [[1, 'mine']])
    withoutLocks()
    const { table, events } = openHere(server, place)
    await table.patch(2, { name: 'own' })
    expect(server.sent.map(({ call }) => call)).toEqual(['patch 1', 'patch 2'])
    expect(await kept(place)).toEqual([])
    expect(errorsOf(events)).toEqual([])
  })

  test('without Web Locks a tab that becomes visible takes nothing over, for nobody can tell which tabs live', async () => {
    const place = somewhere()
    const server = makeServer()
    withoutLocks()
    const here = openHere(server, place)
    await sentAfter(here, server)
    const { table } = await openInTab(server, place)
    server.hold('patch')
    void table.patch(1, { name: 'mine' })
    await expect.poll(() => server.sent).toHaveLength(1)
    document.dispatchEvent(new Event('visibilitychange'))
    // What is taken over is told to the table before the second of these is on disk.
    for (let count = 0; count < 2; count += 1) await sentAfter(here, server)
    expect(here.table.pending).toEqual([])
    expect(server.sent).toHaveLength(1)
  })
})

test.each([undefined, null, {}, { scope: '' }, { scope: 5 }, { scope: ['me'] }])(
  'promise 20: durableQueue(%j) throws an ArgumentError that names the scope',
  (options) => {
    const make = (): unknown => durableQueue(options as Core.DurableQueueOptions)
    expect(make).toThrow(ArgumentError)
    expect(make).toThrow(/^scope is .*; expected a string that is not empty/)
  },
)

test('promise 19: nothing is opened, and no lock is asked for, before the table is used', async () => {
  const open = vi.spyOn(IDBFactory.prototype, 'open')
  const request = vi.spyOn(LockManager.prototype, 'request')
  const { table } = openHere(makeServer(), somewhere())
  expect(open).not.toHaveBeenCalled()
  expect(request).not.toHaveBeenCalled()
  await table.patch(1, { name: 'x' })
  expect(open).toHaveBeenCalled()
  expect(request).toHaveBeenCalled()
})

/** The id of a row that nobody has, and whose deletion is not told among what was sent. */
const marker = 'marker'

/** Where writes are kept. */
interface Place {
  readonly scope: string
  readonly cacheKey: string
  readonly name?: string
}

/** A place that no other test knows. */
function somewhere(): Place {
  return { scope: crypto.randomUUID(), cacheKey: 'items' }
}

/** What the master was sent. */
interface Sent {
  readonly call: string
  readonly fields: Partial<Item> | undefined
  readonly key: string | undefined
}

/** A master that all tabs share, and what it was sent. */
interface Server {
  readonly master: FakeMaster
  readonly sent: readonly Sent[]
  readonly gates: Pick<Gates, 'waiting'> & { readonly passWhenThere: (name: string) => Promise<void> }
  /** From here on it holds back the writes whose name begins so; all of them by default. */
  readonly hold: (calls?: string) => void
  readonly release: () => Promise<void>
  /** What it was sent until now, which is no longer in `sent`. */
  readonly forget: () => Sent[]
  /** The same, and what it holds back never gets any further. It holds back no more. */
  readonly lose: () => Sent[]
}

function makeServer({ rows = items(3), ...traits }: FakeMasterOptions & { readonly rows?: readonly Item[] } = {}): Server {
  const sent: Sent[] = []
  let gates = makeGates()
  let held: string | undefined
  const isWrite = (name: string): boolean => /^(insert|patch|replace|delete)/.test(name)
  const master = fakeMaster(rows, {
    honoursIdempotencyKeys: true,
    ...traits,
    step: (name) => (held !== undefined && isWrite(name) && name.startsWith(held) ? gates.step(name) : Promise.resolve()),
  })
  const { insert, replace, patch, delete: remove } = master
  const note = (call: string, fields: Partial<Item> | undefined, key: string | undefined): void => {
    sent.push({ call, fields: fields && structuredClone(fields), key })
  }
  master.insert = (row, options) => {
    note('insert', row, options?.idempotencyKey)
    return insert(row, options)
  }
  master.replace = (id, row, options) => {
    note(`replace ${id}`, row, options?.idempotencyKey)
    return replace(id, row, options)
  }
  master.patch = (id, partial, options) => {
    note(`patch ${id}`, partial, options?.idempotencyKey)
    return patch(id, partial, options)
  }
  master.delete = (id, options) => {
    if (id !== marker) note(`delete ${id}`, undefined, options?.idempotencyKey)
    return remove(id, options)
  }
  return {
    master,
    sent,
    gates: {
      get waiting() {
        return gates.waiting
      },
      async passWhenThere(name) {
        await expect.poll(() => gates.waiting, { interval: 5 }).toContain(name)
        await gates.pass(name)
      },
    },
    hold: (calls = '') => {
      held = calls
    },
    async release() {
      held = undefined
      const former = gates
      gates = makeGates()
      await former.open()
    },
    forget: () => sent.splice(0),
    lose() {
      held = undefined
      gates = makeGates()
      return sent.splice(0)
    },
  }
}

interface Opened {
  readonly table: LiveTable<Item>
  readonly events: readonly TraceEvent[]
  /** The error of an answer with this status, of the tab's own class. */
  readonly refusal: (status: number) => Error
}

/** A table in this tab. */
function openHere(server: Server, { cacheKey, ...options }: Place): Opened {
  const events: TraceEvent[] = []
  const queue = durableQueue(options)
  const { master } = server
  const table = new LiveTable<Item>({ master, cacheKey, cache: noCache(), queue, trace: (event) => events.push(event) })
  onTestFinished(async () => {
    table.close()
    await server.release()
  })
  return { table, events, refusal: refusalOf(HttpError) }
}

function refusalOf(Made: typeof HttpError): (status: number) => Error {
  return (status) => new Made('PATCH', '/1', new Response(null, { status }), { reason: 'taken' })
}

/** The same in a tab of its own. What closing does to it is what a crash does: nothing in it runs any more. */
async function openInTab({ master }: Server, place: Place): Promise<Opened & { readonly close: () => Promise<void> }> {
  const { cacheKey, ...options } = place
  const tab = await openTab<typeof Core>(new URL('../index.ts', import.meta.url).href)
  onTestFinished(tab.close)
  const { LiveTable: Table, durableQueue: makeQueue, noCache: makeCache, HttpError: TabError } = tab.exports
  const events: TraceEvent[] = []
  const trace = (event: TraceEvent): void => void events.push(event)
  const table = new Table<Item>({ master, cacheKey, cache: makeCache(), queue: makeQueue(options), trace })
  const close = async (): Promise<void> => {
    const living = await livingTabs(place)
    tab.close()
    await expect.poll(() => livingTabs(place), { interval: 5 }).toBeLessThan(living)
  }
  return { table, events, close, refusal: refusalOf(TabError) }
}

/** How many tabs hold a lock of this place. */
async function livingTabs(place: Place): Promise<number> {
  const { held } = await navigator.locks.query()
  return locksOf(place, held).length
}

/** The locks of tabs that write there. */
function locksOf({ scope, cacheKey }: Place, locks: readonly LockInfo[] = []): LockInfo[] {
  return locks.filter(({ name = '' }) => name.includes(`${JSON.stringify([scope, cacheKey]).slice(0, -1)},`))
}

/** Lets a tab write this and kills it before any of it has reached the master's rows. */
async function leaveBehind(server: Server, place: Place, names: readonly (readonly [id: number, name: string])[]): Promise<void> {
  const tab = await openInTab(server, place)
  server.hold()
  for (const [id, name] of names) void tab.table.patch(id, { name })
  await expect.poll(() => kept(place)).toHaveLength(names.length)
  await expect.poll(() => server.gates.waiting).toHaveLength(1)
  await tab.close()
  server.lose()
}

/** Lets a write be refused in a tab that is then killed. */
async function failBehind(server: Server, place: Place): Promise<Sent> {
  const tab = await openInTab(server, place)
  server.master.failing = () => tab.refusal(422)
  await expect(tab.table.patch(1, { name: 'refused' })).rejects.toMatchObject({ status: 422 })
  await expect.poll(() => kept(place)).toMatchObject([{ failure: { status: 422 } }])
  await tab.close()
  server.master.failing = () => undefined
  const [sent] = server.forget()
  if (sent === undefined) throw new Error('nothing was sent')
  return sent
}

async function failInsertBehind(server: Server, place: Place): Promise<void> {
  const tab = await openInTab(server, place)
  server.master.failing = () => tab.refusal(422)
  const inserted = tab.table.insert({ name: 'new' })
  const outcomes = Promise.allSettled([inserted, tab.table.patch(tab.table.pending[0]?.id ?? '', { name: 'renamed' })])
  expect(await outcomes).toMatchObject([{ reason: { status: 422 } }, { reason: { code: 'missing-row' } }])
  await expect.poll(() => kept(place)).toMatchObject([{ failure: { status: 422 } }, { failure: { code: 'missing-row' } }])
  await tab.close()
  server.master.failing = () => undefined
  server.forget()
}

/** What the master was sent by the time that a write of this table, which comes after all that it found, was answered. */
async function sentAfter({ table }: Pick<Opened, 'table'>, { sent }: Server): Promise<readonly Sent[]> {
  await table.delete(marker)
  return sent
}

function errorsOf(events: readonly TraceEvent[]): unknown[] {
  return events.flatMap((event) => (event.type === 'error' && event.during === 'write-storage' ? [event.error] : []))
}

/** What is in IndexedDB, in order. */
async function kept({ scope, cacheKey, name }: Place): Promise<Core.StoredWrite[]> {
  const database = await openRaw(name)
  const range = IDBKeyRange.bound([scope, cacheKey], [scope, cacheKey, []])
  const found = await promisifyRequest<Core.StoredWrite[]>(database.transaction('writes').objectStore('writes').getAll(range))
  database.close()
  return found.toSorted((a, b) => a.order - b.order)
}

/** Puts these into IndexedDB, each as if a tab had left it behind. */
async function keep({ scope, cacheKey, name }: Place, values: readonly unknown[]): Promise<void> {
  const database = await openRaw(name)
  const store = database.transaction('writes', 'readwrite').objectStore('writes')
  for (const [index, value] of values.entries()) store.put(value, [scope, cacheKey, `tab ${index}`, 0])
  await promisifyRequest(store.transaction)
  database.close()
}

async function clear({ name }: Place): Promise<void> {
  const database = await openRaw(name)
  await promisifyRequest(database.transaction('writes', 'readwrite').objectStore('writes').clear())
  database.close()
}

function openRaw(name: string = 'vantage-live-writes'): Promise<IDBDatabase> {
  const request = indexedDB.open(name)
  request.addEventListener('upgradeneeded', () => request.result.createObjectStore('writes'))
  return promisifyRequest(request)
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

function withoutLocks(): void {
  vi.spyOn(Navigator.prototype, 'locks', 'get').mockReturnValue(undefined as unknown as LockManager)
}

function failWriting(): void {
  const { add } = IDBObjectStore.prototype
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, ...args) {
    add.apply(this, args)
    return add.apply(this, args)
  })
}

/** Keeps all others waiting until the returned function is called. */
async function blockDisk({ name }: Place): Promise<() => Promise<void>> {
  const database = await openRaw(name)
  const store = database.transaction('writes', 'readwrite').objectStore('writes')
  let isOver = false
  const goOn = (): void => {
    if (!isOver) store.get(0).addEventListener('success', goOn)
  }
  goOn()
  const over = promisifyRequest(store.transaction).then(() => database.close())
  const free = (): Promise<void> => {
    isOver = true
    return over
  }
  onTestFinished(free)
  return free
}
