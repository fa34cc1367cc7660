import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Cache } from './cache/cache.ts'
import { memoryCache } from './cache/memory.ts'
import { LiveTable } from './live-table.ts'
import type { Page } from './page.ts'
import { manualStream } from './stream/manual.ts'
import type { TableChange } from './table/table.ts'
import { fakeMaster, items, type FakeMaster, type Item } from './testing/fake-master.ts'
import type { TraceEvent } from './trace.ts'

// Tabs of one storage, which tell each other what they have written.

beforeEach(() => {
  vi.stubGlobal('window', globalThis)
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
})

afterEach(() => {
  for (const table of opened.splice(0)) table.close()
  vi.unstubAllGlobals()
})

const page = new EventTarget()
const opened: LiveTable<Item>[] = []

describe('what another tab has written', () => {
  test('is news, also where this one wrote the same before, and somebody else something else in between', async () => {
    const { master, tabs } = makeTabs()
    const [a, b] = tabs
    await b.table.patch(1, { name: 'X' })
    master.rows.set('1', { id: 1, name: 'Y' })
    expect((await b.table.list({ page: 1 }, { cache: 'reload' })).rows[0]).toMatchObject({ name: 'Y' })
    b.changes.length = 0
    await a.table.patch(1, { name: 'X' })
    await expect.poll(() => b.changes.filter(({ type }) => type === 'invalidated')).toHaveLength(1)
  })

  test('promise 12: does not show where it comes after a later write of this tab', async () => {
    const { master, tabs } = makeTabs()
    const [a, b] = tabs
    await b.show()
    const letGo = a.holdInvalidations()
    const written = a.table.patch(1, { name: 'of a' })
    await expect.poll(() => master.rows.get('1')?.name).toBe('of a')
    await b.table.patch(1, { name: 'of b' })
    letGo()
    await written
    await expect.poll(() => b.news).toBeGreaterThan(1)
    await expect.poll(() => b.shownName()).toBe('of b')
  })

  test('promise 12: does not show where it comes after a later event', async () => {
    const { master, tabs, streams } = makeTabs({ isLive: true })
    const [a, b] = tabs
    await b.show()
    await a.table.list({ page: 1 })
    const letGo = a.holdInvalidations()
    const written = a.table.patch(1, { name: 'mine' })
    await expect.poll(() => master.rows.get('1')?.name).toBe('mine')
    for (const name of ['mine', 'theirs']) {
      master.rows.set('1', { id: 1, name })
      for (const stream of streams) stream.emit({ type: 'updated', id: 1, row: { id: 1, name } })
    }
    await expect.poll(() => b.shownName()).toBe('theirs')
    letGo()
    await written
    await expect.poll(() => b.news).toBeGreaterThan(2)
    await expect.poll(() => b.shownName()).toBe('theirs')
  })
})

test('promise 7: where the channel between tabs is refused, the table does without it, and says so', async () => {
  const refusal = new DOMException('The operation is insecure.', 'SecurityError')
  vi.stubGlobal('BroadcastChannel', function refuse() {
    throw refusal
  })
  const events: TraceEvent[] = []
  const master = fakeMaster(items(2))
  const table = new LiveTable<Item>({ master, cacheKey: 'items', cache: memoryCache(), trace: (event) => events.push(event) })
  expect((await table.list({ page: 1 })).rows).toEqual(items(2))
  expect(await table.patch(1, { name: 'new' })).toEqual({ id: 1, name: 'new' })
  expect(events).toContainEqual({ cacheKey: 'items', type: 'error', during: 'tabs', error: refusal })
})

test('a page that was put aside and is shown again takes for stale what it was not told of', async () => {
  const { tabs } = makeTabs()
  const [a] = tabs
  await a.show()
  a.changes.length = 0
  page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }))
  expect(a.changes).toEqual([])
  page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
  await expect.poll(() => a.changes).toEqual([{ type: 'invalidated', rows: 'all' }])
})

function makeTabs({ isLive = false }: { readonly isLive?: boolean } = {}) {
  const master = fakeMaster(items(3))
  const storage = { ...memoryCache(), sharedAs: crypto.randomUUID() }
  const streams = [manualStream(), manualStream()] as const
  const tabs = [
    makeTab(master, storage, isLive ? streams[0] : undefined),
    makeTab(master, storage, isLive ? streams[1] : undefined),
  ] as const
  return { master, tabs, streams }
}

function makeTab(master: FakeMaster, storage: Cache, stream: ReturnType<typeof manualStream> | undefined) {
  let held: Promise<void> | undefined
  const cache: Cache = {
    ...storage,
    invalidate: async (...args) => {
      await held
      return storage.invalidate(...args)
    },
  }
  const table = new LiveTable<Item>({ master, cacheKey: 'items', cache, pageSize: 10, ...(stream && { stream }) })
  opened.push(table)
  const changes: TableChange[] = []
  let base: Page<Item> | undefined
  let news = 0
  const show = async (): Promise<void> => {
    base = await table.list({ page: 1 }, { overlay: false })
  }
  table.subscribe((change) => {
    changes.push(change)
    if (change.type !== 'invalidated') return
    news += 1
    const after = base && table.pageAfter(base, change)
    if (after === undefined) void show()
    else base = after
  })
  return {
    table,
    changes,
    show,
    get news() {
      return news
    },
    shownName: () => base && table.overlay(base).rows[0]?.name,
    holdInvalidations: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    },
  }
}
