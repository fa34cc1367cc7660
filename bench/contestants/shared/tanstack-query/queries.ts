import {
  keepPreviousData,
  queryOptions,
  useMutation,
  useQuery,
  useQueryClient,
  type DefaultOptions,
  type QueryClient,
  type QueryKey,
} from '@tanstack/react-query'
import { getOrder, listOrders, patchOrder } from '../../../page/api.ts'
import { readEvents } from '../../../page/events.ts'
import type { Order, OrderPage } from '../../../page/orders.ts'
import { settings } from '../../../page/settings.ts'

// What both TanStack Query contestants have in common, written as its documentation has it.

/** What is cached is fresh until it is invalidated, as it is for everybody here. */
export const defaults: DefaultOptions = { queries: { staleTime: Infinity, gcTime: Infinity } }

export const allPages: QueryKey = ['orders', 'page']

export const pageQuery = (page: number) =>
  queryOptions({ queryKey: [...allPages, page], queryFn: ({ signal }) => listOrders(page, signal) })

export const orderQuery = (id: number) => queryOptions({ queryKey: ['orders', 'order', id], queryFn: ({ signal }) => getOrder(id, signal) })

export function usePage(page: number): readonly Order[] | undefined {
  return useQuery({ ...pageQuery(page), placeholderData: keepPreviousData }).data?.rows
}

export function useRow(id: number): Order | undefined {
  return useQuery(orderQuery(id)).data
}

/** With an optimistic update of the cache. One scope keeps the order; only the last to settle asks for the page again. */
export function usePatch(): (id: number, partial: Partial<Order>) => Promise<Order> {
  const client = useQueryClient()
  const { queryKey } = pageQuery(settings.page)
  const { mutateAsync } = useMutation({
    mutationKey: ['orders'],
    scope: { id: 'orders' },
    mutationFn: ({ id, partial }: { readonly id: number; readonly partial: Partial<Order> }) => patchOrder(id, partial),
    onMutate: async ({ id, partial }) => {
      await client.cancelQueries({ queryKey })
      const former = client.getQueryData(queryKey)
      client.setQueryData(queryKey, (page) => page && withChange(page, id, partial))
      return { former }
    },
    onError: (_error, _change, context) => {
      if (context?.former !== undefined) client.setQueryData(queryKey, context.former)
    },
    onSettled: () => {
      if (client.isMutating({ mutationKey: ['orders'] }) === 1) void client.invalidateQueries({ queryKey })
    },
  })
  return (id, partial) => mutateAsync({ id, partial })
}

/** @param keep puts a query on disk that was set and not fetched */
export function listen(client: QueryClient, keep: (queryKey: QueryKey) => void): void {
  const { queryKey } = pageQuery(settings.page)
  readEvents(({ id, row }) => {
    if (row === undefined) {
      void client.invalidateQueries({ queryKey: allPages })
    } else {
      client.setQueryData(queryKey, (page) => page && withChange(page, id, row))
      keep(queryKey)
    }
  })
}

function withChange(page: OrderPage, id: number, partial: Partial<Order>): OrderPage {
  return { ...page, rows: page.rows.map((row) => (row.id === id ? { ...row, ...partial } : row)) }
}
