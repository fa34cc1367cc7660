import { ConflictError, MissingRowError } from '../errors.ts'
import { putLast } from '../put-last.ts'
import { isRowId } from '../table/query.ts'
import { fieldOf, holdsAll } from '../table/row.ts'
import type { RowId, Table } from '../table/table.ts'
import type { Emit } from '../trace.ts'
import { fieldsOf } from './change.ts'
import { busyDelay, failureOf, isUnsure, unreachableDelay, type Failure } from './failure.ts'
import type { Overlay } from './overlay.ts'
import type { Batch, Write } from './write.ts'
import type { WriteGate } from './write-gate.ts'

/** Of more writes than these it is not known that they were one's own when they come back as events. */
const mostWrittenKeys = 1_000

/** What a sender needs to know. */
export interface SenderOptions<Row extends object> {
  readonly target: Table<Row>
  readonly overlay: Overlay<Row>
  readonly gate: WriteGate
  readonly emit: Emit
  /** Whether the target sends again by itself what may go better soon. */
  readonly retriesItself: boolean
  readonly closing: AbortSignal
  /** Called when a write leaves its batch because nobody wants it any more. */
  readonly onCancelled: (write: Write<Row>) => void
  /** Called when an attempt has failed, for whatever reason. */
  readonly onUnanswered: (batch: Batch<Row>) => void
  /** Called when a write has to wait before it is sent again. */
  readonly onHeldUp: () => void
  /** Sends what was made of a write and of what it met. */
  readonly resolve: (write: Write<Row>, merged: Partial<Row>) => Promise<Row | undefined>
}

/** What has become of a batch so far. */
interface Turn {
  /** It tries again and again in the name of all that wait. */
  isProbing: boolean
  /** How often it failed so. */
  readonly failures: { busy: number; unreachable: number }
  lastError: unknown
  /** An attempt had no answer: it may have been applied. */
  isUnanswered: boolean
}

/** Sends writes to their target, again and again where that may help. */
export class Sender<Row extends object> {
  readonly #options: SenderOptions<Row>
  /** The keys of writes that were answered, each with that of its row; undefined stands for all rows. */
  readonly #writtenKeys = new Map<string, string | undefined>()

  constructor(options: SenderOptions<Row>) {
    this.#options = options
  }

  /** Whether an idempotency key is that of a write from here to that row, and it was answered; undefined stands for all rows. */
  hasWritten(key: string, row: string | undefined): boolean {
    const own = this.#writtenKeys.get(key)
    return this.#writtenKeys.has(key) && (own === undefined || own === row)
  }

  /**
   * The target's answer; undefined where it has none to give, or where nobody wants the writes any more.
   *
   * @param begin called right before the first attempt: adds what can go along, and takes out what is to wait once more
   * @throws what the last attempt failed with; a ConflictError; the closing signal's reason
   */
  async send(batch: Batch<Row>, begin: () => void): Promise<Row | undefined> {
    const turn: Turn = { isProbing: false, failures: { busy: 0, unreachable: 0 }, lastError: undefined, isUnanswered: false }
    try {
      return await this.#attempt(batch, turn, begin)
    } finally {
      this.#stopProbing(turn)
    }
  }

  async #attempt(batch: Batch<Row>, turn: Turn, begin: () => void): Promise<Row | undefined> {
    const { gate, retriesItself, closing } = this.#options
    const [first] = batch
    if (first === undefined) return undefined
    for (let isFirst = true; ; isFirst = false) {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
      if (!retriesItself && (gate.paused !== undefined || isOffline())) await this.#pass(batch, turn)
      this.#dropCancelled(batch, turn)
      if (batch.size === 0) return undefined
      // It never comes to the next attempt, so it ends as the last one did.
      if (closing.aborted) throw turn.lastError ?? closing.reason
      if (isFirst) begin()
      if (batch.size === 0) return undefined
      for (const write of batch) write.isSent = true
      // One that waits in another queue may be under way for long.
      setUnderWay(batch, !retriesItself)
      try {
        // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
        const answer = await this.#apply(first, [...batch])
        setUnderWay(batch, false)
        gate.reached()
        const name = nameOf([...batch])
        if (name !== undefined) putLast(this.#writtenKeys, name, first.key, mostWrittenKeys)
        return answer
      } catch (error) {
        setUnderWay(batch, false)
        this.#options.onUnanswered(batch)
        turn.lastError = error
        const failure = retriesItself ? 'final' : failureOf(error)
        if (failure === 'conflict') {
          gate.reached()
          // oxlint-disable-next-line no-await-in-loop -- nothing comes after it
          return await this.#meet(first, batch, error)
        }
        // oxlint-disable-next-line no-await-in-loop -- one attempt after the other
        if (!(await this.#holdUp(failure, error, batch, turn))) throw error
      }
    }
  }

  /** Waits until something may be sent. */
  async #pass(batch: Batch<Row>, turn: Turn): Promise<void> {
    const { gate } = this.#options
    if (!turn.isProbing && isOffline()) gate.close('offline')
    while (gate.paused !== undefined && !turn.isProbing && !this.#isOver(batch, turn)) {
      turn.isProbing = gate.probe()
      // oxlint-disable-next-line no-await-in-loop -- as often as it closes
      if (!turn.isProbing) await gate.wait(Infinity, this.#signals(batch))
    }
  }

  #stopProbing(turn: Turn): void {
    if (turn.isProbing) this.#options.gate.stopProbing()
    turn.isProbing = false
  }

  /** Waits until the next attempt; tells whether there is to be one. */
  async #holdUp(failure: Failure, error: unknown, batch: Batch<Row>, turn: Turn): Promise<boolean> {
    const { gate, target, emit, onHeldUp } = this.#options
    if (failure !== 'unreachable') {
      gate.reached()
      this.#stopProbing(turn)
    }
    if (isUnsure(error)) {
      turn.isUnanswered = true
      for (const write of batch) write.isUnsure = true
    }
    if (failure === 'unauthorized') gate.close('unauthorized', error)
    // Everything but an insert comes to the same when it is sent twice.
    const isUnsafe = [...batch].some(({ change }) => change.type === 'insert') && target.honoursIdempotencyKeys !== true
    let delay: number | undefined = 0
    if (failure === 'unreachable' && !isUnsafe) {
      gate.close(isOffline() ? 'offline' : 'unreachable', error)
      turn.isProbing ||= gate.probe()
      if (turn.isProbing) delay = unreachableDelay((turn.failures.unreachable += 1), Math.random())
    } else if (failure !== 'unauthorized') {
      delay = failure === 'busy' && !isUnsafe ? busyDelay(error, (turn.failures.busy += 1), Math.random()) : undefined
    }
    if (delay === undefined) return false
    const [first] = batch
    if (first !== undefined && delay > 0) emit?.({ type: 'write-retry', write: first.shown.type, id: first.shown.id, error, delay })
    onHeldUp()
    await this.#pause(delay, batch, turn)
    return true
  }

  /** Who leaves the batch meanwhile does not cut the wait short for the others. */
  async #pause(delay: number, batch: Batch<Row>, turn: Turn): Promise<void> {
    const due = performance.now() + delay
    for (let left = delay; left > 0 && !this.#isOver(batch, turn); left = due - performance.now()) {
      // oxlint-disable-next-line no-await-in-loop -- it is waited again only where one has left
      if ((await this.#options.gate.wait(left, this.#signals(batch))) === 'over') return
    }
  }

  /** Whether nothing is to be sent any more. */
  #isOver(batch: Batch<Row>, turn: Turn): boolean {
    this.#dropCancelled(batch, turn)
    return this.#options.closing.aborted || batch.size === 0
  }

  #signals(batch: Batch<Row>): readonly AbortSignal[] {
    const all = [this.#options.closing, ...[...batch].map(({ cancelled }) => cancelled)]
    return all.filter(({ aborted }) => !aborted)
  }

  /** What may have been applied together is sent again together, and ends as it ends, unless nobody wants any of it. */
  #dropCancelled(batch: Batch<Row>, { isUnanswered }: Turn): void {
    const isWanted = [...batch].some(({ cancelled }) => !cancelled.aborted)
    if (isWanted && isUnanswered) return
    for (const write of batch) {
      if (!write.cancelled.aborted) continue
      batch.delete(write)
      this.#options.onCancelled(write)
    }
  }

  async #apply({ change, version, cancelled }: Write<Row>, sent: readonly Write<Row>[]): Promise<Row | undefined> {
    const { target, retriesItself } = this.#options
    // Where it waits in another queue it is to be taken back there.
    const signal = retriesItself && sent.length === 1 ? cancelled : undefined
    const idempotencyKey = nameOf(sent)
    switch (change.type) {
      case 'insert':
        return target.insert(change.row, { idempotencyKey, signal })
      case 'replace':
        return target.replace(this.#idToSend(change.id), this.#rowToSend(change.row), { idempotencyKey, version, signal })
      case 'patch':
        return target.patch(this.#idToSend(change.id), this.#rowToSend(fieldsOfAll(sent)), { idempotencyKey, version, signal })
      case 'delete':
        await target.delete(this.#idToSend(change.id), { idempotencyKey, signal })
        return undefined
      case 'deleteAll':
        await target.deleteAll({ idempotencyKey, signal })
        return undefined
    }
  }

  /** The master's own id of a row that was inserted here. */
  #idToSend(id: RowId): RowId {
    const { overlay, target } = this.#options
    const key = overlay.keyOf(String(id))
    // Its insert has failed, or it would have been answered before this write had its turn.
    if (overlay.isNew(key)) throw new MissingRowError(target.name, key)
    const known = overlay.idOf(key)
    return known === String(id) ? id : known
  }

  /** A row that carries the name by which it is known here carries the master's. */
  #rowToSend<Fields extends Partial<Row>>(row: Fields): Fields {
    const { overlay, target } = this.#options
    const given = fieldOf(row, target.idField)
    if (!isRowId(given)) return row
    const key = overlay.keyOf(String(given))
    const known = overlay.idOf(key)
    if (known === String(given)) return row
    const stored = overlay.knownRow(key)
    return { ...row, [target.idField]: stored === undefined ? known : fieldOf(stored, target.idField) }
  }

  /** The row is no longer what the write was made against. */
  async #meet(first: Write<Row>, batch: Batch<Row>, error: unknown): Promise<Row | undefined> {
    const { target, emit, resolve } = this.#options
    const { change, shown, base } = first
    if (change.type !== 'replace' && change.type !== 'patch') throw error
    const mine = change.type === 'patch' ? fieldsOfAll([...batch]) : change.row
    const theirs = await target.get(this.#idToSend(change.id), { overlay: false }).catch((reason: unknown) => {
      emit?.({ type: 'error', during: 'write-conflict', error: reason })
      return undefined
    })
    // An attempt that had no answer may have been what changed it.
    const { versionField, idField } = target
    const fields = Object.fromEntries(Object.entries(mine).filter(([field]) => field !== versionField && field !== idField))
    if (first.isUnsure && theirs !== undefined && holdsAll(theirs, fields)) return theirs
    throw new ConflictError<Row>(
      target.name,
      shown.id ?? '',
      {
        mine,
        theirs,
        base,
        resolve: async (merged) => {
          const stored = await resolve(first, merged)
          if (stored === undefined) throw new MissingRowError(target.name, shown.id ?? '')
          return stored
        },
      },
      error,
    )
  }
}

function setUnderWay<Row extends object>(batch: Batch<Row>, isUnderWay: boolean): void {
  for (const write of batch) write.isUnderWay = isUnderWay
}

function fieldsOfAll<Row extends object>(writes: readonly Write<Row>[]): Partial<Row> {
  return writes.reduce<Partial<Row>>((all, { change }) => ({ ...all, ...fieldsOf(change) }), {})
}

/** Writes that are sent as one have a name of their own, the same whenever the same ones are. */
function nameOf<Row extends object>(writes: readonly Write<Row>[]): string | undefined {
  const names = writes.flatMap(({ idempotencyKey }) => idempotencyKey ?? [])
  return names.length < 2 ? names[0] : `${names[0]}.${names.at(-1)}.${names.length}`
}

/** Where the browser knows that nothing can be reached, trying would only delay the bad news. */
export function isOffline(): boolean {
  // oxlint-disable-next-line typescript/no-unnecessary-boolean-literal-compare -- Node's navigator has no `onLine`, which is not to say that it is offline
  return typeof navigator !== 'undefined' && navigator.onLine === false
}
