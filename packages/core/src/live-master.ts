import type { Cache } from './cache/cache.ts'
import { SafeCache } from './cache/safe-cache.ts'
import { makeClock } from './clock.ts'
import { ClosedError } from './errors.ts'
import { Feed } from './feed.ts'
import { Listeners, throwUncaught } from './listeners.ts'
import { Reads } from './reads.ts'
import { tagsOf } from './slots.ts'
import type { LiveStream, StreamStatus } from './stream/stream.ts'
import type { AffectedRows, Table, TableChange } from './table/table.ts'
import type { Emit, InvalidationCause, Trace } from './trace.ts'
import { UnloadGuard } from './unload-guard.ts'
import { Overlay } from './writes/overlay.ts'
import type { WriteStorage } from './writes/write-storage.ts'
import { Writes } from './writes/writes.ts'

/** What a live master is put together from. */
export interface LiveMasterOptions<Row extends object> {
  readonly master: Table<Row>
  readonly writeTarget: Table<Row>
  /** Whether the write target sends again by itself what may go better soon. */
  readonly retriesItself: boolean
  readonly cacheKey: string
  readonly cache: Cache
  readonly stream: LiveStream | undefined
  readonly masterPageSize: number | undefined
  readonly queue: WriteStorage | undefined
  readonly coalesce: boolean
  readonly concurrency: number
  readonly warnOnUnload: boolean
  readonly trace: Trace | undefined
}

/**
 * What a table and all its views share: the master with its cache, its write queue, its live stream and its listeners.
 *
 * Here alone the parts meet. An invalidation, whatever its cause, is told at once and over when it is durable.
 */
export class LiveMaster<Row extends object> {
  readonly master: Table<Row>
  readonly cacheKey: string
  readonly reads: Reads<Row>
  readonly overlay: Overlay<Row>
  readonly writes: Writes<Row>
  readonly #cache: SafeCache
  readonly #feed: Feed | undefined
  readonly #listeners = new Listeners<TableChange>()
  readonly #emit: Emit
  #leaveMaster: (() => void) | undefined
  #isClosed = false

  constructor(options: LiveMasterOptions<Row>) {
    const { master, writeTarget, retriesItself, cacheKey, cache, stream, masterPageSize, trace } = options
    const now = makeClock()
    const guard = options.warnOnUnload ? new UnloadGuard() : undefined
    const emit = trace && emitter(trace, cacheKey)
    this.master = master
    this.cacheKey = cacheKey
    this.#emit = emit
    this.#cache = new SafeCache(cache, cacheKey, (during, error) => emit?.({ type: 'error', during, error }))
    void this.#cache.open()
    this.reads = new Reads({
      master,
      cacheKey,
      masterPageSize,
      cache: this.#cache,
      hearsChanges: () => this.#feed === undefined || this.#feed.status.state === 'open',
      now,
      settling: () => together(this.#feed?.settling, this.writes.draining),
      // What else that tab invalidated is not known here, so whoever shows anything looks again.
      onOvertaken: () => this.#listeners.tell({ type: 'invalidated', rows: 'all' }),
      emit,
    })
    this.overlay = new Overlay(master.idField, () => this.writes.changed())
    this.writes = new Writes({
      cacheKey,
      target: writeTarget,
      overlay: this.overlay,
      now,
      invalidate: (rows) => this.invalidate(rows, 'write'),
      onChange: () => {
        guard?.set(this.writes.pending.length > 0)
        this.#listeners.tell({ type: 'writes' })
      },
      emit,
      retriesItself,
      storage: options.queue,
      coalesce: options.coalesce,
      concurrency: options.concurrency,
    })
    this.#feed = stream && this.#makeFeed(stream)
  }

  get streamStatus(): StreamStatus | undefined {
    return this.#feed?.status
  }

  /**
   * Before anything is read or written: the table becomes live.
   *
   * @throws ClosedError once it is closed
   */
  open(): void {
    if (this.#isClosed) throw new ClosedError(this.cacheKey)
    this.writes.open()
    this.#feed?.connect()
    if (this.#leaveMaster === undefined && this.master.subscribe !== undefined) {
      this.#leaveMaster = this.master.subscribe((change) => {
        if (change.type === 'invalidated') void this.invalidate(change.rows, 'master')
        // What waits there waits here.
        if (change.type === 'writes') this.#listeners.tell(change)
      })
      this.#hearGap('the master was not listened to')
    }
  }

  async invalidate(rows: AffectedRows, cause: InvalidationCause): Promise<void> {
    const started = performance.now()
    const durable = this.#cache.invalidate(tagsOf(rows))
    // From here on reads wait for the disk, so listeners need not. They are told once the write is on its way, and what they
    // do about it takes place while the disk is at work.
    queueMicrotask(() => this.#listeners.tell({ type: 'invalidated', rows }))
    await durable
    this.#emit?.({ type: 'invalidate', cause, rows, duration: performance.now() - started })
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
    this.writes.close(new ClosedError(this.cacheKey))
    this.#rest('the table is closed')
    this.#listeners.clear()
  }

  #rest(reason: string): void {
    this.#feed?.disconnect(reason)
    this.#leaveMaster?.()
    this.#leaveMaster = undefined
  }

  #hearGap(reason: string): void {
    this.#emit?.({ type: 'gap', reason })
    void this.invalidate('all', 'gap')
  }

  #makeFeed(stream: LiveStream): Feed {
    return new Feed(stream, {
      onEvent: (event) => {
        this.#emit?.({ type: 'event', event })
        void this.invalidate(event.type === 'changed' ? 'all' : [String(event.id)], 'event')
      },
      onGap: (reason) => this.#hearGap(reason),
      onStatus: (status) => {
        this.#emit?.({ type: 'status', status })
        if (status.state === 'open') this.writes.wake()
        this.#listeners.tell({ type: 'status' })
      },
      onError: (error) => this.#emit?.({ type: 'error', during: 'stream', error }),
    })
  }
}

function together(...waits: readonly (Promise<void> | undefined)[]): Promise<void> | undefined {
  const all = waits.filter((each) => each !== undefined)
  return all.length === 0 ? undefined : Promise.all(all).then(() => undefined)
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
