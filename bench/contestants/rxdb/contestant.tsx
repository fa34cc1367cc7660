import { useEffect, useMemo, useState, type ReactNode } from 'react'
import { createRxDatabase, type RxCollection, type RxJsonSchema } from 'rxdb'
import { useLiveRxQuery, useRxDocument } from 'rxdb/plugins/react'
import { getRxStorageDexie } from 'rxdb/plugins/storage-dexie'
import { getOrder, listOrders, patchOrder } from '../../page/api.ts'
import type { Contestant } from '../../page/contestant.ts'
import { readEvents } from '../../page/events.ts'
import { makeOrder, makePage, pageSize, type Order } from '../../page/orders.ts'
import { settings } from '../../page/settings.ts'
import { inOrder } from '../shared/in-order.ts'
import { oneAtATime } from '../shared/one-at-a-time.ts'

// All rows in one collection, whatever page they came with. The server's order is that of ids, so a page is a range of these.
// RxDB has no notion of freshness: a row that is there is fresh, and one that may not be shown as fresh has to go.

/** A primary key of RxDB is a string. */
interface KeyedOrder extends Order {
  readonly key: string
}

const schema: RxJsonSchema<KeyedOrder> = {
  version: 0,
  type: 'object',
  primaryKey: 'key',
  properties: {
    key: { type: 'string', maxLength: 8 },
    id: { type: 'integer' },
    placedAt: { type: 'string' },
    customer: { type: 'string' },
    city: { type: 'string' },
    status: { type: 'string' },
    items: { type: 'integer' },
    total: { type: 'integer' },
    version: { type: 'integer' },
  },
  required: ['key', 'id'],
}

let orders: RxCollection<KeyedOrder>
const opened = open()

async function open(): Promise<void> {
  const database = await createRxDatabase({ name: 'bench', storage: getRxStorageDexie(), eventReduce: true })
  orders = (await database.addCollections({ orders: { schema } })).orders
}

function Root({ children }: { readonly children: ReactNode }): ReactNode {
  const [isOpen, setIsOpen] = useState(false)
  useEffect(() => {
    void opened.then(() => setIsOpen(true))
  }, [])
  return isOpen ? children : undefined
}

function usePage(page: number): readonly Order[] | undefined {
  const query = useMemo(() => queryOf(page), [page])
  const { results, loading } = useLiveRxQuery({ collection: orders, query })
  const isMissing = !loading && results.length < pageSize
  useEffect(() => {
    if (isMissing) void fetchPage(page)
  }, [isMissing, page])
  return results.length < pageSize ? undefined : results
}

function useRow(id: number): Order | undefined {
  const { result, loading } = useRxDocument<KeyedOrder>(orders, keyOf(id))
  const isMissing = !loading && result === null
  useEffect(() => {
    if (isMissing) void fetchOrder(id)
  }, [isMissing, id])
  return result ?? undefined
}

function queryOf(page: number): object {
  const last = page * pageSize
  return { selector: { key: { $gte: keyOf(last - pageSize + 1), $lte: keyOf(last) } }, sort: [{ key: 'asc' }] }
}

/** Keys in the order of ids. */
function keyOf(id: number): string {
  return String(id).padStart(8, '0')
}

function keyed(order: Order): KeyedOrder {
  return { ...order, key: keyOf(order.id) }
}

async function fetchPage(page: number): Promise<void> {
  await orders.bulkUpsert((await listOrders(page)).rows.map(keyed))
}

async function fetchOrder(id: number): Promise<void> {
  await orders.upsert(keyed(await getOrder(id)))
}

const renew = oneAtATime(() => fetchPage(settings.page))
const patches = inOrder()

/** Shown at once, for it is in the collection at once. After the last one the page is asked for again. */
async function patch(id: number, partial: Partial<Order>): Promise<void> {
  void orders.findOne(keyOf(id)).incrementalPatch(partial)
  try {
    await patches.call(() => patchOrder(id, partial))
  } finally {
    if (patches.pending === 0) void renew()
  }
}

export const contestant: Contestant = {
  Root,
  pages: {
    usePage,
    async fill(count) {
      await opened
      for (let page = 1; page <= count; page += 1) {
        // oxlint-disable-next-line no-await-in-loop -- as the pages would come
        await orders.bulkInsert(makePage(page).rows.map(keyed))
      }
    },
    async invalidate() {
      await orders.find().remove()
    },
  },
  rows: {
    useRow,
    async fill(count) {
      await opened
      await orders.bulkInsert(Array.from({ length: count }, (_, index) => keyed(makeOrder(index + 1, 0))))
    },
    changed: (id) => void fetchOrder(id),
    arrived: (row) => void orders.incrementalUpsert(keyed(row)),
  },
  writer: { usePatch: () => patch },
  listen: () =>
    readEvents(({ row }) => {
      if (row === undefined) void renew()
      else void opened.then(() => orders.incrementalUpsert(keyed(row)))
    }),
}
