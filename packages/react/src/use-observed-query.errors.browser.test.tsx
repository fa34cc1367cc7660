import { QueryErrorResetBoundary, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { cleanup, render, screen } from '@testing-library/react'
import { LiveTable, memoryCache, memoryTable, type Page } from '@vantage-live/core'
import { Component, type ReactNode } from 'react'
import { afterEach, describe, expect, test } from 'vitest'
import { livePageOptions } from './live-page-options.ts'
import { makeHarness, type Harness, type Order } from './testing/harness.tsx'
import { expectNoReactWarnings, nextTask } from './testing/react-warnings.ts'
import { useLivePage, type UseLivePageOptions } from './use-live-page.ts'

type Options = Pick<UseLivePageOptions<Order, Page<Order>>, 'throwOnError' | 'select'>
type UsePage = (table: LiveTable<Order>, options: Options) => UseQueryResult<Page<Order>>

expectNoReactWarnings()

afterEach(cleanup)

interface Caught {
  /** What was thrown, in brackets: it may be anything. */
  readonly caught: readonly [] | readonly [error: unknown]
}

/** Shows what was thrown below it, and a button for each way to go on. */
class Boundary extends Component<{ readonly onReset: () => void; readonly children: ReactNode }, Caught> {
  override state: Caught = { caught: [] }

  static getDerivedStateFromError(error: unknown): Caught {
    return { caught: [error] }
  }

  override render(): ReactNode {
    const { caught } = this.state
    if (caught.length === 0) return this.props.children
    const remount = (): void => this.setState({ caught: [] })
    const reset = (): void => {
      this.props.onReset()
      remount()
    }
    return (
      <>
        {`caught ${caught[0] instanceof Error ? caught[0].message : String(caught[0])}`}
        <button type="button" onClick={remount} aria-label="remount" />
        <button type="button" onClick={reset} aria-label="reset" />
      </>
    )
  }
}

/** The major version of React; 18 comes with the lowest TanStack Query that is supported. */
declare const REACT_MAJOR: number

// TanStack Query's own hook, as it is now, is the model of ours.
describe.each<[string, UsePage]>([
  ['useLivePage', (table, options) => useLivePage(table, 1, options)],
  ['useQuery', (table, options) => useQuery({ ...livePageOptions(table, 1), ...options })],
])('%s', (hook, usePage) => {
  // The model was not always like that: in the lowest version it does not ask such a function before it mounts.
  const isOlder = hook === 'useQuery' && REACT_MAJOR === 18

  /** What is on screen once all that waits for promises, and for useQuery's timers, has happened. */
  async function onScreen(): Promise<string> {
    await nextTask()
    await new Promise((resolve) => {
      setTimeout(resolve)
    })
    await nextTask()
    return document.body.textContent?.trim() ?? ''
  }

  function renderPage({ table, wrapper: Wrapper }: Pick<Harness, 'table' | 'wrapper'>, options: Options) {
    function Rows({ current }: { readonly current: Options }) {
      const { data, error, isFetching } = usePage(table, current)
      return `${data?.rows.length ?? 'no'} rows${error === null ? '' : `, ${error.message}`}${isFetching ? ', fetching' : ''}`
    }
    const tree = (current: Options): ReactNode => (
      <Wrapper>
        <QueryErrorResetBoundary>
          {({ reset }) => (
            <Boundary onReset={reset}>
              <Rows current={current} />
            </Boundary>
          )}
        </QueryErrorResetBoundary>
      </Wrapper>
    )
    const { rerender } = render(tree(options), { onCaughtError: () => undefined })
    return (next: Options) => rerender(tree(next))
  }

  const click = (label: string): void => screen.getByLabelText(label).click()

  test('without throwOnError an error is part of the result', async () => {
    const harness = makeHarness(3)
    harness.failWith(new Error('out of reach'))
    renderPage(harness, {})
    expect(await onScreen()).toBe('no rows, out of reach')
  })

  test('throwOnError sends it to the boundary; after a reset it is asked for again', async () => {
    const harness = makeHarness(3)
    harness.failWith(new Error('out of reach'))
    renderPage(harness, { throwOnError: true })
    expect(await onScreen()).toBe('caught out of reach')
    expect(harness.calls).toHaveLength(1)

    click('reset')
    expect(await onScreen()).toBe('caught out of reach')
    expect(harness.calls).toHaveLength(2)

    harness.failWith(undefined)
    click('reset')
    expect(await onScreen()).toBe('3 rows')
    expect(harness.calls).toHaveLength(3)
  })

  test.each<[string, NonNullable<Options['throwOnError']>]>([
    ['true', true],
    ['a function that says so', () => true],
  ])('mounted again without a reset it asks nothing, with throwOnError %s', async (_, throwOnError) => {
    const harness = makeHarness(3)
    harness.failWith(new Error('out of reach'))
    renderPage(harness, { throwOnError })
    expect(await onScreen()).toBe('caught out of reach')
    harness.failWith(undefined)
    for (let time = 0; time < 3; time += 1) {
      click('remount')
      expect(await onScreen()).toBe('caught out of reach')
    }
    expect(harness.calls).toHaveLength(1)
  })

  test('a reset counts once: what fails afterwards is thrown, and asked for no more', async () => {
    const harness = makeHarness(3)
    harness.failWith(new Error('out of reach'))
    renderPage(harness, { throwOnError: true })
    await onScreen()
    click('reset')
    await onScreen()
    click('remount')
    expect(await onScreen()).toBe('caught out of reach')
    expect(harness.calls).toHaveLength(2)
  })

  test.skipIf(isOlder)('a function decides by the error and the query', async () => {
    const harness = makeHarness(3)
    const throwOnError: NonNullable<Options['throwOnError']> = (error, { state }) => error.message === 'severe' && state.data === undefined
    harness.failWith(new Error('harmless'))
    renderPage(harness, { throwOnError })
    expect(await onScreen()).toBe('no rows, harmless')
    cleanup()

    harness.failWith(new Error('severe'))
    renderPage(harness, { throwOnError })
    expect(await onScreen()).toBe('caught severe')
    harness.failWith(undefined)
    click('reset')
    expect(await onScreen()).toBe('3 rows')

    harness.failWith(new Error('severe'))
    await harness.table.invalidate()
    expect(await onScreen()).toBe('3 rows, severe')
  })

  test.skipIf(isOlder)('an error that a function leaves to the component is asked for again when that is mounted again', async () => {
    const harness = makeHarness(3)
    harness.failWith(new Error('harmless'))
    renderPage(harness, { throwOnError: () => false })
    expect(await onScreen()).toBe('no rows, harmless')
    cleanup()
    harness.failWith(undefined)
    renderPage(harness, { throwOnError: () => false })
    expect(await onScreen()).toBe('3 rows')
    cleanup()
    expect(harness.calls).toHaveLength(2)
  })

  test('an error beside rows that are shown is thrown too, but not while it is asked again', async () => {
    const harness = makeHarness(3)
    const rerender = renderPage(harness, { throwOnError: true })
    expect(await onScreen()).toBe('3 rows')
    harness.failWith(new Error('out of reach'))
    await harness.table.invalidate()
    expect(await onScreen()).toBe('caught out of reach')

    harness.failWith(undefined)
    const release = harness.hold()
    click('reset')
    expect(await onScreen()).toBe('3 rows, out of reach, fetching')
    rerender({ throwOnError: true })
    expect(await onScreen()).toBe('3 rows, out of reach, fetching')
    release()
    expect(await onScreen()).toBe('3 rows')
  })

  test('what select throws is thrown, and no request can help it', async () => {
    const harness = makeHarness(3)
    const select = (): Page<Order> => {
      throw new Error('cannot select')
    }
    const rerender = renderPage(harness, { throwOnError: true, select })
    expect(await onScreen()).toBe('caught cannot select')
    click('remount')
    expect(await onScreen()).toBe('caught cannot select')
    expect(harness.calls).toHaveLength(1)

    rerender({ throwOnError: true, select: (page) => ({ ...page, rows: page.rows.slice(1) }) })
    click('reset')
    expect(await onScreen()).toBe('2 rows')
    expect(harness.calls).toHaveLength(1)
  })

  test('what select throws is part of the result without throwOnError', async () => {
    const harness = makeHarness(3)
    const select = (page: Page<Order>): Page<Order> => {
      if (page.rows[0]?.name !== 'order 1') throw new Error('cannot select')
      return page
    }
    renderPage(harness, { select })
    expect(await onScreen()).toBe('3 rows')
    await harness.master.patch(1, { name: 'renamed' })
    await harness.table.invalidate()
    expect(await onScreen()).toBe('3 rows, cannot select')
  })

  test.each([undefined, null, 'a text'])('what is thrown need not be an error: %j', async (thrown) => {
    const { wrapper } = makeHarness(0)
    let asked = 0
    const list = async (): Promise<never> => {
      asked += 1
      throw thrown
    }
    const master = { ...memoryTable<Order>([], { name: 'orders' }), list }
    const table = new LiveTable<Order>({ master, cacheKey: 'orders', cache: memoryCache() })
    renderPage({ table, wrapper }, { throwOnError: true })
    expect(await onScreen()).toBe(`caught ${String(thrown)}`)
    click('remount')
    expect(await onScreen()).toBe(`caught ${String(thrown)}`)
    expect(asked).toBe(1)
  })
})
