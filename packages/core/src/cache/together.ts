/**
 * Answers requests together: all that come while the first of them waits are one piece of work.
 *
 * @param wait called for the first one; what comes until it resolves belongs to it
 * @param work gives their answers, in the same order; undefined stands for one that it leaves out
 */
export function together<Request, Answer>(
  wait: () => Promise<void>,
  work: (requests: readonly Request[]) => Promise<readonly Answer[]>,
): (request: Request) => Promise<Answer | undefined> {
  let waiting: Request[] = []
  let answers: Promise<readonly Answer[]> | undefined
  const start = async (): Promise<readonly Answer[]> => {
    await wait()
    const requests = waiting
    waiting = []
    answers = undefined
    return work(requests)
  }
  return async (request) => {
    const index = waiting.push(request) - 1
    answers ??= start()
    return (await answers)[index]
  }
}
