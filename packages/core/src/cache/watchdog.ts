/** Something that may take so long and no longer. */
interface Watched {
  /** In ms of `performance.now()`. */
  readonly due: number
  readonly onLate: () => void
}

/** Tells what takes too long. One timer watches all of it: one for each would cost more than what is watched. */
export class Watchdog {
  readonly #bound: number
  /** In the order in which they are due. */
  readonly #watched = new Set<Watched>()
  #timer: ReturnType<typeof setTimeout> | undefined

  /** @param bound in ms */
  constructor(bound: number) {
    this.#bound = bound
  }

  /** Calls `onLate` once the bound is over, unless the returned function, which ends it, was called before. */
  watch(onLate: () => void): () => void {
    const watched = { due: performance.now() + this.#bound, onLate }
    this.#watched.add(watched)
    this.#timer ??= setTimeout(this.#look, this.#bound)
    return () => {
      this.#watched.delete(watched)
      if (this.#watched.size > 0) return
      clearTimeout(this.#timer)
      this.#timer = undefined
    }
  }

  readonly #look = (): void => {
    const now = performance.now()
    const late = [...this.#watched].filter(({ due }) => due <= now)
    for (const watched of late) this.#watched.delete(watched)
    const [next] = this.#watched
    this.#timer = next && setTimeout(this.#look, next.due - now)
    for (const { onLate } of late) onLate()
  }
}
