import { act, cleanup, renderHook, waitFor } from '@testing-library/react'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { atRest } from './testing/at-rest.ts'
import { makeHarness, namesOf } from './testing/harness.tsx'
import { useLivePage } from './use-live-page.ts'
import { useLiveWrites, type UseLiveWritesOptions } from './use-live-writes.ts'
import type { Order } from './testing/harness.tsx'

afterEach(cleanup)

test('the functions are the same at each render, and write', async () => {
  const { table, wrapper, hold } = makeHarness(3)
  const { result } = renderHook(() => ({ ...useLiveWrites(table), rows: useLivePage(table, 1).rows }), { wrapper })
  await waitFor(() => expect(result.current.rows).toHaveLength(3))
  const { insert, replace, patch, remove, removeAll, resume } = result.current

  const letGo = hold('patch', 'insert', 'delete')
  let written: Promise<Order> | undefined
  act(() => {
    written = patch(2, { name: 'patched' })
    void remove(3)
    void insert({ name: 'inserted', status: 'open' })
  })
  await waitFor(() => expect(namesOf(result.current.rows)).toEqual(['inserted', 'order 1', 'patched']))
  expect(result.current.isPending).toBe(true)
  expect(result.current.pending.map(({ type }) => type)).toEqual(['patch', 'delete', 'insert'])
  letGo()
  expect(await written).toMatchObject({ name: 'patched' })
  await waitFor(() => expect(result.current.isPending).toBe(false))
  expect(await replace(1, { id: 1, name: 'replaced', status: 'paid' })).toMatchObject({ name: 'replaced' })
  await waitFor(() => expect(namesOf(result.current.rows)).toEqual(['replaced', 'patched', 'inserted']))
  await removeAll()
  await waitFor(() => expect(result.current.rows).toEqual([]))
  expect(result.current).toMatchObject({ insert, replace, patch, remove, removeAll, resume, paused: undefined })
})

test('the callbacks of the last render hear of success and failure, with what was written', async () => {
  const { table, wrapper, failWith } = makeHarness(3)
  const heard: unknown[] = []
  const hear = (render: number): UseLiveWritesOptions<Order> => ({
    onSuccess: (stored, write) => heard.push([render, 'success', stored?.name, write]),
    onError: (error, write) => heard.push([render, 'error', String(error), write]),
    onSettled: (stored, error) => heard.push([render, 'settled', stored?.name, error === undefined]),
  })
  const { result, rerender } = renderHook(({ render }) => useLiveWrites(table, hear(render)), { wrapper, initialProps: { render: 1 } })
  rerender({ render: 2 })
  await act(async () => void (await result.current.patch(2, { name: 'patched' })))
  await act(() => result.current.remove(1))
  failWith(new Error('refused'))
  await act(async () => void (await result.current.patch(3, { name: 'x' }).catch(() => undefined)))
  expect(heard).toEqual([
    [2, 'success', 'patched', { type: 'patch', id: 2, fields: { name: 'patched' } }],
    [2, 'settled', 'patched', true],
    [2, 'success', undefined, { type: 'delete', id: 1, fields: undefined }],
    [2, 'settled', undefined, true],
    [2, 'error', 'Error: refused', { type: 'patch', id: 3, fields: { name: 'x' } }],
    [2, 'settled', undefined, false],
  ])
})

test('what fails is under failed; that nobody awaits it is no unhandled rejection', async () => {
  const { table, wrapper, failWith } = makeHarness(3)
  const unhandled = vi.fn<(event: PromiseRejectionEvent) => void>((event) => event.preventDefault())
  window.addEventListener('unhandledrejection', unhandled)
  onTestFinished(() => window.removeEventListener('unhandledrejection', unhandled))
  const { result } = renderHook(() => useLiveWrites(table), { wrapper })
  const error = new Error('refused')
  failWith(error)
  act(() => void result.current.patch(3, { name: 'x' }))
  await waitFor(() => expect(result.current.failed).toMatchObject([{ type: 'patch', id: '3', fields: { name: 'x' }, error }]))
  const { failed } = result.current
  // It fails again, and nobody listens.
  act(() => void failed[0]?.retry())
  await waitFor(() => expect(result.current.failed[0]?.key).not.toBe(failed[0]?.key))
  act(() => result.current.failed[0]?.discard())
  await waitFor(() => expect(result.current.failed).toEqual([]))
  await atRest()
  expect(unhandled).not.toHaveBeenCalled()
})

test('why nothing is sent, and that it is sent again', async () => {
  const { table, wrapper, failWith } = makeHarness(3)
  const { result } = renderHook(() => useLiveWrites(table), { wrapper })
  const error = Object.assign(new Error('who are you?'), { status: 401 })
  failWith(error)
  act(() => void result.current.patch(3, { name: 'x' }))
  await waitFor(() => expect(result.current.paused).toMatchObject({ reason: 'unauthorized', error }))
  failWith(undefined)
  act(() => result.current.resume())
  await waitFor(() => expect(result.current.isPending).toBe(false))
  expect(result.current.paused).toBeUndefined()
  expect(await table.get(3)).toMatchObject({ name: 'x' })
})
