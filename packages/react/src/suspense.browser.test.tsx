import { useSuspenseQuery } from '@tanstack/react-query'
import { act, render, screen, waitFor } from '@testing-library/react'
import { memoryCache } from '@vantage-live/core'
import { Suspense } from 'react'
import { expect, test } from 'vitest'
import { livePageOptions } from './live-page-options.ts'
import { liveRowOptions } from './live-row-options.ts'
import { makeHarness, type Harness } from './testing/harness.tsx'

function First({ table }: Pick<Harness, 'table'>) {
  const { data } = useSuspenseQuery(livePageOptions(table, 1))
  return (
    <p>
      {data.rows[0]?.name} {data.stale ? 'stale' : 'fresh'}
    </p>
  )
}

function Row({ table, id }: Pick<Harness, 'table'> & { readonly id: number }) {
  const { data } = useSuspenseQuery(liveRowOptions(table, id))
  return <p>{data?.name ?? 'no such row'}</p>
}

test('useSuspenseQuery suspends until the page is there, and follows the table', async () => {
  const { table, wrapper, stream, master, hold } = makeHarness(25)
  const release = hold()
  render(
    <Suspense fallback="loading">
      <First table={table} />
    </Suspense>,
    { wrapper },
  )
  expect(screen.getByText('loading')).toBeTruthy()
  release()
  expect(await screen.findByText('order 1 fresh')).toBeTruthy()
  await master.patch(1, { name: 'renamed' })
  act(() => stream.emit({ type: 'updated', id: 1 }))
  await screen.findByText('renamed fresh')
})

test('useSuspenseQuery shows stale rows from the cache while the master is asked', async () => {
  const cache = memoryCache()
  const before = makeHarness(25, cache)
  await before.table.list({ page: 1 })
  await before.table.invalidate()

  const { table, wrapper, master, hold } = makeHarness(25, cache)
  await master.patch(1, { name: 'renamed' })
  const release = hold()
  render(
    <Suspense fallback="loading">
      <First table={table} />
    </Suspense>,
    { wrapper },
  )
  expect(await screen.findByText('order 1 stale')).toBeTruthy()
  release()
  expect(await screen.findByText('renamed fresh')).toBeTruthy()
})

test('useSuspenseQuery takes rows too, also one that is not there', async () => {
  const { table, wrapper } = makeHarness(3)
  render(
    <Suspense fallback="loading">
      <Row table={table} id={2} />
      <Row table={table} id={9} />
    </Suspense>,
    { wrapper },
  )
  await waitFor(() => expect(document.body.textContent).toContain('order 2no such row'))
})
