import type { Chances } from './chances.ts'

interface Waiting {
  readonly name: string
  /** The least comes first. */
  readonly rank: number
  readonly go: () => void
}

/**
 * All that is under way, to be let through one by one, in an order that is left to chance.
 *
 * It does what fast-check's scheduler is for. But clones of that go on where others of them are, so that what was shrunk is not
 * played again as it was; and here what is left out of a history changes nothing in the order of the rest.
 */
export class Steps {
  /** What has come through, in order. */
  readonly taken: string[] = []
  readonly #chances: Chances
  readonly #waiting = new Set<Waiting>()

  constructor(chances: Chances) {
    this.#chances = chances
  }

  /** How much is under way. */
  get count(): number {
    return this.#waiting.size
  }

  /** Waits until its turn has come. */
  wait(name: string): Promise<void> {
    return new Promise((go) => {
      this.#waiting.add({ name, rank: this.#chances(`rank of ${name}`), go })
    })
  }

  /** Lets one through. */
  takeOne(): void {
    let next: Waiting | undefined
    for (const each of this.#waiting) if (next === undefined || each.rank < next.rank) next = each
    if (next === undefined) return
    this.#waiting.delete(next)
    this.taken.push(next.name)
    next.go()
  }
}
