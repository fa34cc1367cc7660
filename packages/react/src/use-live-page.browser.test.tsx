import { act, renderHook, screen, render, waitFor } from '@testing-library/react'
import { memoryCache } from '@vantage-live/core'
import { expect, test } from 'vitest'
import { makeHarness, namesOf, type Order } from './testing/harness.tsx'
import { useLivePage } from './use-live-page.ts'
import { useLiveRow } from './use-live-row.ts'

const firstTen = Array.from({ length: 10 }, (_, index) => `order ${index + 1}`)

test('shows a page with its rows, total and page count', async () => {
  const { table, wrapper } = makeHarness(25)
  const { result } = renderHook(() => useLivePage(table, 1), { wrapper })

  expect(result.current).toMatchObject({ status: 'pending', rows: [], total: undefined, pageCount: undefined })
  await waitFor(() => expect(result.current.isSuccess).toBe(true))

  expect(namesOf(result.current.rows)).toEqual(firstTen)
  expect(result.current).toMatchObject({ total: 25, pageCount: 3, isStale: false, error: null })
  expect(result.current.data).toMatchObject({ page: 1, pageSize: 10, stale: false })
})

test('a page change keeps the former rows until the new ones are there', async () => {
  const { table, wrapper, hold } = makeHarness(25)
  const { result, rerender } = renderHook(({ page }) => useLivePage(table, page), { wrapper, initialProps: { page: 1 } })
  await waitFor(() => expect(result.current.isSuccess).toBe(true))

  const release = hold()
  rerender({ page: 2 })
  expect(namesOf(result.current.rows)).toEqual(firstTen)
  expect(result.current).toMatchObject({ isPlaceholderData: true, total: 25, pageCount: 3 })

  release()
  await waitFor(() => expect(result.current.isPlaceholderData).toBe(false))
  expect(result.current.rows[0]?.name).toBe('order 11')
})

test('another table shows none of the former table’s rows', async () => {
  const orders = makeHarness(5)
  const others = makeHarness(5)
  const { LiveTable } = await import('@vantage-live/core')
  const other = new LiveTable<Order>({ master: others.master, cacheKey: 'others', cache: memoryCache() })
  const { result, rerender } = renderHook(({ table }) => useLivePage(table, 1), {
    wrapper: orders.wrapper,
    initialProps: { table: orders.table },
  })
  await waitFor(() => expect(result.current.isSuccess).toBe(true))

  rerender({ table: other })
  expect(result.current.rows).toEqual([])
})

test('promise 8: stale rows from the cache show at once while the master is asked', async () => {
  const cache = memoryCache()
  const before = makeHarness(25, cache)
  await before.table.list({ page: 1 })
  await before.table.invalidate()

  const after = makeHarness(25, cache)
  await after.master.patch(1, { name: 'renamed' })
  const release = after.hold()
  const { result } = renderHook(
    () => {
      const { rows, isStale, isFetching } = useLivePage(after.table, 1)
      return { rows, isStale, isFetching }
    },
    { wrapper: after.wrapper },
  )

  await waitFor(() => expect(namesOf(result.current.rows)).toEqual(firstTen))
  await waitFor(() => expect(result.current).toMatchObject({ isStale: true, isFetching: true }))
  release()
  await waitFor(() => expect(result.current).toMatchObject({ isStale: false, isFetching: false }))
  expect(result.current.rows[0]?.name).toBe('renamed')
  expect(after.calls).toHaveLength(1)
})

test('promise 8: where the master fails, the last known rows stay, stale, beside the error; when it is back they are renewed', async () => {
  const cache = memoryCache()
  const before = makeHarness(25, cache)
  await before.table.list({ page: 1 })
  await before.table.invalidate()

  const after = makeHarness(25, cache)
  const outage = new Error('out of reach')
  after.failWith(outage)
  const { result } = renderHook(() => useLivePage(after.table, 1), { wrapper: after.wrapper })
  await waitFor(() => expect(result.current.error).toBe(outage))
  expect(namesOf(result.current.rows)).toEqual(firstTen)
  expect(result.current).toMatchObject({ isStale: true, total: 25 })

  after.failWith(undefined)
  await act(() => after.table.invalidate())
  await waitFor(() => expect(result.current).toMatchObject({ isStale: false, error: null }))
})

test('promise 8: after a reload without a server the page shows as stale, though nothing invalidated it', async () => {
  const cache = memoryCache()
  await makeHarness(25, cache).table.list({ page: 1 })

  const after = makeHarness(25, cache)
  const outage = new Error('out of reach')
  after.failWith(outage)
  after.stream.setStatus({ state: 'connecting' })
  const { result } = renderHook(() => useLivePage(after.table, 1), { wrapper: after.wrapper })
  await waitFor(() => expect(result.current).toMatchObject({ error: outage, isStale: true }))
  expect(namesOf(result.current.rows)).toEqual(firstTen)
})

test('without anything cached, a failing master is an error', async () => {
  const { table, wrapper, failWith } = makeHarness()
  const outage = new Error('out of reach')
  failWith(outage)
  const { result } = renderHook(() => useLivePage(table, 1), { wrapper })
  await waitFor(() => expect(result.current).toMatchObject({ isError: true, error: outage, rows: [] }))
})

test('an event renews the page', async () => {
  const { table, wrapper, stream, master } = makeHarness(25)
  const { result } = renderHook(() => useLivePage(table, 1), { wrapper })
  await waitFor(() => expect(result.current.isSuccess).toBe(true))

  await master.patch(3, { name: 'renamed' })
  act(() => stream.emit({ type: 'updated', id: 3 }))
  await waitFor(() => expect(result.current.rows[2]?.name).toBe('renamed'))
})

test('an invalidation during the very first fetch is honoured', async () => {
  const { table, wrapper, stream, master, calls, hold } = makeHarness(25)
  const release = hold()
  const { result } = renderHook(() => useLivePage(table, 1), { wrapper })
  await waitFor(() => expect(calls).toHaveLength(1))

  await master.patch(3, { name: 'renamed' })
  act(() => stream.emit({ type: 'updated', id: 3 }))
  release()
  await waitFor(() => expect(result.current.rows[2]?.name).toBe('renamed'))
  expect(result.current).toMatchObject({ isStale: false, isFetching: false })
  expect(calls).toHaveLength(2)
})

test('promise 12: a burst of events costs the flight under way and one more', async () => {
  const { table, wrapper, stream, master, calls, hold } = makeHarness(25)
  const { result } = renderHook(() => useLivePage(table, 1), { wrapper })
  await waitFor(() => expect(result.current.isSuccess).toBe(true))

  const release = hold()
  act(() => stream.emit({ type: 'updated', id: 3 }))
  await waitFor(() => expect(calls).toHaveLength(2))
  await master.patch(3, { name: 'renamed' })
  act(() => {
    for (let n = 0; n < 100; n += 1) stream.emit({ type: 'updated', id: 3 })
  })
  release()
  await waitFor(() => expect(result.current.rows[2]?.name).toBe('renamed'))
  await waitFor(() => expect(result.current.isFetching).toBe(false))
  expect(calls).toHaveLength(3)
})

test('promise 18: a refetch that brings equal rows brings the same objects', async () => {
  const { table, wrapper, stream, master } = makeHarness(25)
  const { result } = renderHook(() => useLivePage(table, 1), { wrapper })
  await waitFor(() => expect(result.current.isSuccess).toBe(true))
  const before = result.current.rows

  await master.patch(3, { name: 'renamed' })
  act(() => stream.emit({ type: 'updated', id: 3 }))
  await waitFor(() => expect(result.current.rows[2]?.name).toBe('renamed'))
  expect(result.current.rows.map((row, index) => row === before[index])).toEqual(firstTen.map((_, index) => index !== 2))
})

test('pendingIds names the rows with a write under way', async () => {
  const { table, wrapper, hold } = makeHarness(25)
  const { result } = renderHook(() => ({ ...useLivePage(table, 1) }), { wrapper })
  await waitFor(() => expect(result.current.isSuccess).toBe(true))

  const letGo = hold('patch')
  await act(async () => void table.patch(2, { name: 'renamed' }))
  expect([...result.current.pendingIds]).toEqual(['2'])
  expect(result.current.rows[1]?.name).toBe('renamed')
  letGo()
  await waitFor(() => expect([...result.current.pendingIds]).toEqual([]))
  expect(result.current.rows[1]?.name).toBe('renamed')
})

test('select shapes the data and leaves rows and total alone', async () => {
  const { table, wrapper } = makeHarness(25)
  const select = (page: { readonly rows: readonly Order[] }): number => page.rows.length
  const { result } = renderHook(() => useLivePage(table, 3, { select }), { wrapper })
  await waitFor(() => expect(result.current.data).toBe(5))
  expect(result.current.rows).toHaveLength(5)
  expect(result.current.total).toBe(25)
})

test('enabled: false asks nothing', async () => {
  const { table, wrapper, calls } = makeHarness(25)
  const { result, rerender } = renderHook(({ enabled }) => useLivePage(table, 1, { enabled }), {
    wrapper,
    initialProps: { enabled: false },
  })
  expect(result.current.fetchStatus).toBe('idle')
  expect(calls).toEqual([])
  rerender({ enabled: true })
  await waitFor(() => expect(result.current.isSuccess).toBe(true))
})

test('options of TanStack Query that the table does not own are the caller’s', async () => {
  const { table, wrapper, client } = makeHarness(25)
  renderHook(() => [useLivePage(table, 1, { refetchOnReconnect: false }), useLiveRow(table, 1, { refetchOnReconnect: false })] as const, {
    wrapper,
  })
  await waitFor(() => expect(client.isFetching()).toBe(0))
  const observers = client
    .getQueryCache()
    .getAll()
    .flatMap(({ observers: watching }) => watching)
  expect(observers.map(({ options }) => options.refetchOnReconnect)).toEqual([false, false])
})

test('refetch() asks the master though the cache is fresh', async () => {
  const { table, wrapper, master, calls } = makeHarness(25)
  const { result } = renderHook(() => ({ ...useLivePage(table, 1) }), { wrapper })
  await waitFor(() => expect(result.current.isSuccess).toBe(true))

  await master.patch(1, { name: 'renamed behind our back' })
  await act(() => result.current.refetch())
  await waitFor(() => expect(result.current.rows[0]?.name).toBe('renamed behind our back'))
  expect(calls).toHaveLength(2)
})

test('a view in render, written anew each time, is asked once', async () => {
  const { table, wrapper, calls } = makeHarness(25)
  const { result, rerender } = renderHook(() => useLivePage(table.view({ where: { status: 'paid' } }), 1, { pageSize: 5 }), { wrapper })
  await waitFor(() => expect(result.current.isSuccess).toBe(true))
  rerender()
  expect(namesOf(result.current.rows)).toEqual(['order 2', 'order 4', 'order 6', 'order 8', 'order 10'])
  expect(result.current).toMatchObject({ total: 12, pageCount: 3 })
  expect(calls).toHaveLength(1)
})

test('the result can be spread and taken apart like any query result', async () => {
  const { table, wrapper } = makeHarness(25)
  const { result } = renderHook(() => ({ ...useLivePage(table, 1) }), { wrapper })
  await waitFor(() => expect(result.current.isSuccess).toBe(true))
  expect(result.current.rows).toHaveLength(10)
  expect(result.current.data?.rows).toBe(result.current.rows)
  expect(Object.keys(result.current)).toEqual(expect.arrayContaining(['data', 'status', 'isFetching', 'refetch', 'rows', 'pendingIds']))
})

test('a component that reads only rows does not render when a refetch begins', async () => {
  const { table, wrapper, stream, calls, hold } = makeHarness(25)
  let renders = 0
  function Rows() {
    renders += 1
    return <p>{useLivePage(table, 1).rows.length} rows</p>
  }
  render(<Rows />, { wrapper })
  await screen.findByText('10 rows')
  const before = renders
  const release = hold()
  act(() => stream.emit({ type: 'updated', id: 3 }))
  await waitFor(() => expect(calls).toHaveLength(2))
  expect(renders).toBe(before)
  release()
  await waitFor(() => expect(renders).toBeGreaterThan(before))
})

test('promise 20: a page that is none is a clear error', () => {
  const { table, wrapper } = makeHarness(1)
  expect(() => renderHook(() => useLivePage(table, 0), { wrapper })).toThrow('page is 0; expected a whole number from 1 on')
})
