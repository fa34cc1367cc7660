import { act, cleanup, renderHook, waitFor } from '@testing-library/react'
import { memoryCache, type Cache } from '@vantage-live/core'
import { StrictMode } from 'react'
import { afterEach, expect, test } from 'vitest'
import { makeHarness } from './testing/harness.tsx'
import { expectNoReactWarnings } from './testing/react-warnings.ts'
import { useLiveStorage } from './use-live-storage.ts'

expectNoReactWarnings()
afterEach(cleanup)

test('promise 7: tells that the storage fails, why, and that it works again; also to a view', async () => {
  let isFull = true
  const memory = memoryCache()
  const cache: Cache = {
    ...memory,
    fill: (slot, entry) => (isFull ? Promise.reject(new DOMException('no room', 'QuotaExceededError')) : memory.fill(slot, entry)),
  }
  const { table } = makeHarness(3, cache)
  const { result } = renderHook(() => useLiveStorage(table.view({ search: 'x' })), { wrapper: StrictMode })
  expect(result.current).toMatchObject({ storage: 'memory' })
  expect(result.current).toBe(table.storageStatus)
  await act(() => table.list({ page: 1 }))
  await waitFor(() => expect(result.current).toMatchObject({ storage: 'degraded', reason: 'full' }))
  isFull = false
  await act(() => table.list({ page: 2 }))
  await waitFor(() => expect(result.current).toMatchObject({ storage: 'memory' }))
  expect(result.current).not.toHaveProperty('reason')
})

test('promise 7: what is mounted is pinned, for as long as it is', async () => {
  const pinned = new Set<string>()
  const cache: Cache = {
    ...memoryCache(),
    pin: ({ key }) => {
      pinned.add(key)
      return () => pinned.delete(key)
    },
  }
  const { table, wrapper } = makeHarness(25, cache)
  const { useLivePage } = await import('./use-live-page.ts')
  const { useLiveRow } = await import('./use-live-row.ts')
  const { rerender, unmount } = renderHook(({ page }) => [useLivePage(table, page), useLiveRow(table, 7)], {
    wrapper,
    initialProps: { page: 1 },
  })
  expect([...pinned].sort()).toEqual([table.idCacheKey(7), table.pageCacheKey(1)].sort())
  rerender({ page: 2 })
  expect([...pinned].sort()).toEqual([table.idCacheKey(7), table.pageCacheKey(2)].sort())
  unmount()
  expect([...pinned]).toEqual([])
})
