import { experimental_createQueryPersister, type PersistedQuery } from '@tanstack/query-persist-client-core'
import { QueryClient, QueryClientProvider, type QueryKey } from '@tanstack/react-query'
import { del, entries, get, set } from 'idb-keyval'
import type { ReactNode } from 'react'
import type { Contestant } from '../../page/contestant.ts'
import { makeOrder, makePage } from '../../page/orders.ts'
import { allPages, defaults, listen, orderQuery, pageQuery, usePage, usePatch, useRow } from '../shared/tanstack-query/queries.ts'

const persister = experimental_createQueryPersister<PersistedQuery>({
  storage: {
    getItem: (key) => get<PersistedQuery>(key),
    setItem: (key, query) => set(key, query),
    removeItem: (key) => del(key),
    entries: () => entries<string, PersistedQuery>(),
  },
  // IndexedDB takes objects as they are.
  serialize: (query) => query,
  deserialize: (query) => query,
  maxAge: Infinity,
})

const client = new QueryClient({ defaultOptions: { queries: { ...defaults.queries, persister: persister.persisterFn } } })

export const contestant: Contestant = {
  Root: ({ children }: { readonly children: ReactNode }) => <QueryClientProvider client={client}>{children}</QueryClientProvider>,
  pages: {
    usePage,
    fill: (count) => fill(count, (page) => pageQuery(page).queryKey, makePage),
    // What is invalidated in memory stays fresh on disk (TanStack/query#9805), so it has to be removed there.
    invalidate: async () => {
      void client.invalidateQueries({ queryKey: allPages })
      await persister.removeQueries({ queryKey: allPages })
    },
    prefetch: (page) => client.query(pageQuery(page)),
  },
  rows: {
    useRow,
    fill: (count) =>
      fill(
        count,
        (id) => orderQuery(id).queryKey,
        (id) => makeOrder(id, 0),
      ),
    changed: (id) => void client.invalidateQueries({ queryKey: orderQuery(id).queryKey }),
    arrived(row) {
      client.setQueryData(orderQuery(row.id).queryKey, row)
      keep(orderQuery(row.id).queryKey)
    },
  },
  writer: { usePatch },
  listen: () => listen(client, keep),
}

async function fill(count: number, keyOf: (number: number) => QueryKey, make: (number: number) => object): Promise<void> {
  for (let number = 1; number <= count; number += 1) {
    client.setQueryData(keyOf(number), make(number))
    // oxlint-disable-next-line no-await-in-loop -- all at once would be no faster
    await persister.persistQueryByKey(keyOf(number), client)
  }
}

/** What was set and not fetched is not on disk, unless it is put there. */
function keep(queryKey: QueryKey): void {
  void persister.persistQueryByKey(queryKey, client)
}
