/** Those who want to hear of something. */
export class Listeners<Event> {
  readonly #listeners = new Set<(event: Event) => void>()

  get size(): number {
    return this.#listeners.size
  }

  /** Each call is a subscription of its own, also with the same function; the returned function ends it. */
  add(listener: (event: Event) => void): () => void {
    const own = (event: Event): void => listener(event)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  /** Tells all. What one throws does not keep the news from the others. */
  tell(event: Event): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        throwUncaught(error)
      }
    }
  }

  clear(): void {
    this.#listeners.clear()
  }
}

/** Reports an error of the app's own code as the platform does it for event handlers: nothing else stops. */
export function throwUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
