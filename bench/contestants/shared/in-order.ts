/** Calls that are made one after the other, in the order in which they were asked for. */
export interface InOrder {
  readonly call: <Result>(work: () => Promise<Result>) => Promise<Result>
  /** How many are not settled yet. */
  readonly pending: number
}

export function inOrder(): InOrder {
  let last: Promise<unknown> = Promise.resolve()
  let pending = 0
  return {
    async call(work) {
      pending += 1
      const turn = last.then(work)
      last = turn.catch(() => undefined)
      try {
        return await turn
      } finally {
        pending -= 1
      }
    },
    get pending() {
      return pending
    },
  }
}
