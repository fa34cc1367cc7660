// What an app writes with both packages. scripts/try-packages.ts compiles it against them as they would be published.
import { QueryClient, QueryClientProvider, useSuspenseQuery } from '@tanstack/react-query'
import {
  ConflictError,
  LiveTable,
  durableQueue,
  idbCache,
  memoryCache,
  memoryTable,
  noCache,
  restTable,
  sharedStream,
  sseStream,
  type LiveEvent,
  type Page,
  type Table,
} from '@vantage-live/core'
import { describeCache, describeTable } from '@vantage-live/core/contract'
import { livePageOptions, liveRowOptions, useLivePage, useLiveRow, useLiveStatus, useLiveStorage, useLiveWrites } from '@vantage-live/react'

interface Order {
  readonly id: string
  readonly status: 'open' | 'paid'
  readonly total?: number
}

const client = new QueryClient()
const master: Table<Order> = restTable<Order>('/api/orders', { headers: () => ({ authorization: 'Bearer' }), timeout: 10_000 })

export const orders = new LiveTable<Order>({
  master,
  cacheKey: 'orders',
  cache: idbCache({ maxEntries: 100 }),
  queue: durableQueue({ scope: 'me' }),
  stream: sharedStream(sseStream('/api/orders/events', { toEvents: ({ data }): LiveEvent => ({ type: 'updated', id: data }) }), {
    name: 'orders',
  }),
  pageSize: 25,
  trace: ({ type }) => console.log(type),
})

export async function pay(id: string): Promise<Page<Order>> {
  const open = orders.view({ where: { status: 'open', total: { gte: 10 } }, orderBy: [{ field: 'total', direction: 'desc' }] })
  try {
    await orders.patch(id, { status: 'paid' })
  } catch (error) {
    if (error instanceof ConflictError) await error.resolve({ status: 'paid' })
  }
  await client.prefetchQuery(liveRowOptions(orders, id))
  return open.list({ page: 1 }, { cache: 'reload', signal: new AbortController().signal })
}

export function Orders({ page }: { readonly page: number }) {
  const { rows, pageCount = 1, error, newCount, apply } = useLivePage(orders, page, { liveMode: 'notify' })
  const { data } = useLiveRow(orders, rows[0]?.id)
  const { patch, paused } = useLiveWrites(orders, { onError: (failure, write) => console.log(failure, write.type) })
  const stream = useLiveStatus(orders)
  const storage = useLiveStorage(orders)
  return (
    <QueryClientProvider client={client}>
      <button onClick={() => void patch('42', { status: 'paid' })} disabled={paused !== undefined}>
        {data?.status} {page} of {pageCount} {error?.message} {stream?.state} {storage?.reason}
      </button>
      <button onClick={apply}>{newCount}</button>
      <FirstPage />
    </QueryClientProvider>
  )
}

function FirstPage() {
  const { data } = useSuspenseQuery(livePageOptions(orders, 1))
  return <p>{data.total}</p>
}

describeTable('a table', (rows) => memoryTable(rows))
describeCache('no cache', () => ({ cache: noCache() }), { keeps: false })
describeCache('a cache', () => ({ cache: memoryCache() }))
