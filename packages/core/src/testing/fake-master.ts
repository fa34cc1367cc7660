import { MissingRowError, VersionError } from '../errors.ts'
import { appliedOnce } from '../table/applied-once.ts'
import { matchingRows } from '../table/match.ts'
import { canonicalListQuery, canonicalQuery } from '../table/query.ts'
import { fieldOf } from '../table/row.ts'
import type {
  ChangeOptions,
  CountQuery,
  ListQuery,
  ListResult,
  ReadOptions,
  RowId,
  SendOptions,
  Table,
  TableMetadata,
} from '../table/table.ts'
import { untilAborted } from '../table/until-aborted.ts'

/** A row of a fake master. */
export interface Item {
  readonly id: RowId
  readonly name: string
  readonly status?: string
  /** Where the master's option `versionField` is `'version'`. */
  readonly version?: number
}

/** What a fake master takes besides its rows. */
export interface FakeMasterOptions extends Partial<TableMetadata> {
  /** Default: idempotency keys are ignored. */
  readonly honoursIdempotencyKeys?: boolean | undefined
  /** Where there is one, each row has a number there that counts up, from 1, with each change of the row. */
  readonly versionField?: string | undefined
  /**
   * Waited for on the way there and on the way back of each call: `'list 1 >'`, `'list 1 <'`, `'patch 42 >'` and so on.
   * The rows are read and written between the two, at one moment.
   */
  readonly step?: (name: string) => Promise<void>
  /** False for a master without `count()`. */
  readonly canCount?: boolean
  /** False for a master whose lists have no total. */
  readonly hasTotal?: boolean
}

/** A master that a test holds in its hands. */
export interface FakeMaster extends Table<Item> {
  /** What it holds, by `String(id)`; a test may change it as somebody else would. */
  readonly rows: Map<string, Item>
  /** All calls, in the order they were made: `'list 1'`, `'get 42'`, `'insert'`, `'deleteAll'`. */
  readonly calls: string[]
  /** The signals of its reads, in the order they were made. */
  readonly signals: AbortSignal[]
  /** The error with which it answers a call, if any. It changes nothing then. */
  failing: (call: string) => unknown
}

/** Makes a master with these rows. */
export function fakeMaster(rows: readonly Item[], options: FakeMasterOptions = {}): FakeMaster {
  const { step = () => Promise.resolve(), canCount = true, hasTotal = true, name = 'items', idField = 'id', ...metadata } = options
  const { honoursIdempotencyKeys = false, versionField } = metadata
  const held = new Map(rows.map((row) => [String(row.id), withVersion(row, versionOf(row) ?? 1)]))
  const rowOnce = appliedOnce<Item>()
  const goneOnce = appliedOnce<void>()

  async function call<Answer>(own: string, work: () => Answer): Promise<Answer> {
    master.calls.push(own)
    await step(`${own} >`)
    const error = master.failing(own)
    if (error !== undefined) throw error
    const answer = structuredClone(work())
    await step(`${own} <`)
    return answer
  }

  function read<Answer>(own: string, { signal }: ReadOptions, work: () => Answer): Promise<Answer> {
    if (signal !== undefined) master.signals.push(signal)
    return untilAborted(call(own, work), signal)
  }

  function versionOf(row: Item): unknown {
    return versionField === undefined ? undefined : fieldOf(row, versionField)
  }

  function withVersion(row: Item, version: unknown): Item {
    return versionField === undefined ? row : { ...row, [versionField]: version }
  }

  function keyOf({ idempotencyKey }: SendOptions): string | undefined {
    return honoursIdempotencyKeys ? idempotencyKey : undefined
  }

  function store(id: RowId, row: Item): Item {
    held.set(String(id), row)
    return row
  }

  function change(id: RowId, { version }: ChangeOptions, changed: (row: Item) => Item): Item {
    const row = held.get(String(id))
    if (row === undefined) throw new MissingRowError(name, String(id))
    const found = versionOf(row)
    if (versionField !== undefined && version !== undefined && String(found) !== String(version)) {
      throw new VersionError(name, String(id), version, found)
    }
    return store(id, withVersion(changed(row), Number(found ?? 0) + 1))
  }

  function find(query: ListQuery<Item>): ListResult<Item> {
    const { page, pageSize, ...view } = canonicalListQuery(query)
    const found = matchingRows([...held.values()], view)
    const part = found.slice((page - 1) * pageSize, page * pageSize)
    return hasTotal ? { rows: part, total: found.length } : { rows: part }
  }

  const master: FakeMaster = {
    ...metadata,
    name,
    idField,
    rows: held,
    calls: [],
    signals: [],
    failing: () => undefined,
    list: (query, own = {}) => read(`list ${query.page}`, own, () => find(query)),
    get: (id, own = {}) => read(`get ${id}`, own, () => held.get(String(id))),
    ...(canCount && {
      count: (query: CountQuery<Item>, own: ReadOptions = {}) =>
        read('count', own, () => matchingRows([...held.values()], canonicalQuery(query)).length),
    }),
    insert(row, own = {}) {
      const add = (): Item => {
        const id = row.id ?? held.size + 1
        const item = { name: '', ...row, id }
        return store(id, withVersion(item, versionOf(item) ?? 1))
      }
      return call('insert', () => rowOnce(keyOf(own), add))
    },
    replace: (id, row, own = {}) =>
      call(`replace ${id}`, () => rowOnce(keyOf(own), () => change(id, own, (former) => ({ ...row, id: former.id })))),
    patch: (id, partial, own = {}) =>
      call(`patch ${id}`, () => rowOnce(keyOf(own), () => change(id, own, (former) => ({ ...former, ...partial })))),
    delete: (id, own = {}) => call(`delete ${id}`, () => goneOnce(keyOf(own), () => void held.delete(String(id)))),
    deleteAll: (own = {}) => call('deleteAll', () => goneOnce(keyOf(own), () => held.clear())),
  }
  return master
}

/** `count` rows with the ids 1, 2, 3 … */
export function items(count: number): Item[] {
  return Array.from({ length: count }, (_, index) => ({ id: index + 1, name: `item ${index + 1}` }))
}
