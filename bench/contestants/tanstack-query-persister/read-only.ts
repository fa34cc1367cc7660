// What a read-only grid imports.
export { experimental_createQueryPersister } from '@tanstack/query-persist-client-core'
export { keepPreviousData, QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
export { del, get, set } from 'idb-keyval'
