import { dehydrate, hydrate, IsRestoringProvider, keepPreviousData } from '@tanstack/react-query'
import { cleanup, render, renderHook, waitFor } from '@testing-library/react'
import { memoryCache, type Page } from '@vantage-live/core'
import { Profiler, useLayoutEffect, type ReactNode } from 'react'
import { afterEach, describe, expect, test } from 'vitest'
import { livePageOptions } from './live-page-options.ts'
import { liveRowOptions } from './live-row-options.ts'
import { fetchQuery } from './testing/fetch-query.ts'
import { makeHarness, type Harness, type Order } from './testing/harness.tsx'
import { expectNoReactWarnings, nextTask } from './testing/react-warnings.ts'
import { useLivePage } from './use-live-page.ts'
import { useLiveRow, type UseLiveRowOptions } from './use-live-row.ts'

/** Options of a row that do not shape its data. */
type Options = Omit<UseLiveRowOptions<Order>, 'select'>

expectNoReactWarnings()

afterEach(cleanup)

const written = { row: { id: 1, name: 'written', status: 'open' }, fetchedAt: 0, stale: false } as const

describe('subscribed: false', () => {
  test('asks nothing and hears nothing; subscribed again, it asks and hears', async () => {
    const { table, wrapper, calls, stream, master } = makeHarness(3)
    const { result, rerender } = renderHook(({ subscribed }) => useLiveRow(table, 1, { subscribed }), {
      wrapper,
      initialProps: { subscribed: false },
    })
    await nextTask()
    expect(result.current).toMatchObject({ status: 'pending', fetchStatus: 'idle' })
    expect(calls).toEqual([])

    rerender({ subscribed: true })
    expect(result.current.fetchStatus).toBe('fetching')
    await waitFor(() => expect(result.current.data?.name).toBe('order 1'))
    await master.patch(1, { name: 'renamed' })
    stream.emit({ type: 'updated', id: 1 })
    await waitFor(() => expect(result.current.data?.name).toBe('renamed'))
    expect(calls).toHaveLength(2)

    rerender({ subscribed: false })
    stream.emit({ type: 'updated', id: 1 })
    await nextTask()
    expect(calls).toHaveLength(2)
  })

  test('what another component is shown is shown here at the next rendering', async () => {
    const { table, wrapper } = makeHarness(3)
    const { result, rerender } = renderHook(() => useLiveRow(table, 1, { subscribed: false }), { wrapper })
    const other = renderHook(() => useLiveRow(table, 1), { wrapper })
    await waitFor(() => expect(other.result.current.data?.name).toBe('order 1'))
    expect(result.current.data).toBeUndefined()
    rerender()
    expect(result.current.data?.name).toBe('order 1')
  })

  test('what comes between the rendering and its effects is not missed', async () => {
    const { table, wrapper, client } = makeHarness(3)
    const { result } = renderHook(
      () => {
        useLayoutEffect(() => {
          client.setQueryData(liveRowOptions(table, 1).queryKey, written)
        }, [])
        return useLiveRow(table, 1, { subscribed: false })
      },
      { wrapper },
    )
    await waitFor(() => expect(result.current.data?.name).toBe('written'))
  })
})

describe('while a persisted client is restored', () => {
  function Row({ table }: Pick<Harness, 'table'>) {
    const { data, fetchStatus } = useLiveRow(table, 1)
    return `${data?.name ?? 'nothing yet'}, ${fetchStatus}`
  }

  function renderRestoring({ table, wrapper: Wrapper }: Harness): { readonly text: () => string | null; readonly end: () => void } {
    const tree = (isRestoring: boolean): ReactNode => (
      <Wrapper>
        <IsRestoringProvider value={isRestoring}>
          <Row table={table} />
        </IsRestoringProvider>
      </Wrapper>
    )
    const { container, rerender } = render(tree(true))
    return { text: () => container.textContent, end: () => rerender(tree(false)) }
  }

  test('nothing is asked; afterwards what was not there is', async () => {
    const harness = makeHarness(3)
    const { text, end } = renderRestoring(harness)
    await nextTask()
    expect([text(), harness.calls]).toEqual(['nothing yet, idle', []])
    end()
    expect(text()).toBe('nothing yet, fetching')
    await waitFor(() => expect(text()).toBe('order 1, idle'))
    expect(harness.calls).toHaveLength(1)
  })

  test('what is restored is shown afterwards, and not asked for', async () => {
    const server = makeHarness(3)
    await fetchQuery(server.client, liveRowOptions(server.table, 1))
    const harness = makeHarness(3)
    const { text, end } = renderRestoring(harness)
    hydrate(harness.client, dehydrate(server.client))
    end()
    await nextTask()
    expect([text(), harness.calls]).toEqual(['order 1, idle', []])
  })
})

describe('a component renders', () => {
  /** Renders a row with these options, of which only the given properties are read, and counts its commits. */
  function countCommits(harness: Harness, options: Options, ...read: readonly ('data' | 'isFetching')[]) {
    let commits = 0
    function Row() {
      const row = useLiveRow(harness.table, 1, options)
      return read.map((key) => String(row[key] !== undefined)).join()
    }
    render(
      <Profiler id="row" onRender={() => (commits += 1)}>
        <Row />
      </Profiler>,
      { wrapper: harness.wrapper },
    )
    return () => {
      const counted = commits
      commits = 0
      return counted
    }
  }

  test.each<[string, Options, readonly ('data' | 'isFetching')[], { begins: number; ends: number }]>([
    ['where what it reads has changed', {}, ['isFetching'], { begins: 1, ends: 1 }],
    ['not where only something else has', {}, ['data'], { begins: 0, ends: 1 }],
    ['for what notifyOnChangeProps names', { notifyOnChangeProps: ['isFetching'] }, ['data'], { begins: 1, ends: 1 }],
    ['not for what it does not name, though it is read', { notifyOnChangeProps: ['data'] }, ['isFetching'], { begins: 0, ends: 1 }],
    ['for what its function names', { notifyOnChangeProps: () => ['data'] }, ['isFetching'], { begins: 0, ends: 1 }],
    ['for everything where its function does not say', { notifyOnChangeProps: () => undefined }, ['data'], { begins: 1, ends: 1 }],
    ['for nothing where it names nothing', { notifyOnChangeProps: [] }, ['data', 'isFetching'], { begins: 0, ends: 0 }],
    ['for everything where it says so', { notifyOnChangeProps: 'all' }, [], { begins: 1, ends: 1 }],
  ])('%s', async (_, options, read, { begins, ends }) => {
    const harness = makeHarness(3)
    const { client, table, master, hold, calls } = harness
    await fetchQuery(client, liveRowOptions(table, 1))
    const commits = countCommits(harness, options, ...read)
    await nextTask()
    expect(commits()).toBe(1)

    await master.patch(1, { name: 'renamed' })
    const release = hold()
    // Not awaited: it is over when the row is there.
    void client.refetchQueries({ queryKey: liveRowOptions(table, 1).queryKey })
    await nextTask()
    expect(calls).toHaveLength(2)
    expect(commits()).toBe(begins)
    release()
    await nextTask()
    expect(client.isFetching()).toBe(0)
    expect(commits()).toBe(ends)
  })
})

describe('rows of before, while others are on their way', () => {
  const firstName = ({ rows }: Page<Order>): string | undefined => rows[0]?.name
  const count = ({ rows }: Page<Order>): string => `${rows.length} rows`

  test('are selected from anew when select changes', async () => {
    const { table, wrapper, hold } = makeHarness(25)
    const { result, rerender } = renderHook(({ page, select }) => useLivePage(table, page, { select }), {
      wrapper,
      initialProps: { page: 1, select: firstName },
    })
    await waitFor(() => expect(result.current.data).toBe('order 1'))
    hold()
    rerender({ page: 2, select: firstName })
    expect(result.current).toMatchObject({ data: 'order 1', isPlaceholderData: true })
    rerender({ page: 2, select: count })
    expect(result.current).toMatchObject({ data: '10 rows', isPlaceholderData: true })
  })

  test('stay through several page changes, until one arrives', async () => {
    const { table, wrapper, hold } = makeHarness(25)
    const { result, rerender } = renderHook(({ page }) => useLivePage(table, page), { wrapper, initialProps: { page: 1 } })
    await waitFor(() => expect(result.current.rows[0]?.name).toBe('order 1'))
    const release = hold()
    for (const page of [2, 3]) {
      rerender({ page })
      await nextTask()
      expect(result.current).toMatchObject({ isPlaceholderData: true, data: { page: 1 } })
    }
    release()
    await waitFor(() => expect(result.current.rows[0]?.name).toBe('order 21'))
  })

  test('may be a row’s too, and are a row also where no id is known any more', async () => {
    const { table, wrapper } = makeHarness(3)
    const initialProps: { readonly id: number | undefined } = { id: 1 }
    const { result, rerender } = renderHook(({ id }) => useLiveRow(table, id, { placeholderData: keepPreviousData }), {
      wrapper,
      initialProps,
    })
    await waitFor(() => expect(result.current.data).toMatchObject({ id: 1 }))
    rerender({ id: 2 })
    expect(result.current).toMatchObject({ isPlaceholderData: true, data: { id: 1, name: 'order 1' } })
    await waitFor(() => expect(result.current.data).toMatchObject({ id: 2 }))
    rerender({ id: undefined })
    expect(result.current).toMatchObject({ isPlaceholderData: true, data: { id: 2, name: 'order 2' } })
  })
})

test('a page that is stale in the cache costs one commit for that and one for what the master says', async () => {
  const cache = memoryCache()
  const before = makeHarness(25, cache)
  await before.table.list({ page: 1 })
  await before.table.invalidate()
  const { table, wrapper, master, client } = makeHarness(25, cache)
  await master.patch(1, { name: 'renamed' })
  const names: (string | undefined)[] = []
  function First() {
    return useLivePage(table, 1).rows[0]?.name
  }
  render(
    <Profiler id="first" onRender={() => names.push(document.body.textContent?.trim())}>
      <First />
    </Profiler>,
    { wrapper },
  )
  await waitFor(() => expect(client.getQueryData(livePageOptions(table, 1).queryKey)?.stale).toBe(false))
  await nextTask()
  expect(names.slice(1)).toEqual(['order 1', 'renamed'])
})
