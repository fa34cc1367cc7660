/** Does one piece of work after the other, in the order of the calls. Work that waits in its own line waits for ever. */
export type Line = <Result>(work: () => Promise<Result>) => Promise<Result>

export function line(): Line {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const done = last.then(work)
    // Whoever asked for it hears how it failed; the next one is not concerned.
    last = done.catch(() => undefined)
    return done
  }
}
