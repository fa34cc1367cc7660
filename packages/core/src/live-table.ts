import type { Cache } from './cache/cache.ts'
import { idbCache } from './cache/indexeddb.ts'
import { memoryCache } from './cache/memory.ts'
import { Closable } from './closable.ts'
import { ArgumentError, UnsupportedError } from './errors.ts'
import type { StorageStatus } from './cache/safe-cache.ts'
import type { LiveStatus } from './feed.ts'
import { LiveMaster, type PurgeOptions } from './live-master.ts'
import { checkOptions, type LiveTableOptions } from './live-table-options.ts'
import type { LiveListQuery, LiveRow, Page } from './page.ts'
import type { CachedReadOptions } from './read-through.ts'
import type { View } from './reads.ts'
import { listAfter, rowAfter } from './row-update.ts'
import { pageSlot, rowSlot, tableName, type Placing } from './slots.ts'
import { ownCopy } from './table/own-copy.ts'
import { canonicalQuery, checkCount, idText, isUnnarrowed, narrow } from './table/query.ts'
import { readArgument, readOptions } from './table/read-argument.ts'
import type {
  ChangeOptions,
  Column,
  CountQuery,
  Invalidation,
  Reference,
  RowId,
  Table,
  TableChange,
  TableMetadata,
  ViewQuery,
} from './table/table.ts'
import { WeakValues } from './weak-values.ts'
import type { FailedWrite, PendingWrite } from './writes/pending-write.ts'
import type { Pause } from './writes/write-gate.ts'
import type { WriteOptions } from './writes/writes.ts'

/**
 * A remote table with a cache before it, a write queue behind it and a live stream beside it; a table itself.
 *
 * Reads ask the cache first and fall through to the master. Writes go to the master one by one, in order, and
 * invalidate what they changed before the caller hears of them. Live events invalidate too.
 * It connects to its stream at the first read or subscription, and lets go of it when the last subscriber leaves.
 */
export class LiveTable<Row extends object> extends Closable implements Table<Row> {
  readonly #options: LiveTableOptions<Row>
  readonly #shared: Shared<Row>
  readonly #view: View<Row>

  /**
   * @param view internal: `view()` makes views with it
   * @throws ArgumentError where an option cannot work (promise 20)
   */
  constructor(options: LiveTableOptions<Row>, view?: SharedView<Row>) {
    super()
    this.#options = options
    this.#shared = view?.shared ?? { root: this, live: makeLiveMaster(options), views: new WeakValues() }
    this.#view = view ?? { query: {}, canonical: canonicalQuery({}) }
  }

  get name(): string {
    return this.#master.name
  }

  get idField(): string {
    return this.#master.idField
  }

  get titleFields(): readonly string[] | undefined {
    return this.#master.titleFields
  }

  get columns(): readonly Column[] | undefined {
    return this.#master.columns
  }

  get references(): Readonly<Record<string, Reference>> | undefined {
    return this.#master.references
  }

  get honoursIdempotencyKeys(): boolean | undefined {
    return (this.#options.writeTarget ?? this.#master).honoursIdempotencyKeys
  }

  get versionField(): string | undefined {
    return this.#master.versionField
  }

  get defaultOrder(): TableMetadata['defaultOrder'] {
    return this.placing.orderBy
  }

  /** Internal: what decides which rows it has and where they stand, for a table that has this one for its master. */
  get placing(): Placing {
    return this.#live.reads.placing(this.#view.canonical)
  }

  /** The caller's name for what is cached; views have their parent's. */
  get cacheKey(): string {
    return this.#options.cacheKey
  }

  /** Whose rows these are; empty where that was not said. */
  get scope(): string {
    return this.#live.table.scope
  }

  /** The cache key, with the scope where there is one: tables of different scopes have different ones. Views have their parent's. */
  get scopedKey(): string {
    return tableName(this.#live.table)
  }

  /** The table that this one is a view of; the table itself where it is none. */
  get root(): LiveTable<Row> {
    return this.#shared.root
  }

  /** What makes this table a view; empty for the whole table. */
  get query(): ViewQuery<Row> {
    return this.#view.query
  }

  get pageSize(): number {
    return this.#options.pageSize ?? 50
  }

  /** The ids of the rows with a pending write, by `String(id)`. The same set until that changes. */
  get pendingIds(): ReadonlySet<string> {
    return this.#live.writes.pendingIds
  }

  /** The writes that are queued or under way, in the order of the calls. The same array until that changes. */
  get pending(): readonly PendingWrite<Row>[] {
    return this.#live.writes.pending
  }

  /**
   * The writes that failed for good, held aside until somebody decides; nothing of them shows. One whose fields a later write to the
   * same row has written is held no longer. The same array until that changes.
   */
  get failed(): readonly FailedWrite<Row>[] {
    return this.#live.writes.failed
  }

  /** Why no writes are sent at present; undefined where they are. */
  get paused(): Pause | undefined {
    return this.#live.writes.paused ?? this.#tableBehind?.paused
  }

  /** How what is cached is stored, and why not as it was to be (promise 7). The same object until something of it changes. */
  get storageStatus(): StorageStatus {
    return this.#live.storageStatus
  }

  /** How the live stream stands; undefined where there is none. The same object until something of it changes. */
  get streamStatus(): LiveStatus | undefined {
    return this.#live.streamStatus
  }

  /**
   * One page: from the cache where it is fresh there, else from the master. Where the master fails, the last known rows
   * are handed out, stale, with the error (promise 8). A page beyond the end has no rows.
   *
   * @throws ArgumentError where the page, the size or the query is none; AnswerError where the master's answer is none;
   * ClosedError; and whatever the master rejects with, where nothing is cached
   */
  async list(query: LiveListQuery<Row>, options?: CachedReadOptions): Promise<Page<Row>> {
    const view = this.#narrowed(query)
    const slice = readArgument('query', query, () => this.#slice(query.page, query.pageSize))
    const own = readOptions(options)
    this.#live.open()
    const { value = { rows: [] }, ...age } = await this.#live.reads.page(view, slice, own)
    this.#live.checkUnpurged()
    const page: Page<Row> = { ...value, ...slice, ...age }
    this.#live.overlay.see(page.rows, page)
    return own.overlay === false ? page : this.#live.overlay.list(page, view.canonical, slice)
  }

  /**
   * A page of this view that was read with `overlay: false`, with the writes laid over that are pending now, and those that
   * were answered since it was asked for; the same object where there are none. For bindings to frameworks: it needs no
   * disk, and is to be called again when the table tells of `writes`.
   */
  overlay(page: Page<Row>): Page<Row> {
    return this.#live.overlay.list(page, this.#view.canonical, page)
  }

  /** A row that was read with `overlay: false`, as `overlay` does it with a page. */
  overlayRow(id: RowId, read: LiveRow<Row>): LiveRow<Row> {
    const row = this.#live.overlay.row(read.row, idText(id), read)
    return row === read.row ? read : { ...read, row }
  }

  /**
   * What a page of this view that was read with `overlay: false` is after a change that the table told of: the same, or one with
   * the changed row in its place; undefined where it has to be read anew. For bindings to frameworks.
   */
  pageAfter(page: Page<Row>, { update }: Invalidation): Page<Row> | undefined {
    return update && listAfter(page, update, { ...this.placing, isGlued: this.#live.reads.isGlued(page) }, this)
  }

  /** What a row that was read with `overlay: false` is after a change, as `pageAfter` does it with a page. */
  rowAfter(id: RowId, read: LiveRow<Row>, { rows, update }: Invalidation): LiveRow<Row> | undefined {
    if (rows !== 'all' && !rows.includes(this.#live.overlay.idOf(idText(id)))) return read
    if (update?.row === undefined || read.row === undefined) return undefined
    const row = rowAfter(read.row, update.row, this)
    return row && (row === read.row ? read : { ...read, row })
  }

  /**
   * One row, or undefined where the master has none; absence is not cached (promise 9). For rows that may be stale, which
   * this answer could not mark, use `read`.
   *
   * @throws as `list`, and the master's error also where something stale is cached
   */
  async get(id: RowId, options?: CachedReadOptions): Promise<Row | undefined> {
    const { row, error } = await this.read(id, options)
    if (error !== undefined) throw error
    return row
  }

  /**
   * One row with what is known of its age. Where the master fails, the last known row is handed out (promise 8).
   *
   * @throws as `list`
   */
  async read(id: RowId, options?: CachedReadOptions): Promise<LiveRow<Row>> {
    const text = idText(id)
    const own = readOptions(options)
    this.#live.open()
    const { overlay } = this.#live
    // The master knows nothing yet of a row that is known here only.
    if (overlay.isNew(text)) return this.#laid(text, { row: undefined, fetchedAt: Date.now(), stale: false }, own)
    const known = overlay.idOf(text)
    const { value: row, ...age } = await this.#live.reads.row(known === text ? id : known, own)
    this.#live.checkUnpurged()
    if (row !== undefined) overlay.see([row], age)
    return this.#laid(text, { row, ...age }, own)
  }

  /**
   * How many rows the table or view has.
   *
   * @throws as `get`; UnsupportedError where the master has no way to count
   */
  async count(query: CountQuery<Row> = {}, options?: CachedReadOptions): Promise<number> {
    const view = this.#narrowed(query)
    const own = readOptions(options)
    this.#live.open()
    const { value = 0, error, fetchedAt } = await this.#live.reads.count(view, own)
    this.#live.checkUnpurged()
    if (error !== undefined) throw error
    return own.overlay === false ? value : this.#live.overlay.count(value, view.canonical, { fetchedAt })
  }

  /**
   * Resolves with the row as the master stored it, with the id the master gave it; until then the row is known by a name of
   * its own, where it has no id, and can be written to by that. Like every write:
   *
   * - it shows at once in every page, row and count, until the master has answered and the rows have been read anew;
   * - it is queued, waits for room where 256 writes wait already (promise 5), reaches the master after all that were called
   *   before it (promise 4), and what it changed is invalidated before the promise resolves (promise 1);
   * - where the master is busy or broken (408, 425, 429, 500 to 599) it is sent again, up to four times over about ten
   *   seconds; where it is out of reach, until it is back; an insert only to a target that honours idempotency keys;
   * - after 401 and 403 all writes wait for `resume()`;
   * - where it fails for good it shows no longer, and is found under `failed`.
   *
   * @throws ArgumentError where the row or the id is none; ClosedError where the table is closed before its turn comes;
   * AnswerError where the master took it but answered with no row; ConflictError where somebody else has changed the row
   * since; MissingRowError where the row's own insert failed; the signal's reason; and whatever the master rejects with
   * (promise 3)
   */
  async insert(row: Partial<Row>, options?: WriteOptions): Promise<Row> {
    return this.#writes.insert(row, options)
  }

  /** @throws as `insert` */
  async replace(id: RowId, row: Row, options?: WriteOptions & ChangeOptions): Promise<Row> {
    return this.#writes.replace(id, row, options)
  }

  /** @throws as `insert` */
  async patch(id: RowId, partial: Partial<Row>, options?: WriteOptions & ChangeOptions): Promise<Row> {
    return this.#writes.patch(id, partial, options)
  }

  /** @throws as `insert` */
  async delete(id: RowId, options?: WriteOptions): Promise<void> {
    return this.#writes.delete(id, options)
  }

  /**
   * Deletes all rows of the master, also when it is called on a view.
   *
   * @throws as `insert`
   */
  async deleteAll(options?: WriteOptions): Promise<void> {
    return this.#writes.deleteAll(options)
  }

  /**
   * The same table under a filter, an order or a search: its pages and counts are its own, everything else is shared.
   * Equal queries, however they are written, give the same object for as long as somebody holds it. On a view, the new
   * filter holds besides the old one, and a new order takes the old one's place.
   *
   * @throws ArgumentError where the query is none, or filters a field that the view filters already (promise 20)
   */
  view(query: ViewQuery<Row>): LiveTable<Row> {
    const view = this.#narrowed(query)
    return this.#shared.views.getOrMake(
      JSON.stringify(view.canonical),
      () => new LiveTable(this.#options, { ...view, shared: this.#shared }),
    )
  }

  /**
   * The table that a reference leads to.
   *
   * @throws UnsupportedError where the master names no such reference
   */
  ref(name: string): Table<object> {
    const reference = Object.entries(this.references ?? {}).find(([known]) => known === name)?.[1]
    if (reference === undefined) throw new UnsupportedError(this.name, `it has no reference ${JSON.stringify(name)}`)
    return reference.table()
  }

  /**
   * Hears of invalidations, writes and the stream's status, of this table and all its views; on a closed table, of nothing.
   * The returned function ends it.
   */
  subscribe(listener: (change: TableChange) => void): () => void {
    return this.#live.subscribe(listener)
  }

  /**
   * Sends what waits, after a pause: with the token that was missing, or because you know better. A stream that is closed,
   * also one that has ended for want of a token, is connected anew.
   */
  resume(): void {
    this.#live.resume()
    this.#tableBehind?.resume()
  }

  /**
   * A name for a row that stays the same when a row that was inserted without an id gets its own: React's `key`. For all
   * others it is `String(id)`.
   */
  rowKey(id: RowId): string {
    return this.#live.overlay.shownKeyOf(idText(id))
  }

  /** Makes everything that is cached of this table and its views stale; resolves when no tab can read it as fresh any more. */
  async invalidate(): Promise<void> {
    await this.#live.invalidate('all', 'call')
  }

  /**
   * The name of the slot that holds a page of this view, for debugging and tracing.
   *
   * @throws ArgumentError where the page or the size is none
   */
  pageCacheKey(page: number, pageSize?: number): string {
    const slice = this.#slice(page, pageSize)
    return pageSlot(this.#live.table, this.#view.canonical, slice.page, slice.pageSize).key
  }

  /**
   * The name of the slot that holds a row, for debugging and tracing. Views share it.
   *
   * @throws ArgumentError where the id is none
   */
  idCacheKey(id: RowId): string {
    return rowSlot(this.#live.table, idText(id)).key
  }

  /**
   * Keeps the cache from evicting a page of this view until the returned function is called. The React hooks do it for what they show.
   *
   * @throws ArgumentError where the page or the size is none
   */
  pinPage(page: number, pageSize?: number): () => void {
    const slice = this.#slice(page, pageSize)
    return this.#live.pin(pageSlot(this.#live.table, this.#view.canonical, slice.page, slice.pageSize))
  }

  /** A row, as `pinPage` does it with a page. */
  pinRow(id: RowId): () => void {
    return this.#live.pin(rowSlot(this.#live.table, idText(id)))
  }

  /**
   * Ends all that is kept of the table's scope (promise 14): for a user who logs out, or another tenant. Every table of the scope, in this
   * tab and all others, ends at once: reads and writes reject with `PurgedError`, also those under way, and subscribers hear
   * `purged`. Pages, rows, counts and writes of the scope are removed from the disk, and nothing that was asked for before is
   * ever kept. To go on, make new tables.
   *
   * A table without a scope stands for all tables without one that share its cache.
   *
   * @throws the signal's reason, where nothing was purged; and what the storage rejects with, where something may be left
   * there: the tables have ended all the same, and it may be called again
   */
  async purge(options?: PurgeOptions): Promise<void> {
    await this.#live.purge(readOptions(options))
  }

  /**
   * Ends the table: writes that wait reject with ClosedError, the one under way ends as it ends (promise 6), the stream is
   * let go, and every later read and write rejects. On a view it does nothing: the table it was made from owns all that.
   */
  close(): void {
    if (this.root === this) this.#live.close()
  }

  get #live(): LiveMaster<Row> {
    return this.#shared.live
  }

  get #master(): Table<Row> {
    return this.#options.master
  }

  /** Where writes wait besides. */
  get #tableBehind(): LiveTable<Row> | undefined {
    const target = this.#options.writeTarget ?? this.#master
    return target instanceof LiveTable ? target : undefined
  }

  get #writes(): LiveMaster<Row>['writes'] {
    this.#live.open()
    return this.#live.writes
  }

  #laid(id: string, read: LiveRow<Row>, { overlay }: CachedReadOptions): LiveRow<Row> {
    return overlay === false ? read : this.overlayRow(id, read)
  }

  #slice(page: number, pageSize: number = this.pageSize): { readonly page: number; readonly pageSize: number } {
    return { page: checkCount('page', page), pageSize: checkCount('pageSize', pageSize) }
  }

  #narrowed(inner: ViewQuery<Row>): View<Row> {
    return readArgument('query', inner, () => {
      if (isUnnarrowed(inner)) return this.#view
      const query = narrow(this.#view.query, inner)
      return { query: ownCopy('query', query), canonical: canonicalQuery(query) }
    })
  }
}

/** What a table and its views have in common. */
interface Shared<Row extends object> {
  readonly root: LiveTable<Row>
  readonly live: LiveMaster<Row>
  readonly views: WeakValues<LiveTable<Row>>
}

/** What makes a `LiveTable` a view of another one. */
interface SharedView<Row extends object> extends View<Row> {
  readonly shared: Shared<Row>
}

function makeLiveMaster<Row extends object>(options: LiveTableOptions<Row>): LiveMaster<Row> {
  checkOptions(options)
  const { master, cacheKey, version, schema, cache = defaultCache(), stream, writeTarget = master, masterPageSize, trace } = options
  const { queue, coalesce = false, concurrency = 1, warnOnUnload = false } = options
  const retriesItself = writeTarget instanceof LiveTable
  const writing = { writeTarget, retriesItself, queue, coalesce, concurrency, warnOnUnload }
  const table = { scope: scopeOf(options), cacheKey, version }
  const within = master instanceof LiveTable ? master.placing : undefined
  return new LiveMaster({ master, table, schema, cache, stream, masterPageSize, within, trace, ...writing })
}

/** @throws ArgumentError where the table is to have another scope than its queue, or than the table behind it */
function scopeOf<Row extends object>({ scope, queue, master, writeTarget }: LiveTableOptions<Row>): string {
  const known = [queue?.scope, ...[master, writeTarget].map((behind) => (behind instanceof LiveTable ? behind.scope : undefined))]
  const [first = '', ...others] = [scope, ...known].filter((each) => each !== undefined && each !== '')
  for (const other of others) {
    if (other !== first) throw new ArgumentError('scope', first, `that of its queue and of the tables behind it, ${JSON.stringify(other)}`)
  }
  return first
}

function defaultCache(): Cache {
  return typeof indexedDB === 'undefined' ? memoryCache() : idbCache()
}
