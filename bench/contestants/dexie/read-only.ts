// What a read-only grid imports.
export { Dexie } from 'dexie'
export { useLiveQuery } from 'dexie-react-hooks'
