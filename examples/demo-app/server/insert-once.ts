/** How many answers are remembered at least; whoever sends an insert again does so within seconds. */
const mostAnswers = 1_000

/**
 * Inserts a row once for each `Idempotency-Key`: a request that is sent again, because its answer was lost on the way, gets
 * the answer of the first one. A server that has to keep to that over a restart stores the keys beside its rows.
 */
export function insertOnce<Answer>(): (key: string | undefined, insert: () => Answer) => Answer {
  const answers = new Map<string, Answer>()
  return (key, insert) => {
    const known = key === undefined ? undefined : answers.get(key)
    if (known !== undefined) return known
    const answer = insert()
    if (key !== undefined) answers.set(key, answer)
    const [oldest] = answers.keys()
    if (answers.size > mostAnswers && oldest !== undefined) answers.delete(oldest)
    return answer
  }
}
