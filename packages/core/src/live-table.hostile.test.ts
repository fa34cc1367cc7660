/// <reference types="node" />
import { afterEach, describe, expect, test, vi } from 'vitest'
import { memoryCache } from './cache/memory.ts'
import { noCache } from './cache/none.ts'
import { AnswerError, ArgumentError, TimeoutError, type LiveError } from './errors.ts'
import { LiveTable } from './live-table.ts'
import type { LiveTableOptions } from './live-table-options.ts'
import { manualStream } from './stream/manual.ts'
import { memoryTable } from './table/memory.ts'
import { restTable, type RestTableOptions } from './table/rest.ts'
import type { ListResult, Table } from './table/table.ts'
import { settle } from './testing/deferred.ts'
import { thrower, throwing } from './testing/thrower.ts'
import { fakeMaster, items, type Item } from './testing/fake-master.ts'
import type { TraceEvent } from './trace.ts'
import { watchedRows } from './testing/watched-rows.ts'

const million = 1_000_000

interface Odd {
  readonly id: string | number
  readonly [field: string]: unknown
}

afterEach(() => {
  vi.useRealTimers()
})

describe('rows that are out of the ordinary', () => {
  const text = '{"id":"__proto__","__proto__":{"admin":true},"constructor":"x","hasOwnProperty":1,"toString":null,"then":7}'
  const odd = (): Odd => JSON.parse(text)

  test('fields that are named like parts of an object are fields: read, cached, written, filtered by, told of and laid over', async () => {
    const stream = manualStream()
    const master = memoryTable([odd()])
    const table = liveTable(master, { stream })
    const read = async () => [...(await table.list({ page: 1 })).rows, await table.get('__proto__')].map((row) => JSON.stringify(row))
    expect(await read()).toEqual([text, text])
    expect(await read()).toEqual([text, text])
    const view = table.view({ where: JSON.parse('{"constructor":"x","__proto__":{"ne":1},"then":{"gte":7}}') })
    expect((await view.list({ page: 1 })).total).toBe(1)
    const writing = table.patch('__proto__', JSON.parse('{"__proto__":{"admin":false}}'))
    expect(await read()).toEqual([text.replace('true', 'false'), text.replace('true', 'false')])
    expect(JSON.stringify(await writing)).toBe(text.replace('true', 'false'))
    expect(await read()).toEqual([text.replace('true', 'false'), text.replace('true', 'false')])
    await master.replace('__proto__', odd())
    stream.emit({ type: 'updated', id: '__proto__', row: odd() })
    expect(await read()).toEqual([text, text])
    await table.insert(JSON.parse('{"id":"constructor","__proto__":null}'))
    expect((await table.list({ page: 1 })).rows.map(({ id }) => id)).toEqual(['__proto__', 'constructor'])
    await table.delete('__proto__')
    expect(await table.get('__proto__')).toBeUndefined()
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
  })

  test('a row may hold 100 MB', async () => {
    const [name, other] = ['x', 'y'].map((letter) => Buffer.alloc(100 * million, letter).toString('latin1'))
    const table = liveTable<Odd>(memoryTable<Odd>([{ id: 1, name }]), {})
    expect((await table.get(1))?.['name'] === name).toBe(true)
    expect((await table.patch(1, { name: other }))['name'] === other).toBe(true)
    expect((await table.get(1))?.['name'] === other).toBe(true)
  })

  test('an id may hold 1 MB', async () => {
    const id = 'x'.repeat(million)
    const table = liveTable<Odd>(memoryTable<Odd>([{ id }]), {})
    expect((await table.get(id))?.id === id).toBe(true)
    expect((await table.patch(id, { name: 'new' }))['name']).toBe('new')
    await expect(table.patch(`${id}y`, {})).rejects.toThrow(/^table "memory" has no row "x+…$/)
    await expect(table.get(id, { cache: 'only-if-cached' }).then(() => table.get(`${id}z`, { cache: 'only-if-cached' }))).rejects.toSatisfy(
      (error: LiveError) => error.code === 'not-cached' && error.message.length <= 1_000,
    )
  })

  test('promise 20: what cannot be copied is refused, whatever it does when it is looked at', async () => {
    const table = liveTable(memoryTable<Odd>([{ id: 1 }]), {})
    let deep: object = {}
    for (let level = 0; level < 100_000; level += 1) deep = { deep }
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    for (const name of [
      () => 1,
      Symbol('x'),
      proxy,
      new Proxy({}, { ownKeys: () => raise() }),
      deep,
      {
        get of() {
          return raise()
        },
      },
    ]) {
      expect(await rejection(table.patch(1, { name }))).toBeInstanceOf(ArgumentError)
    }
    expect(await table.get(1)).toEqual({ id: 1 })
    expect(table.pending).toEqual([])
  })

  test('a circle is data where the master takes it, and stays a circle', async () => {
    const row: Record<string, unknown> = { id: 1 }
    row['self'] = row
    const stream = manualStream()
    const table = liveTable(memoryTable<Odd>([]), { stream })
    const stored = await table.insert(row)
    expect(stored['self']).toMatchObject({ id: 1, self: { self: { id: 1 } } })
    expect((await table.list({ page: 1 })).rows).toHaveLength(1)
    stream.emit({ type: 'updated', id: 1, row })
    await settle()
    expect((await table.list({ page: 1 })).rows[0]?.['self']).toEqual(expect.objectContaining({ id: 1 }))
  })
})

describe('pages that are out of the ordinary', () => {
  test('promise 20: a million rows for fifty are an error, without a look at any of them, and not cached', async () => {
    const { rows, looks } = watchedRows(million)
    const table = liveTable<Odd>({ ...memoryTable<Odd>([]), list: async () => ({ rows }) }, { pageSize: 50 })
    const error = await rejection(table.list({ page: 1 }))
    expect(looks()).toBe(0)
    expect(error).toBeInstanceOf(AnswerError)
    expect(error).toHaveProperty('message', expect.stringContaining('is 1000000; expected at most 50, as asked for'))
    expect(await rejection(table.list({ page: 1 }, { cache: 'only-if-cached' }))).toHaveProperty('code', 'not-cached')
  })

  test('a million rows are read, and written to, where they were asked for', async () => {
    const rows = items(million)
    const patch = () => Promise.resolve({ id: 7, name: 'new' })
    const table = liveTable({ ...fakeMaster([]), list: async () => ({ rows, total: million }), patch }, { cache: noCache() })
    const page = await table.list({ page: 1, pageSize: million }, { overlay: false })
    expect(page.rows).toHaveLength(million)
    const writing = table.patch(7, { name: 'new' })
    expect(table.overlay(page).rows[6]).toEqual({ id: 7, name: 'new' })
    await writing
  })

  test('a hundred thousand rows are cached, and carried on by an event', async () => {
    const rows = items(100_000)
    const stream = manualStream()
    const table = liveTable({ ...fakeMaster([]), list: async () => ({ rows, total: rows.length }) }, { stream })
    const query = { page: 1, pageSize: 100_000 }
    await table.list(query)
    stream.emit({ type: 'updated', id: 8, row: { id: 8, name: 'told' } })
    await settle()
    const page = await table.list(query, { cache: 'only-if-cached' })
    expect(page).toMatchObject({ stale: false, total: 100_000 })
    expect(page.rows[7]).toEqual({ id: 8, name: 'told' })
  })

  test.each([
    ['smaller than what it shows', 3, 20],
    ['smaller than what came before', 12, 20],
    ['larger than there is', 10 ** 12, 10 ** 12],
  ])('a total that is %s is at least what was seen, also from the cache', async (_, total, shown) => {
    const rows = items(10)
    const table = liveTable({ ...fakeMaster([]), list: async () => ({ rows, total }) }, { pageSize: 10 })
    expect(await table.list({ page: 2 })).toMatchObject({ rows, total: shown, stale: false })
    expect(await table.list({ page: 2 }, { cache: 'only-if-cached' })).toMatchObject({ total: shown })
  })

  test('promise 16: an estimate that is too small makes no parts of a page disagree', async () => {
    const master = fakeMaster(items(30))
    const list: typeof master.list = async (query) => ({ rows: (await master.list(query)).rows, total: 12 })
    const table = liveTable({ ...master, list }, { masterPageSize: 10 })
    expect(await table.list({ page: 1, pageSize: 25 })).toMatchObject({ rows: items(25), total: 25, stale: false })
  })

  test('promise 20: a page of more parts than anybody waits for is refused before the master is asked', async () => {
    const master = fakeMaster(items(1))
    const table = liveTable(master, { masterPageSize: 10 })
    expect(await rejection(table.list({ page: 1, pageSize: 10 ** 9 }))).toMatchObject({ name: 'ArgumentError', argument: 'pageSize' })
    expect(master.calls).toEqual([])
  })

  test('promise 8: a page that is another one than was asked for is an error, beside the rows that were known', async () => {
    const bodies = [
      { rows: items(2), page: 1 },
      { rows: items(2), page: 2 },
    ]
    const table = liveTable(
      rest(async () => Response.json(bodies.shift())),
      {},
    )
    const { rows } = await table.list({ page: 1 })
    await table.invalidate()
    const page = await table.list({ page: 1 })
    expect(page).toMatchObject({ rows, stale: true })
    expect(page.error).toBeInstanceOf(AnswerError)
  })
})

describe('ids of any kind', () => {
  test.each([
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [''],
    [10n],
    [{}],
    [[]],
    [['a']],
    [null],
    [undefined],
    [true],
    [Symbol('x')],
    [new Date(0)],
  ])('promise 20: %o is refused by every method, and the master hears nothing', async (id) => {
    const master = fakeMaster(items(1))
    const table = liveTable(master, {})
    const none = id as never
    expect(() => table.idCacheKey(none)).toThrow(ArgumentError)
    expect(() => table.rowKey(none)).toThrow(ArgumentError)
    for (const call of [
      table.get(none),
      table.read(none),
      table.patch(none, {}),
      table.replace(none, { id: 1, name: '' }),
      table.delete(none),
    ]) {
      expect(await rejection(call)).toBeInstanceOf(ArgumentError)
    }
    // A row that is inserted may have none yet.
    const isNone = id === null || id === undefined
    if (!isNone) expect(await rejection(table.insert({ id: none, name: '' }))).toBeInstanceOf(ArgumentError)
    expect(master.calls).toEqual([])
  })

  test.each([
    [0],
    [-0],
    [1e21],
    [-1],
    [0.1],
    [Number.MAX_VALUE],
    ['__proto__'],
    ['constructor'],
    ['\uD800'],
    ['a\u0000b'],
    [' '],
    ['-0'],
    ['../..'],
    ['🥐'],
  ])('promise 10: %o names one row, as it is and as text, and no other', async (id) => {
    const text = String(id)
    const master = fakeMaster([{ id, name: 'own' }, ...items(3)])
    const table = liveTable(master, {})
    expect(table.idCacheKey(id)).toBe(table.idCacheKey(text))
    expect((await table.get(id))?.name).toBe('own')
    expect((await table.get(text))?.name).toBe('own')
    expect((await table.patch(id, { name: 'new' })).name).toBe('new')
    expect((await table.list({ page: 1 })).rows.map(({ name }) => name)).toEqual(['new', 'item 1', 'item 2', 'item 3'])
    await table.delete(id)
    expect(await table.get(id)).toBeUndefined()
    expect((await table.list({ page: 1 })).rows).toHaveLength(3)
  })

  test('promise 20: an id that no url can hold is refused, and the write is not left waiting', async () => {
    const table = liveTable(
      rest(async () => Response.json({ id: 1, name: '' })),
      {},
    )
    for (const id of ['\uD800', '.', '..']) {
      expect(await rejection(table.get(id))).toBeInstanceOf(ArgumentError)
      expect(await rejection(table.patch(id, { name: 'x' }))).toBeInstanceOf(ArgumentError)
    }
    expect(table.pending).toEqual([])
  })
})

describe('queries that are out of the ordinary', () => {
  const self: Record<string, unknown> = {}
  self['self'] = self
  let deep: object = { eq: 1 }
  for (let level = 0; level < 100_000; level += 1) deep = { eq: deep }

  test.each<readonly [string, unknown]>([
    ['a cyclic filter', { where: self }],
    ['a cyclic condition', { where: { name: { eq: self } } }],
    ['a cyclic list', { where: { name: { in: [self] } } }],
    ['a filter of a hundred thousand levels', { where: { name: deep } }],
    ['a field whose name is too long to be told', { where: { ['x'.repeat(million)]: { like: 1 } } }],
    ['a value that throws when it is looked at', { where: { name: { eq: { toJSON: () => raise() } } } }],
    ['a cyclic order', { orderBy: [self] }],
    ['an order of a million fields that are none', { orderBy: Array.from({ length: million }) }],
    ['a search that is an object', { search: self }],
  ])('promise 20: %s is an ArgumentError with a short message', async (_, query) => {
    const master = fakeMaster(items(1))
    const table = liveTable(master, {})
    const errors = [
      thrown(() => table.view(query as object)),
      await rejection(table.list({ page: 1, ...(query as object) })),
      await rejection(table.count(query as object)),
    ]
    for (const error of errors.slice(0, 'orderBy' in (query as object) ? 2 : 3)) {
      expect(error).toBeInstanceOf(ArgumentError)
      expect(String(error).length).toBeLessThan(1_100)
    }
    expect(master.calls.filter((call) => call.startsWith('list'))).toEqual([])
  })

  test('a filter for one of 100,000 values is a filter', async () => {
    const table = liveTable(fakeMaster(items(3)), {})
    const where = { id: { in: Array.from({ length: 100_000 }, (_, index) => index + 2) } }
    expect((await table.list({ page: 1, where })).total).toBe(2)
  })
})

describe('arguments that throw when they are read', () => {
  const query = { page: 1, pageSize: 1 }

  test.each<readonly [name: string, argument: string, call: (table: LiveTable<Item>, hostile: never) => unknown]>([
    ['the query of list', 'query', (table, hostile) => table.list(hostile)],
    ['the filter of list', 'query', (table, where) => table.list({ ...query, where })],
    ['the page of list', 'query', (table) => table.list(throwing(query, 'page'))],
    ['the options of list', 'options', (table, hostile) => table.list(query, hostile)],
    ['the signal of list', 'options', (table, signal) => table.list(query, { signal })],
    ['the query of count', 'query', (table, hostile) => table.count(hostile)],
    ['the options of count', 'options', (table, hostile) => table.count({}, hostile)],
    ['the query of view', 'query', (table, hostile) => table.view(hostile)],
    ['the order of view', 'query', (table, key) => table.view({ orderBy: [key] })],
    ['the options of get', 'options', (table, hostile) => table.get(1, hostile)],
    ['the options of read', 'options', (table, hostile) => table.read(1, hostile)],
    ['the row of insert', 'row', (table, hostile) => table.insert(hostile)],
    ['a field in the row of insert', 'row', (table) => table.insert(throwing({ id: 1, name: 'x' }, 'name'))],
    ['the options of insert', 'options', (table, hostile) => table.insert({}, hostile)],
    ['the signal of insert', 'options', (table, signal) => table.insert({}, { signal })],
    ['the row of replace', 'row', (table, hostile) => table.replace(1, hostile)],
    ['the options of replace', 'options', (table, hostile) => table.replace(1, { id: 1, name: 'x' }, hostile)],
    ['the fields of patch', 'partial', (table, hostile) => table.patch(1, hostile)],
    ['the options of patch', 'options', (table, hostile) => table.patch(1, {}, hostile)],
    ['the options of delete', 'options', (table, hostile) => table.delete(1, hostile)],
    ['the options of deleteAll', 'options', (table, hostile) => table.deleteAll(hostile)],
    ['the options of purge', 'options', (table, hostile) => table.purge(hostile)],
  ])('promise 20: %s is an ArgumentError that names %s, and nothing is done', async (_, argument, call) => {
    const master = fakeMaster(items(1))
    const table = liveTable(master, {})
    const error = await rejection((async () => call(table, thrower() as never))())
    expect(error).toMatchObject({ name: 'ArgumentError', argument })
    expect(error).toHaveProperty('cause', expect.any(Error))
    expect(master.calls).toEqual([])
    expect(table.pending).toEqual([])
  })

  test.each(['master', 'schema', 'cache', 'stream', 'writeTarget', 'queue'])('promise 20: the option %s is named', (option) => {
    const error = thrown(() => liveTable(fakeMaster(items(1)), { [option]: thrower() }))
    expect(error).toMatchObject({ name: 'ArgumentError', argument: option, cause: new Error('do not look') })
  })

  test('promise 20: options that throw are named', () => {
    const options = { master: fakeMaster(items(1)), cacheKey: 'items' }
    const cause = new Error('do not look')
    expect(thrown(() => new LiveTable<Item>(thrower() as never))).toMatchObject({ name: 'ArgumentError', argument: 'options', cause })
    expect(thrown(() => new LiveTable(throwing(options, 'cacheKey')))).toMatchObject({ name: 'ArgumentError', argument: 'options', cause })
  })
})

describe('a server that never answers', () => {
  test('promise 8: what is cached is shown when the time is over, stale and with the error; the next read asks again', async () => {
    vi.useFakeTimers()
    let isSilent = false
    const table = liveTable(
      rest(async () => (isSilent ? silence() : Response.json({ rows: items(1) })), { timeout: 5_000 }),
      {},
    )
    await table.list({ page: 1 })
    await table.invalidate()
    isSilent = true
    const late = table.list({ page: 1 })
    await vi.advanceTimersByTimeAsync(5_000)
    const page = await late
    expect(page).toMatchObject({ rows: items(1), stale: true })
    expect(page.error).toBeInstanceOf(TimeoutError)
    isSilent = false
    expect(await table.list({ page: 1 })).toMatchObject({ stale: false })
  })

  test('where nothing is cached the read rejects', async () => {
    vi.useFakeTimers()
    const table = liveTable(rest(silence, { timeout: 5_000 }), {})
    const errors = Promise.all([table.list({ page: 1 }), table.get(1), table.count()].map(rejection))
    await vi.advanceTimersByTimeAsync(5_000)
    for (const error of await errors) expect(error).toBeInstanceOf(TimeoutError)
  })

  test('promise 6: a patch counts as one without an answer: it waits, is sent again, and settles once', async () => {
    vi.useFakeTimers()
    const server = vi.fn<() => Promise<Response>>()
    server.mockImplementationOnce(silence).mockResolvedValue(Response.json({ id: 1, name: 'new' }))
    const traced: TraceEvent[] = []
    const table = liveTable(rest(server, { timeout: 5_000 }), { trace: (event) => void traced.push(event) })
    const written = table.patch(1, { name: 'new' })
    await vi.advanceTimersByTimeAsync(5_000)
    expect(table.paused).toMatchObject({ reason: 'unreachable', error: expect.any(TimeoutError) })
    expect(table.pending).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await written).toEqual({ id: 1, name: 'new' })
    expect(server).toHaveBeenCalledTimes(2)
    expect(table.paused).toBeUndefined()
    expect(traced.filter(({ type }) => type.startsWith('write-')).map(({ type }) => type)).toEqual([
      'write-queued',
      'write-pause',
      'write-retry',
      'write-pause',
      'write-applied',
    ])
  })

  test('an insert is not sent twice where the server cannot tell: it rejects, and the lists are read anew', async () => {
    vi.useFakeTimers()
    let lists = 0
    const table = liveTable(
      rest(async (_, { method }) => (method === 'POST' ? silence() : Response.json({ rows: items((lists += 1)) })), { timeout: 5_000 }),
      {},
    )
    await table.list({ page: 1 })
    const failed = rejection(table.insert({ name: 'new' }))
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await failed).toBeInstanceOf(TimeoutError)
    expect(table.failed).toHaveLength(1)
    expect((await table.list({ page: 1 })).rows).toHaveLength(2)
  })
})

describe('answers that nothing can be made of', () => {
  test('a write that was answered with a page of HTML may have been applied: it rejects, and its row is read anew', async () => {
    const row = { id: 1, name: 'old' }
    const table = liveTable(
      rest(async (_, { method }) => {
        if (method !== 'PATCH') return Response.json(row)
        row.name = 'new'
        return new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } })
      }),
      {},
    )
    expect((await table.get(1))?.name).toBe('old')
    expect(await rejection(table.patch(1, { name: 'new' }))).toBeInstanceOf(AnswerError)
    expect((await table.get(1))?.name).toBe('new')
    expect(table.failed).toHaveLength(1)
  })

  test.each<readonly [string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'rows'],
    ['no rows', {}],
    ['rows that are none', { rows: 'rows' }],
    ['rows that are no objects', { rows: [1] }],
    ['rows without ids', { rows: [{}] }],
    ['one row twice', { rows: [{ id: 1 }, { id: '1' }] }],
    ['ids that are objects', { rows: [{ id: {} }] }],
    ['a proxy', new Proxy({}, { has: () => raise() })],
  ])('promise 20: a master that answers with %s is found out, and nothing of it is cached', async (_, answer) => {
    const table = liveTable({ ...fakeMaster([]), list: async () => answer as ListResult<Item> }, {})
    expect(await rejection(table.list({ page: 1 }))).toBeInstanceOf(Error)
    expect(await rejection(table.list({ page: 1 }, { cache: 'only-if-cached' }))).toHaveProperty('code', 'not-cached')
  })

  test.each<readonly [string, unknown]>([
    ['no row', 'row'],
    ['a row without an id', { name: 'x' }],
    ['another row', { id: 2, name: 'x' }],
  ])('promise 20: a master that answers to get with %s is found out', async (_, answer) => {
    const table = liveTable({ ...fakeMaster([]), get: async () => answer as Item }, {})
    expect(await rejection(table.get(1))).toBeInstanceOf(AnswerError)
  })

  test.each([Number.NaN, -1, 1.5, '7', Number.POSITIVE_INFINITY, null])('promise 20: a count of %s is an AnswerError', async (count) => {
    const table = liveTable({ ...fakeMaster([]), count: async () => count as number }, {})
    expect(await rejection(table.count())).toBeInstanceOf(AnswerError)
  })
})

describe('a stream that never stops', () => {
  test('promise 12: a hundred thousand events of as many rows leave the table as it was, and able to answer', async () => {
    const stream = manualStream()
    const master = fakeMaster(items(3))
    const table = liveTable(master, { stream })
    const leave = table.subscribe(() => undefined)
    await table.list({ page: 1 })
    for (let id = 1; id <= 100_000; id += 1) stream.emit({ type: 'updated', id, row: { id, name: `told ${id}` } })
    await settle()
    // Nobody has asked for anything but the first page.
    expect(master.calls).toEqual(['list 1'])
    await table.list({ page: 1 })
    expect(master.calls).toEqual(['list 1', 'list 1'])
    leave()
  })

  test('promise 20: what is no event is refused, however it looks, and nobody hears of it', async () => {
    const stream = manualStream()
    const table = liveTable(fakeMaster(items(1)), { stream })
    const changes = vi.fn<() => void>()
    const leave = table.subscribe(changes)
    const circle: Record<string, unknown> = { type: 'updated' }
    circle['id'] = circle
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    for (const event of [circle, { type: circle }, [], null, { type: 'updated', id: 10n }, { type: 'updated', id: 1, row: proxy }, proxy]) {
      expect(thrown(() => stream.emit(event as never))).toBeInstanceOf(Error)
    }
    await settle()
    expect(changes).not.toHaveBeenCalled()
    leave()
  })
})

function liveTable<Row extends object>(master: Table<Row>, options: Partial<LiveTableOptions<Row>>): LiveTable<Row> {
  return new LiveTable({ master, cacheKey: 'items', cache: memoryCache(), pageSize: 10, ...options })
}

function rest(fetch: NonNullable<RestTableOptions['fetch']>, options: RestTableOptions = {}) {
  return restTable<Item>('/items', { fetch, ...options })
}

function silence(): Promise<never> {
  return new Promise(() => undefined)
}

function raise(): never {
  throw new Error('do not look')
}

function thrown(call: () => unknown): unknown {
  try {
    return `it gave ${typeof call()}`
  } catch (error) {
    return error
  }
}

function rejection(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => `it resolved with ${typeof value}`,
    (reason: unknown) => reason,
  )
}
