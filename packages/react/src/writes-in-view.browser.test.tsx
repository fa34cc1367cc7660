import { QueryClientProvider } from '@tanstack/react-query'
import { act, cleanup, render, renderHook, screen, waitFor } from '@testing-library/react'
import { LiveError } from '@vantage-live/core'
import { useState, type ReactNode } from 'react'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { livePageOptions } from './live-page-options.ts'
import { makeHarness, namesOf } from './testing/harness.tsx'
import { useLivePage } from './use-live-page.ts'
import { useLiveWrites } from './use-live-writes.ts'

afterEach(cleanup)

test('promise 3: an edit that follows another write shows in the first frame after its editor is closed', async () => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false)
  onTestFinished(() => void vi.unstubAllGlobals())
  const { table, client, hold } = makeHarness(3)
  function Page(): ReactNode {
    const { rows, isFetching } = useLivePage(table, 1)
    const [isEdited, setEdited] = useState(true)
    const save = (): void => {
      void table.patch(2, { name: 'mine' })
      setEdited(false)
    }
    return (
      <button data-testid="two" data-is-fetching={isFetching} onClick={save}>
        {isEdited ? 'editor' : rows[1]?.name}
      </button>
    )
  }
  render(
    <QueryClientProvider client={client}>
      <Page />
    </QueryClientProvider>,
  )
  await waitFor(() => expect(screen.getByTestId('two').dataset['isFetching']).toBe('false'))
  const letGo = hold('patch')
  await painted()
  void table.patch(1, { name: 'first' })
  await nextTask()
  screen.getByTestId('two').click()
  const seen: (string | null)[] = []
  for (let frame = 0; frame < 4; frame += 1) {
    await painted()
    seen.push(screen.getByTestId('two').textContent)
  }
  letGo()
  await waitFor(() => expect(table.pending).toEqual([]))
  expect(seen).toEqual(['mine', 'mine', 'mine', 'mine'])
})

test('a listener of the client that throws does not keep later writes from being shown', async () => {
  const { table, wrapper, client, hold } = makeHarness(3)
  const thrown: unknown[] = []
  const listen = (event: ErrorEvent): void => {
    event.preventDefault()
    thrown.push(event.error)
  }
  window.addEventListener('error', listen)
  onTestFinished(() => window.removeEventListener('error', listen))
  const { result } = renderHook(() => useLivePage(table, 1), { wrapper })
  await waitFor(() => expect(result.current.isFetching).toBe(false))
  const letGo = hold('patch')
  const error = new Error('once')
  let isBroken = true
  client.getQueryCache().subscribe(({ type }) => {
    if (!isBroken || type !== 'updated') return
    isBroken = false
    throw error
  })
  act(() => void table.patch(1, { name: 'first' }))
  act(() => void table.patch(2, { name: 'second' }))
  await waitFor(() => expect(namesOf(result.current.rows)).toEqual(['first', 'second', 'order 3']))
  act(() => void table.patch(3, { name: 'third' }))
  await waitFor(() => expect(namesOf(result.current.rows)).toEqual(['first', 'second', 'third']))
  letGo()
  await waitFor(() => expect(table.pending).toEqual([]))
  expect(thrown).toEqual([error])
})

test('the rows of the former page show a write while another page is on its way', async () => {
  const { table, wrapper, hold } = makeHarness()
  const { result, rerender } = renderHook(({ page }) => useLivePage(table, page), { wrapper, initialProps: { page: 1 } })
  await waitFor(() => expect(result.current.rows).toHaveLength(10))
  const letGo = hold('list', 'patch')
  rerender({ page: 3 })
  await waitFor(() => expect(result.current.isPlaceholderData).toBe(true))
  act(() => void table.patch(2, { name: 'mine' }))
  await waitFor(() => expect(namesOf(result.current.rows)[1]).toBe('mine'))
  expect(result.current.isPlaceholderData).toBe(true)
  letGo()
  await waitFor(() => expect(table.pending).toEqual([]))
})

test('a mistaken call, or one to a closed table, is not swallowed', async () => {
  const { table, wrapper } = makeHarness(3)
  const unhandled: unknown[] = []
  const listen = (event: PromiseRejectionEvent): void => {
    event.preventDefault()
    unhandled.push(event.reason)
  }
  window.addEventListener('unhandledrejection', listen)
  onTestFinished(() => window.removeEventListener('unhandledrejection', listen))
  const { result } = renderHook(() => useLiveWrites(table), { wrapper })
  act(() => void result.current.patch(Number.NaN, { name: 'x' }))
  table.close()
  act(() => void result.current.patch(2, { name: 'lost' }))
  await waitFor(() => expect(unhandled).toHaveLength(2))
  expect(new Set(unhandled.map((error) => error instanceof LiveError && error.code))).toEqual(new Set(['argument', 'closed']))
})

test('data that were made by hand of rows with a pending write do not keep it when it is taken back', async () => {
  const { table, client, wrapper, hold } = makeHarness(3)
  const { result } = renderHook(() => useLivePage(table, 1), { wrapper })
  await waitFor(() => expect(result.current.rows).toHaveLength(3))
  const cancelling = new AbortController()
  const letGo = hold('patch')
  void table.patch(1, { name: 'first' })
  const written = table.patch(2, { name: 'mine' }, { signal: cancelling.signal }).catch(() => undefined)
  await waitFor(() => expect(namesOf(result.current.rows)[1]).toBe('mine'))
  act(() => void client.setQueryData(livePageOptions(table, 1).queryKey, (page) => page && { ...page, total: 99 }))
  cancelling.abort()
  await written
  await waitFor(() => expect(namesOf(result.current.rows)[1]).toBe('order 2'))
  letGo()
  await waitFor(() => expect(table.pending).toEqual([]))
})

test('a table that takes the place of another one of its cache key shows its own writes', async () => {
  const [former, next] = [makeHarness(3), makeHarness(3)]
  const { result, rerender } = renderHook(({ table }) => useLivePage(table, 1), {
    wrapper: former.wrapper,
    initialProps: { table: former.table },
  })
  await waitFor(() => expect(result.current.rows).toHaveLength(3))
  former.table.close()
  rerender({ table: next.table })
  const letGo = next.hold('patch')
  act(() => void next.table.patch(2, { name: 'mine' }))
  await waitFor(() => expect(namesOf(result.current.rows)[1]).toBe('mine'))
  letGo()
  await waitFor(() => expect(next.table.pending).toEqual([]))
})

function nextTask(): Promise<unknown> {
  return new Promise((resolve) => setTimeout(resolve))
}

/** Resolves when a frame has been drawn. */
async function painted(): Promise<void> {
  await new Promise((resolve) => requestAnimationFrame(resolve))
  await nextTask()
}
