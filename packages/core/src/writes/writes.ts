import { checkRow } from '../answers.ts'
import { ConflictError, RestoredError, type ClosedError } from '../errors.ts'
import { ownCopy } from '../own-copy.ts'
import { isObject } from '../table/is-object.ts'
import { idText, isRowId } from '../table/query.ts'
import { fieldOf, givenId, writtenId } from '../table/row.ts'
import type { AffectedRows, ChangeOptions, RowId, SendOptions, Table } from '../table/table.ts'
import type { Emit } from '../trace.ts'
import { fieldsOf, isCovered, type Change } from './change.ts'
import { randomName } from './new-ids.ts'
import type { Overlay } from './overlay.ts'
import type { FailedWrite, PendingWrite } from './pending-write.ts'
import { isOffline, Sender } from './sender.ts'
import type { Batch, Write } from './write.ts'
import { WriteGate, type Pause } from './write-gate.ts'
import { WriteQueue } from './write-queue.ts'
import type { StoredFailure, StoredWrite, WriteStorage, WriteStorageConnection } from './write-storage.ts'
import { wait, type Wait } from '../wait.ts'

/** How long reads wait at most for writes that could not be sent before, in ms. */
const longestDrain = 10_000

/** More failed writes than these are not held aside; the oldest go. */
const mostFailed = 256

/** Options of a write. */
export interface WriteOptions extends SendOptions {
  /** Cancels the write for as long as it waits: for room, for its turn, or to be sent again. It rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** What writes need to know of the table. */
export interface WritesOptions<Row extends object> {
  readonly cacheKey: string
  /** Where writes land. */
  readonly target: Table<Row>
  /** Where they show until they have landed. */
  readonly overlay: Overlay<Row>
  /** The time, and no two times alike. */
  readonly now: () => number
  /** Called after each write that the target took, and waited for, before the caller hears of it (promise 1). */
  readonly invalidate: (rows: AffectedRows) => Promise<void>
  /** Called whenever what is pending, failed or paused has changed. */
  readonly onChange: () => void
  readonly emit: Emit
  /** Whether the target sends again by itself what may go better soon. */
  readonly retriesItself: boolean
  readonly storage: WriteStorage | undefined
  readonly coalesce: boolean
  readonly concurrency: number
}

/** What a write is made of besides its change. */
interface Made {
  readonly key: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly idempotencyKey?: string | undefined
  readonly version?: string | number | undefined
  readonly calledAt?: number
}

/** What was handed out since something changed. */
interface Seen<Row extends object> {
  ids?: boolean
  pending?: readonly PendingWrite<Row>[]
  failed?: readonly FailedWrite<Row>[] | undefined
}

/**
 * Sends writes to their target in the order of the calls (promise 4) and invalidates what they changed.
 *
 * What fails but may well go better soon is sent again before anything that comes after it; while the master is out of
 * reach, or wants another token, all wait. A write that fails for good changes nothing: it shows no longer, nothing is
 * invalidated, the caller gets the error (promise 3), and it is held aside.
 */
export class Writes<Row extends object> {
  readonly #options: WritesOptions<Row>
  readonly #queue: WriteQueue<Write<Row>>
  readonly #gate: WriteGate
  readonly #sender: Sender<Row>
  readonly #pending = new Set<Write<Row>>()
  readonly #failed = new Map<Write<Row>, FailedWrite<Row>>()
  readonly #closing = new AbortController()
  #connection: WriteStorageConnection | undefined
  #draining: Wait | undefined
  #pendingIds: ReadonlySet<string> = new Set()
  #seen: Seen<Row> = {}

  constructor(options: WritesOptions<Row>) {
    const { target, overlay, emit, retriesItself, concurrency, storage } = options
    this.#options = options
    this.#queue = new WriteQueue({
      concurrency,
      run: (write) => this.#run(write),
      onQueued: ({ shown: { type, id } }) => emit?.({ type: 'write-queued', write: type, id, waiting: this.#queue.waiting }),
    })
    this.#gate = new WriteGate((pause) => {
      emit?.({ type: 'write-pause', pause })
      if (pause === undefined) this.#drain()
      else this.#endDrain()
      this.changed()
    })
    this.#sender = new Sender({
      target,
      overlay,
      gate: this.#gate,
      emit,
      retriesItself,
      closing: this.#closing.signal,
      onCancelled: (write) => this.#fail(write, write.cancelled.reason),
      onHeldUp: () => this.#endDrain(),
      resolve: (write, merged) => this.#again(write, this.#withFields(write.change, merged)),
    })
    // What was left behind comes first.
    if (storage !== undefined) this.#queue.hold()
  }

  /** The rows that have a pending write, by `String(id)`. The same set until that changes. */
  get pendingIds(): ReadonlySet<string> {
    if (!this.#seen.ids) {
      this.#seen.ids = true
      const ids = new Set([...this.#pending].flatMap(({ shown }) => shown.id ?? []))
      if (ids.size !== this.#pendingIds.size || [...ids].some((id) => !this.#pendingIds.has(id))) this.#pendingIds = ids
    }
    return this.#pendingIds
  }

  /** In the order of the calls. The same array until that changes. */
  get pending(): readonly PendingWrite<Row>[] {
    return (this.#seen.pending ??= [...this.#pending].map(({ shown }) => shown))
  }

  /** In the order in which they failed. The same array until that changes. */
  get failed(): readonly FailedWrite<Row>[] {
    return (this.#seen.failed ??= [...this.#failed.values()])
  }

  get paused(): Pause | undefined {
    return this.#gate.paused
  }

  /**
   * After the master was out of reach: resolves when what waited has been sent, or has to wait again; undefined otherwise. What
   * is read before that lacks it.
   */
  get draining(): Promise<void> | undefined {
    if (this.paused?.reason === 'offline' && !isOffline()) this.wake()
    return this.#draining?.over
  }

  /** Where writes are kept: takes over what tabs that are gone have left behind. */
  open(): void {
    const { storage, cacheKey } = this.#options
    if (storage === undefined || this.#connection !== undefined) return
    this.#connection = storage.connect(cacheKey, (found) => this.#adopt(found))
    void this.#connection.ready.catch((error: unknown) => this.#storageFailed(error)).then(() => this.#queue.release())
  }

  async insert(row: Partial<Row>, options: WriteOptions = {}): Promise<Row> {
    const given = givenId('row', row, this.#target.idField)
    const own = ownCopy('row', row)
    const newId = given === undefined ? this.#overlay.newId() : undefined
    const key = given === undefined ? newId : this.#overlay.keyOf(given)
    return checkRow(this.#target, await this.#write({ type: 'insert', row: own, newId }, { ...options, key }))
  }

  async replace(id: RowId, row: Row, options: WriteOptions & ChangeOptions = {}): Promise<Row> {
    const key = this.#writtenKey(id, 'row', row)
    const own = ownCopy('row', row)
    return checkRow(this.#target, await this.#write({ type: 'replace', id, row: own }, { ...options, key }))
  }

  async patch(id: RowId, partial: Partial<Row>, options: WriteOptions & ChangeOptions = {}): Promise<Row> {
    const key = this.#writtenKey(id, 'partial', partial)
    const own = ownCopy('partial', partial)
    return checkRow(this.#target, await this.#write({ type: 'patch', id, partial: own }, { ...options, key }))
  }

  async delete(id: RowId, options: WriteOptions = {}): Promise<void> {
    await this.#write({ type: 'delete', id }, { ...options, key: this.#overlay.keyOf(idText(id)) })
  }

  async deleteAll(options: WriteOptions = {}): Promise<void> {
    await this.#write({ type: 'deleteAll' }, { ...options, key: undefined })
  }

  /** Goes on after a pause: with a new token, or because somebody knows better. */
  resume(): void {
    const { paused } = this
    this.#gate.resume()
    if (paused !== undefined) this.#drain()
  }

  /** The master can be reached, as far as anybody knows. */
  wake(): void {
    const { paused } = this
    this.#gate.wake()
    if (paused !== undefined && paused.reason !== 'unauthorized') this.#drain()
  }

  /** Every write that waits rejects with this error; so do all that come. The one under way ends as it ends (promise 6). */
  close(error: ClosedError): void {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(error)
    for (const write of this.#queue.clear()) this.#fail(write, error)
    this.#disconnectAtLast()
  }

  /** What was handed out is to be made anew. */
  changed(): void {
    this.#seen = { failed: this.#seen.failed }
    this.#options.onChange()
  }

  get #target(): Table<Row> {
    return this.#options.target
  }

  get #overlay(): Overlay<Row> {
    return this.#options.overlay
  }

  /** A row that was inserted here may carry either of its ids. */
  #writtenKey(id: RowId, argument: string, row: unknown): string {
    const key = this.#overlay.keyOf(idText(id))
    const given = givenId(argument, row, this.#target.idField)
    if (given !== undefined && this.#overlay.keyOf(given) !== key) writtenId(id, argument, row, this.#target.idField)
    return key
  }

  #write(change: Change<Row>, made: Made): Promise<Row | undefined> {
    return new Promise((resolve, reject) => {
      made.signal?.throwIfAborted()
      this.#closing.signal.throwIfAborted()
      const write = this.#make(change, made, { order: this.#connection?.nextOrder(), resolve, reject })
      this.#pending.add(write)
      this.#overlay.add(write)
      write.kept = this.#keep([write], this.#forgetCoveredBy(write))
      this.#queue.push(write)
      // Whoever hears of it may write in turn, and comes after it (promise 4).
      this.changed()
    })
  }

  #make(
    change: Change<Row>,
    { key, signal, idempotencyKey, version, calledAt = Date.now() }: Made,
    { order, resolve, reject }: Pick<Write<Row>, 'order' | 'resolve' | 'reject'>,
  ): Write<Row> {
    const base = key === undefined ? undefined : this.#overlay.knownRow(key)
    const cancelling = new AbortController()
    const cancel = (reason: unknown): void => {
      cancelling.abort(reason)
      if (this.#queue.remove(write)) this.#fail(write, reason)
    }
    const onAbort = (): void => cancel(signal?.reason)
    signal?.addEventListener('abort', onAbort)
    const leave = (): void => signal?.removeEventListener('abort', onAbort)
    const idNow = (): string | undefined => (key === undefined ? undefined : this.#overlay.idOf(key))
    const write: Write<Row> = {
      change,
      key,
      base,
      isGone: key !== undefined && this.#overlay.isGone(key),
      settled: undefined,
      isSent: false,
      idempotencyKey: idempotencyKey ?? (this.#target.honoursIdempotencyKeys === true ? randomName() : undefined),
      version: version ?? this.#versionOf(base),
      isUnsure: false,
      shown: {
        key: randomName(),
        type: change.type,
        get id() {
          return idNow()
        },
        fields: fieldsOf(change),
        calledAt,
        discard: () => cancel(new DOMException('the write was discarded', 'AbortError')),
      },
      cancelled: cancelling.signal,
      order,
      kept: undefined,
      resolve: (row) => {
        leave()
        resolve(row)
      },
      reject: (error) => {
        leave()
        reject(error)
      },
    }
    return write
  }

  #versionOf(row: Row | undefined): string | number | undefined {
    const { versionField } = this.#target
    const version = row === undefined || versionField === undefined ? undefined : fieldOf(row, versionField)
    return typeof version === 'string' || typeof version === 'number' ? version : undefined
  }

  /** Sends a write when its turn has come. */
  async #run(first: Write<Row>): Promise<void> {
    const batch: Batch<Row> = new Set([first])
    try {
      if (first.kept !== undefined) await first.kept
      const answer = await this.#sender.send(batch, () => this.#takeAlong(first, batch))
      await this.#succeed(batch, answer)
    } catch (error) {
      if (error instanceof ConflictError)
        this.#overlay.see(error.theirs === undefined ? [] : [error.theirs], { fetchedAt: this.#options.now() })
      // What is cached is known to be out of date.
      if (error instanceof ConflictError) await this.#options.invalidate(this.#affected(first, undefined))
      for (const write of batch) this.#fail(write, error)
    }
  }

  #takeAlong(first: Write<Row>, batch: Batch<Row>): void {
    if (!this.#options.coalesce || first.change.type !== 'patch') return
    for (const write of this.#queue.takeAlong(first, ({ change }) => change.type === 'patch')) batch.add(write)
  }

  async #succeed(batch: Batch<Row>, answer: Row | undefined): Promise<void> {
    const [first] = batch
    if (first === undefined) return
    const at = this.#options.now()
    const isDeletion = fieldsOf(first.change) === undefined
    const isRow = isObject(answer) && isRowId(fieldOf(answer, this.#target.idField))
    for (const write of batch) {
      // An answer that is no row is nothing to show; the write was applied all the same.
      if (isDeletion || isRow) this.#overlay.settle(write, at, answer)
      else this.#overlay.remove(write)
    }
    const isSame = (write: Write<Row>): boolean => first.key === undefined || write.key === first.key
    const later = [...this.#pending].filter((write) => isSame(write) && write.settled === undefined && !batch.has(write))
    // What was called before the answer came was made against one's own write.
    if (isRow)
      for (const write of later) Object.assign(write, { base: answer, isGone: false, version: this.#versionOf(answer) ?? write.version })
    if (isDeletion) for (const write of later) Object.assign(write, { base: undefined, isGone: true, version: undefined })
    const failed = first.key === undefined ? [] : this.#failedOf(first.key)
    await Promise.all([this.#options.invalidate(this.#affected(first, answer)), this.#keep([...later, ...failed], [...batch])])
    for (const write of batch) {
      this.#pending.delete(write)
      const { type, id, calledAt } = write.shown
      this.#options.emit?.({ type: 'write-applied', write: type, id, duration: Date.now() - calledAt })
      write.resolve(answer)
    }
    this.#settled()
  }

  #fail(write: Write<Row>, error: unknown): void {
    this.#overlay.remove(write)
    this.#pending.delete(write)
    // It may have been applied, whatever the last attempt was told.
    if (write.isUnsure) void this.#options.invalidate(this.#affected(write, undefined))
    const { type, id, calledAt } = write.shown
    this.#options.emit?.({ type: 'write-failed', write: type, id, error, duration: Date.now() - calledAt })
    if (write.cancelled.aborted) void this.#keep([], [write])
    else if (!this.#closing.signal.aborted) this.#hold(write, error, Date.now())
    write.reject(error)
    this.#settled()
  }

  #settled(): void {
    if (this.#pending.size === 0) this.#endDrain()
    this.#disconnectAtLast()
    this.changed()
  }

  /** Sets a write aside that failed for good, until somebody decides. */
  #hold(write: Write<Row>, error: unknown, failedAt: number): void {
    const { change, shown } = write
    this.#seen.failed = undefined
    this.#failed.set(write, {
      ...shown,
      get id() {
        return shown.id
      },
      error,
      failedAt,
      retry: () => this.#decide(write, () => change),
      edit: (fields) => this.#decide(write, () => this.#withFields(change, fields)),
      discard: () => {
        void this.#keep([], this.#forget([write, ...(change.type === 'insert' ? this.#failedOf(write.key) : [])]))
        this.changed()
      },
    })
    const [oldest] = this.#failed.keys()
    const forgotten = this.#failed.size > mostFailed && oldest !== undefined ? this.#forget([oldest]) : []
    void this.#keep([write], forgotten)
  }

  /** It is decided upon once, however often a button is pressed. Who presses it need not listen: what fails again is held aside again. */
  #decide(write: Write<Row>, change: () => Change<Row>): Promise<Row | undefined> {
    if (!this.#failed.has(write)) return Promise.resolve(undefined)
    const written = (async () => this.#again(write, change()))()
    written.catch(() => undefined)
    return written
  }

  #again(write: Write<Row>, change: Change<Row>): Promise<Row | undefined> {
    // It is kept under its new order before it is forgotten under the old one.
    const { key, idempotencyKey } = write
    const written = this.#write(change, { key, idempotencyKey: change === write.change ? idempotencyKey : undefined })
    void this.#keep([], this.#forget([write]))
    this.changed()
    return written
  }

  /** The version is the master's to give. */
  #withFields(change: Change<Row>, fields: Partial<Row>): Change<Row> {
    const { idField, versionField } = this.#target
    const own = ownCopy('fields', fields)
    if (versionField !== undefined && change.type === 'patch') Reflect.deleteProperty(own, versionField)
    switch (change.type) {
      case 'insert':
        return { ...change, row: own }
      case 'replace':
        return { ...change, row: { ...change.row, ...own, [idField]: fieldOf(change.row, idField) ?? change.id } }
      case 'patch':
        return { ...change, partial: own }
      case 'delete':
      case 'deleteAll':
        return change
    }
  }

  #failedOf(key: string | undefined): Write<Row>[] {
    return [...this.#failed.keys()].filter((write) => key === undefined || write.key === key)
  }

  /** What failed is of no interest any more where all that it wrote is written anew. */
  #forgetCoveredBy({ key, change }: Write<Row>): Write<Row>[] {
    return this.#forget(this.#failedOf(key).filter((write) => isCovered(write.change, change)))
  }

  #forget(writes: readonly Write<Row>[]): Write<Row>[] {
    this.#seen.failed = undefined
    return writes.filter((write) => this.#failed.delete(write))
  }

  /** Takes over what was left behind by a tab that is gone. */
  #adopt(found: readonly StoredWrite[]): void {
    const adopted = found.map((stored) => {
      const { key, order, idempotencyKey, version, calledAt, base, failure } = stored
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- that what is kept under a key is what the app wrote is the app's word: the key is its own
      const [change, row] = [stored.change as Change<Row>, base as Row | undefined]
      const write = this.#make(change, { key, idempotencyKey, version, calledAt }, { order, ...nobody })
      // It may have been sent already.
      return { write: Object.assign(write, { base: row, isUnsure: true }), failure }
    })
    const waiting = adopted.filter(({ failure }) => failure === undefined).map(({ write }) => write)
    this.#overlay.adoptIds(adopted.map(({ write }) => write))
    this.#overlay.addFirst(waiting)
    const later = [...this.#pending]
    this.#pending.clear()
    for (const write of [...waiting, ...later]) this.#pending.add(write)
    for (const { write, failure } of adopted) {
      if (failure !== undefined) this.#hold(write, new RestoredError(failure), write.shown.calledAt)
    }
    this.#queue.putFirst(waiting)
    this.changed()
  }

  /** Keeps these as they are now, and no longer keeps those. */
  #keep(put: readonly Write<Row>[], forget: Iterable<Write<Row>>): Promise<void> | undefined {
    const gone = [...forget].flatMap(({ order }) => order ?? [])
    const kept = put.flatMap((write) => (write.order === undefined ? [] : this.#toStored(write, write.order)))
    if (this.#connection === undefined || gone.length + kept.length === 0) return undefined
    return this.#connection.update(kept, gone).catch((error: unknown) => this.#storageFailed(error))
  }

  #toStored(write: Write<Row>, order: number): StoredWrite {
    const { change, key, idempotencyKey, base, version, shown } = write
    const error = this.#failed.get(write)?.error
    // The name by which a row was first known here is known to no other tab.
    const known = key === undefined || this.#overlay.isNew(key) ? key : this.#overlay.idOf(key)
    return {
      order,
      change: known !== undefined && 'id' in change && known !== String(change.id) ? { ...change, id: known } : change,
      key: known,
      idempotencyKey,
      base: cloned(base),
      version,
      calledAt: shown.calledAt,
      failure: this.#failed.has(write) ? storedFailure(error) : undefined,
    }
  }

  #storageFailed(error: unknown): void {
    this.#options.emit?.({ type: 'error', during: 'write-storage', error })
  }

  /** What is under way when the table is closed is still to be forgotten when it has ended. */
  #disconnectAtLast(): void {
    if (!this.#closing.signal.aborted || this.#pending.size > 0) return
    this.#connection?.close()
    this.#gate.leave()
  }

  #drain(): void {
    if (this.#pending.size > 0) this.#draining ??= wait(longestDrain)
  }

  #endDrain(): void {
    this.#draining?.end()
    this.#draining = undefined
  }

  /** The rows that a write can have changed: the one it named, and the one the target says it stored. */
  #affected({ change, key }: Write<Row>, stored: unknown): AffectedRows {
    if (key === undefined) return 'all'
    const storedId = isObject(stored) ? fieldOf(stored, this.#target.idField) : undefined
    const named = change.type === 'insert' && change.newId !== undefined ? [] : [this.#overlay.idOf(key)]
    return [...new Set([...named, ...(isRowId(storedId) ? [String(storedId)] : [])])]
  }
}

/** Who called in another tab hears of nothing any more. */
const nobody = { resolve: (): void => undefined, reject: (): void => undefined }

function storedFailure(error: unknown): StoredFailure {
  if (error instanceof RestoredError) return { message: error.message, code: error.originalCode, status: error.status, body: error.body }
  const { code, status, body }: { code?: unknown; status?: unknown; body?: unknown } = isObject(error) ? error : {}
  return {
    message: error instanceof Error ? error.message : String(error),
    code: typeof code === 'string' ? code : undefined,
    status: typeof status === 'number' ? status : undefined,
    body: cloned(body),
  }
}

/** What cannot be cloned cannot be kept. */
function cloned<Value>(value: Value): Value | undefined {
  try {
    return structuredClone(value)
  } catch {
    return undefined
  }
}
