import type { Slot } from './cache/cache.ts'
import { isOvertaken, type HeldLease } from './cache/held-lease.ts'
import type { SafeCache } from './cache/safe-cache.ts'
import { NotCachedError } from './errors.ts'
import { Flights } from './flights.ts'
import { putLast } from './put-last.ts'
import type { ReadOptions } from './table/table.ts'
import { untilAborted } from './table/until-aborted.ts'
import type { Emit } from './trace.ts'

/** Of more slots than these it is not kept in mind when their answers came. */
const mostLanded = 1_000

/** How a read treats what the cache has, in the words of `fetch`. */
export interface CachedReadOptions extends ReadOptions {
  /**
   * - `'default'`: what is fresh comes from the cache; for anything else the master is asked.
   * - `'force-cache'`: anything cached will do, marked stale where it is; the master is asked only where there is nothing.
   * - `'reload'`: the master is asked, whatever is cached.
   * - `'only-if-cached'`: anything cached will do; the master is never asked. Rejects with a NotCachedError otherwise.
   */
  readonly cache?: 'default' | 'force-cache' | 'reload' | 'only-if-cached'
}

/** What a read found. */
export interface Read<Value> {
  /** Undefined where the master has no such thing. */
  readonly value: Value | undefined
  /** When the master was asked for it, in ms since 1970: it is no older than this. */
  readonly fetchedAt: number
  /** It may be out of date. */
  readonly stale: boolean
  /** Why it is stale, where that is because the master failed. Stale without an error means: ask again. */
  readonly error?: unknown
}

/** What the master said. */
export interface Answer<Value> {
  readonly value: Value | undefined
  /** The master itself called it stale. */
  readonly stale?: boolean
  readonly error?: unknown
}

/** What all kinds of things are read by. */
export interface ReadThroughOptions {
  readonly cache: SafeCache
  /** The time, and no two times alike. */
  readonly now: () => number
  /** Whether the news of other people's changes arrives; while it does not, nothing cached is fresh. */
  readonly hearsChanges: () => boolean
  /** Where the news is about to begin to arrive: what to wait for before the master is asked. */
  readonly settling: () => Promise<void> | undefined
  /** Called where another tab turns out to have invalidated what was handed out as fresh. */
  readonly onOvertaken: () => void
  /** Aborted when the table was purged: nothing is read any more, and nobody gets what is under way. */
  readonly purged: AbortSignal
  readonly emit: Emit
}

/** Asks the master. */
export type Ask<Value> = (signal: AbortSignal) => Promise<Answer<Value>>

/**
 * Reads one kind of thing through the cache: what is fresh there, else what the master says, which then fills the slot.
 *
 * A fill is fresh only if nothing under its slot was invalidated since before the master was asked (promise 2); an
 * answer that was overtaken is handed out as stale. A reader who comes after an invalidation never joins a flight from
 * before it (promise 1). Where the master fails, what is cached is handed out, stale, with the error (promise 8).
 */
export class ReadThrough<Value> {
  readonly #cache: SafeCache
  readonly #isValue: (value: unknown) => value is Value
  readonly #tagsOf: (value: Value) => readonly string[]
  readonly #now: () => number
  readonly #madeAt: number
  readonly #hearsChanges: () => boolean
  readonly #settling: () => Promise<void> | undefined
  readonly #onOvertaken: () => void
  readonly #purged: AbortSignal
  readonly #emit: Emit
  readonly #flights = new Flights<Read<Value>>()
  /** When answers came that are not in the cache as fresh: what was asked for before then may be older, whoever cached it. */
  readonly #landedAt = new Map<string, number>()

  /** @param tagsOf what a value hangs on beside its slot's tags */
  constructor(
    { cache, now, hearsChanges, settling, onOvertaken, purged, emit }: ReadThroughOptions,
    isValue: (value: unknown) => value is Value,
    tagsOf: (value: Value) => readonly string[] = () => [],
  ) {
    this.#cache = cache
    this.#now = now
    this.#madeAt = now()
    this.#hearsChanges = hearsChanges
    this.#settling = settling
    this.#onOvertaken = onOvertaken
    this.#purged = purged
    purged.addEventListener('abort', () => this.#flights.abort(purged.reason))
    this.#emit = emit
    this.#isValue = isValue
    this.#tagsOf = tagsOf
  }

  /** @param knownTags what is cached hung on when it was last read, beside the slot's tags */
  async read(
    slot: Slot,
    ask: Ask<Value>,
    { signal, cache = 'default' }: CachedReadOptions = {},
    knownTags: readonly string[] = [],
  ): Promise<Read<Value>> {
    signal?.throwIfAborted()
    const takesStale = cache === 'force-cache' || cache === 'only-if-cached'
    const settling = takesStale ? undefined : this.#settling()
    if (settling !== undefined) await untilAborted(settling, signal)
    // In a burst of events, what is cached is known to be stale.
    const isStale = !takesStale && this.#cache.isSwamped([...slot.tags, ...knownTags])
    const { cached, lease } = isStale ? { cached: undefined, lease: this.#cache.hold(slot) } : await this.#lookUp(slot)
    if (cached === undefined && cache === 'force-cache' && this.#settling() !== undefined) {
      this.#cache.release(lease)
      return this.read(slot, ask, { cache: 'default', ...(signal === undefined ? {} : { signal }) }, knownTags)
    }
    const flight = this.#flights.find(slot.key, lease)
    const isNewest = takesStale || (cached?.fetchedAt ?? 0) >= (this.#landedAt.get(slot.key) ?? 0)
    const isEnough = cached !== undefined && cache !== 'reload' && (takesStale || !cached.stale) && isNewest
    if (signal?.aborted === true || this.#purged.aborted || isEnough || flight !== undefined || cache === 'only-if-cached')
      this.#cache.release(lease)
    signal?.throwIfAborted()
    this.#purged.throwIfAborted()
    if (isEnough) return cached
    if (cache === 'only-if-cached') throw new NotCachedError(slot.key)
    return this.#flights.join(
      flight ?? this.#flights.start(slot.key, lease, (flightSignal) => this.#ask(slot, ask, lease, cached, flightSignal)),
      signal,
    )
  }

  async #lookUp(slot: Slot): Promise<{ cached: Read<Value> | undefined; lease: HeldLease }> {
    const started = performance.now()
    const { entry, fresh: isUntouched, lease } = await this.#cache.read(slot)
    const fresh = isUntouched && this.#hearsChanges()
    const cached =
      entry !== undefined && this.#isValue(entry.value)
        ? { value: entry.value, fetchedAt: this.#pastTime(entry.fetchedAt), stale: !fresh }
        : undefined
    this.#emit?.({
      type: cached === undefined ? 'miss' : fresh ? 'hit' : 'stale',
      slot: slot.key,
      cache: this.#cache.kind,
      duration: performance.now() - started,
    })
    return { cached, lease }
  }

  /** What is from the future was cached before the clock was set back, and so before this table was made. */
  #pastTime(fetchedAt: number): number {
    return fetchedAt > this.#now() ? this.#madeAt : fetchedAt
  }

  async #ask(slot: Slot, ask: Ask<Value>, lease: HeldLease, cached: Read<Value> | undefined, signal: AbortSignal): Promise<Read<Value>> {
    const started = performance.now()
    const fetchedAt = this.#now()
    // What had overtaken the lease by now has not overtaken the question; the answer is as fresh as any, but not on the disk.
    const since = lease.isVoid || lease.touched.size > 0 ? this.#cache.hold(slot) : lease
    try {
      const { value, stale = false, error } = await ask(signal)
      this.#emit?.({ type: 'answer', slot: slot.key, duration: performance.now() - started })
      const tags = value === undefined ? [] : this.#tagsOf(value)
      const read = { value, fetchedAt, stale: stale || isOvertaken(since, tags), ...(error === undefined ? {} : { error }) }
      putLast(this.#landedAt, slot.key, this.#now(), mostLanded)
      // Readers need not wait for the disk. Should another tab have invalidated the slot meanwhile, they hear of it then.
      void this.#fill(slot, lease, read, tags)
      return read
    } catch (error) {
      this.#cache.release(lease)
      this.#emit?.({ type: 'read-failed', slot: slot.key, error, duration: performance.now() - started })
      if (signal.aborted) throw error
      const last = cached ?? (await this.#lastKnown(slot))
      if (last === undefined || this.#purged.aborted) throw error
      return { ...last, stale: true, error }
    } finally {
      if (since !== lease) this.#cache.release(since)
    }
  }

  /** What is cached, where that was not looked up before the master was asked. */
  async #lastKnown(slot: Slot): Promise<Read<Value> | undefined> {
    const { cached, lease } = await this.#lookUp(slot)
    this.#cache.release(lease)
    return cached
  }

  /** An absent value is written too: it takes the place of what was cached before, and counts as a miss (promise 9). */
  async #fill(slot: Slot, lease: HeldLease, { value, fetchedAt, stale }: Read<Value>, tags: readonly string[]): Promise<void> {
    const started = performance.now()
    const fresh = await this.#cache.fill(slot, lease, value, fetchedAt, stale, tags)
    this.#cache.release(lease)
    if (fresh) this.#landedAt.delete(slot.key)
    this.#emit?.({ type: fresh ? 'fill' : 'void', slot: slot.key, duration: performance.now() - started })
    if (!fresh && !stale && !lease.isLocal && !isOvertaken(lease, tags)) this.#onOvertaken()
  }
}
