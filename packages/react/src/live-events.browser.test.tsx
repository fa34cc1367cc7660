import { act, cleanup, render, renderHook, screen, waitFor } from '@testing-library/react'
import { Profiler } from 'react'
import { afterEach, expect, test } from 'vitest'
import { LiveTable, memoryCache } from '@vantage-live/core'
import { makeHarness, namesOf, type Harness, type Order } from './testing/harness.tsx'
import { atRest } from './testing/at-rest.ts'
import { holdFrames } from './testing/held-frames.ts'
import { expectNoReactWarnings, nextTask } from './testing/react-warnings.ts'
import { useLivePage } from './use-live-page.ts'
import { useLiveRow } from './use-live-row.ts'

expectNoReactWarnings()
afterEach(cleanup)

test('promise 17: an event with the row shows at once on the page, in the row and in a view, and asks for nothing', async () => {
  const { table, wrapper, calls, somebody } = harness(25)
  const open = table.view({ where: { status: 'open' } })
  const { result } = renderHook(
    () => ({ page: useLivePage(table, 1).rows, open: useLivePage(open, 1).rows, row: useLiveRow(table, 3).data }),
    { wrapper },
  )
  await waitFor(() => expect([result.current.page.length, result.current.open.length, result.current.row?.id]).toEqual([10, 10, 3]))
  const before = result.current.page
  calls.length = 0

  await act(async () => somebody(3, { name: 'renamed' }))
  expect(result.current.page[2]?.name).toBe('renamed')
  expect(result.current.open[1]?.name).toBe('renamed')
  expect(result.current.row?.name).toBe('renamed')
  expect(result.current.page.map((row, index) => row === before[index])).toEqual(before.map((_, index) => index !== 2))
  await atRest()
  expect(calls).toEqual([])
})

test('promise 17: a page that is shown again has had the events meanwhile, and asks for nothing', async () => {
  const { table, wrapper, calls, somebody } = harness(25)
  const { result, rerender } = renderHook(({ page }: { readonly page: number }) => useLivePage(table, page), {
    wrapper,
    initialProps: { page: 1 },
  })
  await waitFor(() => expect(namesOf(result.current.rows)[0]).toBe('order 1'))
  rerender({ page: 2 })
  await waitFor(() => expect(namesOf(result.current.rows)[0]).toBe('order 11'))
  calls.length = 0

  await act(async () => somebody(1, { name: 'renamed' }))
  rerender({ page: 1 })
  expect(namesOf(result.current.rows)[0]).toBe('renamed')
  expect(result.current.isStale).toBe(false)
  await atRest()
  expect(calls).toEqual([])
})

test('promise 17: where the row may have left the view, the page is asked for, once', async () => {
  const { table, wrapper, calls, somebody } = harness(25)
  const open = table.view({ where: { status: 'open' } })
  const { result } = renderHook(() => useLivePage(open, 1), { wrapper })
  await waitFor(() => expect(result.current.rows).toHaveLength(10))
  calls.length = 0
  await act(async () => somebody(3, { status: 'paid' }))
  await waitFor(() => expect(result.current.rows.map(({ id }) => id)).not.toContain(3))
  await atRest()
  expect(calls.map(({ method }) => method)).toEqual(['list'])
})

test('promise 18: of 500 rows that are shown, an event about one is one commit, which renders one row', async () => {
  const { table, wrapper, somebody } = harness(500)
  const ids = Array.from({ length: 500 }, (_, index) => index + 1)
  const renders: string[] = []
  let commits = 0
  function Name({ id }: { readonly id: number }) {
    renders.push(`row ${id}`)
    return <li>{useLiveRow(table, id).data?.name}</li>
  }
  const rows = ids.map((id) => <Name key={id} id={id} />)
  render(
    <Profiler id="rows" onRender={() => (commits += 1)}>
      {rows}
    </Profiler>,
    { wrapper },
  )
  await screen.findByText('order 500')
  await atRest()
  renders.length = 0
  commits = 0

  await act(async () => somebody(7, { name: 'renamed' }))
  await screen.findByText('renamed')
  await atRest()
  expect(commits).toBe(1)
  // StrictMode renders twice.
  expect([...new Set(renders)]).toEqual(['row 7'])
})

test('promise 12: a burst of events with rows is a render per frame while it lasts, and no request', async () => {
  const { table, wrapper, calls, somebody } = harness(25)
  let commits = 0
  function Page() {
    const { rows } = useLivePage(table, 1)
    return <p>{namesOf(rows).join()}</p>
  }
  render(
    <Profiler id="page" onRender={() => (commits += 1)}>
      <Page />
    </Profiler>,
    { wrapper },
  )
  await screen.findByText(/^order 1,/)
  await atRest()
  calls.length = 0
  commits = 0
  const { draw } = holdFrames()
  const shown: (string | undefined)[] = []
  for (let event = 1; event <= 400; event += 1) {
    somebody(1, { name: `name ${event}` })
    if (event % 4 === 0) await nextTask()
    if (event % 40 === 0) await draw()
    if (event % 40 === 0) shown.push(screen.getByText(/order 2/).textContent?.split(',')[0])
  }
  expect(shown).toEqual(Array.from({ length: 10 }, (_, frame) => `name ${40 * (frame + 1)}`))
  // The first event shows at once.
  expect(commits).toBe(shown.length + 1)
  await draw()
  expect(commits).toBe(shown.length + 1)
  expect(calls).toEqual([])
})

test('promise 8: what could not be read while the stream was closed is asked for when it is open again, also without a gap', async () => {
  const { table, wrapper, stream, calls, failWith } = harness(25)
  const { result, rerender } = renderHook(({ page }: { readonly page: number }) => useLivePage(table, page), {
    wrapper,
    initialProps: { page: 1 },
  })
  await waitFor(() => expect(namesOf(result.current.rows)[0]).toBe('order 1'))
  act(() => stream.setStatus({ state: 'closed', reason: 'the server is gone' }))
  failWith(new Error('the server is gone'))
  rerender({ page: 2 })
  await waitFor(() => expect(result.current.error?.message).toBe('the server is gone'))

  failWith(undefined)
  calls.length = 0
  act(() => stream.setStatus({ state: 'open' }))
  await waitFor(() => expect(namesOf(result.current.rows)[0]).toBe('order 11'))
  expect(result.current.error).toBeNull()
  await atRest()
  expect(calls.map(({ method }) => method)).toEqual(['list'])
})

test.each(['apply', 'notify'] as const)(
  'promise 12: with %s, what a refetch brought stays, though an event with a row came while it was under way',
  async (liveMode) => {
    const { table, wrapper, master, hold, somebody } = harness(5)
    const view = table.view({ orderBy: [{ field: 'id', direction: 'desc' }] })
    const shown: string[] = []
    const { result } = renderHook(
      () => {
        const page = useLivePage(view, 1, { liveMode })
        const [first = ''] = namesOf(page.rows)
        if (shown.at(-1) !== first) shown.push(first)
        return page
      },
      { wrapper },
    )
    await waitFor(() => expect(result.current.rows).toHaveLength(5))
    await atRest()
    // The event that tells of it is still on its way.
    await master.insert({ id: 99, name: 'theirs', status: 'open' })
    const letGo = hold('list')
    let answered: Promise<unknown> | undefined
    act(() => {
      answered = result.current.refetch()
    })
    await atRest()
    await act(async () => somebody(3, { name: 'renamed' }))
    await atRest()
    letGo()
    await act(async () => void (await answered))
    await atRest()
    expect(shown).toEqual(['', 'order 5', 'theirs'])
    expect(namesOf(result.current.rows)).toEqual(['theirs', 'order 5', 'order 4', 'renamed', 'order 2', 'order 1'])
    expect(result.current.isHeld).toBe(false)
  },
)

test('a table that another one of its cache key has taken the place of is let go', async () => {
  const { wrapper, master } = harness(5)
  let connections = 0
  const makeTable = (): LiveTable<Order> =>
    new LiveTable<Order>({
      master,
      cacheKey: 'orders',
      cache: memoryCache(),
      stream: {
        connect: (listener) => {
          connections += 1
          listener.onStatus({ state: 'open' })
          return () => {
            connections -= 1
          }
        },
      },
    })
  const { result, rerender, unmount } = renderHook(({ table }) => useLivePage(table, 1), { wrapper, initialProps: { table: makeTable() } })
  for (let time = 0; time < 3; time += 1) {
    await waitFor(() => expect(result.current.rows).toHaveLength(5))
    rerender({ table: makeTable() })
    await atRest()
  }
  expect(connections).toBe(1)
  unmount()
})

test('a pending write stays over the row that an event brings, and the rest of that row shows', async () => {
  const { table, wrapper, hold, somebody } = harness(25)
  const { result } = renderHook(() => useLivePage(table, 1), { wrapper })
  await waitFor(() => expect(result.current.isSuccess).toBe(true))
  const letGo = hold('patch')
  act(() => {
    void table.patch(1, { name: 'before it' })
    void table.patch(2, { name: 'mine' })
  })
  await act(async () => somebody(2, { name: 'theirs', status: 'open' }))
  // While writes are pending it is the next frame.
  await waitFor(() => expect(result.current.rows[1]).toEqual({ id: 2, name: 'mine', status: 'open' }))
  letGo()
  await waitFor(() => expect(result.current.pendingIds.size).toBe(0))
  expect(result.current.rows[1]).toEqual({ id: 2, name: 'mine', status: 'open' })
})

interface EventHarness extends Harness {
  /** Somebody changes a row, and the stream brings it. */
  readonly somebody: (id: number, changes: Partial<Order>) => void
}

function harness(count: number): EventHarness {
  const made = makeHarness(count)
  return {
    ...made,
    somebody: (id, changes) => {
      void made.master.patch(id, changes).then((row) => made.stream.emit({ type: 'updated', id, row }))
    },
  }
}
