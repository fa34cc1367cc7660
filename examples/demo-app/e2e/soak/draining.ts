/** One look at a tab that has writes to send. */
export interface Look {
  /** In ms. */
  readonly at: number
  readonly pending: number
  /** Whether the server answered somebody else at that time. */
  readonly isAnswering: boolean
}

/** How far a tab has come with its writes. */
export interface Draining {
  /** A tab hangs if none of its writes has settled for as long as the patience, while the server answered. */
  readonly state: 'drained' | 'draining' | 'hanging'
  /** How many writes have settled since the first look. Writes that the tab took over meanwhile are counted when they settle. */
  readonly settled: number
  /** How many settled in a second, from the first look to the last one that saw any. */
  readonly perSecond: number
  /** For how long none has settled while the server answered, in ms. */
  readonly stillFor: number
}

/**
 * How long the server may answer without a write settling, in ms.
 *
 * A pause is no excuse: an attempt waits at most 30 s for its turn and 20 s for its answer. So this leaves room for two.
 */
const drainPatience = 120_000

/** Tells slow draining from a hang: as long as writes settle, it is slow. */
export function drainingOf(looks: readonly Look[], patience: number = drainPatience): Draining {
  let [settled, stillFor] = [0, 0]
  let progressAt = looks[0]?.at ?? 0
  for (const [index, look] of looks.entries()) {
    const before = looks[index - 1]
    if (before === undefined) continue
    if (look.pending < before.pending) {
      settled += before.pending - look.pending
      progressAt = look.at
      stillFor = 0
    } else if (look.isAnswering && before.isAnswering) stillFor += look.at - before.at
  }
  const took = progressAt - (looks[0]?.at ?? 0)
  const isDrained = looks.at(-1)?.pending === 0
  return {
    state: isDrained ? 'drained' : stillFor >= patience ? 'hanging' : 'draining',
    settled,
    perSecond: took === 0 ? 0 : (settled / took) * 1_000,
    stillFor: isDrained ? 0 : stillFor,
  }
}
