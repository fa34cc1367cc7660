/** Asks the user before the page is left. The browser does so only where the user has done something on it. */
export class UnloadGuard {
  #isUp = false
  /** One of its own: what two tables add as one is gone when the first of them removes it. */
  readonly #hold = (event: Event): void => event.preventDefault()

  /** Browsers keep a page that has such a listener out of their cache of pages, so there is one only while it is needed. */
  set(isUp: boolean): void {
    if (this.#isUp === isUp || typeof addEventListener !== 'function') return
    this.#isUp = isUp
    if (isUp) addEventListener('beforeunload', this.#hold)
    else removeEventListener('beforeunload', this.#hold)
  }
}
