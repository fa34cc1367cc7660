/** So many rows are kept in mind for certain, and never twice as many. */
const mostRows = 5_000

/** The rows as the master last gave them to this tab: what a write is made against. */
export class KnownRows<Row extends object> {
  readonly #rows = new Map<string, { readonly row: Row | undefined; readonly at: number }>()
  #clearedAt = 0

  get(key: string): Row | undefined {
    return this.#rows.get(key)?.row
  }

  /** When the master was last asked for it, or had stored it; 0 where that is not known. */
  seenAt(key: string): number {
    return this.#rows.get(key)?.at ?? this.#clearedAt
  }

  /** Whether the master is known to have it no longer. */
  isGone(key: string): boolean {
    const known = this.#rows.get(key)
    return known === undefined ? this.#clearedAt > 0 : known.row === undefined
  }

  /**
   * @param row undefined where the master has it no longer
   * @param at when the master was asked for it, or had stored it; what is older than what is known is passed over
   */
  see(key: string, row: Row | undefined, at: number): void {
    if (at < (this.#rows.get(key)?.at ?? this.#clearedAt)) return
    this.#rows.delete(key)
    this.#rows.set(key, { row, at })
    if (this.#rows.size >= 2 * mostRows) this.#forgetOldest()
  }

  /** Many at a time: to find the first key of a map takes the longer the more were deleted before it. */
  #forgetOldest(): void {
    let left = this.#rows.size - mostRows
    for (const key of this.#rows.keys()) {
      if (left <= 0) return
      left -= 1
      this.#rows.delete(key)
    }
  }

  /** The master has had none of them since. */
  clear(at: number): void {
    this.#rows.clear()
    this.#clearedAt = at
  }
}
