// What a read-only grid imports.
export { createRxDatabase } from 'rxdb'
export { useLiveRxQuery } from 'rxdb/plugins/react'
export { getRxStorageDexie } from 'rxdb/plugins/storage-dexie'
