// What a read-only grid imports.
export { and, BTreeIndex, createCollection, createIndexedDB, gte, indexedDBCollectionOptions, lte, useLiveQuery } from '@tanstack/react-db'
