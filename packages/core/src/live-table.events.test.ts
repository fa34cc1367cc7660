import { describe, expect, test } from 'vitest'
import { memoryCache } from './cache/memory.ts'
import { HttpError, NetworkError } from './errors.ts'
import { LiveTable } from './live-table.ts'
import type { LiveTableOptions } from './live-table-options.ts'
import { manualStream } from './stream/manual.ts'
import type { LiveEvent } from './stream/stream.ts'
import type { Table, TableChange, ViewQuery } from './table/table.ts'
import { settle } from './testing/deferred.ts'
import { fakeMaster, items, type FakeMasterOptions, type Item } from './testing/fake-master.ts'
import { makeGates } from './testing/gates.ts'
import type { TraceEvent } from './trace.ts'

const rows: readonly Item[] = items(6).map((item) => ({ ...item, status: Number(item.id) % 2 === 1 ? 'open' : 'paid' }))

describe('an event that carries the row', () => {
  test("promise 17: updates the row's slot and every page it stands on, in its place, without a request; the rest stays fresh", async () => {
    const { table, master, somebody } = setUp()
    const readAll = () =>
      Promise.all([
        table.list({ page: 1 }),
        table.list({ page: 2 }),
        table.list({ page: 1, pageSize: 6 }),
        table.get(2),
        table.get(3),
        table.count(),
      ])
    await readAll()
    master.calls.length = 0
    somebody.patches(2, { name: 'new' })
    await settle()
    const [first, second, all, row, other, count] = await readAll()
    expect(first.rows.map(({ name }) => name)).toEqual(['item 1', 'new'])
    expect(all.rows.map(({ name }) => name)).toEqual(['item 1', 'new', 'item 3', 'item 4', 'item 5', 'item 6'])
    expect(row).toMatchObject({ name: 'new' })
    expect([first.stale, second.stale, all.stale, other, count]).toEqual([false, false, false, rows[2], 6])
    expect(master.calls).toEqual([])
  })

  test('promise 17: without a row, only the pages that show it, and the row, are asked for', async () => {
    const { table, master, stream } = setUp()
    const readAll = () => Promise.all([table.list({ page: 1 }), table.list({ page: 2 }), table.get(1), table.get(2), table.count()])
    await readAll()
    master.calls.length = 0
    stream.emit({ type: 'updated', id: 2 })
    await settle()
    await readAll()
    expect(master.calls).toEqual(['list 1', 'get 2'])
  })

  test.each<[string, ViewQuery<Item>, Partial<Item>, boolean]>([
    ['a field that is not filtered changes', { where: { status: 'open' } }, { name: 'new' }, false],
    ['a field that is filtered changes', { where: { status: 'open' } }, { status: 'paid' }, true],
    ['it has another value that is asked for', { where: { status: { in: ['open', 'late'] } } }, { status: 'late' }, false],
    ['it has another value, and masters differ in how they compare it', { where: { status: { contains: 'o' } } }, { status: 'sold' }, true],
    ['a field changes that is not ordered by', { orderBy: [{ field: 'status', direction: 'asc' }] }, { name: 'new' }, false],
    ['a field changes that is ordered by', { orderBy: [{ field: 'name', direction: 'asc' }] }, { name: 'new' }, true],
    ['anything changes where there is a search', { search: 'item' }, { name: 'new' }, true],
  ])('promise 17: where %s: %o, %o', async (_, query, changes, isAsked) => {
    const { table, master, somebody } = setUp()
    const view = table.view(query)
    await view.list({ page: 1 })
    master.calls.length = 0
    somebody.patches(1, changes)
    await settle()
    const page = await view.list({ page: 1 })
    expect(master.calls).toEqual(isAsked ? ['list 1'] : [])
    expect(page.rows).toEqual((await master.list({ page: 1, pageSize: 2, ...query })).rows)
  })

  test.each<[string, ViewQuery<Item>]>([
    ['a filter', { where: { status: 'open' } }],
    ['an order', { orderBy: [{ field: 'status', direction: 'asc' }] }],
    ['a search', { search: 'open' }],
  ])('promise 17: a page it does not stand on is asked for again where there is %s: it may have come', async (_, query) => {
    const { table, master, somebody } = setUp()
    const view = table.view(query)
    await view.list({ page: 1 })
    master.calls.length = 0
    somebody.patches(6, { status: 'open' })
    await settle()
    await view.list({ page: 1 })
    expect(master.calls).toEqual(['list 1'])
  })

  test.each<[string, ViewQuery<Item>, readonly string[], boolean]>([
    ['a filter of another field', { where: { status: 'open' } }, ['name'], false],
    ['a filter of such a field', { where: { status: 'open' } }, ['name', 'status'], true],
    ['an order by another field', { orderBy: [{ field: 'status', direction: 'asc' }] }, ['name'], false],
    ['an order by such a field', { orderBy: [{ field: 'name', direction: 'asc' }] }, ['name'], true],
    ['a search', { search: 'item' }, ['name'], true],
    ['a search, and nothing has changed', { search: 'item' }, [], false],
  ])(
    'promise 17: where it is said which fields were changed, a page that it does not stand on, with %s',
    async (_, query, fields, isAsked) => {
      const { table, master, stream } = setUp()
      const view = table.view(query)
      const page = await view.list({ page: 1 }, { overlay: false })
      await view.count()
      master.calls.length = 0
      const changes: TableChange[] = []
      table.subscribe((change) => changes.push(change))
      stream.emit({ type: 'updated', id: 6, fields })
      await settle()
      await view.list({ page: 1 })
      expect(master.calls).toEqual(isAsked ? ['list 1'] : [])
      await view.count()
      expect(master.calls.includes('count')).toBe(isAsked && query.orderBy === undefined)
      const change = changes.find(({ type }) => type === 'invalidated')
      if (change?.type !== 'invalidated') throw new Error('nothing was told')
      expect(view.pageAfter(page, change)).toBe(isAsked ? undefined : page)
    },
  )

  test('promise 17: where it is said which fields were changed, and not to what, the pages that show it are asked for', async () => {
    const { table, master, stream } = setUp()
    const view = table.view({ where: { status: 'open' } })
    await view.list({ page: 1 })
    master.calls.length = 0
    stream.emit({ type: 'updated', id: 1, fields: ['name'] })
    await settle()
    await view.list({ page: 1 })
    expect(master.calls).toEqual(['list 1'])
  })

  test.each<[string, ViewQuery<Item>, readonly string[] | undefined]>([
    ['a filter', { where: { status: 'open' } }, ['status']],
    ['a filter, and it is not said which were changed', { where: { status: 'open' } }, undefined],
    ['a search', { search: 'item' }, ['notes']],
  ])('promise 17: a page is asked for where a field may have changed that lists do not show: %s', async (_, query, fields) => {
    const { master, stream } = setUp()
    const lists: Table<Item> = {
      ...master,
      list: async (...args) => {
        const found = await master.list(...args)
        return { ...found, rows: found.rows.map(({ id, name }) => ({ id, name })) }
      },
    }
    const table = new LiveTable<Item>({ master: lists, cacheKey: 'items', cache: memoryCache(), stream, pageSize: 2 })
    const view = table.view(query)
    await view.list({ page: 1 })
    master.calls.length = 0
    stream.emit({ type: 'updated', id: 1, row: { id: 1, name: 'item 1' }, ...(fields && { fields }) })
    await settle()
    await view.list({ page: 1 })
    expect(master.calls).toEqual(['list 1'])
  })

  test.each<[string, ViewQuery<Item>, Partial<Item>]>([
    ['filter', { where: { status: 'open' } }, { status: 'open' }],
    ['order', { orderBy: [{ field: 'name', direction: 'desc' }] }, { name: 'zzz' }],
    ['search', { search: 'open' }, { name: 'open' }],
  ])('promise 17: a table whose master is a view knows its %s', async (_, query, changes) => {
    const { table, somebody } = setUp()
    const view = table.view(query)
    const outer = new LiveTable<Item>({ master: view, cacheKey: 'outer', cache: memoryCache(), pageSize: 10 })
    outer.subscribe(() => undefined)
    await outer.list({ page: 1 })
    await outer.count()
    somebody.patches(6, changes)
    await settle()
    const [expected, page] = [await view.list({ page: 1, pageSize: 10 }), await outer.list({ page: 1 })]
    expect({ rows: page.rows, stale: page.stale }).toEqual({ rows: expected.rows, stale: false })
    expect(await outer.count()).toBe(expected.total)
  })

  test('a row that JSON cannot hold is a row all the same', async () => {
    const { table, stream } = setUp()
    await table.list({ page: 1 })
    for (const amount of [1n, 2n]) {
      stream.emit({ type: 'updated', id: 1, row: { ...rows[0], amount } })
      await settle()
      expect((await table.list({ page: 1 })).rows[0]).toMatchObject({ amount })
    }
  })

  test('promise 17: where the master has said that its lists are ordered by a field, a row that changes it may move', async () => {
    const { table, master, somebody } = setUp({ defaultOrder: [{ field: 'name', direction: 'asc' }] })
    await table.list({ page: 1 })
    master.calls.length = 0
    somebody.patches(1, { status: 'paid' })
    await settle()
    await table.list({ page: 1 })
    expect(master.calls).toEqual([])
    somebody.patches(1, { name: 'zzz' })
    await settle()
    await table.list({ page: 1 })
    expect(master.calls).toEqual(['list 1'])
  })

  test('is taken for one without a row where that lacks a field that lists have, or has another id', async () => {
    const { table, master, stream } = setUp()
    for (const row of [
      { id: 1, name: 'no status' },
      { id: 2, name: 'another', status: 'open' },
    ]) {
      await table.list({ page: 1 })
      master.calls.length = 0
      stream.emit({ type: 'updated', id: 1, row })
      await settle()
      expect((await table.list({ page: 1 })).rows).toEqual(rows.slice(0, 2))
      expect(master.calls).toEqual(['list 1'])
    }
  })

  test('tells those who listen what they can make of it without asking', async () => {
    const { table, master, somebody } = setUp()
    const [first, second] = [await table.list({ page: 1 }, { overlay: false }), await table.list({ page: 2 }, { overlay: false })]
    const read = await table.read(1, { overlay: false })
    const changes: TableChange[] = []
    table.subscribe((change) => changes.push(change))
    somebody.patches(1, { name: 'new' })
    await settle()
    const change = changes.find(({ type }) => type === 'invalidated')
    if (change?.type !== 'invalidated') throw new Error('nothing was told')
    expect(change).toEqual({ type: 'invalidated', rows: ['1'], update: { id: '1', row: master.rows.get('1') } })
    expect(table.pageAfter(first, change)?.rows.map(({ name }) => name)).toEqual(['new', 'item 2'])
    expect(table.pageAfter(second, change)).toBe(second)
    expect(table.view({ search: 'item' }).pageAfter(first, change)).toBeUndefined()
    expect(table.rowAfter(1, read, change)).toEqual({ ...read, row: master.rows.get('1') })
    expect(table.rowAfter(2, read, change)).toBe(read)
    expect(table.pageAfter(first, { type: 'invalidated', rows: ['1'] })).toBeUndefined()
  })

  test('promise 2: makes stale what was asked for before and shows the row, and nothing else', async () => {
    const gates = makeGates()
    const { table, master, somebody } = setUp({ step: gates.step })
    const reads = Promise.all([table.list({ page: 1 }), table.list({ page: 2 }), table.read(1), table.read(3)])
    await settle()
    for (const call of ['list 1', 'list 2', 'get 1', 'get 3']) await gates.pass(`${call} >`)
    somebody.patches(1, { name: 'new' })
    await gates.open()
    expect((await reads).map(({ stale }) => stale)).toEqual([true, false, true, false])
    master.calls.length = 0
    await Promise.all([table.list({ page: 1 }), table.list({ page: 2 }), table.read(1), table.read(3)])
    expect(master.calls).toEqual(['list 1', 'get 1'])
  })

  test('promise 1: who asks after it joins no request from before it that may show the row', async () => {
    const gates = makeGates()
    const { table, master, stream } = setUp({ step: gates.step })
    const before = table.list({ page: 1 })
    await settle()
    await gates.pass('list 1 >')
    const changed = { ...rows[0], name: 'changed' } as Item
    master.rows.set('1', changed)
    stream.emit({ type: 'updated', id: 1 })
    const after = table.list({ page: 1 })
    await settle()
    expect(gates.waiting).toEqual(['list 1 <', 'list 1 >'])
    await gates.open()
    await before
    expect((await after).rows[0]).toEqual(changed)
  })

  test('promise 12: shows over an older answer that comes after it', async () => {
    const gates = makeGates()
    const { table, somebody } = setUp({ step: gates.step })
    const read = table.list({ page: 1 })
    await settle()
    await gates.pass('list 1 >')
    somebody.patches(1, { name: 'new' })
    await gates.open()
    expect(await read).toMatchObject({ rows: [{ name: 'new' }, {}], stale: true })
  })

  test('goes on to whoever has the table for its master', async () => {
    const { table: inner, master, somebody } = setUp()
    const outer = new LiveTable({ master: inner, cacheKey: 'outer', cache: memoryCache(), pageSize: 2 })
    outer.subscribe(() => undefined)
    await Promise.all([outer.list({ page: 1 }), outer.list({ page: 2 })])
    master.calls.length = 0
    somebody.patches(1, { name: 'new' })
    await settle()
    expect((await outer.list({ page: 1 })).rows[0]).toMatchObject({ name: 'new' })
    await outer.list({ page: 2 })
    expect(master.calls).toEqual([])
  })
})

describe('versions', () => {
  test.each(['number', 'digits', 'moment'] as const)('an older event never overwrites a newer row: %s', async (kind) => {
    const versionOf = (count: number): unknown => ({ number: count, digits: `${count}`, moment: `2026-01-01T00:00:${count}.5Z` })[kind]
    const { table, master, stream } = setUp({ versionField: 'version' })
    const at = (count: number): Item => ({ ...rows[0], name: `at ${count}`, version: versionOf(count) }) as Item
    master.rows.set('1', at(12))
    await Promise.all([table.list({ page: 1 }), table.get(1)])
    master.calls.length = 0
    for (const count of [10, 11, 12]) {
      stream.emit({ type: 'updated', id: 1, row: at(count) })
      await settle()
      expect((await table.list({ page: 1 })).rows[0]).toEqual(at(12))
      expect(await table.get(1)).toEqual(at(12))
    }
    stream.emit({ type: 'updated', id: 1, row: at(13) })
    stream.emit({ type: 'updated', id: 1, row: at(11) })
    await settle()
    expect((await table.list({ page: 1 })).rows[0]).toEqual(at(13))
    expect(await table.get(1)).toEqual(at(13))
    expect(master.calls).toEqual([])
  })

  test('an event that is older than what was read makes no conflict', async () => {
    const { table, master, stream } = setUp({ versionField: 'version' })
    master.rows.set('1', { ...rows[0], name: 'third', version: 3 } as Item)
    await table.list({ page: 1 })
    stream.emit({ type: 'updated', id: 1, row: { ...rows[0], name: 'second', version: 2 } })
    await settle()
    expect(await table.patch(1, { status: 'mine' })).toMatchObject({ name: 'third', version: 4 })
  })

  test('a row that is deleted and inserted again is news, also where its versions start anew', async () => {
    const { table, master, stream, somebody } = setUp({ versionField: 'version' })
    somebody.patches(1, { name: 'second' })
    somebody.patches(1, { name: 'third' })
    await table.list({ page: 1 })
    master.rows.delete('1')
    stream.emit({ type: 'deleted', id: 1 })
    await settle()
    expect((await table.list({ page: 1 })).rows[0]).toMatchObject({ id: 2 })
    const anew = { ...rows[0], name: 'anew', version: 1 } as Item
    master.rows.set('1', anew)
    stream.emit({ type: 'inserted', id: 1, row: anew })
    await settle()
    expect((await table.list({ page: 3 })).rows[1]).toEqual(anew)
    expect(await table.get(1)).toEqual(anew)
  })

  test('a write after an event is made against the version that came with it', async () => {
    const { table, master, somebody } = setUp({ versionField: 'version' })
    await table.list({ page: 1 })
    somebody.patches(1, { name: 'theirs' })
    await settle()
    expect(await table.patch(1, { status: 'mine' })).toMatchObject({ name: 'theirs', status: 'mine', version: 3 })
    expect(master.calls).toEqual(['list 1', 'patch 1'])
  })
})

describe("one's own write that comes back", () => {
  const ways: readonly [string, FakeMasterOptions, (event: LiveEvent, key: string | undefined) => LiveEvent][] = [
    ['under its idempotency key', { honoursIdempotencyKeys: true }, (_, write) => ({ type: 'updated', id: 1, ...(write && { write }) })],
    ['with the row', {}, (event) => event],
    ['with the row and its version', { versionField: 'version' }, (event) => event],
  ]

  test.each(ways)('costs no second request, after its answer: %s', async (_, options, told) => {
    const { table, master, stream, keys } = setUp(options)
    await table.list({ page: 1 })
    const stored = await table.patch(1, { name: 'mine' })
    await table.list({ page: 1 })
    stream.emit(told({ type: 'updated', id: 1, row: stored }, keys[0]))
    await settle()
    expect((await table.list({ page: 1 })).rows[0]).toEqual(stored)
    expect(master.calls).toEqual(['list 1', 'patch 1', 'list 1'])
  })

  test.each<[string, LiveEvent]>([
    ['about the row', { type: 'updated', id: 1 }],
    ['with the row', { type: 'updated', id: 1, row: { ...rows[0], name: 'theirs' } }],
    ['that it is gone', { type: 'deleted', id: 1 }],
  ])('and any event %s while it is under way, are covered by its own invalidation', async (_, event) => {
    const gates = makeGates()
    const { table, master, stream } = setUp({ step: gates.step })
    const changes: TableChange[] = []
    table.subscribe((change) => changes.push(change))
    const written = table.patch(1, { name: 'mine' })
    await settle()
    await gates.pass('patch 1 >')
    changes.length = 0
    stream.emit(event)
    await settle()
    expect(changes.filter(({ type }) => type === 'invalidated')).toEqual([])
    await gates.open()
    await written
    await settle()
    expect(changes.filter(({ type }) => type === 'invalidated')).toEqual([{ type: 'invalidated', rows: ['1'] }])
    expect((await table.list({ page: 1 })).rows[0]).toEqual(master.rows.get('1'))
  })

  test('an event about the row counts after all where the write under way comes to nothing', async () => {
    const gates = makeGates()
    const { table, master, stream } = setUp({ step: gates.step })
    const read = table.list({ page: 1 })
    await settle()
    await gates.pass('list 1 >')
    await gates.pass('list 1 <')
    await read
    master.failing = (call) =>
      call === 'patch 1' ? new HttpError('PATCH', '/', new Response(null, { status: 422 }), undefined) : undefined
    const refused = table.patch(1, { name: 'mine' }).catch((error: unknown) => error)
    await settle()
    const theirs = { ...rows[0], name: 'theirs' }
    stream.emit({ type: 'updated', id: 1, row: theirs })
    await gates.open()
    expect(await refused).toBeInstanceOf(HttpError)
    expect((await table.list({ page: 1 })).rows[0]).toEqual(theirs)
  })

  test.each<[string, (key: string) => LiveEvent]>([
    ['another row', (write) => ({ type: 'updated', id: 2, write })],
    ['anything', (write) => ({ type: 'changed', write })],
  ])('is not taken for what its server did besides, to %s', async (_, event) => {
    const { table, master, stream, keys } = setUp({ honoursIdempotencyKeys: true })
    await table.get(2)
    await table.patch(1, { name: 'mine' })
    master.rows.set('2', { ...rows[1], name: 'done besides' } as Item)
    stream.emit(event(keys[0] ?? ''))
    await settle()
    expect(await table.get(2)).toMatchObject({ name: 'done besides' })
  })

  test('is news where it was applied, and its answer was that it was not', async () => {
    const { table, master, stream, keys } = setUp({ honoursIdempotencyKeys: true })
    await table.list({ page: 1 })
    const row = { ...rows[0], name: 'mine' } as Item
    master.failing = (call) =>
      call === 'patch 1' ? new HttpError('PATCH', '/', new Response(null, { status: 400 }), undefined) : undefined
    await table.patch(1, { name: 'mine' }).catch(() => undefined)
    master.rows.set('1', row)
    stream.emit({ type: 'updated', id: 1, write: keys[0] ?? '' })
    await settle()
    expect((await table.list({ page: 1 })).rows[0]).toEqual(row)
  })

  test('promise 12: of two in a row, the first one that comes back does not show again', async () => {
    const { table, stream, keys } = setUp({ honoursIdempotencyKeys: true })
    await table.list({ page: 1 })
    const written = [await table.patch(1, { name: 'one' }), await table.patch(1, { name: 'two' })]
    await table.list({ page: 1 })
    for (const [index, row] of written.entries()) {
      stream.emit({ type: 'updated', id: 1, row, write: keys[index] ?? '' })
      await settle()
      expect((await table.list({ page: 1 })).rows[0]).toMatchObject({ name: 'two' })
    }
  })

  test('a repeated answer does not take the place of what the stream has told since', async () => {
    const { table, master, stream, keys } = setUp({ versionField: 'version', honoursIdempotencyKeys: true })
    const base = await table.list({ page: 1 }, { overlay: false })
    let isLost = true
    const { patch } = master
    master.patch = async (...args) => {
      const stored = await patch(...args)
      if (!isLost) return stored
      isLost = false
      throw new NetworkError('PATCH', '/', undefined)
    }
    const written = table.patch(1, { name: 'mine' })
    await expect.poll(() => isLost).toBe(false)
    const theirs = { ...rows[0], name: 'theirs', version: 3 } as Item
    master.rows.set('1', theirs)
    stream.emit({ type: 'updated', id: 1, row: theirs })
    await written
    expect(keys[1]).toBe(keys[0])
    expect(table.overlay(base).rows[0]).toEqual(theirs)
    await table.patch(1, { status: 'mine' })
    expect(master.calls.at(-1)).toBe('patch 1')
  })

  test('where an event from before it came after its answer, it is told again', async () => {
    const { table, stream, keys } = setUp({ honoursIdempotencyKeys: true })
    await table.list({ page: 1 })
    const stored = await table.patch(1, { name: 'mine' })
    const [write = ''] = keys
    for (const event of [{ row: stored, write }, { write }] satisfies Partial<LiveEvent>[]) {
      stream.emit({ type: 'updated', id: 1, row: { ...rows[0], name: 'before' } })
      stream.emit({ type: 'updated', id: 1, ...event })
      await settle()
      expect((await table.list({ page: 1 })).rows[0]).toEqual(stored)
    }
  })
})

describe('the same row again', () => {
  test.each<[string, LiveEvent]>([
    ['an event without a row', { type: 'updated', id: 1 }],
    ['an event that anything may have changed', { type: 'changed' }],
  ])('is news after %s: what it was meanwhile may have been read', async (_, between) => {
    const { table, master, stream } = setUp()
    const first = { ...rows[0], name: 'first' } as Item
    await table.list({ page: 1 })
    stream.emit({ type: 'updated', id: 1, row: first })
    master.rows.set('1', { ...first, name: 'meanwhile' })
    stream.emit(between)
    await settle()
    expect((await table.list({ page: 1 })).rows[0]).toMatchObject({ name: 'meanwhile' })
    stream.emit({ type: 'updated', id: 1, row: first })
    await settle()
    expect((await table.list({ page: 1 })).rows[0]).toEqual(first)
  })

  test('is none otherwise', async () => {
    const { table, stream } = setUp()
    await table.list({ page: 1 })
    const changes: TableChange[] = []
    table.subscribe((change) => changes.push(change))
    for (let time = 0; time < 3; time += 1) stream.emit({ type: 'updated', id: 1, row: { ...rows[0], name: 'first' } })
    await settle()
    expect(changes.filter(({ type }) => type === 'invalidated')).toHaveLength(1)
  })
})

describe('writes and events', () => {
  test('a pending write is never overwritten: it lies over the row that an event brings', async () => {
    const gates = makeGates()
    const { table, stream } = setUp({ step: gates.step })
    const read = table.list({ page: 1 })
    await settle()
    await gates.pass('list 1 >')
    await gates.pass('list 1 <')
    await read
    void table.patch(3, { name: 'before it in the queue' })
    void table.patch(1, { name: 'mine' })
    await settle()
    stream.emit({ type: 'updated', id: 1, row: { ...rows[0], name: 'theirs', status: 'theirs' } })
    await settle()
    expect((await table.list({ page: 1 }, { cache: 'only-if-cached' })).rows[0]).toEqual({ id: 1, name: 'mine', status: 'theirs' })
    await gates.open()
  })

  test('what came after the answer to a write shows in its place, also on pages from before both', async () => {
    const { table, somebody } = setUp()
    const before = await table.list({ page: 1 }, { overlay: false })
    await table.patch(1, { name: 'mine' })
    expect(table.overlay(before).rows[0]).toMatchObject({ name: 'mine' })
    somebody.patches(1, { name: 'theirs' })
    await settle()
    expect(table.overlay(before).rows[0]).toMatchObject({ name: 'theirs' })
    await table.patch(1, { name: 'mine again' })
    expect(table.overlay(before).rows[0]).toMatchObject({ name: 'mine again' })
  })

  test('an old answer does not come back when it is forgotten what was told after it', async () => {
    const { table, stream } = setUp()
    const before = await table.list({ page: 1 }, { overlay: false })
    await table.patch(1, { name: 'mine' })
    const theirs = { ...rows[0], name: 'theirs' }
    stream.emit({ type: 'updated', id: 1, row: theirs })
    await settle()
    const patched = { ...before, rows: [theirs, ...before.rows.slice(1)] } as typeof before
    for (let id = 1_000; id < 2_100; id += 1) stream.emit({ type: 'updated', id, row: { id, name: 'other', status: 'open' } })
    await settle()
    expect(table.overlay(patched).rows[0]).toEqual(theirs)
  })
})

function setUp(options: FakeMasterOptions = {}, tableOptions: Partial<LiveTableOptions<Item>> = {}) {
  const stream = manualStream()
  const master = fakeMaster(rows, options)
  const events: TraceEvent[] = []
  /** The idempotency keys of patches, in the order in which they were sent. */
  const keys: (string | undefined)[] = []
  const target: Table<Item> = {
    ...master,
    patch: (id, partial, own) => {
      keys.push(own?.idempotencyKey)
      return master.patch(id, partial, own)
    },
  }
  const table = new LiveTable<Item>({
    master: target,
    cacheKey: 'items',
    cache: memoryCache(),
    stream,
    pageSize: 2,
    trace: (event) => events.push(event),
    ...tableOptions,
  })
  const patches = (id: number, changes: Partial<Item>): void => {
    const former = master.rows.get(`${id}`)
    if (former === undefined) throw new Error(`there is no row ${id}`)
    const version = former.version === undefined ? {} : { version: former.version + 1 }
    const row = { ...former, ...changes, ...version }
    master.rows.set(`${id}`, row)
    stream.emit({ type: 'updated', id, row })
  }
  return { table, master, stream, events, keys, somebody: { patches } }
}
