import { Dexie, type Collection } from 'dexie'
import { useLiveQuery } from 'dexie-react-hooks'
import { useEffect } from 'react'
import { getOrder, listOrders, patchOrder } from '../../page/api.ts'
import type { Contestant } from '../../page/contestant.ts'
import { readEvents } from '../../page/events.ts'
import { makeOrder, makePage, pageSize, type Order } from '../../page/orders.ts'
import { settings } from '../../page/settings.ts'
import { inOrder } from '../shared/in-order.ts'
import { oneAtATime } from '../shared/one-at-a-time.ts'

// All rows in one table, whatever page they came with. The server's order is that of ids, so a page is a range of these.
// Dexie has no notion of freshness: a row that is there is fresh, and one that may not be shown as fresh has to go.

const database = new Dexie('bench')
database.version(1).stores({ orders: 'id' })
const orders = database.table<Order, number>('orders')

/** What a live query gives before its first answer. */
const loading = 'loading'

function usePage(page: number): readonly Order[] | undefined {
  const rows = useLiveQuery(() => rowsOf(page).toArray(), [page], loading)
  const isMissing = rows !== loading && rows.length < pageSize
  useEffect(() => {
    if (isMissing) void fetchPage(page)
  }, [isMissing, page])
  return rows === loading || isMissing ? undefined : rows
}

function useRow(id: number): Order | undefined {
  const row = useLiveQuery(() => orders.get(id), [id], loading)
  const isMissing = row === undefined
  useEffect(() => {
    if (isMissing) void fetchOrder(id)
  }, [isMissing, id])
  return row === loading ? undefined : row
}

function rowsOf(page: number): Collection<Order, number> {
  const last = page * pageSize
  return orders.where('id').between(last - pageSize + 1, last, true, true)
}

async function fetchPage(page: number): Promise<void> {
  await orders.bulkPut((await listOrders(page)).rows)
}

async function fetchOrder(id: number): Promise<void> {
  await orders.put(await getOrder(id))
}

const renew = oneAtATime(() => fetchPage(settings.page))
const patches = inOrder()

/** Shown at once, for it is in the table at once. After the last one the page is asked for again. */
async function patch(id: number, partial: Partial<Order>): Promise<void> {
  void orders.update(id, partial)
  try {
    await patches.call(() => patchOrder(id, partial))
  } finally {
    if (patches.pending === 0) void renew()
  }
}

export const contestant: Contestant = {
  pages: {
    usePage,
    async fill(count) {
      const pages = Array.from({ length: count }, (_, index) => makePage(index + 1).rows)
      await orders.bulkPut(pages.flat())
    },
    invalidate: () => orders.clear(),
  },
  rows: {
    useRow,
    async fill(count) {
      await orders.bulkPut(Array.from({ length: count }, (_, index) => makeOrder(index + 1, 0)))
    },
    changed: (id) => void fetchOrder(id),
    arrived: (row) => void orders.put(row),
  },
  writer: { usePatch: () => patch },
  listen: () =>
    readEvents(({ row }) => {
      if (row === undefined) void renew()
      else void orders.put(row)
    }),
}
