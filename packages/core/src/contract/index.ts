export { describeCache, type CacheContractOptions, type CacheUnderTest } from './cache-contract.ts'
export { describeStream, type StreamUnderTest } from './stream-contract.ts'
export { describeTable, type ContractRow, type TableUnderTest } from './table-contract.ts'
