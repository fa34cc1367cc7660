import { expect, test } from 'vitest'
import { memoryCache } from './cache/memory.ts'
import { LiveTable } from './live-table.ts'
import { manualStream } from './stream/manual.ts'
import type { TableChange } from './table/table.ts'
import { settle } from './testing/deferred.ts'
import { fakeMaster, items, type Item } from './testing/fake-master.ts'

// More events come than can be written to the disk one by one.

test('promise 12: in a burst the master is asked at once, and what it answers is fresh where no event came after the question', async () => {
  const { table, master, changes, letGo } = await inBurst()
  master.rows.set('1', { id: 1, name: 'last' })
  changes.length = 0
  expect(await table.list({ page: 1 })).toMatchObject({ rows: [{ name: 'last' }, {}], stale: false })
  expect(master.calls).toEqual(['list 1'])
  letGo()
  await settle()
  expect(changes.filter(({ type }) => type === 'invalidated')).toEqual([])
})

test('promise 2: what was asked for in a burst is stale in the cache, which does not know of it yet', async () => {
  const { table, master, letGo } = await inBurst()
  await table.list({ page: 1 })
  letGo()
  await settle()
  expect(await table.list({ page: 1 }, { cache: 'only-if-cached' })).toMatchObject({ rows: items(2), stale: true })
  master.calls.length = 0
  await table.list({ page: 1 })
  expect(master.calls).toEqual(['list 1'])
})

test('an event that comes after the question makes the answer stale', async () => {
  const { table, stream } = await inBurst()
  const read = table.list({ page: 1 })
  stream.emit({ type: 'updated', id: 1 })
  expect(await read).toMatchObject({ stale: true })
})

test('promise 15: readers share a request in a burst as well', async () => {
  const { table, master } = await inBurst()
  await Promise.all([table.list({ page: 1 }), table.list({ page: 1 })])
  expect(master.calls).toEqual(['list 1'])
})

test('promise 8: where the master fails in a burst, the last known rows are handed out', async () => {
  const { table, master } = await inBurst()
  const error = new Error('down')
  master.failing = () => error
  expect(await table.list({ page: 1 })).toMatchObject({ rows: items(2), stale: true, error })
})

/** A table that has read its first page, with two invalidations of a row on it on their way to the disk. */
async function inBurst() {
  const storage = memoryCache()
  let held: Promise<void> | undefined
  const cache = {
    ...storage,
    invalidate: async (...args: Parameters<typeof storage.invalidate>) => {
      await held
      return storage.invalidate(...args)
    },
  }
  const stream = manualStream()
  const master = fakeMaster(items(2))
  const table = new LiveTable<Item>({ master, cacheKey: 'items', cache, stream, pageSize: 10 })
  const changes: TableChange[] = []
  table.subscribe((change) => changes.push(change))
  await table.list({ page: 1 })
  await settle()
  const { promise, resolve } = Promise.withResolvers<void>()
  held = promise
  for (const id of [1, 2]) stream.emit({ type: 'updated', id })
  await settle()
  master.calls.length = 0
  return { table, master, stream, changes, letGo: () => resolve() }
}
