import { checkRow, isRowOf, type RowShape } from '../answers.ts'
import { ConflictError, type ClosedError, type PurgedError } from '../errors.ts'
import type { StandardSchemaV1 } from '../row-schema.ts'
import { isObject } from '../table/is-object.ts'
import { idText, isRowId } from '../table/query.ts'
import { randomName } from '../table/random-name.ts'
import { ownCopy } from '../table/own-copy.ts'
import { readOptions } from '../table/read-argument.ts'
import { fieldOf, givenId, writtenId } from '../table/row.ts'
import type { LiveEvent } from '../stream/stream.ts'
import type { AffectedRows, ChangeOptions, RowId, RowUpdate, SendOptions, Table } from '../table/table.ts'
import type { Emit } from '../trace.ts'
import { fieldsOf, withFields, type Change } from './change.ts'
import { FailedWrites } from './failed-writes.ts'
import { failureOf } from './failure.ts'
import { KeptWrites, type FoundWrite } from './kept-writes.ts'
import type { Overlay } from './overlay.ts'
import type { FailedWrite, PendingWrite } from './pending-write.ts'
import { isOffline, Sender } from './sender.ts'
import type { Batch, Write } from './write.ts'
import { WriteGate, type Pause } from './write-gate.ts'
import { WriteQueue } from './write-queue.ts'
import type { WriteStorage } from './write-storage.ts'
import { wait, type Wait } from '../wait.ts'

/** How long reads wait at most for writes that could not be sent before, in ms. */
const longestDrain = 10_000

/** Options of a write. Its signal cancels it for as long as it waits: for room, for its turn, or to be sent again. */
export type WriteOptions = SendOptions

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
  readonly invalidate: (rows: AffectedRows, update?: AnsweredUpdate) => Promise<void>
  /** Called with what was heard while a write was under way that came to nothing. */
  readonly onEvent: (event: LiveEvent) => void
  /** Called whenever what is pending, failed or paused has changed. */
  readonly onChange: () => void
  readonly emit: Emit
  /** Whether the target sends again by itself what may go better soon. */
  readonly retriesItself: boolean
  readonly storage: WriteStorage | undefined
  /** What the target's rows have to fit. */
  readonly schema?: StandardSchemaV1<Row> | undefined
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
  /** Where it was called before. */
  readonly firstOrder?: number
}

/** A change as the target has answered it: the row is as of some time between these two. */
export interface AnsweredUpdate extends RowUpdate {
  readonly sentAt: number
  readonly at: number
}

/** What was handed out since something changed. */
interface Seen<Row extends object> {
  ids?: boolean
  pending?: readonly PendingWrite<Row>[]
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
  readonly #failed = new FailedWrites<Row>()
  readonly #kept: KeptWrites<Row> | undefined
  readonly #closing = new AbortController()
  #draining: Wait | undefined
  #pendingIds: ReadonlySet<string> = new Set()
  #seen: Seen<Row> = {}

  constructor(options: WritesOptions<Row>) {
    const { cacheKey, target, overlay, emit, retriesItself, concurrency, storage } = options
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
      onUnanswered: (batch) => [...batch].flatMap(({ heard }) => heard.splice(0)).forEach(options.onEvent),
      resolve: async (write, merged) => this.#again(write, withFields(write.change, merged, target)),
    })
    if (storage === undefined) return
    // What was left behind comes first.
    this.#queue.hold()
    this.#kept = new KeptWrites({
      cacheKey,
      storage,
      overlay,
      failed: (write) => this.#failed.get(write),
      onFound: (found) => this.#adopt(found),
      onError: (error) => emit?.({ type: 'error', during: 'write-storage', error }),
    })
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

  /** How many are pending: the list is made anew whenever it is asked for after a change. */
  get waiting(): number {
    return this.#pending.size
  }

  /** In the order in which they failed. The same array until that changes. */
  get failed(): readonly FailedWrite<Row>[] {
    return this.#failed.list
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
    void this.#kept?.open()?.then(() => this.#queue.release())
  }

  async insert(row: Partial<Row>, options?: WriteOptions): Promise<Row> {
    const given = givenId('row', row, this.#target.idField)
    const own = ownCopy('row', row)
    const newId = given === undefined ? this.#overlay.newId() : undefined
    const key = given === undefined ? newId : this.#overlay.keyOf(given)
    return checkRow(this.#shape, await this.#write({ type: 'insert', row: own, newId }, options, key))
  }

  async replace(id: RowId, row: Row, options?: WriteOptions & ChangeOptions): Promise<Row> {
    const key = this.#writtenKey(id, 'row', row)
    const own = ownCopy('row', row)
    return checkRow(this.#shape, await this.#write({ type: 'replace', id, row: own }, options, key))
  }

  async patch(id: RowId, partial: Partial<Row>, options?: WriteOptions & ChangeOptions): Promise<Row> {
    const key = this.#writtenKey(id, 'partial', partial)
    const own = ownCopy('partial', partial)
    return checkRow(this.#shape, await this.#write({ type: 'patch', id, partial: own }, options, key))
  }

  async delete(id: RowId, options?: WriteOptions): Promise<void> {
    await this.#write({ type: 'delete', id }, options, this.#overlay.keyOf(idText(id)))
  }

  async deleteAll(options?: WriteOptions): Promise<void> {
    await this.#write({ type: 'deleteAll' }, options, undefined)
  }

  /** Whether an event tells of what a write of this tab to that row has done, and has invalidated when it was answered. */
  isOwn(event: LiveEvent): boolean {
    const row = event.type === 'changed' ? undefined : this.#overlay.keyOf(String(event.id))
    return event.write !== undefined && this.#sender.hasWritten(event.write, row)
  }

  /**
   * Whether an event tells only of what a write of this tab will invalidate when it is answered: its own change, or another one of
   * the same row, which came while the write was under way.
   */
  covers(event: LiveEvent): boolean {
    if (event.type === 'changed') return false
    const key = this.#overlay.keyOf(String(event.id))
    const write = [...this.#pending].find(
      (each) => each.isUnderWay && (each.key === key || (event.type === 'inserted' && each.change.type === 'insert')),
    )
    write?.heard.push(event)
    return write !== undefined
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
  close(error: ClosedError | PurgedError): void {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(error)
    for (const write of this.#queue.clear()) this.#fail(write, error)
    this.#endDrain()
    this.#disconnectAtLast()
  }

  /** As `close`, and what was held aside is gone too. What is kept of them is the storage's to forget. */
  purge(error: PurgedError): void {
    this.#failed.clear()
    this.close(error)
    this.#pending.clear()
    this.changed()
  }

  /** What was handed out is to be made anew. */
  changed(): void {
    this.#seen = {}
    this.#options.onChange()
  }

  get #target(): Table<Row> {
    return this.#options.target
  }

  get #shape(): RowShape {
    const { target, schema } = this.#options
    return { name: target.name, idField: target.idField, schema }
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

  #write(change: Change<Row>, options: Omit<Made, 'key'> | undefined, key: string | undefined): Promise<Row | undefined> {
    return new Promise((resolve, reject) => {
      const made = { ...readOptions(options), key }
      made.signal?.throwIfAborted()
      this.#closing.signal.throwIfAborted()
      const write = this.#make(change, made, { order: this.#kept?.nextOrder() ?? this.#options.now(), resolve, reject })
      this.#pending.add(write)
      this.#overlay.add(write)
      write.kept = this.#keep([write], [])
      this.#queue.push(write)
      // Whoever hears of it may write in turn, and comes after it (promise 4).
      this.changed()
    })
  }

  #make(
    change: Change<Row>,
    { key, signal, idempotencyKey, version, calledAt = Date.now(), firstOrder }: Made,
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
    const idNow = (): string | undefined => (key === undefined ? undefined : this.#overlay.shownIdOf(key))
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
      heard: [],
      isUnderWay: false,
      firstOrder: firstOrder ?? order,
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
      const sentAt = this.#options.now()
      const answer = await this.#sender.send(batch, () => this.#begin(first, batch))
      await this.#succeed(batch, answer, sentAt)
    } catch (reason) {
      // oxlint-disable-next-line typescript/no-unsafe-argument -- what meets in a table of these rows are these rows
      const error = this.#options.retriesItself && reason instanceof ConflictError ? this.#ownConflict(first, reason) : reason
      if (error instanceof ConflictError)
        this.#overlay.see(error.theirs === undefined ? [] : [error.theirs], { fetchedAt: this.#options.now() })
      // What is cached is known to be out of date.
      if (error instanceof ConflictError) await this.#options.invalidate(this.#affected(first, undefined))
      for (const write of batch) this.#fail(write, error)
    }
  }

  /** What is made of a conflict that a table behind this one met goes through this one's queue. */
  #ownConflict(write: Write<Row>, { table, mine, theirs, base, cause }: ConflictError<Row>): ConflictError<Row> {
    const resolve = async (merged: Partial<Row>): Promise<Row> =>
      checkRow(this.#shape, await this.#again(write, withFields(write.change, merged, this.#target)))
    return new ConflictError(table, write.shown.id ?? '', { mine, theirs, base, resolve }, cause)
  }

  /** A version that the app gave stands, unless it is the one that the answered write was made against. */
  #rebase(write: Write<Row>, answered: Write<Row>['version'], row: Row): void {
    const version = write.version === undefined || write.version === answered ? this.#versionOf(row) : write.version
    Object.assign(write, { base: row, isGone: false, version })
  }

  /** Before anything of it is sent. */
  #begin(first: Write<Row>, batch: Batch<Row>): void {
    // While the master was out of reach, one that was called before it has come from another tab.
    if (this.#queue.isOvertaking(first)) {
      batch.delete(first)
      this.#queue.insert([first])
      return
    }
    if (!this.#options.coalesce || first.change.type !== 'patch') return
    for (const write of this.#queue.takeAlong(first, ({ change, version }) => change.type === 'patch' && version === first.version))
      batch.add(write)
  }

  async #succeed(batch: Batch<Row>, answer: Row | undefined, sentAt: number): Promise<void> {
    const [first] = batch
    if (first === undefined) return
    const at = this.#options.now()
    const isDeletion = fieldsOf(first.change) === undefined
    const isRow = isRowOf(this.#shape, answer)
    const stored = isRow ? this.#overlay.newest(answer) : answer
    for (const write of batch) {
      // An answer that is no row is nothing to show; the write was applied all the same.
      if (isDeletion || isRow) this.#overlay.settle(write, at, stored)
      else this.#overlay.remove(write)
    }
    const isSame = (write: Write<Row>): boolean => first.key === undefined || write.key === first.key
    const later = [...this.#pending].filter((write) => isSame(write) && write.settled === undefined && !batch.has(write))
    // What was called before the answer came was made against one's own write.
    if (isRow && stored !== undefined) for (const write of later) this.#rebase(write, first.version, stored)
    if (isDeletion) for (const write of later) Object.assign(write, { base: undefined, isGone: true, version: undefined })
    if ([...batch].some(({ heard }) => heard.length > 0)) this.#overlay.doubt(withHeard([], batch))
    const covered = [...batch].flatMap((write) => this.#failed.removeCoveredBy(write))
    const failed = first.key === undefined ? [] : this.#failed.of(first.key)
    const kept = this.#keep([...later, ...failed], [...batch, ...covered])
    await Promise.all([
      this.#options.invalidate(withHeard(this.#affected(first, answer), batch), this.#updateBy(first, stored, { sentAt, at })),
      kept,
    ])
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
    // What waits still when the table is closed is for the next one to send; what was refused is not.
    else if (!this.#closing.signal.aborted || (error !== this.#closing.signal.reason && failureOf(error) === 'final')) {
      this.#hold(write, error, Date.now())
    }
    write.reject(error)
    this.#settled()
  }

  #settled(): void {
    if (this.#pending.size === 0) {
      this.#endDrain()
      // Nothing waits any more for a master that was out of reach.
      this.#gate.reached()
    }
    this.#disconnectAtLast()
    this.changed()
  }

  /** Sets a write aside that failed for good, until somebody decides. */
  #hold(write: Write<Row>, error: unknown, failedAt: number): void {
    const { change, key } = write
    const covered = this.#failed.removeCoveredBy(write)
    const forgotten = this.#failed.add(write, error, failedAt, {
      retry: () => this.#decide(write, () => change),
      edit: (fields) => this.#decide(write, () => withFields(change, fields, this.#target)),
      discard: () => {
        void this.#keep([], this.#failed.remove([write, ...(change.type === 'insert' ? this.#failed.of(key) : [])]))
        this.changed()
      },
    })
    void this.#keep([write], [...covered, ...forgotten])
  }

  /** It is decided upon once, however often a button is pressed. Who presses it need not listen: what fails again is held aside again. */
  #decide(write: Write<Row>, change: () => Change<Row>): Promise<Row | undefined> {
    if (this.#failed.get(write) === undefined) return Promise.resolve(undefined)
    const written = (async () => this.#again(write, change()))()
    written.catch(() => undefined)
    return written
  }

  #again(write: Write<Row>, change: Change<Row>): Promise<Row | undefined> {
    this.#closing.signal.throwIfAborted()
    const { key, idempotencyKey, firstOrder } = write
    const own = change.type === 'insert' && change.newId === undefined ? givenId('row', change.row, this.#target.idField) : key
    // It is kept under its new order before it is forgotten under the old one.
    const written = this.#write(change, { firstOrder, idempotencyKey: change === write.change ? idempotencyKey : undefined }, own)
    void this.#keep([], this.#failed.remove([write]))
    this.changed()
    return written
  }

  /** Takes over what was left behind by tabs that are gone. */
  #adopt(found: readonly FoundWrite<Row>[]): void {
    // They are kept for the next table, or purged.
    if (this.#closing.signal.aborted) return
    const adopted = found.map(({ change, order, base, failed, key, ...made }) => {
      const write = this.#make(change, { key: key && this.#overlay.keyOf(key), ...made }, { order, ...nobody })
      // It may have been sent already.
      return { write: Object.assign(write, { base, isUnsure: true }), failed }
    })
    const waiting = adopted.filter(({ failed }) => failed === undefined).map(({ write }) => write)
    this.#overlay.adoptIds(adopted.map(({ write }) => write))
    const pending = [...this.#pending]
    const sent = pending.filter(({ isSent }) => isSent)
    const toSend = [...pending.filter(({ isSent }) => !isSent), ...waiting].sort((a, b) => a.order - b.order)
    this.#overlay.arrange(toSend)
    this.#pending.clear()
    for (const write of [...sent, ...toSend]) this.#pending.add(write)
    for (const { write, failed } of adopted) {
      if (failed !== undefined) this.#hold(write, failed.error, failed.at)
    }
    this.#placeBefore(waiting, sent)
    this.#queue.insert(waiting)
    this.changed()
  }

  /**
   * What was sent may be with the master, and is sent again before what was taken over of its row. So it is for the next tab that
   * takes over all of it, or it would end as nobody has seen it.
   */
  #placeBefore(waiting: readonly Write<Row>[], sent: readonly Write<Row>[]): void {
    const orders = new Set([...this.#pending, ...this.#failed.of(undefined)].map(({ order }) => order))
    for (const write of [...sent].reverse()) {
      const next = waiting.find(({ key }) => key === write.key || key === undefined || write.key === undefined)
      if (write.settled !== undefined || next === undefined || write.order < next.order) continue
      const { order } = write
      write.order = next.order
      while (orders.has(write.order)) write.order -= 0.001
      orders.add(write.order)
      void this.#keep([write], [{ order }])
    }
  }

  /** Keeps these as they are now, and no longer keeps those, where writes are kept at all. */
  #keep(put: readonly Write<Row>[], forget: Iterable<{ readonly order: number }>): Promise<void> | undefined {
    return this.#kept?.update(put, forget)
  }

  /** What is under way when the table is closed is still to be forgotten when it has ended. */
  #disconnectAtLast(): void {
    if (!this.#closing.signal.aborted || this.#pending.size > 0) return
    this.#kept?.close()
    this.#gate.leave()
  }

  #drain(): void {
    if (this.#pending.size > 0) this.#draining ??= wait(longestDrain)
  }

  #endDrain(): void {
    this.#draining?.end()
    this.#draining = undefined
  }

  /** What other tabs can make of a change, without asking the master: this one asks it in any case. */
  #updateBy(
    { change, key, heard, isUnsure }: Write<Row>,
    stored: unknown,
    times: Pick<AnsweredUpdate, 'sentAt' | 'at'>,
  ): AnsweredUpdate | undefined {
    const isChange = change.type === 'replace' || change.type === 'patch'
    // A repeated answer may be older than what has happened since.
    const isSure = heard.length === 0 && !isUnsure
    return isChange && isSure && key !== undefined && isObject(stored) ? { id: this.#overlay.idOf(key), row: stored, ...times } : undefined
  }

  /** The rows that a write can have changed: the one it named, and the one the target says it stored. */
  #affected({ change, key }: Write<Row>, stored: unknown): AffectedRows {
    if (key === undefined) return 'all'
    const storedId = isObject(stored) ? fieldOf(stored, this.#target.idField) : undefined
    const named = change.type === 'insert' && change.newId !== undefined ? [] : [this.#overlay.idOf(key)]
    return [...new Set([...named, ...(isRowId(storedId) ? [String(storedId)] : [])])]
  }
}

/** What was heard while these writes were under way is invalidated with them. */
function withHeard<Row extends object>(rows: AffectedRows, batch: Batch<Row>): AffectedRows {
  if (rows === 'all') return rows
  const heard = [...batch].flatMap((write) => write.heard).flatMap((event) => (event.type === 'changed' ? [] : [String(event.id)]))
  return [...new Set([...rows, ...heard])]
}

/** Who called in another tab hears of nothing any more. */
const nobody = { resolve: (): void => undefined, reject: (): void => undefined }
