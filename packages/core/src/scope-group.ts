import type { Cache } from './cache/cache.ts'
import { isObject } from './table/is-object.ts'
import { untilAborted } from './table/until-aborted.ts'

/** How long tabs have to answer whether their writes wait, in ms, and how often they are asked. */
const answerWithin = 250

/** A table that is purged with others. */
export interface ScopeMember {
  /** How many of its writes wait or are under way. */
  readonly waiting: number
  /**
   * Ends it at once; resolves when nothing is left of it.
   *
   * @param before writes of other tables that were called later are kept: a tab may hear of a purge only long after it
   */
  erase(before: number): Promise<void>
}

/** The live tables of one scope: those of this realm, and through a channel those of other tabs. */
export class ScopeGroup {
  readonly #members = new Set<WeakRef<ScopeMember>>()
  readonly #name: string | undefined
  #channel: BroadcastChannel | undefined
  #othersWait = false

  /** @param name by which other tabs know it, where there are any */
  constructor(name: string | undefined) {
    this.#name = name
  }

  /** From now on it is purged with the others. Also a table that was closed is, for what it had asked for may still come. */
  join(member: ScopeMember, onError: (error: unknown) => void): void {
    for (const known of this.#members) if (known.deref() === undefined) this.#members.delete(known)
    if (!this.#present.includes(member)) this.#members.add(new WeakRef(member))
    this.#open(onError)
  }

  /** Ends all of them, here and in other tabs, and rejects where something may be left of one of this tab's. */
  async purge(): Promise<void> {
    this.#channel?.postMessage({ type: 'purge', at: Date.now() })
    await this.#purgeOwn(Infinity)
  }

  /** Resolves when no write waits, in any tab that answers. Rejects with the signal's reason. */
  async drained(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    this.#othersWait = false
    this.#channel?.postMessage({ type: 'do writes wait?' })
    const isDone = this.#waiting === 0
    if (isDone && this.#channel === undefined) return
    await untilAborted(new Promise((resolve) => setTimeout(resolve, answerWithin)), signal)
    if (!isDone || this.#othersWait || this.#waiting > 0) await this.drained(signal)
  }

  get #present(): readonly ScopeMember[] {
    return [...this.#members].flatMap((known) => known.deref() ?? [])
  }

  get #waiting(): number {
    return this.#present.reduce((sum, { waiting }) => sum + waiting, 0)
  }

  async #purgeOwn(before: number): Promise<void> {
    const ends = await Promise.allSettled(this.#present.map((member) => member.erase(before)))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }

  #open(onError: (error: unknown) => void): void {
    if (this.#channel !== undefined || this.#name === undefined) return
    if (typeof window === 'undefined' || typeof BroadcastChannel === 'undefined') return
    try {
      this.#channel = new BroadcastChannel(`vantage-live/scopes/1/${this.#name}`)
    } catch (error) {
      return onError(error)
    }
    this.#channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const { type, at }: { type?: unknown; at?: unknown } = isObject(data) ? data : {}
      if (type === 'purge' && typeof at === 'number') this.#purgeOwn(at).catch(onError)
      if (type === 'writes wait') this.#othersWait = true
      if (type === 'do writes wait?' && this.#waiting > 0) this.#channel?.postMessage({ type: 'writes wait' })
    })
  }
}

const byName = new Map<string, ScopeGroup>()
const byCache = new WeakMap<Cache, ScopeGroup>()

/** The tables of a scope belong together whatever their caches; those of none, where they share a cache. */
export function scopeGroup(scope: string, cache: Cache): ScopeGroup {
  const name = scope === '' ? cache.sharedAs && `cache ${cache.sharedAs}` : `scope ${scope}`
  const group = (name === undefined ? byCache.get(cache) : byName.get(name)) ?? new ScopeGroup(name)
  if (name === undefined) byCache.set(cache, group)
  else byName.set(name, group)
  return group
}
