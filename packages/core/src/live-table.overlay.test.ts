import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { memoryCache } from './cache/memory.ts'
import { ArgumentError, HttpError, NetworkError } from './errors.ts'
import { LiveTable } from './live-table.ts'
import type { LiveTableOptions } from './live-table-options.ts'
import { manualStream } from './stream/manual.ts'
import { settle } from './testing/deferred.ts'
import { fakeMaster, items, type FakeMaster, type Item } from './testing/fake-master.ts'
import { makeGates } from './testing/gates.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('a pending write', () => {
  test('shows in lists, rows and counts of the table and its views, and not where it is asked to be left out', async () => {
    const { table, gates } = slow(items(3).map((item) => ({ ...item, status: 'open' })))
    const open = table.view({ where: { status: 'open' } })
    await through(
      gates,
      Promise.all([table.list({ page: 1 }), open.list({ page: 1 }), table.get(2), table.get(3), table.count(), open.count()]),
    )
    const writes = Promise.all([table.insert({ name: 'new', status: 'open' }), table.patch(2, { status: 'paid' }), table.delete(3)])

    const page = await table.list({ page: 1 })
    expect(page.rows.map(({ name, status }) => [name, status])).toEqual([
      ['new', 'open'],
      ['item 1', 'open'],
      ['item 2', 'paid'],
    ])
    expect(page.total).toBe(3)
    expect((await open.list({ page: 1 })).rows.map(({ name }) => name)).toEqual(['new', 'item 1'])
    expect(await table.get('2')).toMatchObject({ status: 'paid' })
    expect(await table.get(3)).toBeUndefined()
    expect([await table.count(), await open.count()]).toEqual([3, 2])
    const [newId = ''] = [...table.pendingIds].filter((id) => id.startsWith('new-'))
    expect(await table.get(newId)).toEqual({ id: newId, name: 'new', status: 'open' })

    const base = await table.list({ page: 1 }, { overlay: false })
    expect(base.rows.map(({ name }) => name)).toEqual(['item 1', 'item 2', 'item 3'])
    expect(await table.get(2, { overlay: false })).toMatchObject({ status: 'open' })
    expect([await table.count({}, { overlay: false }), await open.count({}, { overlay: false })]).toEqual([3, 3])
    expect(table.overlay(base)).toEqual(page)
    expect(table.overlayRow(2, await table.read(2, { overlay: false })).row).toMatchObject({ status: 'paid' })

    await gates.open()
    await writes
    // What was read before the answer has what was answered, and what is read now has it by itself.
    expect(table.overlay(base).rows.map(({ id, status }) => [table.rowKey(id), status])).toEqual([
      [newId, 'open'],
      ['1', 'open'],
      ['2', 'paid'],
    ])
    const now = await table.list({ page: 1 }, { overlay: false })
    expect(table.overlay(now)).toBe(now)
    expect(table.rowKey(4)).toBe(newId)
  })

  test('is not cached by a table that wraps this one', async () => {
    const gates = makeGates()
    const master = fakeMaster(items(2), { step: gates.step })
    const inner = new LiveTable<Item>({ master, cacheKey: 'inner', cache: memoryCache() })
    const outer = new LiveTable<Item>({ master: inner, cacheKey: 'outer', cache: memoryCache() })
    await through(gates, inner.list({ page: 1 }))
    const written = inner.patch(1, { name: 'mine' }).catch(() => undefined)
    expect((await inner.list({ page: 1 })).rows[0]?.name).toBe('mine')
    expect((await outer.list({ page: 1 })).rows[0]?.name).toBe('item 1')
    master.failing = () => new Error('refused')
    await gates.open()
    await written
    expect((await outer.list({ page: 1 })).rows[0]?.name).toBe('item 1')
    expect((await inner.list({ page: 1 })).rows[0]?.name).toBe('item 1')
  })
})

test('a page that was read from before the answer, and is asked for later, still has it', async () => {
  const master = fakeMaster(items(2))
  const table = new LiveTable<Item>({ master, cacheKey: 'items', cache: memoryCache() })
  await table.list({ page: 1 })
  await table.patch(1, { name: 'mine' })
  master.failing = () => new NetworkError('GET', '/', undefined)
  // The master cannot be asked, so this is the page from before.
  expect(await table.list({ page: 1 })).toMatchObject({ rows: [{ name: 'mine' }, { name: 'item 2' }], stale: true })
})

test('a row that is read before its insert is answered shows once, by its first name', async () => {
  const { table, gates } = slow(items(1))
  const written = table.insert({ name: 'new' })
  const [newId = ''] = table.pendingIds
  await gates.pass('insert >')
  // The master has it; its answer is still under way.
  const page = await through(gates, table.list({ page: 1 }), 'list 1')
  expect(page.rows.map(({ id, name }) => [id, name])).toEqual([
    [1, 'item 1'],
    [2, 'new'],
  ])
  expect(page.total).toBe(2)
  expect(table.rowKey(2)).toBe(newId)
  expect([...table.pendingIds]).toEqual(['2'])
  await gates.open()
  expect(await written).toEqual({ id: 2, name: 'new' })
  expect(table.rowKey(2)).toBe(newId)
})

test('after the master was out of reach the queue is sent before anything is read anew', async () => {
  vi.stubGlobal('navigator', { onLine: false })
  const master = fakeMaster(items(2))
  const stream = manualStream()
  const table = new LiveTable<Item>({ master, cacheKey: 'items', cache: memoryCache(), stream })
  onTestFinished(table.subscribe(() => undefined))
  await table.list({ page: 1 })
  const writes = Promise.all([table.patch(1, { name: 'a' }), table.patch(2, { name: 'b' })])
  await settle()
  expect(table.paused?.reason).toBe('offline')
  master.calls.length = 0
  vi.stubGlobal('navigator', { onLine: true })
  // As a client's refetch on reconnect, which may hear of it first.
  stream.gap('it was cut')
  const page = await table.list({ page: 1 }, { overlay: false })
  expect(master.calls).toEqual(['patch 1', 'patch 2', 'list 1'])
  expect(page.rows.map(({ name }) => name)).toEqual(['a', 'b'])
  await writes
})

test.each([{ state: 'open' }, { state: 'polling', reason: 'a proxy' }] as const)(
  'a stream that hears again ($state) tells that the master is back',
  async (status) => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const master = fakeMaster(items(2))
    const stream = manualStream()
    const table = new LiveTable<Item>({ master, cacheKey: 'items', cache: memoryCache(), stream })
    onTestFinished(table.subscribe(() => undefined))
    master.failing = () => new NetworkError('PATCH', '/', undefined)
    const written = table.patch(1, { name: 'a' })
    await vi.advanceTimersByTimeAsync(20_000)
    expect(table.paused?.reason).toBe('unreachable')
    master.failing = () => undefined
    const before = master.calls.length
    stream.setStatus({ state: 'connecting' })
    stream.setStatus(status)
    await vi.advanceTimersByTimeAsync(0)
    expect(master.calls).toHaveLength(before + 1)
    expect(await written).toMatchObject({ name: 'a' })
  },
)

test('resume() goes on after 401, and what waits is pending meanwhile', async () => {
  const master = fakeMaster(items(1))
  const table = new LiveTable<Item>({ master, cacheKey: 'items', cache: memoryCache() })
  master.failing = () => new HttpError('PATCH', '/', new Response(null, { status: 401 }), undefined)
  const written = table.patch(1, { name: 'a' })
  await settle()
  expect(table.paused).toMatchObject({ reason: 'unauthorized', error: { status: 401 } })
  expect(table.pending).toMatchObject([{ type: 'patch', id: '1', fields: { name: 'a' } }])
  master.failing = () => undefined
  table.resume()
  expect(await written).toMatchObject({ name: 'a' })
  expect(table.pending).toEqual([])
})

test('warnOnUnload holds the user back while writes wait, and only then', async () => {
  const listeners = new Set<unknown>()
  vi.stubGlobal('addEventListener', (type: string, listener: unknown) => type === 'beforeunload' && listeners.add(listener))
  vi.stubGlobal('removeEventListener', (type: string, listener: unknown) => type === 'beforeunload' && listeners.delete(listener))
  const table = new LiveTable<Item>({ master: fakeMaster(items(1)), cacheKey: 'items', cache: memoryCache(), warnOnUnload: true })
  expect(listeners.size).toBe(0)
  const written = table.patch(1, { name: 'a' })
  expect(listeners.size).toBe(1)
  await written
  expect(listeners.size).toBe(0)
})

test.each([
  ['queue', { queue: {} }, 'a storage of writes'],
  ['concurrency', { concurrency: 0 }, 'a whole number from 1 on'],
])('promise 20: %s that cannot work is refused', (argument, options, expected) => {
  const make = () => new LiveTable<Item>({ master: fakeMaster([]), cacheKey: 'items', ...options } as LiveTableOptions<Item>)
  expect(make).toThrow(ArgumentError)
  expect(make).toThrow(argument)
  expect(make).toThrow(expected)
})

function slow(rows: readonly Item[]): {
  readonly table: LiveTable<Item>
  readonly master: FakeMaster
  readonly gates: ReturnType<typeof makeGates>
} {
  const gates = makeGates()
  const master = fakeMaster(rows, { step: gates.step })
  return { table: new LiveTable<Item>({ master, cacheKey: 'items', cache: memoryCache() }), master, gates }
}

/** Lets everything through that waits, or what has this name, until a promise is settled. */
async function through<T>(gates: ReturnType<typeof makeGates>, promise: Promise<T>, name: string = ''): Promise<T> {
  const state = { isSettled: false }
  const end = (): void => {
    state.isSettled = true
  }
  promise.then(end, end)
  await settle()
  while (!state.isSettled) {
    const [next] = gates.waiting.filter((each) => each.startsWith(name))
    if (next === undefined) throw new Error(`nothing waits at ${name}`)
    await gates.pass(next)
  }
  return promise
}
