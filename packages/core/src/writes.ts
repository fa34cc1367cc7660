import { checkRow } from './answers.ts'
import type { ClosedError } from './errors.ts'
import { ownCopy } from './own-copy.ts'
import { isObject } from './table/is-object.ts'
import { retryDelay } from './retry-policy.ts'
import { idText, isRowId } from './table/query.ts'
import { fieldOf, givenId, writtenId } from './table/row.ts'
import type { AffectedRows, InsertOptions, RowId, Table } from './table/table.ts'
import type { Emit, WriteType } from './trace.ts'
import { WriteQueue } from './write-queue.ts'

/** Options of a write. */
export interface WriteOptions {
  /** Cancels the write for as long as it waits: for room, for its turn, or to be sent again. It rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** What writes need to know of the table. */
export interface WritesOptions<Row extends object> {
  /** Where writes land. */
  readonly target: Table<Row>
  /** Called after each write that the target took, and waited for, before the caller hears of it (promise 1). */
  readonly invalidate: (rows: AffectedRows) => Promise<void>
  /** Called whenever `pendingIds` has changed. */
  readonly onPending: () => void
  readonly emit: Emit
  /** Whether the target sends again by itself what may go better soon. */
  readonly retriesItself: boolean
}

/** One write, on its way. */
interface Write<Stored> {
  readonly type: WriteType
  /** The row it is about; undefined for an insert without an id, and for deleteAll. */
  readonly id: string | undefined
  readonly signal: AbortSignal | undefined
  readonly apply: () => Promise<Stored>
  /** Throws where the target's answer is none. It is asked after the invalidation, for the write was applied. */
  readonly check: (stored: Stored) => void
}

/**
 * Sends writes to their target in the order of the calls (promise 4) and invalidates what they changed.
 *
 * What fails but may well go better soon is sent again before anything that comes after it. A write that fails for good
 * changes nothing: nothing is invalidated, and the caller gets the error (promise 3).
 */
export class Writes<Row extends object> {
  readonly #target: Table<Row>
  readonly #invalidate: WritesOptions<Row>['invalidate']
  readonly #onPending: () => void
  readonly #emit: Emit
  readonly #retriesItself: boolean
  readonly #queue = new WriteQueue()
  readonly #pending = new Set<Pick<Write<unknown>, 'id'>>()
  readonly #closing = new AbortController()
  #pendingIds: ReadonlySet<string> | undefined

  constructor({ target, invalidate, onPending, emit, retriesItself }: WritesOptions<Row>) {
    this.#target = target
    this.#invalidate = invalidate
    this.#onPending = onPending
    this.#emit = emit
    this.#retriesItself = retriesItself
  }

  /** The rows that have a pending write, by `String(id)`. The same set until that changes. */
  get pendingIds(): ReadonlySet<string> {
    this.#pendingIds ??= new Set([...this.#pending].flatMap(({ id }) => id ?? []))
    return this.#pendingIds
  }

  async insert(row: Partial<Row>, { signal, idempotencyKey }: WriteOptions & InsertOptions = {}): Promise<Row> {
    const id = givenId('row', row, this.#target.idField)
    const own = ownCopy('row', row)
    const key = idempotencyKey ?? (this.#target.honoursIdempotencyKeys === true ? newKey() : undefined)
    return this.#write({
      type: 'insert',
      id,
      signal,
      apply: () => this.#target.insert(own, { idempotencyKey: key }),
      check: (stored) => checkRow(this.#target, stored),
    })
  }

  async replace(id: RowId, row: Row, { signal }: WriteOptions = {}): Promise<Row> {
    const text = writtenId(id, 'row', row, this.#target.idField)
    const own = ownCopy('row', row)
    return this.#write({
      type: 'replace',
      id: text,
      signal,
      apply: () => this.#target.replace(id, own),
      check: (stored) => checkRow(this.#target, stored),
    })
  }

  async patch(id: RowId, partial: Partial<Row>, { signal }: WriteOptions = {}): Promise<Row> {
    const text = writtenId(id, 'partial', partial, this.#target.idField)
    const own = ownCopy('partial', partial)
    return this.#write({
      type: 'patch',
      id: text,
      signal,
      apply: () => this.#target.patch(id, own),
      check: (stored) => checkRow(this.#target, stored),
    })
  }

  async delete(id: RowId, { signal }: WriteOptions = {}): Promise<void> {
    return this.#write({ type: 'delete', id: idText(id), signal, apply: () => this.#target.delete(id), check: () => undefined })
  }

  async deleteAll({ signal }: WriteOptions = {}): Promise<void> {
    return this.#write({ type: 'deleteAll', id: undefined, signal, apply: () => this.#target.deleteAll(), check: () => undefined })
  }

  /** Every write that waits rejects with this error; so do all that come. The one under way ends as it ends (promise 6). */
  close(error: ClosedError): void {
    this.#queue.close(error)
    this.#closing.abort()
  }

  async #write<Stored>(write: Write<Stored>): Promise<Stored> {
    const { type, id, signal } = write
    signal?.throwIfAborted()
    const started = performance.now()
    this.#pending.add(write)
    const applied = this.#queue.push({
      apply: () => this.#apply(write),
      onQueued: () => this.#emit?.({ type: 'write-queued', write: type, id, waiting: this.#queue.waiting }),
      signal,
    })
    // Whoever hears of it may write in turn, and comes after it (promise 4).
    this.#pendingChanged()
    try {
      const stored = await applied
      this.#emit?.({ type: 'write-applied', write: type, id, duration: performance.now() - started })
      return stored
    } catch (error) {
      this.#emit?.({ type: 'write-failed', write: type, id, error, duration: performance.now() - started })
      throw error
    } finally {
      this.#pending.delete(write)
      this.#pendingChanged()
    }
  }

  async #apply<Stored>(write: Write<Stored>): Promise<Stored> {
    const stored = await this.#send(write)
    await this.#invalidate(this.#affected(write, stored))
    write.check(stored)
    return stored
  }

  async #send<Stored>({ type, id, signal, apply }: Write<Stored>): Promise<Stored> {
    for (let attempts = 1; ; attempts += 1) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
        return await apply()
      } catch (error) {
        const delay = this.#mayBeSentAgain(type) ? retryDelay(error, attempts, Math.random()) : undefined
        if (delay === undefined) throw error
        this.#emit?.({ type: 'write-retry', write: type, id, error, delay })
        // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
        await pause(delay, this.#closing.signal, signal)
        signal?.throwIfAborted()
        // It never comes to the next attempt, so it ends as this one did.
        if (this.#closing.signal.aborted) throw error
      }
    }
  }

  /** Everything but an insert comes to the same when it is sent twice. */
  #mayBeSentAgain(type: WriteType): boolean {
    // A table that sends again by itself has done so.
    if (this.#retriesItself || isOffline() || this.#closing.signal.aborted) return false
    return type !== 'insert' || this.#target.honoursIdempotencyKeys === true
  }

  /** The rows that a write can have changed: the one it named, and the one the target says it stored. */
  #affected({ type, id }: Pick<Write<unknown>, 'type' | 'id'>, stored: unknown): AffectedRows {
    if (type === 'deleteAll') return 'all'
    const storedId = isObject(stored) ? fieldOf(stored, this.#target.idField) : undefined
    return [...new Set([...(id === undefined ? [] : [id]), ...(isRowId(storedId) ? [String(storedId)] : [])])]
  }

  #pendingChanged(): void {
    this.#pendingIds = undefined
    this.#onPending()
  }
}

/** A name for an insert that no other one has. Not `randomUUID`, which pages without TLS do not have. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-')
}

/** Where the browser knows that nothing can be reached, trying again would only delay the bad news. */
function isOffline(): boolean {
  // oxlint-disable-next-line typescript/no-unnecessary-boolean-literal-compare -- Node's navigator has no `onLine`, which is not to say that it is offline
  return typeof navigator !== 'undefined' && navigator.onLine === false
}

/** Resolves after so many ms, or as soon as one of the signals aborts. */
function pause(delay: number, ...signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  // One that has aborted already tells nobody any more.
  if (signals.some((signal) => signal?.aborted === true)) return Promise.resolve()
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      for (const signal of signals) signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, delay)
    for (const signal of signals) signal?.addEventListener('abort', end)
  })
}
