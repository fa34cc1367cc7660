import type { Slot } from './cache.ts'

/** The slots that are in use, each as often as somebody said so. */
export class Pins {
  readonly #pins = new Map<string, { readonly slot: Slot; count: number }>()

  get slots(): readonly Slot[] {
    return [...this.#pins.values()].map(({ slot }) => slot)
  }

  has(name: string): boolean {
    return this.#pins.has(name)
  }

  /** The returned function ends it, once. */
  add(name: string, slot: Slot): () => void {
    const pin = this.#pins.get(name) ?? { slot, count: 0 }
    this.#pins.set(name, pin)
    pin.count += 1
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      pin.count -= 1
      if (pin.count === 0) this.#pins.delete(name)
    }
  }
}
