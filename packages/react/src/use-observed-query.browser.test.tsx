import { dehydrate, hydrate, QueryClientProvider, useSuspenseQuery } from '@tanstack/react-query'
import { cleanup, render, screen, waitFor } from '@testing-library/react'
import { idbCache, memoryCache } from '@vantage-live/core'
import { Profiler, Suspense, type ReactNode } from 'react'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { livePageOptions } from './live-page-options.ts'
import { liveRowOptions } from './live-row-options.ts'
import { fetchQuery } from './testing/fetch-query.ts'
import { makeHarness, type Harness } from './testing/harness.tsx'
import { expectNoReactWarnings, nextTask } from './testing/react-warnings.ts'
import { useLivePage } from './use-live-page.ts'
import { useLiveRow } from './use-live-row.ts'

type Table = Pick<Harness, 'table'>

expectNoReactWarnings()

afterEach(() => {
  vi.useRealTimers()
  cleanup()
})

function Name({ table, id }: Table & { readonly id: number }) {
  return <li>{useLiveRow(table, id).data?.name ?? 'nothing yet'}</li>
}

function onScreen(): string {
  return document.body.textContent?.trim() ?? ''
}

/** Notes what is on screen after each commit that changes its children. */
function Recorder({ texts, children }: { readonly texts: string[]; readonly children: ReactNode }) {
  return (
    <Profiler id="recorder" onRender={() => texts.push(onScreen())}>
      {children}
    </Profiler>
  )
}

describe('what comes is shown in the task in which it came', () => {
  const ids = Array.from({ length: 50 }, (_, index) => index + 1)

  test.each([
    ['memory', () => memoryCache()],
    ['IndexedDB', () => idbCache({ name: crypto.randomUUID() })],
  ])('50 rows that are read from the cache in one task, here in %s, are one commit', async (_, makeCache) => {
    const cache = makeCache()
    const before = makeHarness(50, cache)
    await Promise.all(ids.map((id) => before.table.get(id)))

    const { table, wrapper, calls } = makeHarness(50, cache)
    const shown: number[] = []
    render(
      <Profiler id="rows" onRender={() => shown.push(onScreen().split('order').length - 1)}>
        {ids.map((id) => (
          <Name key={id} table={table} id={id} />
        ))}
      </Profiler>,
      { wrapper },
    )
    expect(shown).toEqual([0])
    await screen.findByText('order 50')
    await nextTask()
    expect(shown).toEqual([0, 50])
    expect(calls).toEqual([])
  })

  test('no timer has to fire for it: neither for what is cached, nor for what the master answers, nor for an event', async () => {
    const cache = memoryCache()
    await makeHarness(3, cache).table.get(1)
    const { table, wrapper, master, stream, calls } = makeHarness(3, cache)
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'requestAnimationFrame', 'requestIdleCallback'] })
    render(
      <>
        <Name table={table} id={1} />
        <Name table={table} id={2} />
      </>,
      { wrapper },
    )
    expect(onScreen()).toBe('nothing yetnothing yet')
    await nextTask()
    expect(onScreen()).toBe('order 1order 2')
    expect(calls).toEqual([{ method: 'get', id: 2 }])

    await master.patch(2, { name: 'renamed' })
    stream.emit({ type: 'updated', id: 2 })
    await nextTask()
    expect(onScreen()).toBe('order 1renamed')
  })

  test('several answers of one task are one commit', async () => {
    const { table, wrapper, client } = makeHarness(3)
    const texts: string[] = []
    const options = { subscribed: true, enabled: false }
    function Sum() {
      return <p>{[useLiveRow(table, 1, options), useLiveRow(table, 2, options)].map(({ data }) => data?.name ?? '…').join(' and ')}</p>
    }
    render(
      <Recorder texts={texts}>
        <Sum />
        <Name table={table} id={3} />
      </Recorder>,
      { wrapper },
    )
    await screen.findByText('order 3')
    texts.length = 0
    for (const id of [1, 2]) {
      client.setQueryData(liveRowOptions(table, id).queryKey, {
        row: { id, name: `set ${id}`, status: 'open' },
        fetchedAt: 0,
        stale: false,
      })
    }
    await nextTask()
    expect(texts).toEqual(['set 1 and set 2order 3'])
  })

  test('what is known already is shown by the first commit', async () => {
    const server = makeHarness(3)
    await fetchQuery(server.client, liveRowOptions(server.table, 1))
    const { table, wrapper, client, calls } = makeHarness(3)
    hydrate(client, dehydrate(server.client))
    const texts: string[] = []
    render(
      <Recorder texts={texts}>
        <Name table={table} id={1} />
      </Recorder>,
      { wrapper },
    )
    await nextTask()
    expect([texts, calls]).toEqual([['order 1'], []])
  })
})

describe('a component that renders may touch the query of another one', () => {
  test('by beginning a fetch of it', async () => {
    const { table, wrapper, hold, calls } = makeHarness(25)
    const release = hold()
    function Mounted() {
      const { isFetching, rows } = useLivePage(table, 1, { enabled: false })
      return <p>{`${isFetching ? 'fetching' : 'idle'}, ${rows.length} rows`}</p>
    }
    function Suspending() {
      return <p>{useSuspenseQuery(livePageOptions(table, 1)).data.rows[0]?.name}</p>
    }
    const tree = (isWithBoth: boolean): ReactNode => (
      <>
        <Mounted />
        <Suspense fallback="loading">{isWithBoth && <Suspending />}</Suspense>
      </>
    )
    const { rerender } = render(tree(false), { wrapper })
    expect(onScreen()).toBe('idle, 0 rows')
    rerender(tree(true))
    await screen.findByText('fetching, 0 rows')
    release()
    await screen.findByText('order 1')
    expect(onScreen()).toBe('idle, 10 rowsorder 1')
    expect(calls).toHaveLength(1)
  })

  test('by writing to it', async () => {
    const { table, wrapper, client } = makeHarness(3)
    const { queryKey } = liveRowOptions(table, 1)
    function Writing() {
      client.setQueryData(queryKey, { row: { id: 1, name: 'written', status: 'open' }, fetchedAt: 0, stale: false })
      return null
    }
    const tree = (isWriting: boolean): ReactNode => (
      <>
        <Name table={table} id={1} />
        {isWriting && <Writing />}
      </>
    )
    const { rerender } = render(tree(false), { wrapper })
    await screen.findByText('order 1')
    rerender(tree(true))
    expect((await screen.findByText('written')).tagName).toBe('LI')
  })
})

describe('who is shown what', () => {
  test('two components with one query: one request, one commit, and one that goes leaves it to the other', async () => {
    const { table, wrapper, master, stream, calls, client } = makeHarness(3)
    const texts: string[] = []
    const tree = (isWithBoth: boolean): ReactNode => (
      <Recorder texts={texts}>
        <Name table={table} id={1} />
        {isWithBoth && <Name table={table} id={1} />}
      </Recorder>
    )
    const { rerender } = render(tree(true), { wrapper })
    await screen.findAllByText('order 1')
    expect(texts).toEqual(['nothing yetnothing yet', 'order 1order 1'])
    expect(calls).toHaveLength(1)

    rerender(tree(false))
    await master.patch(1, { name: 'renamed' })
    stream.emit({ type: 'updated', id: 1 })
    await screen.findByText('renamed')
    expect(calls).toHaveLength(2)
    expect(client.getQueryCache().findAll({ type: 'active' })).toHaveLength(1)
  })

  test('another key: the answer to the former one is not shown any more, and its request is given up', async () => {
    const { table, wrapper, hold, calls, client } = makeHarness(3)
    const release = hold()
    const texts: string[] = []
    const tree = (id: number): ReactNode => (
      <Recorder texts={texts}>
        <Name table={table} id={id} />
      </Recorder>
    )
    const { rerender } = render(tree(1), { wrapper })
    await waitFor(() => expect(calls).toHaveLength(1))
    rerender(tree(2))
    await waitFor(() => expect(calls).toHaveLength(2))
    release()
    await screen.findByText('order 2')
    await nextTask()
    expect(texts.filter((text) => text !== 'nothing yet')).toEqual(['order 2'])
    expect(client.getQueryState(liveRowOptions(table, 1).queryKey)).toMatchObject({ fetchStatus: 'idle', data: undefined })
  })

  test('another key whose row is known: it is shown in the same commit', async () => {
    const { table, wrapper, client } = makeHarness(3)
    await fetchQuery(client, liveRowOptions(table, 2))
    const texts: string[] = []
    const tree = (id: number): ReactNode => (
      <Recorder texts={texts}>
        <Name table={table} id={id} />
      </Recorder>
    )
    const { rerender } = render(tree(1), { wrapper })
    await screen.findByText('order 1')
    rerender(tree(2))
    await nextTask()
    expect(texts).toEqual(['nothing yet', 'order 1', 'order 2'])
  })

  test('unmounted while the master is asked: nothing is left behind, and the next one is shown it', async () => {
    const { table, wrapper, hold, calls, client } = makeHarness(3)
    const release = hold()
    const { unmount } = render(<Name table={table} id={1} />, { wrapper })
    await waitFor(() => expect(calls).toHaveLength(1))
    unmount()
    release()
    await nextTask()
    expect(client.getQueryState(liveRowOptions(table, 1).queryKey)).toMatchObject({ fetchStatus: 'idle', data: undefined })
    expect(client.getQueryCache().findAll({ type: 'active' })).toEqual([])
    render(<Name table={table} id={1} />, { wrapper })
    await screen.findByText('order 1')
  })

  test('unmounted between the news and its being shown: nothing happens', async () => {
    const { table, wrapper, client } = makeHarness(3)
    const { unmount } = render(<Name table={table} id={1} />, { wrapper })
    await screen.findByText('order 1')
    client.setQueryData(liveRowOptions(table, 1).queryKey, { row: undefined, fetchedAt: 0, stale: false })
    unmount()
    await nextTask()
    expect(onScreen()).toBe('')
  })

  test('promise 19: without StrictMode it is as with it', async () => {
    const { table, client, calls } = makeHarness(3)
    const { unmount } = render(
      <QueryClientProvider client={client}>
        <Name table={table} id={1} />
      </QueryClientProvider>,
    )
    await screen.findByText('order 1')
    expect(calls).toHaveLength(1)
    unmount()
    expect(client.getQueryCache().findAll({ type: 'active' })).toEqual([])
  })
})
