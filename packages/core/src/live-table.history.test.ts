import fc from 'fast-check'
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest'
import { memoryCache } from './cache/memory.ts'
import { HttpError, NetworkError } from './errors.ts'
import { LiveTable } from './live-table.ts'
import type { Page } from './page.ts'
import { manualStream } from './stream/manual.ts'
import { matchingRows } from './table/match.ts'
import { canonicalQuery } from './table/query.ts'
import { fakeMaster, items, type Item } from './testing/fake-master.ts'

// One tab writes to a master that is slow, fails and loses answers; somebody else writes too. At each moment, all pages that
// were ever read are laid over with the writes, and have to show what was written last, and nothing that was taken back.

/** How a call ends. */
const outcome = fc.constantFrom(
  ...(['applied', 'applied', 'applied', 'applied', 'refused', 'busy', 'lost on the way', 'answer lost', 'unauthorized'] as const),
)
const latency = fc.constantFrom(0, 1, 5, 5, 20, 100, 300)

const id = fc.constantFrom(1, 2, 3)
/** Nobody but somebody else writes to it. */
const theirId = 4
const status = fc.constantFrom('open', 'paid')

const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('patch' as const), id, status: fc.option(status, { nil: undefined }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replace' as const), id, status }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), id }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('insert' as const), status }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('patch the new row' as const), status }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat(10) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('read' as const), view: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('somebody' as const), status }) },
)
const history = fc.record({
  script: fc.array(fc.record({ command, pause: latency }), { minLength: 1, maxLength: 25, size: 'max' }),
  latencies: fc.infiniteStream(latency),
  outcomes: fc.infiniteStream(outcome),
  concurrency: fc.constantFrom(1, 1, 3),
  coalesce: fc.boolean(),
})
type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never

declare module 'vitest' {
  interface ProvidedContext {
    readonly history: { readonly runs: number; readonly seed?: number; readonly path?: string }
  }
}

const views = [{}, { where: { status: 'open' } }] as const

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('promises 1, 3, 4 and 6: history of writes with latency, failures, lost answers and cancellations', { timeout: 900_000 }, async () => {
  const { runs, seed } = inject('history')
  await fc.assert(fc.asyncProperty(history, play), { numRuns: runs, ...(seed === undefined ? {} : { seed }) })
})

/** A write as the test knows it. */
interface Called {
  readonly name: string
  readonly key: string
  readonly change: (row: Item | undefined) => Item | undefined
  readonly cancel: () => void
  readonly outcomes: PromiseSettledResult<unknown>[]
}

async function play({ script, latencies, outcomes, concurrency, coalesce }: History): Promise<void> {
  const initial = items(4).map((item) => ({ ...item, status: 'open' }))
  const wait = async (): Promise<void> => {
    const delay = latencies.next().value
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay))
  }
  const master = fakeMaster(initial, { step: wait, honoursIdempotencyKeys: true })
  /** The names that rows were given, in the order in which the master did it. */
  const applied: string[] = []
  const { rows: stored } = master
  const set = stored.set.bind(stored)
  stored.set = (rowId, row) => {
    if (rowId !== `${theirId}`) applied.push(row.name)
    return set(rowId, row)
  }
  const lost = new Set<string>()
  let ids = 100
  for (const method of ['patch', 'replace', 'insert', 'delete'] as const) {
    const apply = master[method] as (...args: unknown[]) => Promise<unknown>
    Object.assign(master, {
      [method]: async (...args: unknown[]) => {
        const end = outcomes.next().value
        if (end === 'lost on the way') throw new NetworkError(method, '/', undefined)
        if (end === 'refused') throw httpError(422)
        if (end === 'busy') throw httpError(503)
        if (end === 'unauthorized') throw httpError(401)
        // An id that no row has had.
        if (method === 'insert') args[0] = { ...(args[0] as Item), id: (ids += 1) }
        const answer = await apply(...args)
        if (end === 'answer lost') {
          lost.add(method === 'delete' ? `delete ${String(args[0])}` : (answer as Item).name)
          throw new NetworkError(method, '/', undefined)
        }
        return answer
      },
    })
  }
  const stream = manualStream()
  const table = new LiveTable<Item>({ master, cacheKey: 'items', cache: memoryCache(), stream, concurrency, coalesce, pageSize: 50 })
  const tables = views.map((view) => table.view(view))
  const calls: Called[] = []
  const bases: { readonly view: number; readonly page: Page<Item> }[] = []
  const keyNow = (row: Item): string => table.rowKey(row.id)

  const call = (key: string, name: string, written: (signal: AbortSignal) => Promise<unknown>, change: Called['change']): void => {
    const cancelling = new AbortController()
    const settled: PromiseSettledResult<unknown>[] = []
    const before = new Set(table.pendingIds)
    const promise = written(cancelling.signal)
    const [newKey = key] = [...table.pendingIds].filter((pending) => !before.has(pending) && pending.startsWith('new-'))
    calls.push({ name, key: key === '' ? newKey : key, change, cancel: () => cancelling.abort(new Error('cancelled')), outcomes: settled })
    void promise.then(
      (value) => settled.push({ status: 'fulfilled', value }),
      (reason: unknown) => settled.push({ status: 'rejected', reason }),
    )
  }

  const run = ({ command: each }: History['script'][number], index: number): void => {
    const name = `write ${index}`
    switch (each.do) {
      case 'patch': {
        const partial: Partial<Item> = { name, ...(each.status === undefined ? {} : { status: each.status }) }
        return call(
          `${each.id}`,
          name,
          (signal) => table.patch(each.id, partial, { signal }),
          (row) => row && { ...row, ...partial },
        )
      }
      case 'replace': {
        const row: Item = { id: each.id, name, status: each.status }
        return call(
          `${each.id}`,
          name,
          (signal) => table.replace(each.id, row, { signal }),
          (before) => before && row,
        )
      }
      case 'delete':
        return call(
          `${each.id}`,
          name,
          (signal) => table.delete(each.id, { signal }),
          () => undefined,
        )
      case 'insert': {
        const row = { name, status: each.status }
        return call(
          '',
          name,
          (signal) => table.insert(row, { signal }),
          () => ({ id: 0, ...row }),
        )
      }
      case 'patch the new row': {
        const key = calls.findLast((other) => other.key.startsWith('new-'))?.key
        if (key === undefined) return undefined
        const partial = { name, status: each.status }
        return call(
          key,
          name,
          (signal) => table.patch(key, partial, { signal }),
          (row) => row && { ...row, ...partial },
        )
      }
      case 'cancel':
        return calls[each.which]?.cancel()
      case 'read':
        void tables[each.view]?.list({ page: 1 }, { overlay: false }).then((page) => bases.push({ view: each.view, page }))
        return undefined
      case 'somebody':
        master.rows.set(`${theirId}`, { id: theirId, name: 'theirs', status: each.status })
        stream.emit({ type: 'updated', id: theirId })
        return undefined
    }
  }

  /** What the rows of this tab are, where all has been applied that was not refused. */
  const expected = (): Map<string, Item> => {
    const rows = new Map<string, Item>(initial.filter((row) => row.id !== theirId).map((row) => [`${row.id}`, row]))
    for (const { key, change, outcomes: settled } of calls) {
      if (settled[0]?.status === 'rejected') continue
      const row = change(rows.get(key))
      if (row === undefined) rows.delete(key)
      else rows.set(key, row)
    }
    return rows
  }
  /** Rows with a write that was cancelled after the master had applied it: what they are is known once they are read. */
  const unsure = (): Set<string> =>
    new Set(
      calls
        .filter(({ name, key, outcomes: settled }) => settled[0]?.status === 'rejected' && (lost.has(name) || lost.has(`delete ${key}`)))
        // An inserted row is known by its own id again.
        .flatMap(({ name, key }) => [key, ...[...master.rows.values()].filter((row) => row.name === name).map((row) => `${row.id}`)]),
    )

  const look = (): void => {
    const doubtful = unsure()
    const rows = new Map([...expected()].filter(([key]) => !doubtful.has(key)))
    for (const { view, page } of bases) {
      const laid = tables[view]?.overlay(page)
      const shown = (laid?.rows ?? []).filter((row) => row.id !== theirId && !doubtful.has(keyNow(row)))
      const where = canonicalQuery(views[view] ?? {})
      const inView = new Map([...rows].filter(([, row]) => matchingRows([row], where).length > 0))
      // A row that has come to a filtered view by a change shows there only once it is read anew.
      for (const row of shown) expect(bare(row)).toEqual(bare(inView.get(keyNow(row))))
      expect(new Set(shown.map(keyNow)).size).toBe(shown.length)
      if (view === 0) expect(new Set(shown.map(keyNow))).toEqual(new Set(inView.keys()))
      if (view === 0 && doubtful.size === 0) expect(laid?.total).toBe(inView.size + 1)
    }
  }

  bases.push({ view: 0, page: await inTime(table.list({ page: 1 }, { overlay: false })) })
  for (const [index, step] of script.entries()) {
    run(step, index)
    await vi.advanceTimersByTimeAsync(step.pause)
    look()
  }
  for (let patience = 0; table.pending.length > 0 && patience < 200; patience += 1) {
    table.resume()
    await vi.advanceTimersByTimeAsync(60_000)
    look()
  }

  expect(table.pending).toEqual([])
  for (const { outcomes: settled } of calls) expect(settled).toHaveLength(1)
  const fulfilled = calls.filter(({ outcomes: [settled] }) => settled?.status === 'fulfilled')
  const names = new Set(applied)
  expect(applied).toHaveLength(names.size)
  for (const { name, key, outcomes: settled } of calls) {
    if (settled[0]?.status === 'rejected' && !lost.has(name)) expect(names).not.toContain(name)
    if (concurrency > 1 || coalesce) {
      const own = calls.filter((other) => other.key === key && names.has(other.name)).map((other) => other.name)
      expect(applied.filter((each) => own.includes(each))).toEqual(own)
    }
  }
  if (concurrency === 1 && !coalesce) expect(applied).toEqual(calls.map(({ name }) => name).filter((name) => names.has(name)))
  // Read your writes: what is fresh now has all that was fulfilled.
  const last = await inTime(table.list({ page: 1 }, { overlay: false }))
  expect(last.stale).toBe(false)
  expect(last.rows).toEqual([...master.rows.values()])
  expect(table.overlay(last)).toEqual(last)
  const doubtful = unsure()
  for (const { key } of fulfilled) {
    if (doubtful.has(key)) continue
    const row = last.rows.find((each) => keyNow(each) === key)
    expect(bare(row)).toEqual(bare(expected().get(key)))
  }
  table.close()
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  await vi.advanceTimersByTimeAsync(10_000)
  return promise
}

/** A row without its id, which a new row does not know from the beginning. */
function bare(row: Item | undefined): unknown {
  return row && { name: row.name, status: row.status }
}

function httpError(statusCode: number): HttpError {
  return new HttpError('PATCH', '/', new Response(null, { status: statusCode }), undefined)
}
