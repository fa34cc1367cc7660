/** Things made on demand, one per key, for as long as somebody else holds them. */
export class WeakValues<Value extends object> {
  readonly #values = new Map<string, WeakRef<Value>>()
  readonly #registry = new FinalizationRegistry<string>((key) => {
    if (this.#values.get(key)?.deref() === undefined) this.#values.delete(key)
  })

  getOrMake(key: string, make: () => Value): Value {
    const known = this.#values.get(key)?.deref()
    if (known !== undefined) return known
    const value = make()
    this.#values.set(key, new WeakRef(value))
    this.#registry.register(value, key)
    return value
  }
}
