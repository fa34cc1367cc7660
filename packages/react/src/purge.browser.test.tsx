import { act, cleanup, renderHook, waitFor } from '@testing-library/react'
import { LiveTable, memoryCache, PurgedError, type LiveTableOptions } from '@vantage-live/core'
import { afterEach, describe, expect, test } from 'vitest'
import { livePageOptions } from './live-page-options.ts'
import { atRest } from './testing/at-rest.ts'
import { fetchQuery } from './testing/fetch-query.ts'
import { makeHarness, type Harness, type Order } from './testing/harness.tsx'
import { expectNoReactWarnings } from './testing/react-warnings.ts'
import { useLivePage } from './use-live-page.ts'
import { useLiveRow } from './use-live-row.ts'
import { useLiveWrites } from './use-live-writes.ts'

expectNoReactWarnings()
afterEach(cleanup)

describe('promise 14: after a purge', () => {
  test.each(['apply', 'notify'] as const)('a mounted page shows no rows, but the error (%s)', async (liveMode) => {
    const { table, wrapper, calls } = makeHarness(25)
    const { result } = renderHook(() => useLivePage(table, 1, { liveMode }), { wrapper })
    await waitFor(() => expect(result.current.rows).toHaveLength(10))
    calls.length = 0
    await act(() => table.purge())
    await waitFor(() => expect(result.current.error).toBeInstanceOf(PurgedError))
    expect(result.current).toMatchObject({ rows: [], data: undefined, total: undefined, isPlaceholderData: false })
    await act(() => result.current.refetch())
    expect(result.current).toMatchObject({ rows: [], data: undefined, isError: true })
    expect(calls).toEqual([])
  })

  test('a mounted row and what was written show no more', async () => {
    const { table, wrapper, hold } = makeHarness(25)
    const { result } = renderHook(() => ({ row: useLiveRow(table, 1), writes: useLiveWrites(table) }), { wrapper })
    await waitFor(() => expect(result.current.row.data?.name).toBe('order 1'))
    const letGo = hold('patch')
    act(() => void table.patch(1, { name: 'mine' }).catch(() => undefined))
    await waitFor(() => expect(result.current.row.data?.name).toBe('mine'))
    await act(() => table.purge())
    await waitFor(() => expect(result.current.row.error).toBeInstanceOf(PurgedError))
    expect(result.current.row.data).toBeUndefined()
    expect(result.current.writes).toMatchObject({ pending: [], failed: [] })
    letGo()
    await atRest()
    expect(result.current.row.data).toBeUndefined()
  })

  test('nothing of it is in the client, nor in a page that is flipped to', async () => {
    const { table, wrapper, client } = makeHarness(25)
    const { result, rerender } = renderHook(({ page }) => useLivePage(table, page), { wrapper, initialProps: { page: 1 } })
    await waitFor(() => expect(result.current.rows).toHaveLength(10))
    rerender({ page: 2 })
    await waitFor(() => expect(result.current.rows[0]?.name).toBe('order 11'))
    await act(() => table.purge())
    expect(
      JSON.stringify(
        client
          .getQueryCache()
          .getAll()
          .map(({ state }) => state.data),
      ),
    ).not.toContain('order')
    rerender({ page: 1 })
    expect(result.current.rows).toEqual([])
    await waitFor(() => expect(result.current.error).toBeInstanceOf(PurgedError))
    expect(result.current.rows).toEqual([])
  })

  test('an answer that was on its way shows and is found no more', async () => {
    const { table, wrapper, hold, client } = makeHarness(25)
    const letGo = hold()
    const { result } = renderHook(() => useLivePage(table, 1), { wrapper })
    const prefetched = fetchQuery(client, livePageOptions(table, 2)).catch(() => undefined)
    await act(() => table.purge())
    letGo()
    await act(() => prefetched)
    await waitFor(() => expect(result.current.error).toBeInstanceOf(PurgedError))
    expect(result.current.rows).toEqual([])
    expect(client.getQueryData(livePageOptions(table, 2).queryKey)).toBeUndefined()
  })

  test('a new table of the same scope shows its own rows in its place', async () => {
    const former = makeHarness(25)
    const scoped = ofUser(former, 'ada')
    const { result, rerender } = renderHook(({ table }) => useLivePage(table, 1), {
      wrapper: former.wrapper,
      initialProps: { table: scoped },
    })
    await waitFor(() => expect(result.current.rows).toHaveLength(10))
    await act(() => scoped.purge())
    rerender({ table: ofUser(makeHarness(3), 'ada') })
    await waitFor(() => expect(result.current.rows).toHaveLength(3))
    expect(result.current.error).toBeNull()
  })
})

test('promise 14: a table of another scope shows nothing of the former one’s rows, also not in their place', async () => {
  const former = makeHarness(25)
  const { result, rerender } = renderHook(({ table }) => useLivePage(table, 1), {
    wrapper: former.wrapper,
    initialProps: { table: ofUser(former, 'ada') },
  })
  await waitFor(() => expect(result.current.rows).toHaveLength(10))
  const next = makeHarness(3)
  const letGo = next.hold()
  rerender({ table: ofUser(next, 'ben') })
  expect(result.current).toMatchObject({ rows: [], data: undefined, isPending: true })
  letGo()
  await waitFor(() => expect(result.current.rows).toHaveLength(3))
})

/** A table over the same master whose rows are somebody's. */
function ofUser({ master }: Harness, scope: string, options: Partial<LiveTableOptions<Order>> = {}): LiveTable<Order> {
  return new LiveTable<Order>({ master, cacheKey: 'orders', scope, cache: memoryCache(), pageSize: 10, ...options })
}
