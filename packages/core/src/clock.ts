/**
 * The time in ms since 1970, and no two times alike: of two things that happen in one tab, the later one has the later time.
 * So it can be told whether a read began before or after a write was answered.
 */
export function makeClock(): () => number {
  let last = 0
  return () => {
    last = Math.max(Date.now(), last + 0.001)
    return last
  }
}
