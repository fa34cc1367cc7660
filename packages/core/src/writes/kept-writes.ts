import { RestoredError } from '../errors.ts'
import { isObject } from '../table/is-object.ts'
import type { Change } from './change.ts'
import type { Overlay } from './overlay.ts'
import type { FailedWrite } from './pending-write.ts'
import type { Write } from './write.ts'
import type { StoredFailure, StoredWrite, WriteStorage, WriteStorageConnection } from './write-storage.ts'

/** What kept writes need to know. */
export interface KeptWritesOptions<Row extends object> {
  readonly cacheKey: string
  readonly storage: WriteStorage
  readonly overlay: Overlay<Row>
  /** The write as it is held aside; undefined where it is not. */
  readonly failed: (write: Write<Row>) => FailedWrite<Row> | undefined
  /** Called with what tabs that are gone have left behind. */
  readonly onFound: (writes: readonly FoundWrite<Row>[]) => void
  readonly onError: (error: unknown) => void
}

/** A write of a tab that is gone. */
export interface FoundWrite<Row> extends Omit<StoredWrite, 'change' | 'base' | 'failure'> {
  readonly change: Change<Row>
  readonly base: Row | undefined
  /** Why it was held aside, and when; undefined where it waited. */
  readonly failed: { readonly error: RestoredError; readonly at: number } | undefined
}

/** A table's writes, as they are kept from the call to the answer. What cannot be kept is only reported. */
export class KeptWrites<Row extends object> {
  readonly #options: KeptWritesOptions<Row>
  #connection: WriteStorageConnection | undefined
  /** The orders of writes that are settled and still on disk, for it failed: they are forgotten with the next update. */
  readonly #unforgotten = new Set<number>()

  constructor(options: KeptWritesOptions<Row>) {
    this.#options = options
  }

  /** Undefined before it is opened. */
  nextOrder(): number | undefined {
    return this.#connection?.nextOrder()
  }

  /** Resolves when what was left behind by then has been found; undefined where it is open already. */
  open(): Promise<void> | undefined {
    if (this.#connection !== undefined) return undefined
    const { storage, cacheKey, onFound, onError } = this.#options
    this.#connection = storage.connect(cacheKey, (found) => onFound(found.map((write) => fromStored<Row>(write))))
    return this.#connection.ready.catch(onError)
  }

  /** Keeps these as they are now, and no longer keeps what has those orders. Undefined where there is nothing to do. */
  update(put: readonly Write<Row>[], forget: Iterable<{ readonly order: number }>): Promise<void> | undefined {
    const settled = [...forget].map(({ order }) => order)
    if (this.#connection === undefined || settled.length + put.length === 0) return undefined
    const gone = [...this.#unforgotten, ...settled]
    const kept = put.map((write) => this.#toStored(write))
    return this.#update(this.#connection, kept, gone)
  }

  close(): void {
    this.#connection?.close()
  }

  async #update(connection: WriteStorageConnection, put: readonly StoredWrite[], forget: readonly number[]): Promise<void> {
    try {
      await connection.update(put, forget)
      for (const order of forget) this.#unforgotten.delete(order)
    } catch (error) {
      for (const order of forget) this.#unforgotten.add(order)
      this.#options.onError(error)
    }
  }

  #toStored(write: Write<Row>): StoredWrite {
    const { order, change, key, idempotencyKey, base, version, shown } = write
    const { overlay, failed } = this.#options
    // The name by which a row was first known here is known to no other tab.
    const known = key === undefined || overlay.isNew(key) ? key : overlay.idOf(key)
    const held = failed(write)
    return {
      order,
      change: known !== undefined && 'id' in change && known !== String(change.id) ? { ...change, id: known } : change,
      key: known,
      idempotencyKey,
      base: cloned(base),
      version,
      calledAt: shown.calledAt,
      failure: held && storedFailure(held),
    }
  }
}

function fromStored<Row>({ change, base, failure, ...write }: StoredWrite): FoundWrite<Row> {
  const failed = failure && { error: new RestoredError(failure), at: failure.failedAt }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- that what is kept under a key is what the app wrote is the app's word: the key is its own
  return { ...write, change: change as Change<Row>, base: base as Row | undefined, failed }
}

function storedFailure<Row extends object>({ error, failedAt }: FailedWrite<Row>): StoredFailure {
  if (error instanceof RestoredError) {
    return { message: error.message, code: error.originalCode, status: error.status, body: error.body, failedAt }
  }
  const { code, status, body }: { code?: unknown; status?: unknown; body?: unknown } = isObject(error) ? error : {}
  return {
    message: error instanceof Error ? error.message : String(error),
    code: typeof code === 'string' ? code : undefined,
    status: typeof status === 'number' ? status : undefined,
    body: cloned(body),
    failedAt,
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
