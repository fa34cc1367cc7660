// What a read-only grid imports.
export { getMany, set } from 'idb-keyval'
