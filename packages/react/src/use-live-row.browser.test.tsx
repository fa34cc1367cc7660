import { act, render, renderHook, screen, waitFor } from '@testing-library/react'
import { memoryCache } from '@vantage-live/core'
import { Profiler } from 'react'
import { expect, test } from 'vitest'
import { makeHarness } from './testing/harness.tsx'
import { useLiveRow } from './use-live-row.ts'

test('shows a row; 42 and "42" are one query', async () => {
  const { table, wrapper, calls } = makeHarness(50)
  const { result } = renderHook(() => [useLiveRow(table, 42), useLiveRow(table, '42')] as const, { wrapper })
  await waitFor(() => expect(result.current[0].data?.name).toBe('order 42'))
  expect(result.current[1].data).toBe(result.current[0].data)
  expect(calls).toHaveLength(1)
})

test('a row that the master does not have is undefined and a success', async () => {
  const { table, wrapper } = makeHarness(3)
  const { result } = renderHook(() => useLiveRow(table, 99), { wrapper })
  await waitFor(() => expect(result.current).toMatchObject({ isSuccess: true, data: undefined }))
})

test('without an id nothing is asked', async () => {
  const { table, wrapper, calls } = makeHarness(3)
  const { result, rerender } = renderHook(({ id }) => useLiveRow(table, id), {
    wrapper,
    initialProps: { id: undefined as number | undefined },
  })
  expect(result.current).toMatchObject({ data: undefined, fetchStatus: 'idle' })
  expect(calls).toEqual([])
  rerender({ id: 2 })
  await waitFor(() => expect(result.current.data?.name).toBe('order 2'))
  rerender({ id: undefined })
  expect(result.current.data).toBeUndefined()
})

test('a write of one’s own and an event of somebody else’s both renew it', async () => {
  const { table, wrapper, master, stream } = makeHarness(3)
  const { result } = renderHook(() => useLiveRow(table, 2), { wrapper })
  await waitFor(() => expect(result.current.data?.name).toBe('order 2'))

  await act(() => table.patch(2, { name: 'mine' }))
  await waitFor(() => expect(result.current.data?.name).toBe('mine'))
  await master.patch(2, { name: 'theirs' })
  act(() => stream.emit({ type: 'updated', id: '2' }))
  await waitFor(() => expect(result.current.data?.name).toBe('theirs'))
})

test('promise 17: an event about one row asks for no other', async () => {
  const { table, wrapper, master, stream, calls } = makeHarness(3)
  const { result } = renderHook(() => [useLiveRow(table, 1), useLiveRow(table, 2)] as const, { wrapper })
  await waitFor(() => expect(result.current.every(({ isSuccess }) => isSuccess)).toBe(true))
  const before = calls.length

  await master.patch(2, { name: 'renamed' })
  act(() => stream.emit({ type: 'updated', id: 2 }))
  await waitFor(() => expect(result.current[1].data?.name).toBe('renamed'))
  expect(calls.slice(before)).toEqual([{ method: 'get', id: 2 }])
})

test('promise 8: a stale row shows at once, and stays beside the error of a master that fails', async () => {
  const cache = memoryCache()
  const before = makeHarness(3, cache)
  await before.table.get(2)
  await before.table.invalidate()

  const after = makeHarness(3, cache)
  const outage = new Error('out of reach')
  after.failWith(outage)
  const { result } = renderHook(() => ({ ...useLiveRow(after.table, 2) }), { wrapper: after.wrapper })
  await waitFor(() => expect(result.current).toMatchObject({ error: outage, isStale: true, data: { name: 'order 2' } }))
})

test('select shapes the data, also of a row that is not there', async () => {
  const { table, wrapper } = makeHarness(3)
  const nameOf = (row: { readonly name: string } | undefined): string => row?.name ?? 'nobody'
  const { result } = renderHook(() => [useLiveRow(table, 2, { select: nameOf }), useLiveRow(table, 9, { select: nameOf })] as const, {
    wrapper,
  })
  await waitFor(() => expect(result.current.map(({ data }) => data)).toEqual(['order 2', 'nobody']))
})

test('promise 18: one changed row renders one row', async () => {
  const { table, wrapper, master, stream } = makeHarness(30)
  const renders = new Map<string, number>()
  function Name({ id }: { readonly id: number }) {
    return <li>{useLiveRow(table, id).data?.name}</li>
  }
  const count = (id: string): void => {
    renders.set(id, (renders.get(id) ?? 0) + 1)
  }
  render(
    Array.from({ length: 30 }, (_, index) => (
      <Profiler key={index} id={String(index + 1)} onRender={count}>
        <Name id={index + 1} />
      </Profiler>
    )),
    { wrapper },
  )
  await screen.findByText('order 30')
  renders.clear()

  await master.patch(7, { name: 'renamed' })
  act(() => stream.emit({ type: 'updated', id: 7 }))
  await screen.findByText('renamed')
  expect([...renders]).toEqual([['7', 1]])
})

test('promise 8: it says how old the row is, and looks again only for whoever asks that', async () => {
  const { table, wrapper } = makeHarness(3)
  let renders = 0
  const row = renderHook(() => ((renders += 1), useLiveRow(table, 2).data), { wrapper })
  const age = renderHook(
    () => {
      const { data, fetchedAt } = useLiveRow(table, 2)
      return data && fetchedAt
    },
    { wrapper },
  )
  expect(age.result.current).toBeUndefined()
  await waitFor(() => expect(row.result.current?.name).toBe('order 2'))
  await waitFor(() => expect(age.result.current).toBeTypeOf('number'))
  const [before, seen] = [age.result.current ?? 0, renders]
  expect(before).toBe((await table.read(2)).fetchedAt)

  await act(() => table.invalidate())
  await waitFor(() => expect(age.result.current).toBeGreaterThan(before))
  expect(age.result.current).toBe((await table.read(2)).fetchedAt)
  expect(renders).toBe(seen)
})
