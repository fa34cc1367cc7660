import { QueryClient, QueryObserver } from '@tanstack/react-query'
import {
  LiveTable,
  manualStream,
  memoryCache,
  memoryTable,
  NetworkError,
  type LiveEvent,
  type Page,
  type ViewQuery,
} from '@vantage-live/core'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest'
import { livePageOptions } from './live-page-options.ts'

// Two tabs show pages through TanStack Query, without React, while they and somebody else write, events come in bursts and late,
// the master is slow and fails, and the stream breaks. What failed is played again with the seed and the path that are printed:
// HISTORY_SEED=… HISTORY_PATH=… pnpm unit react/src/promises.history

declare module 'vitest' {
  interface ProvidedContext {
    readonly history: { readonly runs: number; readonly seed?: number; readonly path?: string }
  }
}

// TanStack Query looks once, when it is loaded, whether it runs on a server.
vi.hoisted(() => {
  vi.stubGlobal('window', globalThis)
})

interface Order {
  readonly id: number
  readonly name: string
  readonly status: string
  readonly version: number
}

const views: readonly ViewQuery<Order>[] = [{}, { where: { status: 'open' } }, { orderBy: [{ field: 'status', direction: 'asc' }] }]

const tab = fc.nat(1)
const id = fc.constantFrom(1, 1, 2, 3, 4)
const status = fc.constantFrom('open', 'paid')
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('patch' as const), tab, id, status: fc.option(status, { nil: undefined }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('insert' as const), tab, status }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), tab, id: fc.constantFrom(2, 4) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('somebody' as const),
      id,
      status: fc.option(status, { nil: undefined }),
      times: fc.constantFrom(1, 1, 5),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('show' as const), tab, view: fc.nat(views.length - 1), page: fc.constantFrom(1, 2) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hide' as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refetch' as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('invalidate' as const), tab }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('break the stream' as const), tab, forgets: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), isFailing: fc.boolean() }) },
)
const history = fc.record({
  turns: fc.array(fc.record({ command, pause: fc.constantFrom(0, 0, 1, 5, 20, 100, 400) }), { minLength: 1, maxLength: 16, size: 'max' }),
  /** In ms, one after the other, and again from the beginning. */
  latencies: fc.array(fc.constantFrom(1, 3, 5, 20, 100, 300), { minLength: 1, maxLength: 40, size: 'max' }),
  eventsHaveRows: fc.boolean(),
})
type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never

beforeAll(() => {
  vi.stubGlobal('requestAnimationFrame', (draw: () => void) => setTimeout(draw, 16))
  vi.stubGlobal('cancelAnimationFrame', (frame: number) => clearTimeout(frame))
  vi.stubGlobal('addEventListener', () => undefined)
  vi.stubGlobal('removeEventListener', () => undefined)
})

afterAll(() => {
  vi.unstubAllGlobals()
})

test('promises 3, 8, 12, 13 and 18: whatever comes, in whatever order, of what is shown', { timeout: 3_600_000 }, async () => {
  const { runs, ...replay } = inject('history')
  await fc.assert(
    fc.asyncProperty(history, async (each) => {
      expect(await play(each)).toEqual([])
    }),
    { numRuns: runs, ...replay, endOnFailure: 'path' in replay },
  )
})

let played = 0

/** A page on screen. */
interface Shown {
  readonly table: LiveTable<Order>
  readonly view: ViewQuery<Order>
  readonly observer: QueryObserver<Page<Order>>
  readonly leave: () => void
}

/** Tells what was broken. */
async function play({ turns, latencies, eventsHaveRows }: History): Promise<readonly string[]> {
  // All clocks begin anew, or it would not be played again as it was.
  vi.useFakeTimers({ now: 1_800_000_000_000 })
  let drawn = 0
  const taken = new Set<number>()
  /** When something that is sent now arrives, in ms from now. Of what the tabs do nothing is at the same moment. */
  const latency = (earliest = 0): number => {
    let due = Math.max(earliest, Date.now() + (latencies[(drawn += 1) % latencies.length] ?? 1))
    while (taken.has(due)) due += 1
    taken.add(due)
    return due - Date.now()
  }
  // No two alike, or what is invalidated would come back to an old stamp: the multiples of the golden section never meet.
  let chances = 0
  vi.spyOn(Math, 'random').mockImplementation(() => ((chances += 1) * 0.618_033_988_749_894_9) % 1)
  stubChannels(latency)
  const storage = memoryCache()
  // Tables of the histories before may still be in memory.
  const scope = `user ${(played += 1)}`
  const broken = new Set<string>()

  const master = memoryTable<Order>(
    [1, 2, 3, 4].map((each) => ({ id: each, name: `order ${each}`, status: 'open', version: 1 })),
    { name: 'orders', versionField: 'version' },
  )
  /** Each row as it ever was. */
  const known = new Set((await master.list({ page: 1, pageSize: 9 })).rows.map((row) => textOf(row)))
  let isFailing = false
  let isByHand = false
  const tabs = [openTab(), openTab()]
  const shown: Shown[] = []
  let written = 0

  /** What the master has changed, each tab hears in its own time, in order. */
  function commit(event: LiveEvent, row?: Order): void {
    if (row !== undefined) known.add(textOf(row))
    for (const { tell } of tabs) tell(row !== undefined && eventsHaveRows && event.type === 'updated' ? { ...event, row } : event)
  }

  async function write<Result>(apply: () => Promise<Result>, eventOf: (result: Result) => LiveEvent): Promise<Result> {
    await sleep(latency())
    if (isFailing) throw new NetworkError('PATCH', '/', undefined)
    const result = await apply()
    commit(eventOf(result), result as Order | undefined)
    await sleep(latency())
    return result
  }

  function openTab() {
    const underWay = new Map<string, number>()
    const remote = {
      ...master,
      list: async (...[query, options]: Parameters<typeof master.list>) => {
        const name = JSON.stringify(query)
        const others = underWay.get(name) ?? 0
        if (others > 0) broken.add(`promise 12: ${name} is asked for while it is under way`)
        underWay.set(name, others + 1)
        let isOver = false
        const end = (): void => {
          if (!isOver) underWay.set(name, (underWay.get(name) ?? 1) - 1)
          isOver = true
        }
        // Only what is asked for by hand takes the place of what is under way.
        options?.signal?.addEventListener('abort', () => {
          if (!isOver && !isByHand) broken.add(`promise 12: ${name} is asked for anew, though it was under way`)
          end()
        })
        try {
          await sleep(latency())
          if (isFailing) throw new NetworkError('GET', '/', undefined)
          const answer = await master.list(query)
          await sleep(latency())
          return answer
        } finally {
          end()
        }
      },
      patch: (...args: Parameters<typeof master.patch>) =>
        write(
          () => master.patch(...args),
          (row) => ({ type: 'updated', id: row.id }),
        ),
      insert: (...args: Parameters<typeof master.insert>) =>
        write(
          () => master.insert(...args),
          (row) => ({ type: 'inserted', id: row.id }),
        ),
      delete: (...args: Parameters<typeof master.delete>) =>
        write(
          () => master.delete(...args),
          () => ({ type: 'deleted', id: args[0] }),
        ),
    }
    const stream = manualStream()
    let due = 0
    let isOpen = true
    const table = new LiveTable<Order>({
      master: remote,
      cacheKey: 'orders',
      scope,
      cache: { ...storage, sharedAs: 'disk' },
      stream,
      pageSize: 3,
    })
    return {
      table,
      client: new QueryClient({ defaultOptions: { queries: { retry: false } } }),
      tell: (event: LiveEvent) => {
        const delay = latency(due)
        due = Date.now() + delay
        setTimeout(() => isOpen && stream.emit(event), delay)
      },
      breakStream: () => {
        isOpen = false
        stream.setStatus({ state: 'connecting' })
        setTimeout(() => {
          isOpen = true
          stream.setStatus({ state: 'open' })
          stream.gap()
        }, latency())
      },
    }
  }

  function show(at: number, view: ViewQuery<Order>, page: number): void {
    const own = tabs[at]
    if (own === undefined) return
    const table = own.table.view(view)
    const observer = new QueryObserver<Page<Order>>(own.client, livePageOptions(table, page) as never)
    let last: Page<Order> | undefined
    const newest = new Map<number, number>()
    const expectGone = (row: Order): void => {
      const isShown = observer.getCurrentResult().data?.rows.includes(row) === true
      if (isShown && !isPending(own.table, row)) broken.add(`promise 3: ${JSON.stringify(row)} never was so`)
    }
    const look = (): void => {
      const { data } = observer.getCurrentResult()
      if (last !== undefined && data === undefined) broken.add('promise 8: what was shown is gone')
      if (data === undefined || data === last) return
      for (const [place, row] of data.rows.entries()) {
        // Of a row that has moved only the values stay.
        const before = last?.rows[place]
        if (before !== undefined && before !== row && textOf(before) === textOf(row))
          broken.add(`promise 18: ${JSON.stringify(row)} is another object`)
        if (isPending(own.table, row)) continue
        // That a write is over shows with the next frame.
        if (!known.has(textOf(row))) setTimeout(() => expectGone(row), 50)
        if (row.version < (newest.get(row.id) ?? 0))
          broken.add(`promise 12: ${JSON.stringify(row)} comes after version ${newest.get(row.id)}`)
        newest.set(row.id, Math.max(newest.get(row.id) ?? 0, row.version))
      }
      last = data
    }
    const leave = observer.subscribe(look)
    shown.push({ table, view, observer, leave })
  }

  function run({ command: each }: History['turns'][number]): void {
    written += 1
    const fields = (next: string | undefined) => ({ name: `write ${written}`, ...(next !== undefined && { status: next }) })
    isByHand = each.do === 'refetch' || each.do === 'hide'
    switch (each.do) {
      case 'patch':
        return void tabs[each.tab]?.table.patch(each.id, fields(each.status)).catch(() => undefined)
      case 'insert':
        return void tabs[each.tab]?.table.insert(fields(each.status)).catch(() => undefined)
      case 'delete':
        return void tabs[each.tab]?.table.delete(each.id).catch(() => undefined)
      case 'somebody': {
        const changed = fields(each.status)
        for (let count = 0; count < each.times; count += 1) {
          master.patch(each.id, { ...changed, name: `${changed.name}.${count}` }).then(
            (row) => commit({ type: 'updated', id: row.id }, row),
            () => undefined,
          )
        }
        return undefined
      }
      case 'show':
        return show(each.tab, views[each.view] ?? {}, each.page)
      case 'hide':
        return shown.splice(each.which % shown.length, 1).forEach(({ leave }) => leave())
      case 'refetch':
        return void shown[each.which % shown.length]?.observer.refetch()
      case 'invalidate':
        return void tabs[each.tab]?.table.invalidate()
      case 'break the stream':
        return tabs[each.tab]?.breakStream()
      case 'fail':
        isFailing = each.isFailing
    }
  }

  try {
    for (const at of tabs.keys()) show(at, {}, 1)
    for (const turn of turns) {
      run(turn)
      isByHand = false
      await vi.advanceTimersByTimeAsync(turn.pause)
    }
    isFailing = false
    for (const { table } of tabs) table.resume()
    await vi.advanceTimersByTimeAsync(120_000)
    isByHand = true
    for (const { observer } of shown) if (observer.getCurrentResult().isError) void observer.refetch()
    await vi.advanceTimersByTimeAsync(10_000)
    for (const { view, observer } of shown) {
      const { data } = observer.getCurrentResult()
      const wanted = await master.list({ ...view, page: data?.page ?? 1, pageSize: 3 })
      const [found, expected] = [data, wanted].map((each) => `${each?.rows.map(textOf).join()} of ${each?.total}`)
      if (found !== expected) broken.add(`promises 12 and 13: at rest ${JSON.stringify(view)} shows ${found}; the master has ${expected}`)
    }
    return [...broken]
  } finally {
    for (const { leave } of shown) leave()
    for (const { table, client } of tabs) {
      table.close()
      client.clear()
    }
    vi.mocked(Math.random).mockRestore()
    vi.useRealTimers()
  }
}

function sleep(duration: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, duration))
}

function isPending(table: LiveTable<Order>, { id: rowId }: Order): boolean {
  return [...table.pendingIds].some((pending) => table.rowKey(pending) === table.rowKey(rowId))
}

/** The same text for equal rows. */
function textOf(row: Order): string {
  return JSON.stringify([row.id, row.name, row.status, row.version])
}

/** Messages between tabs, each of which takes its time; those to one tab keep their order. */
function stubChannels(latency: (earliest: number) => number): void {
  const all = new Set<FakeChannel>()
  class FakeChannel {
    readonly #name: string
    readonly #listeners = new Set<(event: { readonly data: unknown }) => void>()
    #due = 0

    constructor(name: string) {
      this.#name = name
      all.add(this)
    }

    addEventListener(_type: string, listener: (event: { readonly data: unknown }) => void): void {
      this.#listeners.add(listener)
    }

    postMessage(message: unknown): void {
      const data = structuredClone(message)
      for (const other of all) if (other !== this && other.#name === this.#name) other.#deliver(data)
    }

    close(): void {
      all.delete(this)
    }

    #deliver(data: unknown): void {
      const delay = latency(this.#due)
      this.#due = Date.now() + delay
      setTimeout(() => {
        if (all.has(this)) for (const listener of this.#listeners) listener({ data })
      }, delay)
    }
  }
  vi.stubGlobal('BroadcastChannel', FakeChannel)
}
