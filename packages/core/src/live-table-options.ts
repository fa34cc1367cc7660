import type { Cache } from './cache/cache.ts'
import { ArgumentError } from './errors.ts'
import type { LiveStream } from './stream/stream.ts'
import { checkSchema, type StandardSchemaV1 } from './row-schema.ts'
import { isObject } from './table/is-object.ts'
import { checkCount } from './table/query.ts'
import { readArgument } from './table/read-argument.ts'
import type { Table } from './table/table.ts'
import type { Trace } from './trace.ts'
import type { WriteStorage } from './writes/write-storage.ts'

/** What a `LiveTable` is made of. */
export interface LiveTableOptions<Row extends object> {
  /** The remote table that is the truth. It may be a `LiveTable` itself. */
  readonly master: Table<Row>
  /** The caller's name for what is cached. Different tables need different ones. */
  readonly cacheKey: string
  /**
   * Whose rows these are: a user's id, a tenant's, or both. Part of every key; what is kept of one scope no other one reads, and
   * `purge()` removes (promise 14). By default that of `queue`, of a `LiveTable` that is the master, or none.
   */
  readonly scope?: string
  /** Of the shape of a row in this version of the app: what was cached under another one is not read. */
  readonly version?: string | number
  /**
   * Checks the rows that come from the master, the stream, other tabs and the disk: any Standard Schema (zod, valibot, arktype) that
   * answers at once. It does not change them.
   */
  readonly schema?: StandardSchemaV1<Row>
  /** `idbCache()` by default; `memoryCache()` where there is no IndexedDB. */
  readonly cache?: Cache
  /** Where news of other people's changes comes from. */
  readonly stream?: LiveStream
  /** Where writes land, if not on the master; reads stay on the master. */
  readonly writeTarget?: Table<Row>
  /** How many rows make a page where the caller does not say; 50 by default. */
  readonly pageSize?: number
  /** How many rows the master serves at most in one page. Larger pages are put together from several (promise 16). */
  readonly masterPageSize?: number
  /** Where writes that wait are kept, so that they survive a reload: `durableQueue()`. In memory by default. */
  readonly queue?: WriteStorage
  /** Patches to one row that still wait are sent as one; each caller gets its answer. False by default. */
  readonly coalesce?: boolean
  /** How many writes are sent at once, each to another row; 1 by default. The writes of one row keep their order (promise 4). */
  readonly concurrency?: number
  /** Asks the user before the page is left while writes wait. False by default. */
  readonly warnOnUnload?: boolean
  /** Hears all that the table does: reads, writes, invalidations, events, and every error that was survived. */
  readonly trace?: Trace
}

/** @throws ArgumentError where an option cannot work (promise 20) */
export function checkOptions<Row extends object>(options: LiveTableOptions<Row>): void {
  readArgument('options', options, () => {
    if (!isObject(options)) throw new ArgumentError('options', options, 'an object')
    const { master, cacheKey, scope, version, schema, cache, stream, writeTarget, pageSize, masterPageSize, queue, concurrency, trace } =
      options
    checkMethods('master', master, 'a table', 'list', 'get')
    if (typeof cacheKey !== 'string' || cacheKey === '') throw new ArgumentError('cacheKey', cacheKey, 'a string that is not empty')
    if (scope !== undefined && (typeof scope !== 'string' || scope === ''))
      throw new ArgumentError('scope', scope, 'a string that is not empty')
    if (version !== undefined && typeof version !== 'string' && !Number.isFinite(version)) {
      throw new ArgumentError('version', version, 'a string or a finite number')
    }
    if (schema !== undefined) checkSchema(schema)
    if (cache !== undefined) checkMethods('cache', cache, 'a cache', 'read', 'fill', 'invalidate', 'purge')
    if (stream !== undefined) checkMethods('stream', stream, 'a live stream', 'connect')
    if (writeTarget !== undefined) checkMethods('writeTarget', writeTarget, 'a table', 'insert', 'replace', 'patch', 'delete', 'deleteAll')
    if (pageSize !== undefined) checkCount('pageSize', pageSize)
    if (masterPageSize !== undefined) checkCount('masterPageSize', masterPageSize)
    if (queue !== undefined) checkMethods('queue', queue, 'a storage of writes', 'connect', 'purge')
    if (concurrency !== undefined) checkCount('concurrency', concurrency)
    if (trace !== undefined && typeof trace !== 'function') throw new ArgumentError('trace', trace, 'a function')
  })
}

function checkMethods(argument: string, value: unknown, expected: string, ...names: readonly string[]): void {
  readArgument(argument, value, () => {
    if (isObject(value) && names.every((name) => typeof Reflect.get(value, name) === 'function')) return
    throw new ArgumentError(argument, value, expected)
  })
}
