/** How long a table waits for its storage, in ms. */
export const storagePatience = 2_000

/**
 * From now on the tables of this realm wait for their storage without end: that of a busy machine may take longer than they would
 * wait. Fake timers end when they would. It is passed on as text, so it needs nothing but itself.
 */
export function waitForStorage(patience: number): void {
  const begin = globalThis.setTimeout.bind(globalThis)
  const longest = 2 ** 31 - 1
  Object.assign(globalThis, {
    setTimeout: (run: (...values: readonly unknown[]) => void, delay = 0, ...values: readonly unknown[]) =>
      begin(run, delay === patience ? longest : delay, ...values),
  })
}
