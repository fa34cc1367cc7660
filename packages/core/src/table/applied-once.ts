/** How many answers are remembered; whoever sends a write again does so long before so many others were sent. */
const mostAnswers = 1_000

/**
 * Applies a write once for each idempotency key: one that comes again is answered as it was, and not applied. The latest
 * 1,000 keys are remembered, from writes that were applied; one that failed may come again. A write without a key is
 * always applied.
 */
export function appliedOnce<Answer>(): (key: string | undefined, apply: () => Answer) => Answer {
  const answers = new Map<string, { readonly answer: Answer }>()
  return (key, apply) => {
    if (key === undefined) return apply()
    const known = answers.get(key)
    if (known !== undefined) return known.answer
    const answer = apply()
    answers.set(key, { answer })
    const [oldest] = answers.keys()
    if (answers.size > mostAnswers && oldest !== undefined) answers.delete(oldest)
    return answer
  }
}
