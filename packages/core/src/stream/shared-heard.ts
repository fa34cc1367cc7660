/** How many positions are kept: as many as a holder may have passed on that the next one had not heard of yet. */
const kept = 1_000

/**
 * How far a tab has heard, as positions in their order, and at which of them the connection that it follows stands.
 *
 * A connection that was taken over may begin at an earlier one. Until it has caught up, it tells what was heard before.
 */
export class Heard {
  #positions: string[] = []
  #at = -1

  constructor(position: string | undefined) {
    this.restart(position)
  }

  /** Where the connection stands, or undefined where it has told of no position. */
  get position(): string | undefined {
    return this.#positions[this.#at]
  }

  /** Whether what the connection tells next was heard before. */
  get isAhead(): boolean {
    return this.#at < this.#positions.length - 1
  }

  /** Whether what comes after this position follows on what was heard; then the connection stands there. */
  goTo(position: string | undefined): boolean {
    const index = position === undefined ? -1 : this.#positions.lastIndexOf(position)
    if (index >= 0) this.#at = index
    return index >= 0
  }

  /** The connection stands there, and nothing before it counts. */
  restart(position: string | undefined): void {
    this.#positions = position === undefined ? [] : [position]
    this.#at = this.#positions.length - 1
  }

  /** What the connection tells next is new, for it does not repeat what was heard. */
  stopRepeating(): void {
    this.#positions.length = this.#at + 1
  }

  /**
   * Everything up to this position has been told.
   *
   * @returns false where it was taken for a repetition and was none, so that something was left out
   */
  reach(position: string): boolean {
    const index = this.#positions.indexOf(position, Math.max(this.#at, 0))
    if (index >= 0) {
      this.#at = index
      return true
    }
    const wasRepeating = this.isAhead
    this.stopRepeating()
    this.#at = this.#positions.push(position) - 1
    if (this.#at >= kept) {
      this.#positions.shift()
      this.#at -= 1
    }
    return !wasRepeating
  }
}
