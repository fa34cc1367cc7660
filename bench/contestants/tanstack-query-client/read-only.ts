// What a read-only grid imports.
export { createAsyncStoragePersister } from '@tanstack/query-async-storage-persister'
export { keepPreviousData, QueryClient, useQuery } from '@tanstack/react-query'
export { PersistQueryClientProvider } from '@tanstack/react-query-persist-client'
export { del, get, set } from 'idb-keyval'
