import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { LiveTable, manualStream, restTable, sseStream, type LiveStream, type Table } from '@vantage-live/core'
import { livePageOptions, useLivePage, useLiveRow } from '@vantage-live/react'
import type { ReactNode } from 'react'
import type { Contestant } from '../../page/contestant.ts'
import { makeOrder, makePage, type Order } from '../../page/orders.ts'
import { probe } from '../../page/probe.ts'
import { eventsUrl, settings } from '../../page/settings.ts'

const rest = restTable<Order>('/api/orders')

/** The server, with a mark where a row has arrived. */
const server: Table<Order> = {
  ...rest,
  get: async (id, options) => {
    const row = await rest.get(id, options)
    probe.rowArrived()
    return row
  },
}

/** Stands in for the server while the disk is filled. */
const filler: Table<Order> = {
  ...rest,
  list: ({ page }) => Promise.resolve(makePage(page)),
  get: (id) => Promise.resolve(makeOrder(Number(id), 0)),
}

const news = manualStream()
const client = new QueryClient()
const orders = new LiveTable<Order>({
  master: settings.screen === 'fill' ? filler : server,
  cacheKey: 'orders',
  ...stream(),
})

function stream(): { readonly stream?: LiveStream } {
  if (settings.live !== 'no') return { stream: sseStream(eventsUrl) }
  return settings.screen === 'rows' ? { stream: news } : {}
}

export const contestant: Contestant = {
  Root: ({ children }: { readonly children: ReactNode }) => <QueryClientProvider client={client}>{children}</QueryClientProvider>,
  pages: {
    usePage: (page) => useLivePage(orders, page).data?.rows,
    fill: (count) => inTurn(count, (page) => orders.list({ page })),
    invalidate: () => orders.invalidate(),
    prefetch: (page) => client.query(livePageOptions(orders, page)),
  },
  rows: {
    useRow: (id) => useLiveRow(orders, id).data,
    fill: (count) => inTurn(count, (id) => orders.get(id)),
    changed: (id) => news.emit({ type: 'updated', id }),
    arrived: (row) => news.emit({ type: 'updated', id: row.id, row }),
  },
  writer: { usePatch: () => patch },
  // The table does so by itself.
  listen: () => undefined,
}

function patch(id: number, partial: Partial<Order>): Promise<Order> {
  return orders.patch(id, partial)
}

async function inTurn(count: number, read: (number: number) => Promise<unknown>): Promise<void> {
  for (let number = 1; number <= count; number += 1) {
    // oxlint-disable-next-line no-await-in-loop -- so many at once would be another table than anybody has
    await read(number)
  }
  // Nobody waits for the disk, but the tab is to be closed: what is read from it comes after what was written.
  await read(count)
}
