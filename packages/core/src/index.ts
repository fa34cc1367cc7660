export type { Cache, CachedTable, CacheEntry, CacheRead, Lease, Renewal, Slot, StorageFault, Tags } from './cache/cache.ts'
export { idbCache, type IdbCacheOptions } from './cache/indexeddb.ts'
export { memoryCache, type MemoryCacheOptions } from './cache/memory.ts'
export { noCache } from './cache/none.ts'
export type { StorageStatus } from './cache/safe-cache.ts'
export {
  AnswerError,
  ArgumentError,
  ClosedError,
  ConflictError,
  EventError,
  HttpError,
  LiveError,
  MissingRowError,
  NetworkError,
  NotCachedError,
  PurgedError,
  RestoredError,
  StorageError,
  TimeoutError,
  UnsupportedError,
  VersionError,
  type Conflict,
  type LiveErrorCode,
  type StorageReason,
} from './errors.ts'
export type { LiveStatus } from './feed.ts'
export type { PurgeOptions } from './live-master.ts'
export { LiveTable } from './live-table.ts'
export type { LiveTableOptions } from './live-table-options.ts'
export type { LiveListQuery, LiveRow, Page } from './page.ts'
export type { CachedReadOptions } from './read-through.ts'
export type { StandardSchemaV1 } from './row-schema.ts'
export { manualStream, type ManualStream } from './stream/manual.ts'
export { sharedStream, type SharedOptions } from './stream/shared.ts'
export { sseStream, type SseMessage, type SseOptions } from './stream/sse.ts'
export type { LiveEvent, LiveStream, StreamListener, StreamStatus } from './stream/stream.ts'
export { memoryTable, type MemoryCall, type MemoryTable, type MemoryTableOptions } from './table/memory.ts'
export { restTable, type RestTable, type RestTableOptions } from './table/rest.ts'
export type { RestRows } from './table/rest-answer.ts'
export { restParameters, type Paging } from './table/rest-parameters.ts'
export type { CanonicalListQuery, CanonicalQuery, Comparison, Operator, PlainScalar } from './table/query.ts'
export type {
  AffectedRows,
  ChangeOptions,
  Column,
  Condition,
  CountQuery,
  Invalidation,
  ListQuery,
  ListResult,
  OrderBy,
  ReadOptions,
  Reference,
  RowId,
  RowUpdate,
  Scalar,
  SendOptions,
  Table,
  TableChange,
  TableMetadata,
  ViewQuery,
  Where,
} from './table/table.ts'
export { durableQueue, type DurableQueueOptions } from './writes/durable-queue.ts'
export type { FailedWrite, PendingWrite } from './writes/pending-write.ts'
export type { Change } from './writes/change.ts'
export type { Pause, PauseReason } from './writes/write-gate.ts'
export type { StoredFailure, StoredWrite, WriteStorage, WriteStorageConnection } from './writes/write-storage.ts'
export type { WriteOptions } from './writes/writes.ts'
export type { InvalidationCause, Trace, TraceDetail, TraceEvent, WriteType } from './trace.ts'
