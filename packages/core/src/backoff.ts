const longest = 30_000

/**
 * How long to wait before the next attempt, in ms, after so many failed ones.
 *
 * The bound doubles with each failure, up to 30 s; the wait is drawn evenly between `shortest` and the bound, so that the
 * clients of a server that comes back do not all come at once.
 *
 * @param random from 0 up to 1, as `Math.random` gives it
 */
export function backoff(shortest: number, failures: number, random: number): number {
  const bound = Math.min(longest, shortest * 2 ** failures)
  return shortest + random * (bound - shortest)
}
