import { act, cleanup, render, renderHook, screen, waitFor } from '@testing-library/react'
import { LiveTable, memoryCache, memoryTable, type LiveStream, type StreamListener } from '@vantage-live/core'
import { Profiler, StrictMode, type ReactNode } from 'react'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { makeHarness } from './testing/harness.tsx'
import { holdFrames } from './testing/held-frames.ts'
import { expectNoReactWarnings, nextTask } from './testing/react-warnings.ts'
import { useLivePage } from './use-live-page.ts'
import { useLiveStatus } from './use-live-status.ts'

expectNoReactWarnings()
afterEach(cleanup)

test('a component that uses it and nothing else connects the stream, and lets go of it when it goes', () => {
  const { table } = makeHarness(1)
  expect(table.streamStatus).toMatchObject({ state: 'closed' })
  const { result, unmount } = renderHook(() => useLiveStatus(table), { wrapper: StrictMode })
  expect(result.current).toMatchObject({ state: 'open', lastEventAt: undefined, gaps: 0 })
  expect(result.current).toBe(table.streamStatus)
  unmount()
  expect(table.streamStatus).toMatchObject({ state: 'closed', reason: 'nobody listens' })
})

test('tells how the stream stands, why, and of events and gaps, as it changes; also to a view', async () => {
  const { table, stream } = makeHarness(1)
  const { result } = renderHook(() => useLiveStatus(table.view({ search: 'x' })), { wrapper: StrictMode })
  act(() => stream.setStatus({ state: 'connecting', since: 5 }))
  await waitFor(() => expect(result.current).toMatchObject({ state: 'connecting', since: 5 }))
  act(() => stream.setStatus({ state: 'closed', reason: 'refused' }))
  await waitFor(() => expect(result.current).toMatchObject({ state: 'closed', reason: 'refused' }))
  act(() => stream.gap())
  await waitFor(() => expect(result.current?.gaps).toBe(1))
  const before = Date.now()
  act(() => stream.emit({ type: 'changed' }))
  await waitFor(() => expect(result.current?.lastEventAt).toBeGreaterThanOrEqual(before))
})

test('is undefined where the table has no stream', () => {
  const table = new LiveTable({ master: memoryTable<{ readonly id: number }>([]), cacheKey: 'items', cache: memoryCache() })
  expect(renderHook(() => useLiveStatus(table), { wrapper: StrictMode }).result.current).toBeUndefined()
})

test('another table’s stream is another status', async () => {
  const [former, next] = [makeHarness(1), makeHarness(1)]
  next.stream.setStatus({ state: 'closed', reason: 'gone' })
  const { result, rerender } = renderHook(({ table }) => useLiveStatus(table), { initialProps: { table: former.table } })
  rerender({ table: next.table })
  expect(result.current).toMatchObject({ state: 'closed', reason: 'gone' })
  act(() => next.stream.setStatus({ state: 'open' }))
  await waitFor(() => expect(result.current?.state).toBe('open'))
  expect(former.table.streamStatus).toMatchObject({ reason: 'nobody listens' })
})

test('a stream that is connected by whoever renders later is told of without a warning', async () => {
  const { table, wrapper: Wrapper } = makeHarness(1)
  function Status(): ReactNode {
    return <p data-testid="status">{useLiveStatus(table)?.state}</p>
  }
  function Page(): ReactNode {
    return <p>{useLivePage(table, 1).rows.length} rows</p>
  }
  render(
    <Wrapper>
      <Status />
      <Page />
    </Wrapper>,
  )
  await screen.findByText('1 rows')
  expect(screen.getByTestId('status').textContent).toBe('open')
})

test('promise 12: of a burst of events the first shows at once, and then each frame is one render', async () => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false)
  onTestFinished(() => void vi.unstubAllGlobals())
  const { stream, table } = quickStream()
  onTestFinished(() => table.close())
  let commits = 0
  function Gaps(): ReactNode {
    return <p data-testid="gaps">{useLiveStatus(table)?.gaps}</p>
  }
  render(
    <Profiler id="gaps" onRender={() => (commits += 1)}>
      <Gaps />
    </Profiler>,
  )
  await frames(3)
  commits = 0
  const { draw } = holdFrames()
  stream().onGap('the first')
  await nextTask()
  expect(screen.getByTestId('gaps').textContent).toBe('1')
  expect(commits).toBe(1)

  await draw()
  await draw()
  commits = 0
  const shown: (string | null)[] = []
  for (let frame = 0; frame < 10; frame += 1) {
    for (let told = 0; told < 40; told += 1) {
      stream().onGap('another')
      if (told % 4 === 0) await nextTask()
    }
    await draw()
    shown.push(screen.getByTestId('gaps').textContent)
  }
  expect(shown).toEqual(Array.from({ length: 10 }, (_, frame) => String(40 * (frame + 1) + 1)))
  expect(commits).toBe(shown.length + 1)
})

test('promise 19: what is told after a component has gone is told to nobody', async () => {
  const { stream, table } = quickStream()
  onTestFinished(() => table.close())
  const leave = table.subscribe(() => undefined)
  let renders = 0
  const { unmount } = renderHook(() => {
    renders += 1
    return useLiveStatus(table)
  })
  stream().onGap('the first')
  stream().onGap('the second')
  unmount()
  const before = renders
  await frames(3)
  expect(renders).toBe(before)
  leave()
})

/** A table whose stream does what the test says; only gaps are told, of which nothing has to be read. */
function quickStream() {
  let listener: StreamListener | undefined
  const stream: LiveStream = {
    connect: (connected) => {
      listener = connected
      connected.onStatus({ state: 'open' })
      return () => undefined
    },
  }
  const table = new LiveTable({ master: memoryTable<{ readonly id: number }>([]), cacheKey: 'items', cache: memoryCache(), stream })
  const connection = (): StreamListener => {
    if (listener === undefined) throw new Error('nothing is connected')
    return listener
  }
  return { stream: connection, table }
}

async function frames(count: number): Promise<void> {
  for (let frame = 0; frame < count; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve))
}
