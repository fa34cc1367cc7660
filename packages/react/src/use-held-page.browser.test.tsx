import { QueryClientProvider } from '@tanstack/react-query'
import { act, cleanup, render, renderHook, screen, waitFor } from '@testing-library/react'
import { memoryCache, type LiveTable, type Page } from '@vantage-live/core'
import { Profiler, useState, type ReactNode } from 'react'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { livePageOptions } from './live-page-options.ts'
import { makeHarness, namesOf, type Harness, type Order } from './testing/harness.tsx'
import { expectNoReactWarnings } from './testing/react-warnings.ts'
import { useLivePage, type UseLivePageOptions } from './use-live-page.ts'

expectNoReactWarnings()
afterEach(cleanup)

describe('what others do', () => {
  test('a row that they insert waits until apply(), and says so', async () => {
    const { view, insertBehind, result } = await showNewest(5)
    expect(result.current).toMatchObject({ newCount: 0, isHeld: false })
    await insertBehind('theirs')
    await waitFor(() => expect(result.current.newCount).toBe(1))
    expect(namesOf(result.current.rows)).toEqual(['order 5', 'order 4', 'order 3', 'order 2', 'order 1'])
    expect(result.current).toMatchObject({ isHeld: true, total: 5, isStale: false, isFetching: false })
    await insertBehind('theirs too')
    await waitFor(() => expect(result.current.newCount).toBe(2))
    act(() => result.current.apply())
    expect(namesOf(result.current.rows).slice(0, 3)).toEqual(['theirs too', 'theirs', 'order 5'])
    expect(result.current).toMatchObject({ newCount: 0, isHeld: false, total: 7 })
    expect(result.current.rows).toBe((await view.list({ page: 1 })) && result.current.data?.rows)
  })

  test('a row that they delete stays, with its last values, and those of the others are kept right', async () => {
    const { stream, master, result } = await showNewest(5)
    await master.delete(4)
    act(() => stream.emit({ type: 'deleted', id: 4 }))
    await waitFor(() => expect(result.current.isHeld).toBe(true))
    expect(result.current).toMatchObject({ newCount: 0, total: 5 })
    await master.patch(3, { name: 'renamed' })
    act(() => stream.emit({ type: 'updated', id: 3 }))
    await waitFor(() => expect(namesOf(result.current.rows)).toEqual(['order 5', 'order 4', 'renamed', 'order 2', 'order 1']))
    act(() => result.current.apply())
    expect(namesOf(result.current.rows)).toEqual(['order 5', 'renamed', 'order 2', 'order 1'])
  })

  test('a value in an event shows in a page that is held, and promise 18: no other row is another object', async () => {
    const { stream, master, insertBehind, result } = await showNewest(5)
    await insertBehind('theirs')
    await waitFor(() => expect(result.current.isHeld).toBe(true))
    const before = result.current.rows
    await master.patch(3, { name: 'renamed' })
    act(() => stream.emit({ type: 'updated', id: 3, row: { id: 3, name: 'renamed', status: 'open' } }))
    await waitFor(() => expect(result.current.rows[2]?.name).toBe('renamed'))
    expect(result.current.rows.map((row, index) => row === before[index])).toEqual([true, true, false, true, true])
    expect(result.current).toMatchObject({ newCount: 1, isHeld: true })
  })

  test('while nothing would jump, all is as in apply mode', async () => {
    const { stream, master, view, result, client } = await showNewest(5)
    await master.patch(3, { name: 'renamed' })
    act(() => stream.emit({ type: 'updated', id: 3 }))
    await waitFor(() => expect(result.current.rows[2]?.name).toBe('renamed'))
    expect(result.current.data).toBe(client.getQueryData(livePageOptions(view, 1).queryKey))
  })
})

describe('the reader’s own writes', () => {
  test('show at once beside what waits, and are not new', async () => {
    const { table, insertBehind, hold, result } = await showNewest(5)
    await insertBehind('theirs')
    await waitFor(() => expect(result.current.isHeld).toBe(true))
    const letGo = hold('insert', 'patch', 'delete')
    const written: Promise<unknown>[] = []
    act(() => void written.push(table.insert({ name: 'mine', status: 'open' }), table.patch(4, { name: 'edited' }), table.delete(3)))
    // Where an order by id would put a row that has none yet.
    const mine = ['mine', 'order 5', 'edited', 'order 2', 'order 1']
    expect(namesOf(result.current.rows).toSorted()).toEqual(mine.toSorted())
    expect(result.current).toMatchObject({ newCount: 1, isHeld: true, total: 5 })
    letGo()
    await act(() => Promise.all(written))
    await waitFor(() => expect(result.current).toMatchObject({ isFetching: false }))
    expect(namesOf(result.current.rows)).toEqual(mine)
    expect(result.current).toMatchObject({ newCount: 1, isHeld: true, total: 5 })
    act(() => result.current.apply())
    expect(namesOf(result.current.rows)).toEqual(['mine', 'theirs', 'order 5', 'edited', 'order 2', 'order 1'])
  })

  test('leave nothing to apply by themselves', async () => {
    const { view, table, wrapper } = setUp(25)
    const seen = new Set<boolean>()
    const { result } = renderHook(
      () => {
        const page = { ...useLivePage(view, 1, { liveMode: 'notify' }) }
        seen.add(page.isHeld)
        return page
      },
      { wrapper },
    )
    await waitFor(() => expect(result.current.isSuccess).toBe(true))
    const shows = async (...expected: readonly (string | number)[]): Promise<void> => {
      const names = expected.map((name) => (typeof name === 'string' ? name : `order ${name}`))
      await waitFor(() => expect(namesOf(result.current.rows)).toEqual(names))
      await waitFor(() => expect(result.current.isFetching).toBe(false))
    }
    await act(() => table.delete(20))
    await shows(25, 24, 23, 22, 21, 19, 18, 17, 16, 15)
    await act(async () => void (await table.insert({ name: 'mine', status: 'open' })))
    await shows('mine', 25, 24, 23, 22, 21, 19, 18, 17, 16)
    await act(async () => void (await table.insert({ id: 99, name: 'mine too', status: 'open' })))
    await shows('mine too', 'mine', 25, 24, 23, 22, 21, 19, 18, 17)
    await act(async () => void (await table.patch(24, { name: 'edited' })))
    await shows('mine too', 'mine', 25, 'edited', 23, 22, 21, 19, 18, 17)
    expect(seen).toEqual(new Set([false]))
  })

  test('that are refused are taken back from a page that is held', async () => {
    const { table, insertBehind, failWith, result } = await showNewest(5)
    await insertBehind('theirs')
    await waitFor(() => expect(result.current.isHeld).toBe(true))
    failWith(Object.assign(new Error('refused'), { status: 422 }))
    let written: Promise<unknown> | undefined
    act(() => {
      written = table.patch(4, { name: 'edited' }).catch(() => undefined)
    })
    expect(result.current.rows[1]?.name).toBe('edited')
    await act(async () => written)
    await waitFor(() => expect(result.current.failed).toHaveLength(1))
    expect(namesOf(result.current.rows)).toEqual(['order 5', 'order 4', 'order 3', 'order 2', 'order 1'])
    expect(result.current.isHeld).toBe(true)
  })
})

describe('what is not held', () => {
  test('the first fresh page in place of the stale one from the cache', async () => {
    const cache = memoryCache()
    const former = makeHarness(3, cache)
    await former.table.list({ page: 1 })
    await former.table.invalidate()
    const { table, master, wrapper, hold } = makeHarness(3, cache)
    await master.delete(1)
    const release = hold()
    const { result } = renderHook(() => ({ ...useLivePage(table, 1, { liveMode: 'notify' }) }), { wrapper })
    await waitFor(() => expect(result.current).toMatchObject({ isStale: true, rows: { length: 3 } }))
    release()
    await waitFor(() => expect(namesOf(result.current.rows)).toEqual(['order 2', 'order 3']))
    expect(result.current).toMatchObject({ isHeld: false, newCount: 0 })
  })

  test('another page, from which one comes back to the page as it is by then; the former one stays as it was meanwhile', async () => {
    const { view, wrapper, insertBehind, hold } = setUp(25)
    const { result, rerender } = renderHook(({ page }) => ({ ...useLivePage(view, page, { liveMode: 'notify' }) }), {
      wrapper,
      initialProps: { page: 1 },
    })
    await waitFor(() => expect(result.current.isSuccess).toBe(true))
    await insertBehind('theirs')
    await waitFor(() => expect(result.current.isHeld).toBe(true))
    const held = result.current.rows
    const release = hold()
    rerender({ page: 2 })
    expect(result.current).toMatchObject({ isPlaceholderData: true, isHeld: true, newCount: 1 })
    expect(result.current.rows).toBe(held)
    release()
    await waitFor(() => expect(result.current.rows[0]?.name).toBe('order 16'))
    expect(result.current).toMatchObject({ isPlaceholderData: false, isHeld: false, newCount: 0, total: 26 })
    rerender({ page: 1 })
    expect(result.current.rows[0]?.name).toBe('theirs')
    expect(result.current).toMatchObject({ isHeld: false, newCount: 0 })
  })

  test('what refetch() brings, but not what comes after one that failed', async () => {
    const { master, stream, result, failWith, hold } = await showNewest(5)
    failWith(new Error('out of reach'))
    await act(() => result.current.refetch())
    expect(result.current.isError).toBe(true)
    failWith(undefined)
    await master.insert({ name: 'theirs', status: 'open' })
    act(() => stream.emit({ type: 'inserted', id: 6 }))
    await waitFor(() => expect(result.current).toMatchObject({ isHeld: true, isError: false }))
    await master.insert({ name: 'theirs too', status: 'open' })
    const release = hold()
    let answer: Promise<unknown> | undefined
    act(() => {
      answer = result.current.refetch()
    })
    // Until it is there.
    expect(result.current).toMatchObject({ isFetching: true, isHeld: true, newCount: 1 })
    release()
    await act(async () => answer)
    expect(namesOf(result.current.rows).slice(0, 3)).toEqual(['theirs too', 'theirs', 'order 5'])
    expect(result.current).toMatchObject({ isHeld: false, newCount: 0 })
    await master.delete(1)
    act(() => stream.emit({ type: 'deleted', id: 1 }))
    await waitFor(() => expect(result.current.isHeld).toBe(true))
  })

  test('anything, where the mode is changed to apply', async () => {
    const { view, wrapper, insertBehind } = setUp(3)
    const { result, rerender } = renderHook(({ liveMode }) => ({ ...useLivePage(view, 1, { liveMode }) }), {
      wrapper,
      initialProps: { liveMode: 'notify' as 'apply' | 'notify' },
    })
    await waitFor(() => expect(result.current.isSuccess).toBe(true))
    await insertBehind('theirs')
    await waitFor(() => expect(result.current.isHeld).toBe(true))
    rerender({ liveMode: 'apply' })
    expect(result.current).toMatchObject({ isHeld: false, newCount: 0, rows: [{ name: 'theirs' }, {}, {}, {}] })
    rerender({ liveMode: 'notify' })
    expect(result.current).toMatchObject({ isHeld: false, newCount: 0, rows: [{ name: 'theirs' }, {}, {}, {}] })
  })
})

test('in apply mode nothing is held, and apply() is there and does nothing', async () => {
  const { view, wrapper, insertBehind } = setUp(3)
  const { result } = renderHook(() => ({ ...useLivePage(view, 1) }), { wrapper })
  await waitFor(() => expect(result.current.isSuccess).toBe(true))
  const { apply } = result.current
  await insertBehind('theirs')
  await waitFor(() => expect(result.current.rows[0]?.name).toBe('theirs'))
  await waitFor(() => expect(result.current.isFetching).toBe(false))
  const { rows } = result.current
  act(() => apply())
  expect(result.current.rows).toBe(rows)
  expect(result.current).toMatchObject({ newCount: 0, isHeld: false })
  expect(result.current.apply).toBe(apply)
})

test('apply() and refetch() are the same functions at each render', async () => {
  const { insertBehind, result } = await showNewest(3)
  const { apply, refetch } = result.current
  await insertBehind('theirs')
  await waitFor(() => expect(result.current.isHeld).toBe(true))
  act(() => apply())
  expect(result.current.rows).toHaveLength(4)
  expect([result.current.apply, result.current.refetch]).toEqual([apply, refetch])
})

test('the same page may be held in one place and not in another', async () => {
  const { view, wrapper, insertBehind } = setUp(3)
  const { result } = renderHook(() => ({ held: { ...useLivePage(view, 1, { liveMode: 'notify' }) }, other: { ...useLivePage(view, 1) } }), {
    wrapper,
  })
  await waitFor(() => expect(result.current.held.isSuccess).toBe(true))
  expect(result.current.held.data).toBe(result.current.other.data)
  await insertBehind('theirs')
  await waitFor(() => expect(result.current.other.rows).toHaveLength(4))
  expect(namesOf(result.current.held.rows)).toEqual(['order 3', 'order 2', 'order 1'])
  expect(result.current.held).toMatchObject({ newCount: 1, isHeld: true })
})

describe('select', () => {
  test('gets the page that is held, and promise 18: what it makes is the same object while that is equal', async () => {
    const select = vi.fn<(page: Page<Order>) => { readonly names: string[] }>(({ rows }) => ({ names: namesOf(rows) }))
    const { stream, insertBehind, result } = await showNewest(3, { select })
    const { data } = result.current
    expect(data).toEqual({ names: ['order 3', 'order 2', 'order 1'] })
    act(() => stream.emit({ type: 'changed' }))
    await waitFor(() => expect(result.current.isFetching).toBe(false))
    await insertBehind('theirs')
    await waitFor(() => expect(result.current.isHeld).toBe(true))
    expect(result.current.data).toBe(data)
    const { length } = select.mock.calls
    await insertBehind('theirs too')
    await waitFor(() => expect(result.current.newCount).toBe(2))
    expect(select).toHaveBeenCalledTimes(length)
    act(() => result.current.apply())
    expect(result.current.data).toEqual({ names: ['theirs too', 'theirs', 'order 3', 'order 2', 'order 1'] })
  })

  test('written anew at each render, renders no more for it', async () => {
    const { view, wrapper, insertBehind } = setUp(3)
    const { result } = renderHook(
      () => ({ ...useLivePage(view, 1, { liveMode: 'notify', select: ({ rows }) => new Map(rows.map((row) => [row.id, row.name])) }) }),
      { wrapper },
    )
    await waitFor(() => expect(result.current.isSuccess).toBe(true))
    await insertBehind('theirs')
    await waitFor(() => expect(result.current.isHeld).toBe(true))
    expect(result.current.data).toEqual(new Map([1, 2, 3].map((id) => [id, `order ${id}`])))
  })

  test('may throw: that is the result’s error, as with TanStack Query', async () => {
    const error = new Error('cannot be selected')
    const select = (): never => {
      throw error
    }
    const { view, wrapper } = setUp(3)
    const { result } = renderHook(() => ({ ...useLivePage(view, 1, { liveMode: 'notify', select }) }), { wrapper })
    await waitFor(() => expect(result.current.isError).toBe(true))
    expect(result.current).toMatchObject({ error, status: 'error', isSuccess: false, data: undefined })
    expect(result.current.rows).toHaveLength(3)
  })
})

test('a placeholder of the app’s own is shown as it is, and what comes in its place too', async () => {
  const { view, wrapper, hold } = setUp(25)
  const other: Page<Order> = { rows: [{ id: 7, name: 'placeholder', status: 'open' }], page: 2, pageSize: 10, fetchedAt: 0, stale: false }
  const { result, rerender } = renderHook(
    ({ page }) => ({ ...useLivePage(view, page, { liveMode: 'notify', placeholderData: () => other }) }),
    { wrapper, initialProps: { page: 1 } },
  )
  await waitFor(() => expect(result.current.rows).toHaveLength(10))
  const release = hold()
  rerender({ page: 2 })
  expect(namesOf(result.current.rows)).toEqual(['placeholder'])
  release()
  await waitFor(() => expect(result.current.rows[0]?.name).toBe('order 15'))
  expect(result.current).toMatchObject({ isHeld: false, newCount: 0 })
})

test('a table that takes the place of another one of its cache key holds nothing of that one', async () => {
  const [former, next] = [makeHarness(3), makeHarness(4)]
  const { result, rerender } = renderHook(({ table }) => ({ ...useLivePage(table, 1, { liveMode: 'notify' }) }), {
    wrapper: former.wrapper,
    initialProps: { table: former.table },
  })
  await waitFor(() => expect(result.current.rows).toHaveLength(3))
  former.table.close()
  rerender({ table: next.table })
  await act(() => result.current.refetch())
  await waitFor(() => expect(result.current.rows).toHaveLength(4))
})

test('promise 20: a mode that is none is a clear error', () => {
  const { view, wrapper } = setUp(1)
  const liveMode = 'notfy' as 'notify'
  expect(() => renderHook(() => useLivePage(view, 1, { liveMode }), { wrapper })).toThrow(
    "liveMode is \"notfy\"; expected 'apply' or 'notify'",
  )
})

test('no frame and no commit shows anything but the rows that are held, whatever comes, goes and is written meanwhile', async () => {
  const { view, table, client, master, stream } = setUp(9)
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false)
  onTestFinished(() => void vi.unstubAllGlobals())
  const commits: string[] = []
  let apply: (() => void) | undefined
  function List(): ReactNode {
    const page = useLivePage(view, 1, { liveMode: 'notify' })
    const [, again] = useState(0)
    ;({ apply } = page)
    return (
      <>
        <p data-testid="rows">{page.rows.map(({ id }) => table.rowKey(id)).join(' ')}</p>
        <p data-testid="names">{namesOf(page.rows).join()}</p>
        <button onClick={() => again((count) => count + 1)}>{page.newCount}</button>
      </>
    )
  }
  const text = (): string => screen.getByTestId('rows').textContent
  render(
    <QueryClientProvider client={client}>
      <Profiler id="list" onRender={() => commits.push(document.querySelector('[data-testid=rows]')?.textContent ?? '')}>
        <List />
      </Profiler>
    </QueryClientProvider>,
  )
  await waitFor(() => expect(text()).toBe('9 8 7 6 5 4 3 2 1'))
  const seen: string[] = []
  const observer = new MutationObserver(() => void seen.push(text()))
  observer.observe(document.body, { subtree: true, childList: true, characterData: true })
  onTestFinished(() => observer.disconnect())

  // Inserted here, and pushed about by others all the while.
  const stored = await table.insert({ name: 'mine', status: 'open' })
  const own = table.rowKey(stored.id)
  await waitFor(() => expect(text()).toBe(`${own} 9 8 7 6 5 4 3 2 1`))
  commits.length = 0
  seen.length = 0
  for (let round = 0; round < 12; round += 1) {
    const { id } = await master.insert({ name: `theirs ${round}`, status: 'open' })
    stream.emit({ type: 'inserted', id })
    if (round < 3) await master.delete(round + 1)
    if (round < 3) stream.emit({ type: 'deleted', id: round + 1 })
    if (round % 2 === 0) void table.patch(5, { name: `edit ${round}` })
    else await master.patch(6, { name: `values ${round}` })
    if (round % 2 === 1) stream.emit({ type: 'updated', id: 6 })
    screen.getByRole('button').click()
    await new Promise((resolve) => requestAnimationFrame(resolve))
  }
  await waitFor(() => expect(client.isFetching()).toBe(0))
  await waitFor(() => expect(screen.getByRole('button').textContent).toBe('10'))
  expect(screen.getByTestId('names').textContent).toContain('values')
  expect(new Set([...seen, ...commits])).toEqual(new Set([`${own} 9 8 7 6 5 4 3 2 1`]))
  expect(seen.length).toBeGreaterThan(5)
  apply?.()
  await waitFor(() => expect(text()).not.toContain(own))
  expect(text().split(' ')).toHaveLength(10)
  observer.disconnect()
})

/** Orders, the newest first: what is inserted comes to the first page. */
function setUp(count: number): Harness & {
  readonly view: LiveTable<Order>
  /** As somebody else does it, who then tells of it. */
  readonly insertBehind: (name: string) => Promise<void>
} {
  const harness = makeHarness(count)
  onTestFinished(() => harness.table.close())
  const insertBehind = async (name: string): Promise<void> => {
    const { id } = await harness.master.insert({ name, status: 'open' })
    act(() => harness.stream.emit({ type: 'inserted', id }))
  }
  return { ...harness, view: harness.table.view({ orderBy: [{ field: 'id', direction: 'desc' }] }), insertBehind }
}

/** The first page of the newest orders, in notify mode. */
async function showNewest<Data = Page<Order>>(count: number, options?: UseLivePageOptions<Order, Data>) {
  const harness = setUp(count)
  const { result } = renderHook(
    () => ({ ...useLivePage<Order, Data>(harness.view, 1, { ...options, liveMode: 'notify' } as UseLivePageOptions<Order, Data>) }),
    { wrapper: harness.wrapper },
  )
  await waitFor(() => expect(result.current.isSuccess).toBe(true))
  return { ...harness, result }
}
