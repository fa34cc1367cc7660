import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest'
import { sameLease, type Cache } from './cache/cache.ts'
import { memoryCache } from './cache/memory.ts'
import { LiveTable } from './live-table.ts'
import type { LiveRow, Page } from './page.ts'
import { countSlot, pageSlot, rowSlot } from './slots.ts'
import { manualStream } from './stream/manual.ts'
import type { LiveEvent } from './stream/stream.ts'
import { matchingRows } from './table/match.ts'
import { canonicalQuery } from './table/query.ts'
import type { ChangeOptions, Invalidation, ViewQuery } from './table/table.ts'
import { fakeMaster, items, type Item } from './testing/fake-master.ts'

// Two tabs follow a few pages and a row, as a binding to a framework does, while they and somebody else write. All that the
// master does is told by a stream, in order, but to each tab in its own time. At rest both show what the master has.

const views: readonly ViewQuery<Item>[] = [
  {},
  { where: { status: 'open' } },
  { orderBy: [{ field: 'status', direction: 'asc' }] },
  { search: 'paid' },
]
const pageSize = 3
const theRow = 1

const id = fc.constantFrom(1, 1, 2, 3, 4)
const status = fc.constantFrom('open', 'paid')
const user = fc.nat(2)
const command = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('patch' as const), user, id, status }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('insert' as const), user, status }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), user, id: fc.constantFrom(2, 4) }) },
  // Somebody makes a row what it was before.
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restore' as const), user: fc.constant(2), id: fc.constantFrom(1, 2, 4) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('read' as const), user: fc.nat(1), view: fc.nat(views.length - 1) }) },
)
const script = fc.array(fc.record({ command, waits: fc.boolean() }), { maxLength: 8, size: 'max' })
type Script = typeof script extends fc.Arbitrary<infer Value> ? Value : never

/** What the events of a server carry. */
const wire = fc.record({ rows: fc.boolean(), versions: fc.boolean(), keys: fc.boolean(), fields: fc.boolean() })
type Wire = typeof wire extends fc.Arbitrary<infer Value> ? Value : never

// Tabs have one clock, and what one of them does after another takes some time.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
})

test('promises 2, 12 and 17: whatever the interleaving, and whatever events carry, at rest all is shown and cached as the master has it', async () => {
  const { runs, seed } = inject('history')
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), wire, fc.tuple(script, script, script), async (steps, carried, scripts) => {
      const { master, tabs, storage } = await play(steps, carried, scripts)
      const rows = [...master.rows.values()]
      for (const { pages, row } of tabs) {
        for (const [index, shown] of pages.map(({ shown: each }) => each()).entries()) {
          const found = matchingRows(rows, canonicalQuery(views[index] ?? {}))
          expect({ rows: shown?.rows, total: shown?.total }).toEqual({ rows: found.slice(0, pageSize), total: found.length })
        }
        expect(row.shown()?.row).toEqual(master.rows.get(`${theRow}`))
      }
      for (const { slot, value } of allSlots(rows)) {
        const { entry, lease } = await storage.read(slot)
        if (entry !== undefined && sameLease(entry.lease, lease)) expect(entry.value).toEqual(value)
      }
    }),
    { numRuns: runs, ...(seed === undefined ? {} : { seed }) },
  )
}, 900_000)

/** Something that is shown, and kept right. */
interface Followed<Read> {
  readonly shown: () => Read | undefined
}

async function play(steps: fc.Scheduler, { rows, versions, keys, fields }: Wire, scripts: readonly Script[]) {
  const step = (name: string): Promise<void> => steps.schedule(Promise.resolve(), name)
  const versionField = versions ? 'version' : undefined
  const master = fakeMaster(
    items(4).map((item) => ({ ...item, status: 'open' })),
    { step, versionField, honoursIdempotencyKeys: keys },
  )
  const log: LiveEvent[] = []
  const streams = [manualStream(), manualStream()].map((stream) => ({ stream, told: 0 }))
  /** Which write a row's name is from. */
  const keysByName = new Map<string, string>()
  const commit = (event: LiveEvent, name: string): void => {
    const write = keysByName.get(name)
    log.push(write === undefined ? event : { ...event, write })
    for (const each of streams) void step('event >').then(() => each.stream.emit(log[(each.told += 1) - 1] ?? { type: 'changed' }))
  }
  const { rows: stored } = master
  const [set, remove] = [stored.set.bind(stored), stored.delete.bind(stored)]
  stored.set = (key, row) => {
    const former = stored.get(key)
    set(key, row)
    const event = { id: row.id, ...(rows && { row: structuredClone(row) }) }
    const changed = ['name', 'status', 'version'].filter((field) => Reflect.get(row, field) !== (former && Reflect.get(former, field)))
    if (former === undefined) commit({ type: 'inserted', ...event }, row.name)
    else commit({ type: 'updated', ...event, ...(fields && { fields: changed }) }, row.name)
    return stored
  }
  stored.delete = (key) => {
    if (!remove(key)) return false
    commit({ type: 'deleted', id: Number(key) }, '')
    return true
  }
  for (const method of ['patch', 'insert'] as const) {
    const apply = master[method] as (...args: unknown[]) => Promise<unknown>
    Object.assign(master, {
      [method]: (...args: unknown[]) => {
        const [{ name }, { idempotencyKey }] = args.slice(-2) as [Item, ChangeOptions]
        if (idempotencyKey !== undefined) keysByName.set(name, idempotencyKey)
        return apply(...args)
      },
    })
  }
  const storage = memoryCache()
  const tabs = streams.map(({ stream }) => {
    const cache = { ...storage, read: async (slot) => (await step('read'), storage.read(slot)) } satisfies Cache
    const table = new LiveTable<Item>({ master, cacheKey: 'items', cache, stream, pageSize })
    return {
      table,
      pages: views.map((query) => follow(table, table.view(query))),
      row: followRow(table),
    }
  })

  let written = 0
  async function run({ user: own, ...each }: Script[number]['command']): Promise<unknown> {
    const table = tabs[own]?.table
    written += 1
    const name = `write ${written}`
    switch (each.do) {
      case 'read':
        return table?.list({ page: 1, ...views[each.view] })
      case 'patch': {
        if (table !== undefined) return table.patch(each.id, { name, status: each.status })
        const former = stored.get(`${each.id}`)
        const version = versions ? { version: (former?.version ?? 0) + 1 } : {}
        return former && stored.set(`${each.id}`, { ...former, name, status: each.status, ...version })
      }
      case 'insert': {
        const row = { id: 100 + written, name, status: each.status, ...(versions && { version: 1 }) }
        return table === undefined ? stored.set(`${row.id}`, row) : table.insert(row)
      }
      case 'restore': {
        const version = versions ? { version: 100 + written } : {}
        return stored.set(`${each.id}`, { id: each.id, name: `item ${each.id}`, status: 'open', ...version })
      }
      case 'delete':
        return table === undefined ? stored.delete(`${each.id}`) : table.delete(each.id)
    }
  }
  async function act(own: Script): Promise<void> {
    const unwaited: Promise<unknown>[] = []
    for (const { command: each, waits } of own) {
      await step('user')
      const outcome = run(each).catch(() => undefined)
      if (waits) await outcome
      else unwaited.push(outcome)
    }
    await Promise.all(unwaited)
  }
  async function takeSteps(): Promise<void> {
    for (let idle = 0; idle < 3; idle += 1) {
      while (steps.count() > 0) {
        idle = 0
        vi.advanceTimersByTime(1)
        await steps.waitNext(1)
        await setImmediate()
      }
      await setImmediate()
    }
  }
  await Promise.all([...scripts.map(act), takeSteps()])
  await takeSteps()
  return { master, tabs, storage }
}

/** Shows a page, and does with each change what a binding does. */
function follow(root: LiveTable<Item>, table: LiveTable<Item>): Followed<Page<Item>> {
  return followWith(
    root,
    () => table.list({ page: 1 }, { overlay: false }),
    (base, change) => table.pageAfter(base, change),
    (base) => table.overlay(base),
  )
}

function followRow(table: LiveTable<Item>): Followed<LiveRow<Item>> {
  return followWith(
    table,
    () => table.read(theRow, { overlay: false }),
    (base, change) => table.rowAfter(theRow, base, change),
    (base) => table.overlayRow(theRow, base),
  )
}

function followWith<Read extends { readonly stale: boolean }>(
  table: LiveTable<Item>,
  read: () => Promise<Read>,
  after: (base: Read, change: Invalidation) => Read | undefined,
  lay: (base: Read) => Read,
): Followed<Read> {
  let base: Read | undefined
  let isReading = false
  let isOvertaken = false
  const readAgain = async (): Promise<void> => {
    if (isReading) {
      isOvertaken = true
      return
    }
    isReading = true
    do {
      isOvertaken = false
      base = await read()
    } while (isOvertaken || base.stale)
    isReading = false
  }
  table.subscribe((change) => {
    if (change.type !== 'invalidated') return
    const next = base && after(base, change)
    if (next === undefined) void readAgain()
    else base = next
  })
  void readAgain()
  return { shown: () => base && lay(base) }
}

function allSlots(rows: readonly Item[]) {
  const found = views.map((view) => ({ canonical: canonicalQuery(view), all: matchingRows(rows, canonicalQuery(view)) }))
  return [
    ...found.map(({ canonical, all }) => ({
      slot: pageSlot({ scope: '', cacheKey: 'items' }, canonical, 1, pageSize),
      value: { rows: all.slice(0, pageSize), total: all.length },
    })),
    ...found.map(({ canonical, all }) => ({ slot: countSlot({ scope: '', cacheKey: 'items' }, canonical), value: all.length })),
    { slot: rowSlot({ scope: '', cacheKey: 'items' }, `${theRow}`), value: rows.find((row) => row.id === theRow) },
  ]
}
