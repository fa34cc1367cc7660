import { reaches, sameTags, type Renewal, type Tags } from './cache.ts'

/** The renewals of one entry, in the order of the calls. */
interface Steps extends Pick<Renewal, 'slot' | 'tags'> {
  readonly renews: Renewal['renew'][]
}

/**
 * The renewals that wait for the next write of invalidations.
 *
 * Several calls share a write. An entry stays fresh only if each of those that reach it renews it; that one did not is not to
 * be forgotten because another one does.
 */
export class DueRenewals {
  #steps = new Map<string, Steps | undefined>()
  #reached: Set<string> | 'all' = new Set()

  /** Notes what one call invalidates, and what it renews of that. */
  add(tags: Tags, renewals: readonly Renewal[]): void {
    const given = new Map(renewals.map((renewal) => [renewal.slot.key, renewal]))
    for (const [key, steps] of this.#steps) {
      if (steps === undefined || given.has(key)) continue
      if (reaches(tags, steps.tags)) this.#steps.set(key, undefined)
    }
    for (const [key, { slot, tags: own, renew }] of given) {
      const known = this.#steps.get(key)
      if (known !== undefined && sameTags(known.tags, own)) known.renews.push(renew)
      else this.#steps.set(key, this.#steps.has(key) || this.#isReached(own) ? undefined : { slot, tags: own, renews: [renew] })
    }
    if (tags === 'all') this.#reached = 'all'
    else if (this.#reached !== 'all') for (const tag of tags) this.#reached.add(tag)
  }

  /** All of them, which are then no longer due. */
  take(): readonly Renewal[] {
    const taken = [...this.#steps.values()].filter((steps) => steps !== undefined)
    this.#steps = new Map()
    this.#reached = new Set()
    return taken.map(({ slot, tags, renews }) => ({ slot, tags, renew: inTurn(renews) }))
  }

  /** A write has failed: what it told of is to be told with the next one, which knows no renewals for that. */
  drop(): void {
    for (const key of this.#steps.keys()) this.#steps.set(key, undefined)
    this.#reached = 'all'
  }

  #isReached(tags: readonly string[]): boolean {
    const reached = this.#reached
    return reached === 'all' || tags.some((tag) => reached.has(tag))
  }
}

function inTurn(renews: readonly Renewal['renew'][]): Renewal['renew'] {
  return (value) => renews.reduce((last, renew) => (last === undefined ? undefined : renew(last)), value)
}
