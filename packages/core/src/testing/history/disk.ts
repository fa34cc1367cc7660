import { sameLease, type Cache, type CacheEntry, type CachedTable, type Slot } from '../../cache/cache.ts'
import { memoryCache } from '../../cache/memory.ts'
import { deferred, type Deferred } from '../deferred.ts'
import { never, type Realm, type Step } from './browser.ts'
import type { Chances } from './chances.ts'

/** What a browser's storage fails with. No caller of a table is ever to see one. */
class DiskError extends DOMException {}

/** How often requests fail, from 0 up to 1. */
export interface DiskFaults {
  readonly read: number
  readonly fill: number
  readonly invalidate: number
}

/** Something that was written to a disk. */
export interface Written {
  readonly realm: Realm
  readonly cacheKey: string
  readonly tags: readonly string[] | 'all'
  /** The last change of the master by then. */
  readonly index: number
}

/** A storage that all tabs share. It is slow, fails, hangs, and gives back other things than were put into it. */
export class Disk {
  /** Each slot that was ever asked for, by its key. */
  readonly slots: Map<string, Slot> = new Map()
  /** The invalidations that were written, in their order. */
  readonly invalidations: Written[] = []
  /** Counts all that invalidations go through: what is asked in between two of them is asked at one moment. */
  stirs: number = 0
  /** Counts what went wrong. */
  faults: number = 0
  readonly #step: Step
  readonly #chances: Chances
  #shares: DiskFaults
  readonly #storage = memoryCache()
  /** What hangs waits for it; undefined where nothing hangs any more. */
  #hanging: Deferred<void> | undefined = deferred()

  constructor(step: Step, chances: Chances, shares: DiskFaults) {
    this.#step = step
    this.#chances = chances
    this.#shares = shares
  }

  /** From now on it works. What hung is done now. */
  heal(): void {
    this.#shares = { read: 0, fill: 0, invalidate: 0 }
    this.wake()
    this.#hanging = undefined
  }

  /** What hung until now goes on. */
  wake(): void {
    this.#hanging?.resolve()
    this.#hanging = deferred()
  }

  /** What a slot holds, where it is fresh there. */
  async freshEntry(slot: Slot): Promise<CacheEntry | undefined> {
    const { entry, lease } = await this.#storage.read(slot)
    return entry !== undefined && sameLease(entry.lease, lease) ? entry : undefined
  }

  /** What a slot holds, fresh or not. */
  async entry(slot: Slot): Promise<CacheEntry | undefined> {
    return (await this.#storage.read(slot)).entry
  }

  /**
   * The disk as one tab has it.
   *
   * @param lastChange tells the last change of a table's master
   */
  connect(realm: Realm, lastChange: (cacheKey: string) => number): Cache {
    const request = async <Answer>(kind: keyof DiskFaults | 'purge', work: () => Promise<Answer>): Promise<Answer> => {
      const chance = this.#chances(`${kind} fails`) / (kind === 'purge' ? 0 : this.#shares[kind])
      const fault = chance < 1 ? (['refused', 'hangs', 'said to have failed'] as const)[Math.floor(chance * 3)] : undefined
      if (fault !== undefined) this.faults += 1
      if (this.#chances('the disk is slow') < 0.5) await this.#step(`${realm.name} ${kind} >`)
      if (fault === 'hangs') await this.#hanging?.promise
      if (realm.isGone) return never()
      if (fault === 'refused') throw new DiskError(`${kind} failed`, 'QuotaExceededError')
      const answer = await work()
      if (this.#chances('the disk is slow') < 0.5) await this.#step(`${realm.name} ${kind} <`)
      if (realm.isGone) return never()
      if (fault === 'said to have failed') throw new DiskError(`${kind} failed`, 'InvalidStateError')
      return answer
    }
    return {
      kind: 'fake',
      sharedAs: 'disk',
      read: (slot) => {
        this.slots.set(slot.key, slot)
        return request('read', async () => {
          const read = await this.#storage.read(slot)
          if (read.entry === undefined || this.#chances('an entry is corrupt') >= this.#shares.read / 4) return read
          this.faults += 1
          return { ...read, entry: { ...read.entry, value: 'what another version left behind' } }
        })
      },
      fill: (slot, entry) => {
        const copy = structuredClone(entry)
        return request('fill', () => this.#storage.fill(slot, copy))
      },
      invalidate: (table: CachedTable, tags, renewals) => {
        this.stirs += 1
        return request('invalidate', () => {
          this.stirs += 1
          this.invalidations.push({ realm, cacheKey: table.cacheKey, tags, index: lastChange(table.cacheKey) })
          return this.#storage.invalidate(table, tags, renewals)
        }).finally(() => {
          this.stirs += 1
        })
      },
      // Whoever is gone asks for nothing any more, and keeps nobody waiting.
      purge: (scope) => {
        const purge = (): Promise<void> => {
          this.stirs += 1
          return this.#storage.purge(scope)
        }
        return realm.isGone ? Promise.resolve() : request('purge', purge)
      },
    }
  }
}
