import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Cache } from './cache/cache.ts'
import { memoryCache } from './cache/memory.ts'
import { AnswerError, ArgumentError } from './errors.ts'
import { LiveTable } from './live-table.ts'
import type { LiveTableOptions } from './live-table-options.ts'
import { manualStream } from './stream/manual.ts'
import { settle } from './testing/deferred.ts'
import { fakeMaster, items, type FakeMaster, type Item } from './testing/fake-master.ts'
import type { TraceEvent } from './trace.ts'

const item = z.object({ id: z.union([z.string(), z.number()]), name: z.string() })
const misfit = { id: 1, name: 5 } as unknown as Item

describe('promise 10: a scope', () => {
  test('promises 10 and 14: what is cached of one is found by no other, whatever they are called', async () => {
    const cache = memoryCache()
    const scopes = [undefined, 'a', 'ab', '["a"', '["a","items"]', 'items', 'é', 'e\u0301']
    const all = scopes.map((scope) => setUp({ cache, ...(scope !== undefined && { scope }) }))
    for (const [index, { table, master }] of all.entries()) {
      master.rows.set('1', { id: 1, name: String(index) })
      await Promise.all([table.list({ page: 1 }), table.read(1), table.count()])
    }
    for (const [index, { table, master }] of all.entries()) {
      expect((await table.list({ page: 1 })).rows[0]?.name).toBe(String(index))
      expect((await table.read(1)).row?.name).toBe(String(index))
      expect(master.calls).toHaveLength(3)
    }
    await all[1]?.table.invalidate()
    for (const { table } of all) await table.list({ page: 1 })
    expect(all.map(({ master }) => master.calls.length)).toEqual([3, 4, 3, 3, 3, 3, 3, 3])
    expect(new Set(all.map(({ table }) => table.pageCacheKey(1))).size).toBe(scopes.length)
  })

  test('is that of the queue where none is given, and may not be another', () => {
    const connect = (): never => {
      throw new Error('it is not used')
    }
    const queue = { scope: 'user', connect, purge: () => Promise.resolve() }
    expect(setUp({ queue }).table.scope).toBe('user')
    expect(setUp({ queue, scope: 'user' }).table.scope).toBe('user')
    expect(setUp().table.scope).toBe('')
    expect(() => setUp({ queue, scope: 'another' })).toThrow(ArgumentError)
    expect(() => setUp({ scope: '' })).toThrow(ArgumentError)
  })
})

describe('a version of the rows', () => {
  test('what was cached under another one is not read, and is there for who comes back to it', async () => {
    const cache = memoryCache()
    for (const version of [undefined, 1, '1', 2]) {
      const { table, master } = setUp({ cache, ...(version !== undefined && { version }) })
      await Promise.all([table.list({ page: 1 }), table.read(1), table.count()])
      expect(master.calls).toHaveLength(3)
    }
    const { table, master } = setUp({ cache, version: 1 })
    await Promise.all([table.list({ page: 1 }), table.read(1), table.count()])
    expect(master.calls).toEqual([])
  })

  test('promise 1: invalidations and writes reach all versions', async () => {
    const cache = memoryCache()
    const [old, now] = [1, 2].map((version) => setUp({ cache, version }))
    for (const each of [old, now]) await Promise.all([each?.table.list({ page: 1 }), each?.table.read(1)])
    await now?.table.patch(1, { name: 'new' })
    expect(await old?.table.list({ page: 1 }, { cache: 'only-if-cached' })).toMatchObject({ stale: true })
    expect(await old?.table.read(1, { cache: 'only-if-cached' })).toMatchObject({ stale: true })
    await old?.table.list({ page: 1 })
    await now?.table.list({ page: 1 })
    await old?.table.invalidate()
    expect(await now?.table.list({ page: 1 }, { cache: 'only-if-cached' })).toMatchObject({ stale: true })
  })
})

describe('a schema', () => {
  test('a row of the master that does not fit is an AnswerError, of a page, a row and an answer to a write', async () => {
    const { table, master } = setUp({ schema: item })
    master.rows.set('1', misfit)
    await expect(table.list({ page: 1 })).rejects.toBeInstanceOf(AnswerError)
    await expect(table.get(1)).rejects.toThrow(/expected a .*schema|schema/u)
    master.patch = () => Promise.resolve(misfit)
    await expect(table.patch(2, { name: 'new' })).rejects.toBeInstanceOf(AnswerError)
    expect((await table.read(2)).row).toEqual({ id: 2, name: 'item 2' })
  })

  test('what is cached and does not fit is a miss', async () => {
    const cache = memoryCache()
    const before = setUp({ cache })
    before.master.rows.set('1', misfit)
    await Promise.all([before.table.list({ page: 1 }), before.table.read(1), before.table.read(2)])
    const { table, master, events } = setUp({ cache, schema: item })
    expect((await table.list({ page: 1 })).rows).toEqual(items(3))
    expect((await table.read(1)).row).toEqual(items(1)[0])
    await table.read(2)
    expect(master.calls).toEqual(['list 1', 'get 1'])
    expect(events.filter(({ type }) => type === 'miss')).toHaveLength(2)
  })

  test('a row of an event that does not fit is told to the trace, and asked for instead', async () => {
    const stream = manualStream()
    const { table, master, events } = setUp({ schema: item, stream })
    await table.list({ page: 1 })
    const told: unknown[] = []
    table.subscribe((change) => told.push(change))
    stream.emit({ type: 'updated', id: 1, row: misfit })
    await settle()
    expect(told).toContainEqual({ type: 'invalidated', rows: ['1'], update: { id: '1', row: undefined, fields: undefined } })
    expect(events).toContainEqual({ cacheKey: 'items', type: 'error', during: 'row', error: expect.any(AnswerError) })
    expect((await table.list({ page: 1 })).rows).toEqual(items(3))
    stream.emit({ type: 'updated', id: 1, row: { id: 1, name: 'fits' } })
    await settle()
    master.calls.length = 0
    expect((await table.list({ page: 1 })).rows[0]?.name).toBe('fits')
    expect(master.calls).toEqual([])
  })
})

function setUp(options: Partial<LiveTableOptions<Item>> = {}): {
  readonly table: LiveTable<Item>
  readonly master: FakeMaster
  readonly cache: Cache
  readonly events: readonly TraceEvent[]
} {
  const master = fakeMaster(items(3))
  const cache = options.cache ?? memoryCache()
  const events: TraceEvent[] = []
  const table = new LiveTable<Item>({ master, cacheKey: 'items', trace: (event) => events.push(event), ...options, cache })
  return { table, master, cache, events }
}
