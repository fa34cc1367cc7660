import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { describeTable } from '../contract/table-contract.ts'
import { MissingRowError, NetworkError, VersionError } from '../errors.ts'
import { memoryTable, type MemoryCall } from './memory.ts'

interface Order {
  readonly id: string | number
  readonly name: string
  readonly note?: string | undefined
  readonly placedAt?: Date
  readonly tags?: string[]
}

const orders: readonly Order[] = [
  { id: 1, name: 'rye' },
  { id: 2, name: 'spelt', note: 'sliced' },
]

describeTable('memoryTable', (rows) => memoryTable(rows))

describeTable('memoryTable with versions', (rows) => memoryTable(rows, { versionField: 'version' }))

describe('metadata', () => {
  test('the name and the id field have defaults', () => {
    expect(memoryTable([])).toMatchObject({ name: 'memory', idField: 'id' })
  })

  test('all of it is passed on', () => {
    const references = { customer: { field: 'customerId', table: () => memoryTable<Order>([]) } }
    const metadata = { name: 'orders', idField: 'no', titleFields: ['name'], columns: [{ name: 'name' }], references, versionField: 'v' }
    expect(memoryTable<Order>([], metadata)).toMatchObject(metadata)
  })

  test('rows are named by the id field', async () => {
    const table = memoryTable<{ no: number; name: string }>([{ no: 7, name: 'rye' }], { idField: 'no' })
    expect(await table.get('7')).toEqual({ no: 7, name: 'rye' })
    expect(await table.insert({ name: 'spelt' })).toEqual({ no: 8, name: 'spelt' })
  })
})

describe('idempotency keys', () => {
  test('a write that comes again is answered as the first time', async () => {
    const table = memoryTable<Order>(orders)
    const inserted = await table.insert({ name: 'oat' }, { idempotencyKey: 'a' })
    const replaced = await table.replace(1, { id: 1, name: 'corn' }, { idempotencyKey: 'b' })
    const patched = await table.patch(1, { note: 'whole' }, { idempotencyKey: 'c' })
    await table.deleteAll()
    expect(await table.insert({ name: 'oat' }, { idempotencyKey: 'a' })).toEqual(inserted)
    expect(await table.replace(1, { id: 1, name: 'corn' }, { idempotencyKey: 'b' })).toEqual(replaced)
    expect(await table.patch(1, { note: 'whole' }, { idempotencyKey: 'c' })).toEqual(patched)
    expect(await table.count({})).toBe(0)
  })

  test('what the caller does with an answer leaves the next one alone', async () => {
    const table = memoryTable<Order>([])
    const write = (): Promise<Order> => table.insert({ name: 'rye', tags: ['dark'] }, { idempotencyKey: 'a' })
    ;(await write()).tags?.push('changed')
    ;(await write()).tags?.push('changed')
    expect((await write()).tags).toEqual(['dark'])
  })

  test('a write that failed is applied when it comes again', async () => {
    const table = memoryTable<Order>([])
    await expect(table.patch(1, { name: 'oat' }, { idempotencyKey: 'a' })).rejects.toThrow(MissingRowError)
    await table.insert({ id: 1, name: 'rye' })
    expect(await table.patch(1, { name: 'oat' }, { idempotencyKey: 'a' })).toEqual({ id: 1, name: 'oat' })
  })
})

describe('versions', () => {
  interface Versioned {
    readonly id: number
    readonly name: string
    readonly v?: number | null
  }
  const versioned = (rows: readonly Versioned[] = [{ id: 1, name: 'rye' }]) =>
    memoryTable<Versioned>(rows, { name: 'orders', versionField: 'v' })

  test('a row has 1 where it brings none, and one more after each change', async () => {
    const table = versioned([
      { id: 1, name: 'rye' },
      { id: 2, name: 'spelt', v: 7 },
      { id: 3, name: 'oat', v: null },
    ])
    await table.insert({ name: 'corn' })
    await table.insert({ name: 'teff', v: 4 })
    expect((await table.list({ page: 1, pageSize: 9 })).rows.map(({ v }) => v)).toEqual([1, 7, 1, 1, 4])
    expect((await table.patch(1, {})).v).toBe(2)
    expect((await table.replace(1, { id: 1, name: 'rye' })).v).toBe(3)
    expect((await table.get(1))?.v).toBe(3)
  })

  test('what a change itself says of the version is ignored', async () => {
    const table = versioned()
    expect(await table.patch(1, { name: 'oat', v: 50 })).toEqual({ id: 1, name: 'oat', v: 2 })
    expect(await table.replace(1, { id: 1, name: 'corn', v: 50 })).toEqual({ id: 1, name: 'corn', v: 3 })
  })

  test('a change against another version is a VersionError that names both, and versions are compared as text', async () => {
    const table = versioned()
    await expect(table.patch(1, { name: 'oat' }, { version: 2 })).rejects.toEqual(new VersionError('orders', '1', 2, 1))
    await expect(table.replace(1, { id: 1, name: 'oat' }, { version: 'x' })).rejects.toEqual(new VersionError('orders', '1', 'x', 1))
    expect(await table.get(1)).toEqual({ id: 1, name: 'rye', v: 1 })
    expect((await table.patch(1, { name: 'oat' }, { version: '1' })).name).toBe('oat')
  })

  test('where rows have none, a version is ignored, and a field of any name is a field', async () => {
    const table = memoryTable<Versioned>([{ id: 1, name: 'rye', v: 7 }])
    expect(await table.patch(1, { v: 9 }, { version: 8 })).toEqual({ id: 1, name: 'rye', v: 9 })
  })

  test.each([1.5, '2', Number.NaN])('promise 20: a row with the version %j is refused', async (v) => {
    const row = { id: 2, name: 'spelt', v: v as number }
    expect(() => versioned([row])).toThrow(/^rows\[0\]\.v is .*; expected a whole number$/)
    await expect(versioned().insert(row)).rejects.toThrow(/^row\.v is .*; expected a whole number$/)
  })
})

describe('copies', () => {
  test('what the caller does with its rows later leaves the table alone', async () => {
    const seed = { id: 1, name: 'rye', tags: ['dark'] }
    const inserted = { id: 2, name: 'spelt', tags: ['light'] }
    const table = memoryTable<Order>([seed])
    const inserting = table.insert(inserted)
    seed.tags.push('changed')
    inserted.tags.push('changed')
    await inserting
    expect((await table.get(1))?.tags).toEqual(['dark'])
    expect((await table.get(2))?.tags).toEqual(['light'])
  })

  test('what the caller does with an answer leaves the table alone', async () => {
    const table = memoryTable<Order>([{ id: 1, name: 'rye', tags: ['dark'] }])
    const answers = [
      async () => (await table.list({ page: 1, pageSize: 1 })).rows[0],
      () => table.get(1),
      () => table.patch(1, {}),
      () => table.replace(1, { id: 1, name: 'rye', tags: ['dark'] }),
      () => table.insert({ id: 2, name: 'spelt', tags: ['dark'] }),
    ]
    for (const answer of answers) {
      const row = await answer()
      row?.tags?.push('changed')
      expect((await table.get(row?.id ?? 0))?.tags).toEqual(['dark'])
    }
  })

  test('a Date stays a Date', async () => {
    const placedAt = new Date('2024-05-01T06:00:00Z')
    const table = memoryTable<Order>([{ id: 1, name: 'rye', placedAt }])
    expect((await table.get(1))?.placedAt).toEqual(placedAt)
  })
})

describe('ids', () => {
  test('where all ids are numbers the next one is one higher than any there ever was', async () => {
    const table = memoryTable<Order>([{ id: 41.5, name: 'rye' }])
    expect((await table.insert({ name: 'a' })).id).toBe(42)
    await table.insert({ id: 50, name: 'b' })
    await table.delete(50)
    expect((await table.insert({ name: 'c' })).id).toBe(51)
  })

  test('where some id is text the next one is a text that no other has', async () => {
    const table = memoryTable<Order>([...orders, { id: 'three', name: 'oat' }])
    const stored = [await table.insert({ name: 'a' }), await table.insert({ name: 'b' })]
    const ids = new Set<unknown>(stored.map(({ id }) => id))
    expect([...ids]).toEqual([expect.stringMatching(/^[\w-]{16,}$/), expect.stringMatching(/^[\w-]{16,}$/)])
  })

  test('an id keeps its type when the row is written by the other one', async () => {
    const table = memoryTable(orders)
    expect((await table.patch('1', { id: '1', name: 'oat' })).id).toBe(1)
    expect((await table.replace('2', { id: '2', name: 'corn' })).id).toBe(2)
    expect((await table.list({ page: 1, pageSize: 9 })).rows.map(({ id, name }) => [id, name])).toEqual([
      [1, 'oat'],
      [2, 'corn'],
    ])
  })
})

describe('writes', () => {
  test('a patch leaves a field alone that is undefined, as it would through JSON', async () => {
    const table = memoryTable(orders)
    expect(await table.patch(2, { note: undefined })).toEqual({ id: 2, name: 'spelt', note: 'sliced' })
  })

  test('a replaced row has no field of the former one', async () => {
    const table = memoryTable(orders)
    expect(await table.replace(2, { id: 2, name: 'spelt' })).toEqual({ id: 2, name: 'spelt' })
  })

  test('a write to a row that is not there is a MissingRowError', async () => {
    const table = memoryTable(orders, { name: 'orders' })
    await expect(table.patch(9, {})).rejects.toEqual(new MissingRowError('orders', '9'))
    await expect(table.replace('9', { id: 9, name: 'x' })).rejects.toEqual(new MissingRowError('orders', '9'))
  })
})

describe('onCall', () => {
  test('it hears of every call with what it was given, but not of bad ones', async () => {
    const calls: MemoryCall<Order>[] = []
    const table = memoryTable(orders, { onCall: (call) => calls.push(call) })
    await table.list({ page: 1, pageSize: 1, search: 'rye' })
    await table.get('1')
    await table.count({ where: { name: 'rye' } })
    await table.insert({ name: 'oat' })
    await table.replace(1, { id: 1, name: 'corn' })
    await table.patch(1, { name: 'rye' })
    await table.delete(2)
    await table.deleteAll()
    await expect(table.get('')).rejects.toThrow('expected a string that is not empty')
    await expect(table.get(1, { signal: AbortSignal.abort() })).rejects.toThrow('aborted')
    expect(calls).toEqual([
      { method: 'list', query: { page: 1, pageSize: 1, search: 'rye' } },
      { method: 'get', id: '1' },
      { method: 'count', query: { where: { name: 'rye' } } },
      { method: 'insert', row: { name: 'oat' } },
      { method: 'replace', id: 1, row: { id: 1, name: 'corn' } },
      { method: 'patch', id: 1, partial: { name: 'rye' } },
      { method: 'delete', id: 2 },
      { method: 'deleteAll' },
    ])
  })

  test('what it throws, the call rejects with, and nothing is changed', async () => {
    let online = false
    const table = memoryTable(orders, {
      onCall: ({ method }) => {
        if (!online) throw new NetworkError(method, 'memory', undefined)
      },
    })
    await expect(table.list({ page: 1, pageSize: 9 })).rejects.toThrow(NetworkError)
    await expect(table.insert({ name: 'oat' })).rejects.toThrow(NetworkError)
    await expect(table.patch(1, { name: 'oat' })).rejects.toThrow(NetworkError)
    await expect(table.deleteAll()).rejects.toThrow(NetworkError)
    online = true
    expect((await table.list({ page: 1, pageSize: 9 })).rows).toEqual(orders)
  })

  test('a promise from it holds the call back, and lets others pass', async () => {
    let open = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const table = memoryTable(orders, { onCall: ({ method }) => (method === 'patch' ? gate : undefined) })
    const patching = table.patch(1, { name: 'oat' })
    expect((await table.get(1))?.name).toBe('rye')
    open()
    await patching
    expect((await table.get(1))?.name).toBe('oat')
  })

  test('a read can be aborted while it hears of it', async () => {
    const controller = new AbortController()
    const table = memoryTable(orders, { onCall: () => controller.abort('enough') })
    await expect(table.get(1, { signal: controller.signal })).rejects.toBe('enough')
  })

  test('a read that is held back can be aborted', async () => {
    const table = memoryTable(orders, { onCall: () => new Promise(() => undefined) })
    const controller = new AbortController()
    const reading = table.count({}, { signal: controller.signal })
    controller.abort('enough')
    await expect(reading).rejects.toBe('enough')
  })
})

describe('latency', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('an answer takes that long, and a failure too', async () => {
    const table = memoryTable(orders, { latency: 100 })
    const settled: string[] = []
    const reading = table.get(1).then(() => settled.push('get'))
    const failing = table.patch(9, {}).catch(() => settled.push('patch'))
    await vi.advanceTimersByTimeAsync(99)
    expect(settled).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(settled).toEqual(['get', 'patch'])
    await Promise.all([reading, failing])
  })

  test('rows are read before it, so a slow answer can be out of date', async () => {
    const delays = [100, 10]
    const table = memoryTable(orders, { latency: () => delays.shift() ?? 0 })
    const slow = table.get(1)
    const write = table.patch(1, { name: 'oat' })
    await vi.advanceTimersByTimeAsync(10)
    await write
    await vi.advanceTimersByTimeAsync(90)
    expect((await slow)?.name).toBe('rye')
    expect((await table.get(1))?.name).toBe('oat')
  })

  test('an abort ends the waiting at once', async () => {
    const table = memoryTable(orders, { latency: 100 })
    const controller = new AbortController()
    const reading = table.list({ page: 1, pageSize: 1 }, { signal: controller.signal })
    await vi.advanceTimersByTimeAsync(50)
    controller.abort('enough')
    await expect(reading).rejects.toBe('enough')
  })
})

describe('promise 20', () => {
  test('promise 20: a row without an id, or with the id of another one, is refused', () => {
    const bad: readonly unknown[] = [{ name: 'rye' }, { id: '' }, 'rye', null]
    for (const row of bad) expect(() => memoryTable([{ id: 1 }, row as object])).toThrow(/^rows\[1\](\.id)? is .*; expected /)
    expect(() => memoryTable([{ id: 1 }, { id: 2 }, { id: '1' }])).toThrow('rows[2].id is "1"; expected an id that no row before it has')
    expect(() => memoryTable(new Map() as never)).toThrow('rows is a Map; expected an array of rows')
  })

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])('promise 20: a latency of %d is refused', async (latency) => {
    expect(() => memoryTable([], { latency })).toThrow('expected a number of ms from 0 to 2147483647')
    const table = memoryTable(orders, { latency: () => latency })
    await expect(table.deleteAll()).rejects.toThrow('expected a number of ms from 0 to 2147483647')
    await expect(table.deleteAll()).rejects.toThrow('expected a number of ms from 0 to 2147483647')
  })

  test('promise 20: what is written has to be an object, and to keep its id', async () => {
    const table = memoryTable(orders)
    await expect(table.insert('rye' as never)).rejects.toThrow('row is "rye"; expected an object of fields')
    await expect(table.insert({ id: 2 })).rejects.toThrow('row.id is "2"; expected an id that no row has yet')
    await expect(table.patch(1, { id: 2 })).rejects.toThrow('partial.id is "2"; expected 1, the id of the row that is written')
    await expect(table.replace(1, { id: 2, name: 'x' })).rejects.toThrow('row.id is "2"; expected 1, the id of the row that is written')
    expect((await table.list({ page: 1, pageSize: 9 })).rows).toEqual(orders)
  })
})
