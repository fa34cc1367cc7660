import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { LiveTable, manualStream, memoryCache, memoryTable, type LiveStream } from '@vantage-live/core'
import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import { livePageOptions } from './live-page-options.ts'
import { fetchQuery } from './testing/fetch-query.ts'
import { useLivePage } from './use-live-page.ts'
import { useLiveRow } from './use-live-row.ts'
import { useLiveStatus } from './use-live-status.ts'

interface Order {
  readonly id: number
  readonly name: string
}

function makeTable(stream?: LiveStream): LiveTable<Order> {
  return new LiveTable<Order>({
    master: memoryTable([{ id: 1, name: 'one' }]),
    cacheKey: 'orders',
    cache: memoryCache(),
    ...(stream && { stream }),
  })
}

function Names({ table }: { readonly table: LiveTable<Order> }) {
  const { rows } = useLivePage(table, 1)
  const { data } = useLiveRow(table, 1)
  return (
    <p>
      {rows.map(({ name }) => name).join()} {data?.name ?? 'nothing yet'}
    </p>
  )
}

function renderWith(client: QueryClient, table: LiveTable<Order>): string {
  return renderToString(
    <QueryClientProvider client={client}>
      <Names table={table} />
    </QueryClientProvider>,
  )
}

test('promise 19: the hooks render on a server, with what was prefetched and without', async () => {
  const table = makeTable()
  const client = new QueryClient()
  expect(renderWith(client, table)).toContain('nothing yet')
  await fetchQuery(client, livePageOptions(table, 1))
  expect(renderWith(client, table)).toContain('one')
})

test('promise 19: on a server a query leaves no subscription behind', async () => {
  const table = makeTable()
  const client = new QueryClient()
  await fetchQuery(client, livePageOptions(table, 1))
  expect(client.getQueryCache().hasListeners()).toBe(false)
})

test('promise 19: a page that is held renders on a server, as any other', async () => {
  const table = makeTable()
  const client = new QueryClient()
  function Held() {
    const { rows, newCount } = useLivePage(table, 1, { liveMode: 'notify' })
    return `${rows.map(({ name }) => name).join()}, ${newCount} new`
  }
  const html = (): string =>
    renderToString(
      <QueryClientProvider client={client}>
        <Held />
      </QueryClientProvider>,
    )
  expect(html()).toBe(', 0 new')
  await fetchQuery(client, livePageOptions(table, 1))
  expect(html()).toBe('one, 0 new')
})

test('promise 19: on a server no stream is connected, and nothing is told of how it stands', () => {
  const stream = manualStream()
  const table = makeTable(stream)
  function Status() {
    return useLiveStatus(table)?.state ?? 'unknown'
  }
  expect(renderToString(<Status />)).toBe('unknown')
  expect(table.streamStatus).toMatchObject({ state: 'closed', reason: 'nobody has asked for anything yet' })
})
