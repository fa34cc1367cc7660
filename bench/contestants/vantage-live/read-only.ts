// What a read-only grid imports; the cache in IndexedDB is the table's default.
export { LiveTable } from '@vantage-live/core'
export { useLivePage } from '@vantage-live/react'
