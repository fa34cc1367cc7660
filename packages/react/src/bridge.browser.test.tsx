import { hydrate, dehydrate, QueryClient, useQuery } from '@tanstack/react-query'
import { act, renderHook, waitFor } from '@testing-library/react'
import { memoryCache } from '@vantage-live/core'
import { expect, test, vi } from 'vitest'
import { livePageOptions } from './live-page-options.ts'
import { liveRowOptions } from './live-row-options.ts'
import { liveKeys } from './live-keys.ts'
import { fetchQuery } from './testing/fetch-query.ts'
import { makeHarness, namesOf } from './testing/harness.tsx'
import { useLivePage } from './use-live-page.ts'
import { useLiveRow } from './use-live-row.ts'

test('one bridge per table and client, whatever the number of hooks, views and remounts', async () => {
  const { table, wrapper, client } = makeHarness(25)
  const subscribe = vi.spyOn(table, 'subscribe')
  const view = table.view({ where: { status: 'open' } })
  const mount = () =>
    renderHook(
      () => [useLiveRow(table, 1), useLiveRow(table, 2), useQuery(livePageOptions(table, 1)), useQuery(livePageOptions(view, 1))] as const,
      { wrapper },
    )
  const first = mount()
  await waitFor(() => expect(first.result.current.every(({ isSuccess }) => isSuccess)).toBe(true))
  first.unmount()
  const second = mount()
  await waitFor(() => expect(second.result.current.every(({ isSuccess }) => isSuccess)).toBe(true))
  // One hears of invalidations and one of writes.
  expect(subscribe).toHaveBeenCalledTimes(2)
  expect(client.getQueryCache().getAll()).toHaveLength(4)
})

test('the bridge goes with the last query of its table, and nothing is left behind', async () => {
  const { table, wrapper, client } = makeHarness(25)
  const { result, unmount } = renderHook(() => useLivePage(table, 1), { wrapper })
  await waitFor(() => expect(result.current.isSuccess).toBe(true))
  const listenersBefore = new QueryClient().getQueryCache().hasListeners()
  unmount()
  expect(table.streamStatus).toMatchObject({ state: 'open' })
  client.clear()
  expect(client.getQueryCache().hasListeners()).toBe(listenersBefore)
  expect(table.streamStatus?.state).toBe('closed')
})

test('an event while nothing is mounted is not forgotten', async () => {
  const { table, wrapper, stream, master, calls } = makeHarness(25)
  const first = renderHook(() => useLivePage(table, 1), { wrapper })
  await waitFor(() => expect(first.result.current.isSuccess).toBe(true))
  first.unmount()

  await master.patch(1, { name: 'renamed' })
  stream.emit({ type: 'updated', id: 1 })
  await table.invalidate()
  expect(calls).toHaveLength(1)
  const second = renderHook(() => useLivePage(table, 1), { wrapper })
  await waitFor(() => expect(second.result.current.rows[0]?.name).toBe('renamed'))
})

test('an event during a refetch that is then cancelled by unmounting is not forgotten', async () => {
  const { table, wrapper, master, calls, hold } = makeHarness(25)
  const first = renderHook(() => useLivePage(table, 1), { wrapper })
  await waitFor(() => expect(first.result.current.isSuccess).toBe(true))
  const release = hold()
  void first.result.current.refetch()
  await waitFor(() => expect(calls).toHaveLength(2))
  await master.patch(1, { name: 'renamed' })
  await act(() => table.invalidate())
  first.unmount()
  release()

  const second = renderHook(() => useLivePage(table, 1), { wrapper })
  await waitFor(() => expect(second.result.current.rows[0]?.name).toBe('renamed'))
})

test('prefetched pages follow the table as mounted ones do', async () => {
  const { table, client, stream, master } = makeHarness(25)
  await fetchQuery(client, livePageOptions(table, 1))
  await fetchQuery(client, liveRowOptions(table, 1))
  await master.patch(1, { name: 'renamed' })
  stream.emit({ type: 'updated', id: 1 })
  await waitFor(() => expect(client.getQueryState(liveKeys.page(table, 1))?.isInvalidated).toBe(true))
  expect(client.getQueryState(liveKeys.row(table, 1))?.isInvalidated).toBe(true)
  expect((await fetchQuery(client, livePageOptions(table, 1))).rows[0]?.name).toBe('renamed')
})

test('a prefetch that finds something stale returns it at once and renews it', async () => {
  const cache = memoryCache()
  const before = makeHarness(25, cache)
  await before.table.list({ page: 1 })
  await before.table.invalidate()

  const { table, client, hold } = makeHarness(25, cache)
  const release = hold()
  expect(await fetchQuery(client, livePageOptions(table, 1))).toMatchObject({ stale: true })
  release()
  await waitFor(() => expect(client.getQueryData(livePageOptions(table, 1).queryKey)?.stale).toBe(false))
})

test('a hydrated page follows the table though it was read elsewhere', async () => {
  const server = makeHarness(25)
  await fetchQuery(server.client, livePageOptions(server.table, 1))
  const { table, client, wrapper, stream, master, calls } = makeHarness(25)
  hydrate(client, JSON.parse(JSON.stringify(dehydrate(server.client))))

  const { result } = renderHook(() => useLivePage(table, 1), { wrapper })
  expect(namesOf(result.current.rows)).toHaveLength(10)
  expect(calls).toEqual([])
  await master.patch(1, { name: 'renamed' })
  act(() => stream.emit({ type: 'updated', id: 1 }))
  await waitFor(() => expect(result.current.rows[0]?.name).toBe('renamed'))
})
