import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { memoryCache } from './cache/memory.ts'
import { ClosedError, ConflictError } from './errors.ts'
import { LiveTable } from './live-table.ts'
import { deferred } from './testing/deferred.ts'
import { fakeMaster, items, type FakeMaster, type Item } from './testing/fake-master.ts'
import { makeWrites, unavailable } from './testing/make-writes.ts'
import type { StoredWrite, WriteStorage } from './writes/write-storage.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('a row that merely looks like one whose insert is under way', () => {
  test('is still itself, and what is kept of a write to it is about it', async () => {
    const disk = new Map<number, StoredWrite>()
    const master = fakeMaster(
      items(60).map((row) => ({ ...row, status: 'open' })),
      { honoursIdempotencyKeys: true },
    )
    const table = new LiveTable<Item>({ master, cacheKey: 'items', cache: memoryCache(), queue: storageIn(disk) })
    await table.list({ page: 1 })
    master.failing = (call) => (call === 'insert' ? unavailable(403) : undefined)
    void table.insert({ status: 'open' })
    await tick()
    await table.list({ page: 2 })
    expect(await table.get(51)).toEqual({ id: 51, name: 'item 51', status: 'open' })
    void table.patch(51, { name: 'x' })
    await tick()
    expect([...disk.values()][1]).toMatchObject({ key: '51', change: { type: 'patch', id: 51 } })
    expect((await table.list({ page: 2 })).rows[0]).toMatchObject({ id: 51, name: 'x' })
  })
})

describe('what failed', () => {
  test('sent again in the order of the calls, the latest call wins', async () => {
    const { writes, master } = makeWrites()
    master.failing = () => unavailable(422)
    await Promise.allSettled([writes.patch(1, { name: 'older' }), writes.patch(1, { name: 'newer', status: 'open' })])
    master.failing = () => undefined
    await Promise.all(writes.failed.map((failed) => failed.retry()))
    expect(master.rows.get('1')).toEqual({ id: 1, name: 'newer', status: 'open' })
    expect(writes.failed).toEqual([])
  })

  test('a later one that failed as well takes the place of what it covers', async () => {
    const { writes, master } = makeWrites()
    master.failing = () => unavailable(422)
    await Promise.allSettled([writes.patch(1, { name: 'older' }), writes.patch(1, { name: 'newer' })])
    expect(writes.failed).toMatchObject([{ fields: { name: 'newer' } }])
  })

  test('to send a replacement again leaves the insert that has to come first', async () => {
    const { writes, master } = makeWrites()
    master.failing = () => unavailable(422)
    const inserted = writes.insert({ name: 'new' })
    const [newId = ''] = writes.pendingIds
    await Promise.allSettled([inserted, writes.replace(newId, { id: newId, name: 'whole' })])
    master.failing = () => undefined
    await writes.failed[1]?.retry().catch(() => undefined)
    expect(writes.failed.map(({ type }) => type)).toEqual(['insert', 'replace'])
    expect(await Promise.all(writes.failed.map((failed) => failed.retry()))).toMatchObject([{ name: 'new' }, { name: 'whole' }])
  })

  test('an insert that is sent again with another id leaves the row of the first one alone', async () => {
    const { table, master } = makeTable()
    await table.list({ page: 1 })
    master.failing = (call) => (call === 'insert' ? unavailable(409) : undefined)
    await table.insert({ id: 3, name: 'mine' }).catch(() => undefined)
    master.failing = () => undefined
    await table.failed[0]?.edit({ id: 6, name: 'mine' })
    expect(await table.get(3)).toEqual({ id: 3, name: 'item 3' })
    await table.patch(3, { name: 'for three' })
    expect([master.rows.get('3')?.name, master.rows.get('6')?.name]).toEqual(['for three', 'mine'])
  })

  test('is not lost by a later write that is cancelled', async () => {
    const gate = deferred()
    const { table, master } = makeTable({ step: (name) => (name === 'patch 3 >' ? gate.promise : Promise.resolve()) })
    master.failing = () => unavailable(422)
    await Promise.allSettled([table.insert({ name: 'a' }), table.patch(2, { name: 'b' })])
    void table.patch(3, { name: 'c' }).catch(() => undefined)
    const cancel = new AbortController()
    const outcome = table.deleteAll({ signal: cancel.signal }).catch(() => undefined)
    cancel.abort()
    await outcome
    expect(table.failed).toHaveLength(2)
  })

  test('stays where it is kept when it is sent again on a closed table', async () => {
    const disk = new Map<number, StoredWrite>()
    const { writes, master } = makeWrites({ storage: storageIn(disk) })
    writes.open()
    master.failing = () => unavailable(422)
    await writes.patch(1, { name: 'a' }).catch(() => undefined)
    writes.close(new ClosedError('items'))
    await expect(writes.failed[0]?.retry()).rejects.toThrow(ClosedError)
    await tick()
    expect(disk.size).toBe(1)
  })
})

describe('what a server in between answers', () => {
  test('504 may come after the change was made: that is no conflict with oneself', async () => {
    const { writes, master, overlay } = makeWrites({ versionField: 'version', honoursIdempotencyKeys: false })
    overlay.see([...master.rows.values()], { fetchedAt: 1 })
    const { patch } = master
    let attempts = 0
    master.patch = async (...args) => {
      const row = await patch(...args)
      if ((attempts += 1) === 1) throw unavailable(504)
      return row
    }
    const written = writes.patch(1, { name: 'x' })
    await tick(5_000)
    expect(await written).toMatchObject({ name: 'x' })
  })

  test('504 to an insert that is not sent again: the lists are read anew', async () => {
    const { table, master } = makeTable({ honoursIdempotencyKeys: false })
    await table.list({ page: 1 })
    const { insert } = master
    master.insert = async (...args) => {
      await insert(...args)
      throw unavailable(504)
    }
    await table.insert({ name: 'x' }).catch(() => undefined)
    expect((await table.list({ page: 1 })).total).toBe(4)
  })
})

describe('versions', () => {
  test('one that the app gave is not overtaken by a write of its own before it', async () => {
    const { writes, master, overlay } = makeWrites({ versionField: 'version' })
    overlay.see([{ id: 1, name: 'theirs', version: 2 }], { fetchedAt: 1 })
    master.rows.set('1', { id: 1, name: 'theirs', version: 2 })
    const outcomes = await Promise.allSettled([writes.patch(1, { status: 'draft' }), writes.patch(1, { name: 'mine' }, { version: 1 })])
    expect(outcomes).toMatchObject([{ status: 'fulfilled' }, { reason: { code: 'conflict' } }])
  })

  test('where answers to writes have none, the next of one’s own writes carries none', async () => {
    const { writes, master, overlay } = makeWrites({ versionField: 'version' })
    overlay.see([...master.rows.values()], { fetchedAt: 1 })
    const { patch } = master
    master.patch = async (...args) => {
      const { version: _version, ...row } = await patch(...args)
      return row
    }
    const outcomes = await Promise.allSettled([writes.patch(1, { name: 'a' }), writes.patch(1, { name: 'b' })])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
  })

  test('a clock that was set back makes no conflict with oneself, and no old value come back', async () => {
    vi.setSystemTime(Date.UTC(2030, 0, 1, 12))
    const master = fakeMaster(items(3), { versionField: 'version' })
    const cache = memoryCache()
    const before = new LiveTable<Item>({ master, cacheKey: 'items', cache })
    await before.list({ page: 1 })
    before.close()
    vi.setSystemTime(Date.UTC(2030, 0, 1, 11))
    const table = new LiveTable<Item>({ master, cacheKey: 'items', cache })
    await table.list({ page: 1 })
    await table.patch(1, { name: 'x' })
    expect((await table.list({ page: 1 }, { cache: 'force-cache' })).rows[0]?.name).toBe('x')
    await table.list({ page: 1 })
    expect(await table.patch(1, { name: 'y' })).toMatchObject({ name: 'y' })
  })
})

describe('a table over another one', () => {
  test('says why the other one waits, goes on when told to, and takes back what is not sent yet', async () => {
    const { master, outer } = makeNested()
    master.failing = (call) => (call.startsWith('patch') ? unavailable(401) : undefined)
    const cancel = new AbortController()
    const outcomes = Promise.allSettled([outer.patch(1, { name: 'x' }, { signal: cancel.signal }), outer.patch(2, { name: 'y' })])
    await tick()
    expect(outer.paused?.reason).toBe('unauthorized')
    cancel.abort(new Error('cancelled'))
    await tick()
    master.failing = () => undefined
    outer.resume()
    await tick()
    outer.resume()
    expect(await outcomes).toMatchObject([{ reason: new Error('cancelled') }, { value: { name: 'y' } }])
    expect(outer.pending).toEqual([])
  })

  test('a conflict that is resolved is held aside no longer', async () => {
    const { master, outer } = makeNested()
    await outer.list({ page: 1 })
    master.rows.set('1', { id: 1, name: 'theirs', version: 2 })
    const error = await outer.patch(1, { name: 'mine' }).catch((reason: unknown) => reason)
    if (!(error instanceof ConflictError)) throw error
    await error.resolve({ name: 'merged' })
    expect(outer.failed).toEqual([])
    expect(master.rows.get('1')?.name).toBe('merged')
  })
})

test('a read that waits for the queue to be sent can be given up', async () => {
  const gate = deferred()
  let isSlow = false
  const { table, master } = makeTable({ step: (name) => (isSlow && name === 'patch 1 >' ? gate.promise : Promise.resolve()) })
  master.failing = (call) => (call.startsWith('patch') ? unavailable(401) : undefined)
  void table.patch(1, { name: 'x' })
  await tick()
  master.failing = () => undefined
  isSlow = true
  table.resume()
  const leave = new AbortController()
  const read = table.list({ page: 1 }, { signal: leave.signal }).catch((error: unknown) => error)
  await tick(100)
  leave.abort(new Error('left'))
  expect(await read).toEqual(new Error('left'))
})

function tick(duration: number = 0): Promise<unknown> {
  return vi.advanceTimersByTimeAsync(duration)
}

function makeTable(options: Parameters<typeof fakeMaster>[1] = {}): { readonly table: LiveTable<Item>; readonly master: FakeMaster } {
  const master = fakeMaster(items(3), { honoursIdempotencyKeys: true, ...options })
  return { table: new LiveTable<Item>({ master, cacheKey: 'items', cache: memoryCache() }), master }
}

function makeNested(): { readonly master: FakeMaster; readonly outer: LiveTable<Item> } {
  const master = fakeMaster(items(3), { honoursIdempotencyKeys: true, versionField: 'version' })
  const inner = new LiveTable<Item>({ master, cacheKey: 'inner', cache: memoryCache() })
  return { master, outer: new LiveTable<Item>({ master: inner, cacheKey: 'outer', cache: memoryCache() }) }
}

/** Keeps writes in a map that a test can look at. */
function storageIn(disk: Map<number, StoredWrite>): WriteStorage {
  let order = 0
  return {
    scope: 'user',
    purge: async () => disk.clear(),
    connect: () => ({
      ready: Promise.resolve(),
      nextOrder: () => (order += 1),
      update: async (put, forget) => {
        for (const write of put) disk.set(write.order, write)
        for (const gone of forget) disk.delete(gone)
      },
      close: () => undefined,
    }),
  }
}
