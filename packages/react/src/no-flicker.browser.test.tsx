import { QueryClient, QueryClientProvider, useSuspenseQuery } from '@tanstack/react-query'
import { act, cleanup, render, screen, waitFor } from '@testing-library/react'
import { LiveTable, manualStream, memoryCache, memoryTable, type MemoryTableOptions } from '@vantage-live/core'
import { Profiler, Suspense, type ReactNode } from 'react'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { livePageOptions } from './live-page-options.ts'
import { atRest } from './testing/at-rest.ts'
import { holdFrames } from './testing/held-frames.ts'
import { nextTask } from './testing/react-warnings.ts'
import { useLivePage } from './use-live-page.ts'
import { useLiveRow } from './use-live-row.ts'

afterEach(cleanup)

interface Order {
  readonly id: number
  readonly name: string
  readonly status?: string
}

test('promise 3: from the call to the settled refetch no frame shows the old value again, however late the answers are', async () => {
  const { table, stream, show, hold } = setUp({ count: 10 })
  await show(<Names table={table} />)
  await screen.findByText('order 2')
  const { values, stop } = record('row-2')

  // A refetch that has read the old row is under way all the while.
  const letListGo = hold('list')
  const letPatchGo = hold('patch')
  stream.emit({ type: 'updated', id: 2 })
  await untilFrames(3)
  const written = table.patch(2, { name: 'mine' })
  await waitFor(() => expect(values).toContain('mine'))
  const shownAt = values.indexOf('mine')
  await untilFrames(3)
  letPatchGo()
  await written
  await untilFrames(3)
  letListGo()
  await waitFor(() => expect(screen.getByTestId('state').textContent).toBe('fresh'))
  stop()
  expect(values.slice(shownAt).filter((value) => value !== 'mine')).toEqual([])
})

test('successive edits of one row show the last one only, whatever comes in between', async () => {
  const { table, show, hold } = setUp({ count: 10 })
  await show(<Names table={table} />)
  await screen.findByText('order 2')
  const { values, stop } = record('row-2')
  const names = ['a', 'b', 'c', 'd']
  const letGo = hold('patch')
  const written = names.map((name) => table.patch(2, { name }))
  await untilFrames(3)
  letGo()
  await Promise.all(written)
  await waitFor(() => expect(screen.getByTestId('state').textContent).toBe('fresh'))
  stop()
  // They were called in one task, so the first ones were never on screen.
  expect([...new Set(values)]).toEqual(['order 2', 'd'])
  expect(values.at(-1)).toBe('d')
})

test('promise 3: what is refused shows until then, and no longer', async () => {
  let isRefusing = false
  const { table, show } = setUp({
    count: 10,
    onCall: ({ method }) => {
      if (isRefusing && method === 'patch') throw Object.assign(new Error('refused'), { status: 422 })
    },
  })
  await show(<Names table={table} />)
  await screen.findByText('order 2')
  isRefusing = true
  const { values, stop } = record('row-2')
  await table.patch(2, { name: 'mine' }).catch(() => undefined)
  await waitFor(() => expect(screen.getByTestId('row-2').textContent).toBe('order 2'))
  expect(screen.getByTestId('failed').textContent).toBe('2: refused')
  stop()
  isRefusing = false
  void table.failed[0]?.retry()
  await waitFor(() => expect(screen.getByTestId('row-2').textContent).toBe('mine'))
  await waitFor(() => expect(screen.getByTestId('failed').textContent).toBe(''))
  expect(new Set(values)).toEqual(new Set(['order 2', 'mine']))
})

test('an inserted row keeps its place, its key and its open editor when the master has given it an id', async () => {
  const { table, show, hold } = setUp({ count: 3 })
  await show(<Names table={table} />)
  await screen.findByText('order 2')
  let written: Promise<Order> | undefined
  const letGo = hold('insert')
  await act(async () => {
    written = table.insert({ name: 'new' })
  })
  const row = screen.getByText('new')
  const newId = [...table.pendingIds][0]
  expect(row.dataset['id']).toBe(newId)
  // What was queued against its first name goes to the row.
  const renamed = table.patch(newId ?? '', { name: 'newer' })
  letGo()
  expect((await written)?.id).toBe(4)
  await waitFor(() => expect(row.dataset['id']).toBe('4'))
  expect(row.isConnected).toBe(true)
  expect(await renamed).toEqual({ id: 4, name: 'newer' })
  expect(await table.get(newId ?? '')).toEqual({ id: 4, name: 'newer' })
  await waitFor(() => expect(screen.getByTestId('state').textContent).toBe('fresh'))
  expect(row.isConnected).toBe(true)
  expect(row.textContent).toBe('newer')
})

test('a row that is shown by the name it was inserted under becomes the stored one', async () => {
  const { table, show, hold } = setUp({ count: 3 })
  const letGo = hold('insert')
  const written = table.insert({ name: 'new' })
  const newId = [...table.pendingIds][0] ?? ''
  function One(): ReactNode {
    const { data } = useLiveRow(table, newId)
    return <p data-testid="one">{data === undefined ? 'none' : `${data.id === 4 ? 'stored' : 'pending'}: ${data.name}`}</p>
  }
  await show(<One />)
  await waitFor(() => expect(screen.getByTestId('one').textContent).toBe('pending: new'))
  letGo()
  await written
  await waitFor(() => expect(screen.getByTestId('one').textContent).toBe('stored: new'))
  await table.patch(4, { name: 'changed' })
  await waitFor(() => expect(screen.getByTestId('one').textContent).toBe('stored: changed'))
})

test('a write shows wherever the rows are: in rows, under Suspense, in the client’s data and in pages that came with the HTML', async () => {
  // Without a stream nothing asks for the page anew that came with the HTML.
  const { table, client, show, hold } = setUp({ count: 10, isLive: false })
  const view = table.view({ where: { status: 'open' } })
  const options = livePageOptions(view, 1)
  client.setQueryData(options.queryKey, {
    rows: [{ id: 2, name: 'from HTML', status: 'open' }],
    total: 1,
    page: 1,
    pageSize: 10,
    fetchedAt: 0,
    stale: false,
  })
  function Suspending(): ReactNode {
    return <p data-testid="suspending">{useSuspenseQuery(livePageOptions(table, 1)).data.rows[1]?.name}</p>
  }
  function Row(): ReactNode {
    return <p data-testid="row">{useLiveRow(table, 2).data?.name}</p>
  }
  function View(): ReactNode {
    return (
      <p data-testid="view">
        {useLivePage(view, 1)
          .rows.map(({ name }) => name)
          .join()}
      </p>
    )
  }
  await show(
    <Suspense fallback="…">
      <Suspending />
      <Row />
      <View />
    </Suspense>,
  )
  await waitFor(() => expect(screen.getByTestId('row').textContent).toBe('order 2'))
  expect(screen.getByTestId('view').textContent).toBe('from HTML')
  const letGo = hold('patch')
  await act(async () => void table.patch(2, { name: 'mine' }))
  for (const id of ['row', 'view']) expect(screen.getByTestId(id).textContent).toBe('mine')
  // TanStack Query's own hook is told by a timer.
  await waitFor(() => expect(screen.getByTestId('suspending').textContent).toBe('mine'))
  expect(client.getQueryData(livePageOptions(table, 1).queryKey)?.rows[1]?.name).toBe('mine')
  letGo()
  await waitFor(() => expect(table.pending).toEqual([]))
})

test('a page that is flipped to while a write waits has it', async () => {
  const { table, show, hold } = setUp({ count: 30 })
  const second = await show(<Names table={table} page={2} />)
  await screen.findByText('order 12')
  second.unmount()
  const first = await show(<Names table={table} page={1} />)
  await screen.findByText('order 2')
  const letGo = hold('patch')
  await act(async () => void table.patch(12, { name: 'mine' }))
  first.unmount()
  await show(<Names table={table} page={2} />)
  expect(screen.getByTestId('row-12').textContent).toBe('mine')
  letGo()
  await waitFor(() => expect(table.pending).toEqual([]))
})

test('promise 12: a thousand queued patches on a page of a hundred rows are no more than one render per frame', async () => {
  // Each answer comes in a task of its own.
  const { table, show } = setUp({ count: 100, pageSize: 100, onCall: ({ method }) => (method === 'patch' ? nextTask() : undefined) })
  let commits = 0
  await show(
    <Profiler id="page" onRender={() => (commits += 1)}>
      <Names table={table} />
    </Profiler>,
  )
  await screen.findByText('order 2')
  await waitFor(() => expect(screen.getByTestId('state').textContent).toBe('fresh'))
  await atRest()
  commits = 0
  const { draw } = holdFrames()
  const written = Array.from({ length: 1_000 }, (_, index) => table.patch((index % 100) + 1, { name: `patch ${index}` }))
  await nextTask()
  // The last ones show though they have not even found room.
  expect(screen.getByTestId('row-100').textContent).toBe('patch 999')
  const inFrames: number[] = []
  do {
    const before = commits
    for (let task = 0; task < 100; task += 1) await nextTask()
    await draw()
    inFrames.push(commits - before)
  } while (screen.getByTestId('state').textContent !== 'fresh')
  await Promise.all(written)
  expect(inFrames.length).toBeGreaterThan(5)
  expect(Math.max(...inFrames)).toBe(1)
  expect(screen.getByTestId('row-100').textContent).toBe('patch 999')
})

function Names({ table, page = 1 }: { readonly table: LiveTable<Order>; readonly page?: number }): ReactNode {
  const { rows, failed, isStale, isFetching, pendingIds, isPlaceholderData } = useLivePage(table, page)
  return (
    <>
      <ul>
        {rows.map(({ id, name }) => (
          <li key={table.rowKey(id)} data-id={id} data-testid={`row-${id}`} data-is-pending={pendingIds.has(String(id))}>
            {name}
          </li>
        ))}
      </ul>
      <p data-testid="state">
        {rows.length > 0 && !isStale && !isFetching && pendingIds.size === 0 && !isPlaceholderData ? 'fresh' : 'not yet'}
      </p>
      <p data-testid="failed">{failed.map(({ id, error }) => `${id}: ${error instanceof Error ? error.message : ''}`).join()}</p>
    </>
  )
}

interface SetUp extends MemoryTableOptions<Order> {
  readonly count: number
  readonly pageSize?: number
  readonly isLive?: boolean
}

function setUp({ count, pageSize = 10, isLive = true, ...master }: SetUp) {
  const rows = Array.from({ length: count }, (_, index): Order => ({ id: index + 1, name: `order ${index + 1}` }))
  const stream = manualStream()
  const memory = memoryTable<Order>(rows, { name: 'orders', ...master })
  const gates = new Map<string, Promise<void>>()
  /** Answers as of the time of the question, however long that is held up. */
  const held = <Args extends readonly unknown[], Answer>(method: string, ask: (...args: Args) => Promise<Answer>) => {
    return async (...args: Args): Promise<Answer> => {
      const answer = await ask(...args)
      await gates.get(method)
      return answer
    }
  }
  const table = new LiveTable<Order>({
    master: {
      ...memory,
      list: held('list', memory.list),
      insert: held('insert', memory.insert),
      patch: held('patch', memory.patch),
    },
    cacheKey: 'orders',
    cache: memoryCache(),
    ...(isLive && { stream }),
    pageSize,
  })
  onTestFinished(() => table.close())
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const show = async (children: ReactNode) => act(async () => render(<QueryClientProvider client={client}>{children}</QueryClientProvider>))
  const hold = (method: 'list' | 'insert' | 'patch'): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    gates.set(method, promise)
    return () => {
      gates.delete(method)
      resolve()
    }
  }
  return { table, stream, client, show, hold }
}

/** Every text that an element has had, at each change and in each frame. */
function record(testId: string): { readonly values: string[]; readonly stop: () => void } {
  // What is recorded is what a user sees, at the time when it is drawn: not what a test waits for.
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false)
  const values: string[] = []
  const look = (): void => void values.push(screen.getByTestId(testId).textContent)
  const observer = new MutationObserver(look)
  observer.observe(document.body, { subtree: true, childList: true, characterData: true })
  look()
  let frame = requestAnimationFrame(function each() {
    look()
    frame = requestAnimationFrame(each)
  })
  const stop = (): void => {
    observer.disconnect()
    cancelAnimationFrame(frame)
    vi.unstubAllGlobals()
  }
  onTestFinished(stop)
  return { values, stop }
}

async function untilFrames(count: number): Promise<void> {
  for (let frame = 0; frame < count; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve))
}
