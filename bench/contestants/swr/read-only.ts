// What a read-only grid imports.
export { default as useSWR, SWRConfig } from 'swr'
