// What a read-only grid imports where TanStack Query is not there anyway.
export { QueryClient, QueryClientProvider } from '@tanstack/react-query'
export * from './read-only.ts'
