import type { Cache, Slot } from './cache/cache.ts'
import { SafeCache, type StorageStatus } from './cache/safe-cache.ts'
import { makeClock } from './clock.ts'
import { AnswerError, ArgumentError, ClosedError, PurgedError } from './errors.ts'
import { Feed, type LiveStatus } from './feed.ts'
import { Listeners, throwUncaught } from './listeners.ts'
import { Reads } from './reads.ts'
import { scopeGroup, type ScopeGroup, type ScopeMember, type ScopeStorage } from './scope-group.ts'
import { tableName, tagsOf, tagsOfUpdate, type Placing, type SlotTable } from './slots.ts'
import type { LiveEvent, LiveStream } from './stream/stream.ts'
import { rowProblem, type StandardSchemaV1 } from './row-schema.ts'
import { fieldOf } from './table/row.ts'
import { withinTime } from './table/time-limit.ts'
import type { AffectedRows, RowUpdate, Table, TableChange } from './table/table.ts'
import type { Emit, InvalidationCause, Trace } from './trace.ts'
import { TabChannel, type TabNews } from './tab-channel.ts'
import { UnloadGuard } from './unload-guard.ts'
import { Overlay } from './writes/overlay.ts'
import type { WriteStorage } from './writes/write-storage.ts'
import { Writes, type AnsweredUpdate } from './writes/writes.ts'

/** How long a cache may take to remove a scope, in ms. */
const purgeWithin = 2_000

/** What a live master is put together from. */
export interface LiveMasterOptions<Row extends object> {
  readonly master: Table<Row>
  readonly writeTarget: Table<Row>
  /** Whether the write target sends again by itself what may go better soon. */
  readonly retriesItself: boolean
  readonly table: SlotTable
  readonly schema: StandardSchemaV1<Row> | undefined
  readonly cache: Cache
  readonly stream: LiveStream | undefined
  readonly masterPageSize: number | undefined
  /** Where the master is a view: what decides which rows it has. */
  readonly within: Pick<Placing, 'where' | 'search'> | undefined
  readonly queue: WriteStorage | undefined
  readonly coalesce: boolean
  readonly concurrency: number
  readonly warnOnUnload: boolean
  readonly trace: Trace | undefined
}

/** How a purge treats writes that wait. */
export interface PurgeOptions {
  /**
   * `'discard'`, the default: they reject with a `PurgedError`, and the one under way ends as it ends. `'drain'`: all are waited for
   * first, in every tab; while the master is out of reach that takes as long as it takes.
   */
  readonly writes?: 'discard' | 'drain'
  /** Ends the wait for writes. Then nothing is purged, and the promise rejects with its reason. */
  readonly signal?: AbortSignal
}

/**
 * What a table and all its views share: the master with its cache, its write queue, its live stream and its listeners.
 *
 * Here alone the parts meet. An invalidation, whatever its cause, is told at once and over when it is durable.
 */
export class LiveMaster<Row extends object> implements ScopeMember {
  readonly master: Table<Row>
  readonly table: SlotTable
  readonly reads: Reads<Row>
  overlay: Overlay<Row>
  readonly writes: Writes<Row>
  readonly #cache: SafeCache
  readonly #now: () => number
  readonly #tabs: TabChannel
  readonly #feed: Feed | undefined
  readonly #listeners = new Listeners<TableChange>()
  readonly #emit: Emit
  readonly #group: ScopeGroup
  readonly #schema: StandardSchemaV1<Row> | undefined
  readonly #isCacheOfGroup: boolean
  readonly #purged = new AbortController()
  #leaveMaster: (() => void) | undefined
  #isClosed = false

  constructor(options: LiveMasterOptions<Row>) {
    const { master, writeTarget, retriesItself, table, schema, cache, stream, masterPageSize, within, trace } = options
    const now = makeClock()
    const guard = options.warnOnUnload ? new UnloadGuard() : undefined
    const emit = trace && emitter(trace, table.cacheKey)
    this.master = master
    this.#now = now
    this.table = table
    this.#schema = schema
    this.#group = scopeGroup(table.scope, cache)
    this.#group.join(this, storagesOf(table.scope, cache, options.queue))
    this.#isCacheOfGroup = cache.sharedAs !== undefined
    this.#emit = emit
    this.#cache = new SafeCache(cache, table, {
      onError: (during, error) => emit?.({ type: 'error', during, error }),
      onStatus: (status) => {
        emit?.({ type: 'storage', status })
        this.#listeners.tell({ type: 'status' })
      },
    })
    void this.#cache.open()
    this.reads = new Reads({
      master,
      schema,
      table,
      purged: this.#purged.signal,
      masterPageSize,
      within,
      cache: this.#cache,
      hearsChanges: () => this.#feed?.hearsChanges ?? true,
      now,
      settling: () => together(this.#feed?.settling, this.writes.draining),
      // What else that tab invalidated is not known here, so whoever shows anything looks again.
      onOvertaken: () => this.#listeners.tell({ type: 'invalidated', rows: 'all' }),
      emit,
    })
    this.overlay = new Overlay(master.idField, () => this.writes.changed(), master.versionField)
    this.writes = new Writes({
      cacheKey: table.cacheKey,
      target: writeTarget,
      schema: writeTarget === master ? schema : undefined,
      overlay: this.overlay,
      now,
      invalidate: (rows, update) => this.invalidate(rows, 'write', update),
      onEvent: (event) => this.#hear(event),
      onChange: () => {
        guard?.set(this.waiting > 0)
        this.#group.update((error) => emit?.({ type: 'error', during: 'tabs', error }))
        this.#listeners.tell({ type: 'writes' })
      },
      emit,
      retriesItself,
      storage: options.queue,
      coalesce: options.coalesce,
      concurrency: options.concurrency,
    })
    this.#feed = stream && this.#makeFeed(stream)
    // Tabs that keep what they have of a table in different storages have nothing to tell each other.
    this.#tabs = new TabChannel({
      name: JSON.stringify([cache.sharedAs ?? '', tableName(table)]),
      onNews: (news) => this.#hearTab(news),
      onError: (error) => emit?.({ type: 'error', during: 'tabs', error }),
    })
  }

  get storageStatus(): StorageStatus {
    return this.#cache.status
  }

  get waiting(): number {
    return this.writes.waiting
  }

  get streamStatus(): LiveStatus | undefined {
    return this.#feed?.status
  }

  /** Goes on after a pause: with a new token, or because somebody knows better. */
  resume(): void {
    this.writes.resume()
    this.#feed?.reconnect()
  }

  /**
   * Before anything is read or written: the table becomes live.
   *
   * @throws ClosedError once it is closed; PurgedError once it is purged
   */
  open(): void {
    this.#purged.signal.throwIfAborted()
    if (this.#isClosed) throw new ClosedError(this.table.cacheKey)
    this.#openGroup()
    this.#tabs.open()
    this.writes.open()
    this.#feed?.connect()
    if (this.#leaveMaster === undefined && this.master.subscribe !== undefined) {
      this.#leaveMaster = this.master.subscribe((change) => {
        if (change.type === 'invalidated') this.#hearMaster(change.rows, change.update)
        // What waits there waits here.
        if (change.type === 'writes') this.#listeners.tell(change)
      })
      this.#hearGap('the master was not listened to')
    }
  }

  /** @param update what other tabs may make of it instead, where nothing else happened */
  async invalidate(rows: AffectedRows, cause: 'write' | 'call', update?: AnsweredUpdate): Promise<void> {
    const isDurable = await this.#invalidate(rows, cause)
    // Now they find it on the disk.
    const isStored = isDurable && this.#cache.isShared
    this.#tabs.tell(this.#purged.signal.aborted ? { rows: 'all', isStored } : { rows, isStored, update, version: this.table.version })
  }

  /** @throws PurgedError where it was purged while something was read */
  checkUnpurged(): void {
    this.#purged.signal.throwIfAborted()
  }

  /** What lies in this slot is in use. */
  pin(slot: Slot): () => void {
    return this.#cache.pin(slot)
  }

  /**
   * Ends this table and all others of its scope, and removes what is kept of them.
   *
   * @throws the signal's reason, where nothing was purged; and what the storage rejects with, where something may be left
   */
  async purge({ writes, signal }: PurgeOptions): Promise<void> {
    if (writes !== undefined && writes !== 'discard' && writes !== 'drain')
      throw new ArgumentError('writes', writes, "'discard' or 'drain'")
    this.#openGroup()
    const wasPurged = this.#purged.signal.aborted
    const calledAt = Date.now()
    if (writes === 'drain') await this.#group.drained(signal)
    // Where another tab has done it meanwhile, who has begun anew since the call is none of ours.
    await this.#group.purge(this.#purged.signal.aborted && !wasPurged ? calledAt : Infinity)
  }

  async erase(): Promise<void> {
    if (!this.#purged.signal.aborted) {
      const error = new PurgedError(this.table.cacheKey)
      this.#purged.abort(error)
      this.#isClosed = true
      this.#cache.end()
      this.writes.purge(error)
      // What is still under way ends in the former one.
      this.overlay = new Overlay(this.master.idField)
      this.#rest('the table is purged')
      this.#emit?.({ type: 'purge' })
      this.#listeners.tell({ type: 'purged' })
      this.#listeners.clear()
    }
    // What other tabs find, too, is removed once for all of the scope.
    if (!this.#isCacheOfGroup) await this.#cache.purge()
  }

  /** The stream is let go when the last one leaves. */
  subscribe(listener: (change: TableChange) => void): () => void {
    if (this.#isClosed) return () => undefined
    this.open()
    const leave = this.#listeners.add(listener)
    return () => {
      leave()
      if (this.#listeners.size === 0) this.#rest('nobody listens')
    }
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.writes.close(new ClosedError(this.table.cacheKey))
    this.#rest('the table is closed')
    this.#listeners.clear()
  }

  #openGroup(): void {
    this.#group.open((error) => this.#emit?.({ type: 'error', during: 'tabs', error }))
  }

  #rest(reason: string): void {
    this.#feed?.disconnect(reason)
    this.#leaveMaster?.()
    this.#leaveMaster = undefined
    // Where the cache is shared, what is missed meanwhile is found on the disk.
    if (this.#isClosed || this.#cache.isShared) this.#tabs.close()
  }

  #hearGap(reason: string): void {
    this.#emit?.({ type: 'gap', reason })
    void this.#invalidate('all', 'gap')
  }

  async #invalidate(rows: AffectedRows, cause: InvalidationCause): Promise<boolean> {
    const started = performance.now()
    // What a write has made of its row was told with its answer.
    if (cause !== 'write') this.overlay.doubt(rows)
    const durable = this.#cache.invalidate(tagsOf(rows))
    this.#tell({ type: 'invalidated', rows })
    const isDurable = await durable
    this.#emit?.({ type: 'invalidate', cause, rows, duration: performance.now() - started })
    return isDurable
  }

  /** From here on reads wait for the disk, so listeners need not. What they do takes place while the disk is at work. */
  #tell(change: TableChange): void {
    queueMicrotask(() => this.#listeners.tell(change))
  }

  #hear(event: LiveEvent): void {
    if (this.writes.covers(event)) return
    const isOwn = this.writes.isOwn(event)
    if (event.type === 'changed') return isOwn ? undefined : void this.#invalidate('all', 'event')
    const id = String(event.id)
    // What came of one's own write is known, unless an event from before it came after its answer.
    if (isOwn && !this.overlay.wasToldByStream(id)) return
    const row = 'row' in event ? this.#rowOf(event.row, id) : undefined
    if (row !== undefined && !this.overlay.tell(row, this.#now())) return
    if (event.type === 'deleted') this.overlay.tellGone(id, this.#now())
    if (event.type === 'updated') void this.#update({ id, row, fields: event.fields }, 'event')
    else if (isOwn && event.type === 'inserted') void this.#update({ id, row }, 'event')
    else void this.#invalidate([id], 'event')
  }

  /** One row was changed, and none came or went: what is known to stay as it is, or with the row in its place, stays fresh (promise 17). */
  async #update(update: RowUpdate, cause: InvalidationCause): Promise<void> {
    const started = performance.now()
    const rows = [update.id]
    if (update.row === undefined) this.overlay.doubt(rows)
    // Another tab may have cached a newer row than a late event tells of, which only versions show.
    const canRenew = !this.#cache.isShared || this.master.versionField !== undefined
    const durable = this.#cache.invalidate(tagsOfUpdate(update), canRenew ? this.reads.held.renewals(update) : [])
    this.#tell({ type: 'invalidated', rows, update })
    await durable
    this.#emit?.({ type: 'invalidate', cause, rows, duration: performance.now() - started })
  }

  #hearMaster(rows: AffectedRows, update: RowUpdate | undefined): void {
    const row = update && this.#rowOf(update.row, update.id)
    if (update === undefined) return void this.#invalidate(rows, 'master')
    if (row === undefined || this.overlay.tell(row, this.#now())) void this.#update({ ...update, row }, 'master')
  }

  /** Another tab has invalidated these rows. Where the two share a cache, that is on the disk. */
  #hearTab({ rows, isStored, update, version }: TabNews): void {
    const sent = update && version === this.table.version ? this.#rowOf(update.row, update.id) : undefined
    if (sent !== undefined && this.overlay.isKnown(sent)) return
    // What was told of the row meanwhile may be newer than what comes only now.
    const row = update !== undefined && this.overlay.wasToldSince(update.id, update.sentAt) ? undefined : sent
    if (update === undefined || row === undefined) this.overlay.doubt(rows)
    else this.overlay.tell(row, update.at)
    if (isStored && this.#cache.isShared) this.#cache.overtake(tagsOf(rows))
    else void this.#cache.invalidate(tagsOf(rows))
    this.#tell({ type: 'invalidated', rows, update: row && update && { id: update.id, row } })
    this.#emit?.({ type: 'invalidate', cause: 'tab', rows, duration: 0 })
  }

  /** A row that somebody sent, unless it is none, or another one. */
  #rowOf(row: object | undefined, id: string): Row | undefined {
    const isIt = (sent: object): sent is Row => String(fieldOf(sent, this.master.idField)) === id
    if (row === undefined || !isIt(row)) return undefined
    const problem = this.#schema && rowProblem(this.#schema, row)
    if (problem === undefined) return row
    const error = new AnswerError(this.master.name, `row ${id} that came unasked`, row, `a row that fits the schema: ${problem}`)
    this.#emit?.({ type: 'error', during: 'row', error })
    return undefined
  }

  #makeFeed(stream: LiveStream): Feed {
    return new Feed(stream, {
      onEvent: (event) => {
        this.#emit?.({ type: 'event', event })
        this.#hear(event)
      },
      onGap: (reason) => this.#hearGap(reason),
      onStatus: (status) => {
        this.#emit?.({ type: 'status', status })
        if (this.#feed?.hearsChanges === true) this.writes.wake()
      },
      onNews: () => this.#listeners.tell({ type: 'status' }),
      onError: (error) => this.#emit?.({ type: 'error', during: 'stream', error }),
    })
  }
}

function together(...waits: readonly (Promise<void> | undefined)[]): Promise<void> | undefined {
  const all = waits.filter((each) => each !== undefined)
  return all.length === 0 ? undefined : Promise.all(all).then(() => undefined)
}

/** What other tabs and later tables find of a scope, whatever becomes of the table. Made here, it does not hold that. */
function storagesOf(scope: string, cache: Cache, queue: WriteStorage | undefined): ReadonlyMap<object, ScopeStorage> {
  const storages = new Map<object, ScopeStorage>()
  const purgeCache = (): Promise<void> => withinTime(purgeWithin, 'the cache', undefined, () => cache.purge(scope))
  if (cache.sharedAs !== undefined) {
    // One that was given up for memory has nothing in common with others.
    storages.set(cache, { purge: async (_, isHere) => (isHere || cache.fault !== undefined ? purgeCache() : undefined) })
  }
  if (queue !== undefined) storages.set(queue, queue)
  return storages
}

function emitter(trace: Trace, cacheKey: string): Emit {
  return (detail) => {
    try {
      trace({ cacheKey, ...detail })
    } catch (error) {
      throwUncaught(error)
    }
  }
}
