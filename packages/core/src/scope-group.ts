import type { Cache } from './cache/cache.ts'
import { isObject } from './table/is-object.ts'
import { fieldOf } from './table/row.ts'
import { untilAborted } from './table/until-aborted.ts'
import { WeakValues } from './weak-values.ts'

/** How often a tab looks whether its own writes still wait, in ms, where it cannot be told. */
const lookEvery = 250

/** A table that is purged with others. */
export interface ScopeMember {
  /** How many of its writes wait or are under way. */
  readonly waiting: number
  /** Ends it at once; resolves when nothing is left of what no other table has. */
  erase(): Promise<void>
}

/** What lies on disk, also of tables that are gone. It must not hold the table. */
export interface ScopeStorage {
  /**
   * @param before writes that were called later are kept: a tab may hear of a purge only long after it
   * @param isHere whether it was asked for in this tab: what all tabs have in common is removed by that one, once
   */
  purge(before: number, isHere: boolean): Promise<unknown>
}

interface Joined {
  readonly member: WeakRef<ScopeMember>
  /** In ms since 1970. */
  readonly at: number
}

/** The live tables of one scope: those of this realm, and through a channel those of other tabs. */
export class ScopeGroup {
  #joined: readonly Joined[] = []
  /** By the cache or the queue. */
  readonly #storages = new Map<object, ScopeStorage>()
  readonly #name: string | undefined
  #channel: BroadcastChannel | undefined
  /** Called when no write of this tab waits any more. */
  #letGo: (() => void) | undefined

  /** @param name by which other tabs know it, where there are any */
  constructor(name: string | undefined) {
    this.#name = name
  }

  /** From now on it is purged with the others. Also a table that was closed is, for what it had asked for may still come. */
  join(member: ScopeMember, storages: ReadonlyMap<object, ScopeStorage>): void {
    this.#joined = [...this.#joined.filter((each) => each.member.deref() !== undefined), { member: new WeakRef(member), at: Date.now() }]
    for (const [of, storage] of storages) this.#storages.set(of, storage)
  }

  /** To be called when a member's writes begin or cease to wait. While any do, the tab holds its share of a lock. */
  update(onError: (error: unknown) => void): void {
    if (this.#waiting === 0) {
      this.#letGo?.()
      this.#letGo = undefined
    } else if (this.#letGo === undefined) {
      const sent = new Promise<void>((resolve) => {
        this.#letGo = resolve
      })
      this.#locks?.request(this.#lock, { mode: 'shared' }, () => sent).catch(onError)
    }
  }

  /**
   * Ends all of them, here and in other tabs, and rejects where something may be left of one of this tab's.
   *
   * @param before who has joined later is left alone, in ms since 1970
   */
  async purge(before: number): Promise<void> {
    this.#channel?.postMessage({ type: 'purge', at: Math.min(before, Date.now()) })
    await this.#purgeOwn(before, true)
  }

  /** Resolves when no write waits, in any tab; where there are no Web Locks, in this one. Rejects with the signal's reason. */
  async drained(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    await this.#othersDrained(signal)
    if (this.#waiting === 0) return
    await untilAborted(new Promise((resolve) => setTimeout(resolve, lookEvery)), signal)
    await this.drained(signal)
  }

  async #othersDrained(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#locks?.request(this.#lock, { mode: 'exclusive', ...(signal && { signal }) }, () => undefined)
    } catch {
      // A page that may have no locks shares its writes with no other.
      signal?.throwIfAborted()
    }
  }

  get #lock(): string {
    return `vantage-live/waiting/1/${this.#name}`
  }

  get #locks(): LockManager | undefined {
    return this.#name === undefined || typeof navigator === 'undefined' || !('locks' in navigator) ? undefined : navigator.locks
  }

  get #members(): readonly ScopeMember[] {
    return this.#joined.flatMap(({ member }) => member.deref() ?? [])
  }

  get #waiting(): number {
    return this.#members.reduce((sum, { waiting }) => sum + waiting, 0)
  }

  /** Who has joined since is of another session, which a tab that hears of a purge late must not end. */
  async #purgeOwn(before: number, isHere: boolean): Promise<void> {
    const members = this.#joined.flatMap(({ member, at }) => (at <= before ? (member.deref() ?? []) : []))
    const ends = await Promise.allSettled([
      ...members.map((member) => member.erase()),
      ...[...this.#storages.values()].map((storage) => storage.purge(before, isHere)),
    ])
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }

  /** From now on it hears other tabs. */
  open(onError: (error: unknown) => void): void {
    if (this.#channel !== undefined || this.#name === undefined) return
    if (typeof window === 'undefined' || typeof BroadcastChannel === 'undefined') return
    try {
      this.#channel = new BroadcastChannel(`vantage-live/scopes/1/${this.#name}`)
    } catch (error) {
      return onError(error)
    }
    this.#channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (!isObject(data) || fieldOf(data, 'type') !== 'purge') return
      const at = fieldOf(data, 'at')
      if (typeof at === 'number') this.#purgeOwn(at, false).catch(onError)
    })
  }
}

// Its tables hold a group; a server is not to keep one for each user it ever had.
const byName = new WeakValues<ScopeGroup>()
const byCache = new WeakMap<Cache, ScopeGroup>()

/** The tables of a scope belong together whatever their caches; those of none, where they share a cache. */
export function scopeGroup(scope: string, cache: Cache): ScopeGroup {
  const name = scope === '' ? cache.sharedAs && `cache ${cache.sharedAs}` : `scope ${scope}`
  if (name !== undefined) return byName.getOrMake(name, () => new ScopeGroup(name))
  const group = byCache.get(cache) ?? new ScopeGroup(name)
  byCache.set(cache, group)
  return group
}
