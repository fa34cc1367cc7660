import {
  and,
  BTreeIndex,
  createCollection,
  createIndexedDB,
  createTransaction,
  eq,
  gte,
  indexedDBCollectionOptions,
  lte,
  useLiveQuery,
  type Collection,
  type IndexedDBCollectionUtils,
} from '@tanstack/react-db'
import { useEffect, useState, type ReactNode } from 'react'
import { getOrder, listOrders, patchOrder } from '../../page/api.ts'
import type { Contestant } from '../../page/contestant.ts'
import { readEvents } from '../../page/events.ts'
import { makeOrder, makePage, pageSize, type Order } from '../../page/orders.ts'
import { settings } from '../../page/settings.ts'
import { inOrder } from '../shared/in-order.ts'
import { oneAtATime } from '../shared/one-at-a-time.ts'

// All rows in one collection, whatever page they came with. The server's order is that of ids, so a page is a range of these.
// TanStack DB has no notion of freshness: a row that is there is fresh, and one that may not be shown as fresh has to go.

type Orders = Collection<Order, number, IndexedDBCollectionUtils<Order>>

let orders: Orders
const patches = inOrder()
const opened = open()

async function open(): Promise<void> {
  const db = await createIndexedDB({ name: 'bench', version: 1, stores: ['orders'] })
  orders = createCollection(
    indexedDBCollectionOptions<Order, number>({
      db,
      name: 'orders',
      getKey: ({ id }) => id,
      autoIndex: 'eager',
      defaultIndexType: BTreeIndex,
      startSync: true,
      onUpdate: async ({ transaction }) => {
        await Promise.all(transaction.mutations.map(({ key, changes }) => patches.call(() => patchOrder(key, changes))))
      },
    }),
  )
}

/** The whole collection is in memory before anything is shown. */
function Root({ children }: { readonly children: ReactNode }): ReactNode {
  const [isOpen, setIsOpen] = useState(false)
  useEffect(() => {
    void opened.then(() => setIsOpen(true))
  }, [])
  return isOpen ? children : undefined
}

function usePage(page: number): readonly Order[] | undefined {
  const last = page * pageSize
  const { data, isReady } = useLiveQuery(
    (query) =>
      query
        .from({ order: orders })
        .where(({ order }) => and(gte(order.id, last - pageSize + 1), lte(order.id, last)))
        .orderBy(({ order }) => order.id),
    [last],
  )
  const isMissing = isReady && data.length < pageSize
  useEffect(() => {
    if (isMissing) void fetchPage(page)
  }, [isMissing, page])
  return data.length < pageSize ? undefined : data
}

function useRow(id: number): Order | undefined {
  const { data, isReady } = useLiveQuery(
    (query) =>
      query
        .from({ order: orders })
        .where(({ order }) => eq(order.id, id))
        .findOne(),
    [id],
  )
  const isMissing = isReady && data === undefined
  useEffect(() => {
    if (isMissing) void fetchOrder(id)
  }, [isMissing, id])
  return data
}

async function fetchPage(page: number): Promise<void> {
  await put((await listOrders(page)).rows)
}

async function fetchOrder(id: number): Promise<void> {
  await put([await getOrder(id)])
}

/** Rows that came from the server, in one transaction. */
async function put(rows: readonly Order[]): Promise<void> {
  const transaction = createTransaction({ mutationFn: ({ transaction: accepted }) => orders.utils.acceptMutations(accepted) })
  transaction.mutate(() => {
    for (const row of rows) {
      if (orders.has(row.id)) orders.update(row.id, (draft) => Object.assign(draft, row))
      else orders.insert(row)
    }
  })
  await transaction.when('settled')
}

const renew = oneAtATime(() => fetchPage(settings.page))

/** Shown at once, and taken back if the server refuses it. After the last one the page is asked for again. */
async function patch(id: number, partial: Partial<Order>): Promise<void> {
  try {
    await orders.update(id, (draft) => Object.assign(draft, partial)).when('settled')
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
      await orders.utils.importData(Array.from({ length: count }, (_, index) => makePage(index + 1).rows).flat())
    },
    invalidate: () => orders.utils.clearObjectStore(),
  },
  rows: {
    useRow,
    async fill(count) {
      await opened
      await orders.utils.importData(Array.from({ length: count }, (_, index) => makeOrder(index + 1, 0)))
    },
    changed: (id) => void fetchOrder(id),
    arrived: (row) => void put([row]),
  },
  writer: { usePatch: () => patch },
  listen: () =>
    readEvents(({ row }) => {
      if (row === undefined) void renew()
      else void opened.then(() => put([row]))
    }),
}
