import { createAsyncStoragePersister } from '@tanstack/query-async-storage-persister'
import { QueryClient } from '@tanstack/react-query'
import { persistQueryClientSave, PersistQueryClientProvider } from '@tanstack/react-query-persist-client'
import { del, get, set } from 'idb-keyval'
import type { ReactNode } from 'react'
import type { Contestant } from '../../page/contestant.ts'
import { makeOrder, makePage } from '../../page/orders.ts'
import { allPages, defaults, listen, orderQuery, pageQuery, usePage, usePatch, useRow } from '../shared/tanstack-query/queries.ts'

let isInvalidationSerialized = false
let onInvalidationWritten = (): void => undefined

const persister = createAsyncStoragePersister({
  storage: {
    getItem: (key) => get<string>(key),
    setItem: async (key, value) => {
      const isInvalidation = isInvalidationSerialized
      await set(key, value)
      if (isInvalidation) onInvalidationWritten()
    },
    removeItem: (key) => del(key),
  },
  serialize: (persisted) => {
    isInvalidationSerialized = persisted.clientState.queries.every(({ state }) => state.isInvalidated)
    return JSON.stringify(persisted)
  },
})

const client = new QueryClient({ defaultOptions: defaults })

export const contestant: Contestant = {
  Root: ({ children }: { readonly children: ReactNode }) => (
    <PersistQueryClientProvider client={client} persistOptions={{ persister, maxAge: Infinity }}>
      {children}
    </PersistQueryClientProvider>
  ),
  pages: {
    usePage,
    async fill(count) {
      for (let page = 1; page <= count; page += 1) client.setQueryData(pageQuery(page).queryKey, makePage(page))
      await save()
    },
    // The whole cache is put on disk once a second at most. Nobody tells when; so the persister's two ends are watched.
    invalidate: () =>
      new Promise((resolve) => {
        onInvalidationWritten = resolve
        void client.invalidateQueries({ queryKey: allPages })
      }),
    prefetch: (page) => client.query(pageQuery(page)),
  },
  rows: {
    useRow,
    async fill(count) {
      for (let id = 1; id <= count; id += 1) client.setQueryData(orderQuery(id).queryKey, makeOrder(id, 0))
      await save()
    },
    changed: (id) => void client.invalidateQueries({ queryKey: orderQuery(id).queryKey }),
    arrived: (row) => void client.setQueryData(orderQuery(row.id).queryKey, row),
  },
  writer: { usePatch },
  // Whatever changes in the cache is put on disk by itself.
  listen: () => listen(client, () => undefined),
}

function save(): Promise<void> {
  return persistQueryClientSave({ queryClient: client, persister })
}
