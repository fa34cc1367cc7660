import { settle } from './deferred.ts'

/** Steps of something, each of which waits until the test lets it pass. */
export interface Gates {
  /** Waits at the gate of this name. */
  step(name: string): Promise<void>
  /** The names at which something waits, in the order it came. */
  readonly waiting: readonly string[]
  /** Lets those pass that have come to this gate, and those that follow from it happen. */
  pass(name: string): Promise<void>
  /** Opens all gates for good. */
  open(): Promise<void>
}

/** Makes gates that are all shut. */
export function makeGates(): Gates {
  let isOpen = false
  let queue: { readonly name: string; readonly pass: () => void }[] = []

  return {
    get waiting() {
      return queue.map(({ name }) => name)
    },
    step(name) {
      if (isOpen) return Promise.resolve()
      return new Promise((pass) => {
        queue.push({ name, pass })
      })
    },
    async pass(name) {
      const passing = queue.filter((each) => each.name === name)
      if (passing.length === 0) throw new Error(`nothing waits at ${name}, but at ${queue.map((each) => each.name).join(', ')}`)
      queue = queue.filter((each) => each.name !== name)
      for (const { pass } of passing) pass()
      await settle()
    },
    async open() {
      isOpen = true
      for (const { pass } of queue.splice(0)) pass()
      await settle()
    },
  }
}
