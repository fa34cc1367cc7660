import { ArgumentError, MissingRowError, VersionError } from '../errors.ts'
import { appliedOnce } from './applied-once.ts'
import { matchingRows } from './match.ts'
import { ownCopy } from './own-copy.ts'
import { canonicalListQuery, canonicalQuery, idText } from './query.ts'
import { randomName } from './random-name.ts'
import { readArgument, readOptions } from './read-argument.ts'
import { fieldOf, givenId, writtenId } from './row.ts'
import type { ChangeOptions, CountQuery, ListQuery, ReadOptions, RowId, Table, TableMetadata } from './table.ts'
import { longestTimer } from './timer.ts'
import { untilAborted } from './until-aborted.ts'

/** A call of a `memoryTable`, as `onCall` sees it. */
export type MemoryCall<Row> =
  | { readonly method: 'list'; readonly query: ListQuery<Row> }
  | { readonly method: 'count'; readonly query: CountQuery<Row> }
  | { readonly method: 'get' | 'delete'; readonly id: RowId }
  | { readonly method: 'insert'; readonly row: Partial<Row> }
  | { readonly method: 'replace'; readonly id: RowId; readonly row: Row }
  | { readonly method: 'patch'; readonly id: RowId; readonly partial: Partial<Row> }
  | { readonly method: 'deleteAll' }

/** Options of `memoryTable`. */
export interface MemoryTableOptions<Row> extends Partial<TableMetadata> {
  /** Default: `'memory'`. */
  readonly name?: string
  /** Default: `'id'`. */
  readonly idField?: string
  /**
   * The field that holds each row's version, a whole number: 1 where a row is seeded or inserted without one, and one more
   * after each change, whatever the change itself says. Default: rows have none, and a change's `version` is ignored.
   */
  readonly versionField?: string | undefined
  /**
   * How long an answer is under way, in ms, or a function that is asked at each call. Default: 0.
   *
   * The table's rows are read and changed before it, so that a slow answer can be out of date by the time it arrives.
   */
  readonly latency?: number | (() => number)
  /**
   * Hears of each call before the table looks at its rows. What it throws, the call rejects with, and nothing is
   * changed. A promise that it returns is waited for: it holds the call back. That makes a log, a failure on demand,
   * or a server that is away:
   *
   * ```ts
   * let online = true
   * const table = memoryTable(rows, {
   *   onCall: ({ method }) => {
   *     if (!online) throw new NetworkError(method, 'memory', undefined)
   *   },
   * })
   * ```
   */
  readonly onCall?: (call: MemoryCall<Row>) => unknown
}

/** A table in memory; it can always count. */
export interface MemoryTable<Row extends object> extends Table<Row> {
  count(query: CountQuery<Row>, options?: ReadOptions): Promise<number>
}

/**
 * A table in memory, for tests and stories. It reads and gives out copies (`structuredClone`), and always knows the total.
 *
 * Rows stand in the order they were inserted in. An insert without an id gets one: the next number where all ids are
 * numbers, and else a random text. `where`, `orderBy` and `search` mean what `matchingRows` says.
 *
 * A write that comes twice under one idempotency key is applied once, and answered as the first time; the keys of the
 * latest 1,000 writes that answer with a row are remembered, and of as many deletes.
 *
 * Its calls reject with `ArgumentError` for bad input (promise 20), which includes an insert of an id that there is,
 * with `MissingRowError` where `replace` or `patch` names a row that there is not, and with `VersionError` where the row
 * has another version than theirs (see the option `versionField`).
 *
 * @throws ArgumentError where a row has no id, or two have the same one, or a version or the latency is none (promise 20)
 */
export function memoryTable<Row extends object>(rows: readonly Row[], options: MemoryTableOptions<Row> = {}): MemoryTable<Row> {
  const { name = 'memory', idField = 'id', versionField, latency = 0, onCall, ...metadata } = readOptions(options)
  const stored = new Map<string, Row>()
  const rowOnce = appliedOnce<Row>()
  const goneOnce = appliedOnce<void>()
  let highestId = 0

  const put = (key: string, row: Row): Row => {
    stored.set(key, row)
    const id = fieldOf(row, idField)
    if (typeof id === 'number') highestId = Math.max(highestId, Math.floor(id))
    return row
  }
  const newId = (): RowId => ([...stored.values()].every((row) => typeof fieldOf(row, idField) === 'number') ? highestId + 1 : randomName())
  const versionOf = (row: object): unknown => (versionField === undefined ? undefined : fieldOf(row, versionField))
  const withVersion = (row: Row, version: number): Row => (versionField === undefined ? row : { ...row, [versionField]: version })
  const firstVersion = (argument: string, row: object): number => {
    const version = versionOf(row) ?? 1
    if (typeof version === 'number' && Number.isSafeInteger(version)) return version
    throw new ArgumentError(`${argument}.${versionField}`, version, 'a whole number')
  }
  const change = (key: string, version: ChangeOptions['version'], changed: (row: Row) => Row): Row => {
    const row = stored.get(key)
    if (row === undefined) throw new MissingRowError(name, key)
    const found = Number(versionOf(row))
    if (versionField !== undefined && version !== undefined && String(version) !== String(found)) {
      throw new VersionError(name, key, version, found)
    }
    return put(key, withVersion({ ...changed(row), [idField]: fieldOf(row, idField) }, found + 1))
  }

  const answer = async <Answer>(call: MemoryCall<Row>, apply: () => Answer): Promise<Answer> => {
    await onCall?.(call)
    const delay = checkLatency(typeof latency === 'function' ? latency() : latency)
    try {
      return apply()
    } finally {
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay))
    }
  }
  const read = <Answer>(call: MemoryCall<Row>, apply: () => Answer, signal: AbortSignal | undefined): Promise<Answer> => {
    signal?.throwIfAborted()
    return untilAborted(answer(call, apply), signal)
  }

  const seed: readonly Row[] = readArgument('rows', rows, () => {
    if (!Array.isArray(rows)) throw new ArgumentError('rows', rows, 'an array of rows')
    return Array.from<Row>(rows)
  })
  if (typeof latency === 'number') checkLatency(latency)
  seed.forEach((row, index) => {
    const key = idText(givenId(`rows[${index}]`, row, idField), `rows[${index}].${idField}`)
    if (stored.has(key)) throw new ArgumentError(`rows[${index}].${idField}`, key, 'an id that no row before it has')
    const copy = ownCopy(`rows[${index}]`, row)
    put(key, withVersion(copy, firstVersion(`rows[${index}]`, copy)))
  })

  return {
    honoursIdempotencyKeys: true,
    ...metadata,
    name,
    idField,
    versionField,

    async list(query, call) {
      const { signal } = readOptions(call)
      const canonical = canonicalListQuery(query)
      const { page, pageSize } = canonical
      const find = (): { rows: Row[]; total: number } => {
        const found = matchingRows([...stored.values()], canonical)
        return { rows: structuredClone(found.slice((page - 1) * pageSize, page * pageSize)), total: found.length }
      }
      return read({ method: 'list', query }, find, signal)
    },

    async count(query, call) {
      const { signal } = readOptions(call)
      const canonical = canonicalQuery(query)
      return read({ method: 'count', query }, () => matchingRows([...stored.values()], canonical).length, signal)
    },

    async get(id, call) {
      const { signal } = readOptions(call)
      const key = idText(id)
      return read({ method: 'get', id }, () => structuredClone(stored.get(key)), signal)
    },

    async insert(row, call) {
      const { idempotencyKey } = readOptions(call)
      const given = givenId('row', row, idField)
      const copy = ownCopy('row', row)
      const version = firstVersion('row', copy)
      const store = (): Row => {
        if (given !== undefined && stored.has(given)) throw new ArgumentError(`row.${idField}`, given, 'an id that no row has yet')
        const id = given === undefined ? newId() : fieldOf(copy, idField)
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- which columns a row may leave out only the caller knows
        return put(String(id), withVersion({ ...copy, [idField]: id } as Row, version))
      }
      return answer({ method: 'insert', row }, () => structuredClone(rowOnce(idempotencyKey, store)))
    },

    async replace(id, row, call) {
      const { idempotencyKey, version } = readOptions(call)
      const key = writtenId(id, 'row', row, idField)
      const copy = ownCopy('row', row)
      const store = (): Row => change(key, version, () => copy)
      return answer({ method: 'replace', id, row }, () => structuredClone(rowOnce(idempotencyKey, store)))
    },

    async patch(id, partial, call) {
      const { idempotencyKey, version } = readOptions(call)
      const key = writtenId(id, 'partial', partial, idField)
      // As on its way through JSON, a field that is undefined is none.
      const copy = Object.fromEntries(Object.entries(ownCopy('partial', partial)).filter(([, value]) => value !== undefined))
      const store = (): Row => change(key, version, (row) => ({ ...row, ...copy }))
      return answer({ method: 'patch', id, partial }, () => structuredClone(rowOnce(idempotencyKey, store)))
    },

    async delete(id, call) {
      const { idempotencyKey } = readOptions(call)
      const key = idText(id)
      await answer({ method: 'delete', id }, () => goneOnce(idempotencyKey, () => void stored.delete(key)))
    },

    async deleteAll(call) {
      const { idempotencyKey } = readOptions(call)
      await answer({ method: 'deleteAll' }, () => goneOnce(idempotencyKey, () => stored.clear()))
    },
  }
}

function checkLatency(latency: number): number {
  if (latency >= 0 && latency <= longestTimer) return latency
  throw new ArgumentError('latency', latency, `a number of ms from 0 to ${longestTimer}`)
}
