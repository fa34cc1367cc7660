import { renderHook, waitFor } from '@testing-library/react'
import { memoryCache, type Cache } from '@vantage-live/core'
import { expect, test } from 'vitest'
import { liveKeys } from './live-keys.ts'
import { atRest } from './testing/at-rest.ts'
import { makeHarness, namesOf, type Harness } from './testing/harness.tsx'
import { useLivePage } from './use-live-page.ts'

test('flipping to a page beside the one that is shown shows it at once, where it is cached', async () => {
  const harness = await withCachedPages(1, 2, 3)
  const { result, rerender } = showPage(harness, 2)
  await waitFor(() => expect(namesOf(result.current.rows)[0]).toBe('order 11'))
  await waitFor(() => expect(held(harness)).toEqual([1, 2, 3]))

  rerender({ page: 3 })
  expect(result.current).toMatchObject({ isPlaceholderData: false, isFetching: false, isStale: false })
  expect(namesOf(result.current.rows)[0]).toBe('order 21')
  rerender({ page: 2 })
  rerender({ page: 1 })
  expect(namesOf(result.current.rows)[0]).toBe('order 1')
  expect(harness.calls).toEqual([])
})

test('the master is never asked for them, and what is not cached leaves no trace in the client', async () => {
  const harness = await withCachedPages(2)
  const { result } = showPage(harness, 2)
  await waitFor(() => expect(result.current.isSuccess).toBe(true))
  await atRest()
  expect(harness.calls).toEqual([])
  expect(
    harness.client
      .getQueryCache()
      .getAll()
      .map(({ queryKey }) => queryKey),
  ).toEqual([liveKeys.page(harness.table, 2)])
})

test('before the first page there is none', async () => {
  const harness = await withCachedPages(1, 2)
  const { result } = showPage(harness, 1)
  await waitFor(() => expect(held(harness)).toEqual([1, 2]))
  expect(result.current.error).toBeNull()
})

test('one that is stale is shown as stale, and asked for only when it is opened', async () => {
  const harness = await withCachedPages(1, 2)
  await harness.table.invalidate()
  await harness.table.list({ page: 1 })
  harness.calls.length = 0
  const { result, rerender } = showPage(harness, 1)
  await waitFor(() => expect(held(harness)).toEqual([1, 2]))
  await atRest()
  expect(harness.calls).toEqual([])

  const release = harness.hold()
  rerender({ page: 2 })
  expect(result.current).toMatchObject({ isPlaceholderData: false, isStale: true, isFetching: true })
  release()
  await waitFor(() => expect(result.current).toMatchObject({ isStale: false, isFetching: false }))
  expect(harness.calls).toEqual([{ method: 'list', query: { page: 2, pageSize: 10 } }])
})

test('promise 1: one that is invalidated while it is being read is not shown as fresh', async () => {
  const cache = heldCache()
  const harness = await withCachedPages(1, 2, cache)
  const { result, rerender } = showPage(harness, 1)
  cache.hold('"page",2')
  await waitFor(() => expect(result.current.isSuccess).toBe(true))
  await waitFor(() => expect(cache.waiting).toBe(1))
  await harness.master.patch(11, { name: 'renamed' })
  await harness.table.invalidate()
  cache.release()
  await waitFor(() => expect(result.current.isFetching).toBe(false))
  rerender({ page: 2 })
  await waitFor(() => expect(namesOf(result.current.rows)[0]).toBe('renamed'))
  expect(result.current.isStale).toBe(false)
})

test('one that is invalidated after it was read ahead is renewed when it is opened', async () => {
  const harness = await withCachedPages(1, 2)
  const { result, rerender } = showPage(harness, 1)
  await waitFor(() => expect(held(harness)).toEqual([1, 2]))
  await harness.master.patch(11, { name: 'renamed' })
  await harness.table.invalidate()
  rerender({ page: 2 })
  expect(result.current.isStale).toBe(true)
  await waitFor(() => expect(namesOf(result.current.rows)[0]).toBe('renamed'))
})

async function withCachedPages(...pages: readonly (number | Cache)[]): Promise<Harness> {
  const cache = pages.find((each) => typeof each === 'object') ?? memoryCache()
  const harness = makeHarness(50, cache)
  for (const page of pages) if (typeof page === 'number') await harness.table.list({ page })
  harness.calls.length = 0
  return harness
}

function showPage({ table, wrapper }: Harness, page: number) {
  return renderHook(
    (props) => {
      const { rows, error, isSuccess, isFetching, isPlaceholderData, isStale } = useLivePage(table, props.page)
      return { rows, error, isSuccess, isFetching, isPlaceholderData, isStale }
    },
    { wrapper, initialProps: { page } },
  )
}

/** The pages that the client has. */
function held({ client, table }: Harness): number[] {
  return [1, 2, 3, 4].filter((page) => client.getQueryData(liveKeys.page(table, page)) !== undefined)
}

/** A cache whose reads of certain slots can be held back. */
function heldCache(): Cache & { readonly waiting: number; hold(part: string): void; release(): void } {
  const cache = memoryCache()
  let part: string | undefined
  let waiting: (() => void)[] = []
  return {
    ...cache,
    get waiting() {
      return waiting.length
    },
    hold: (next) => {
      part = next
    },
    release: () => {
      part = undefined
      for (const release of waiting) release()
      waiting = []
    },
    async read(slot) {
      const found = await cache.read(slot)
      if (part !== undefined && slot.key.includes(part)) await new Promise<void>((resolve) => waiting.push(resolve))
      return found
    },
  }
}
