import { useEffect, type ReactNode } from 'react'
import useSWR, { SWRConfig, unstable_serialize, useSWRConfig, type ScopedMutator, type State } from 'swr'
import { getOrder, listOrders, patchOrder } from '../../page/api.ts'
import { CannotError, type Contestant } from '../../page/contestant.ts'
import { readEvents } from '../../page/events.ts'
import { makeOrder, makePage, type Order, type OrderPage } from '../../page/orders.ts'
import { settings } from '../../page/settings.ts'
import { inOrder } from '../shared/in-order.ts'

const storageKey = 'app-cache'

/** All that is cached, in memory; on disk it lies in one piece, read at the start and written when the page is left, as the docs have it. */
// oxlint-disable-next-line typescript/no-unsafe-argument -- it is what was written below
const cache = new Map<string, State<unknown>>(JSON.parse(localStorage.getItem(storageKey) ?? '[]'))
addEventListener('beforeunload', save)

function save(): void {
  localStorage.setItem(storageKey, JSON.stringify([...cache]))
}

const pageKey = (page: number): readonly ['orders', number] => ['orders', page]
const orderKey = (id: number): readonly ['order', id: number] => ['order', id]

/** The `mutate` that knows this cache, which only a component can get at. */
const scope: { mutate?: ScopedMutator } = {}

function scoped(): ScopedMutator {
  if (scope.mutate === undefined) throw new Error('nothing is shown yet')
  return scope.mutate
}

function Root({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <SWRConfig
      value={{
        provider: () => cache,
        revalidateIfStale: false,
        revalidateOnFocus: false,
        revalidateOnReconnect: false,
        keepPreviousData: true,
      }}
    >
      <WithMutate>{children}</WithMutate>
    </SWRConfig>
  )
}

function WithMutate({ children }: { readonly children: ReactNode }): ReactNode {
  const { mutate } = useSWRConfig()
  useEffect(() => {
    scope.mutate = mutate
  }, [mutate])
  return children
}

const patches = inOrder()

function withChange(page: OrderPage, id: number, partial: Partial<Order>): OrderPage {
  return { ...page, rows: page.rows.map((row) => (row.id === id ? { ...row, ...partial } : row)) }
}

/** With optimistic data. SWR itself asks for the page again after the last one. */
function patch(id: number, partial: Partial<Order>): Promise<unknown> {
  return scoped()<OrderPage, Order>(
    pageKey(settings.page),
    patches.call(() => patchOrder(id, partial)),
    {
      optimisticData: (_committed, shown) => withChange(shown ?? { rows: [], total: 0 }, id, partial),
      populateCache: false,
      rollbackOnError: true,
    },
  )
}

function fill(count: number, keyOf: (number: number) => readonly unknown[], make: (number: number) => object): Promise<void> {
  for (let number = 1; number <= count; number += 1) cache.set(unstable_serialize(keyOf(number)), { data: make(number) })
  try {
    save()
    return Promise.resolve()
  } catch (error) {
    cache.clear()
    return Promise.reject(new CannotError('out of quota: localStorage holds 5 million characters', { cause: error }))
  }
}

export const contestant: Contestant = {
  Root,
  pages: {
    usePage: (page) => useSWR(pageKey(page), ([, number]) => listOrders(number)).data?.rows,
    fill: (count) => fill(count, pageKey, makePage),
    // In memory at once, on disk when the page is left.
    invalidate: async () => {
      await scoped()((key) => Array.isArray(key) && key[0] === 'orders', undefined)
    },
  },
  rows: {
    useRow: (id) => useSWR(orderKey(id), ([, number]) => getOrder(number)).data,
    fill: (count) => fill(count, orderKey, (id) => makeOrder(id, 0)),
    changed: (id) => void scoped()(orderKey(id)),
    arrived: (row) => void scoped()(orderKey(row.id), row, { revalidate: false }),
  },
  writer: { usePatch: () => patch },
  listen: () =>
    readEvents(({ id, row }) => {
      const key = pageKey(settings.page)
      if (row === undefined) void scoped()(key)
      else void scoped()<OrderPage>(key, (page) => page && withChange(page, id, row), { revalidate: false })
    }),
}
