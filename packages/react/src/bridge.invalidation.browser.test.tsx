import { useQuery, type UseQueryOptions, type UseQueryResult } from '@tanstack/react-query'
import { cleanup, render, renderHook, screen } from '@testing-library/react'
import { LiveTable, memoryCache, memoryTable, type Page } from '@vantage-live/core'
import { Profiler } from 'react'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { livePageOptions } from './live-page-options.ts'
import { liveRowOptions } from './live-row-options.ts'
import type { LivePageKey } from './live-keys.ts'
import { fetchQuery } from './testing/fetch-query.ts'
import { makeHarness, type Harness, type Order } from './testing/harness.tsx'
import { expectNoReactWarnings, nextTask } from './testing/react-warnings.ts'
import { useLivePage } from './use-live-page.ts'
import { useLiveRow } from './use-live-row.ts'

expectNoReactWarnings()

afterEach(cleanup)

/** What the master was asked for, in short, since the last call. */
function asked({ calls }: Harness): string[] {
  return calls.splice(0).map((call) => (call.method === 'get' ? `row ${call.id}` : call.method))
}

test('an invalidation asks once for each thing that is watched and hit, however many watch it, and for nothing else', async () => {
  const harness = makeHarness(25)
  const { table, wrapper, stream, client } = harness
  await fetchQuery(client, liveRowOptions(table, 4))
  renderHook(() => [useLiveRow(table, 1), useLiveRow(table, '1'), useLiveRow(table, 2), useLivePage(table, 1), useLivePage(table, 1)], {
    wrapper,
  })
  await nextTask()
  expect(asked(harness).toSorted()).toEqual(['list', 'row 1', 'row 2', 'row 4'])

  stream.emit({ type: 'updated', id: 1 })
  await nextTask()
  expect(asked(harness).toSorted()).toEqual(['list', 'row 1'])

  await table.invalidate()
  await nextTask()
  expect(asked(harness).toSorted()).toEqual(['list', 'row 1', 'row 2'])
  expect(client.getQueryState(liveRowOptions(table, 4).queryKey)?.isInvalidated).toBe(true)
})

test.each<[string, Partial<UseQueryOptions<Page<Order>, Error, Page<Order>, LivePageKey>>]>([
  ['nobody has enabled', { enabled: false }],
  ['is static', { staleTime: 'static' }],
])('what %s is marked and not asked for', async (_, options) => {
  const harness = makeHarness(25)
  const { table, wrapper, client } = harness
  await fetchQuery(client, livePageOptions(table, 1))
  renderHook(() => useQuery({ ...livePageOptions(table, 1), ...options }), { wrapper })
  await nextTask()
  expect(asked(harness)).toEqual(['list'])

  await table.invalidate()
  await nextTask()
  expect(client.getQueryState(livePageOptions(table, 1).queryKey)?.isInvalidated).toBe(true)
  expect(asked(harness)).toEqual([])
})

test('a row without an id is no row that could be asked for', async () => {
  const harness = makeHarness(3)
  const { result } = renderHook(() => useLiveRow(harness.table, undefined), { wrapper: harness.wrapper })
  await harness.table.invalidate()
  await nextTask()
  expect(result.current).toMatchObject({ status: 'pending', fetchStatus: 'idle' })
  expect(asked(harness)).toEqual([])
})

describe.each<[string, (table: LiveTable<Order>) => UseQueryResult<Page<Order>>]>([
  ['useLivePage', (table) => useLivePage(table, 1)],
  ['useQuery', (table) => useQuery(livePageOptions(table, 1))],
])('%s is not shown as idle before it is asked for again', (_hook, usePage) => {
  /** What each commit shows. */
  function recordCommits({ table, wrapper }: Harness): string[] {
    const shown: string[] = []
    function First() {
      const { data, isFetching } = usePage(table)
      return `${data?.rows[0]?.name ?? 'nothing yet'}, ${isFetching ? 'fetching' : 'idle'}`
    }
    render(
      <Profiler id="first" onRender={() => shown.push(document.body.textContent?.trim() ?? '')}>
        <First />
      </Profiler>,
      { wrapper },
    )
    return shown
  }

  test('where it comes stale from the cache', async () => {
    const cache = memoryCache()
    const before = makeHarness(25, cache)
    await before.table.list({ page: 1 })
    await before.table.invalidate()
    const harness = makeHarness(25, cache)
    await harness.master.patch(1, { name: 'renamed' })
    const release = harness.hold()
    const shown = recordCommits(harness)
    await screen.findByText('order 1, fetching')
    release()
    await screen.findByText('renamed, idle')
    expect([...new Set(shown)]).toEqual(['nothing yet, fetching', 'order 1, fetching', 'renamed, idle'])
    expect(asked(harness)).toEqual(['list'])
  })

  test('promise 12: where a burst of events overtakes the flight', async () => {
    const harness = makeHarness(25)
    const { stream, master, hold } = harness
    const shown = recordCommits(harness)
    await screen.findByText('order 1, idle')
    shown.length = 0
    asked(harness)

    const release = hold()
    for (let event = 0; event < 100; event += 1) stream.emit({ type: 'updated', id: event })
    await screen.findByText('order 1, fetching')
    await master.patch(1, { name: 'renamed' })
    for (let event = 0; event < 100; event += 1) stream.emit({ type: 'updated', id: event })
    release()
    await screen.findByText('renamed, idle')
    expect([...new Set(shown)]).toEqual(['order 1, fetching', 'renamed, idle'])
    expect(asked(harness)).toEqual(['list', 'list'])
  })
})

test('what an invalidation changes in several queries at once is one commit, also with useQuery', async () => {
  const { table, wrapper, hold } = makeHarness(3)
  const shown: string[] = []
  const ids = [1, 2, 3]
  function Row({ id }: { readonly id: number }) {
    return useQuery(liveRowOptions(table, id)).isFetching ? 'fetching ' : 'idle '
  }
  render(
    <Profiler id="rows" onRender={() => shown.push(document.body.textContent?.trim() ?? '')}>
      {ids.map((id) => (
        <Row key={id} id={id} />
      ))}
    </Profiler>,
    { wrapper },
  )
  await expect.poll(() => shown.at(-1)).toBe('idle idle idle')
  shown.length = 0
  hold()
  await table.invalidate()
  await expect.poll(() => shown).toEqual(['fetching fetching fetching'])
})

test('where the master fails, the error is that of the query, and nobody else’s', async () => {
  const harness = makeHarness(25)
  const { table, wrapper, failWith } = harness
  const { result } = renderHook(() => [useLivePage(table, 1), useLiveRow(table, 1)] as const, { wrapper })
  await nextTask()
  const outage = new Error('out of reach')
  failWith(outage)
  await table.invalidate()
  await nextTask()
  expect(result.current.map(({ error }) => error)).toEqual([outage, outage])
})

test('a master that calls all of its answers stale leaves others their turn', async () => {
  const { wrapper } = makeHarness(1)
  let answers = 0
  let turns = 0
  const others = setInterval(() => (turns += 1))
  onTestFinished(() => clearInterval(others))
  const table = new LiveTable<Order>({
    master: {
      ...memoryTable<Order>([]),
      list: () => {
        answers += 1
        // Where nobody else had a turn, this would never end, and the test with it.
        if (answers > 1_000 && turns === 0) throw new Error('enough')
        return Promise.resolve({ rows: [], stale: true })
      },
    },
    cacheKey: 'doubtful',
    cache: memoryCache(),
  })
  const { result, unmount } = renderHook(() => useLivePage(table, 1), { wrapper })
  await expect.poll(() => answers > 2 && turns > 2).toBe(true)
  expect(result.current.isStale).toBe(true)
  expect(result.current.error).toBeNull()
  unmount()
})
