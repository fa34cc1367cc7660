import { expect, test, vi } from 'vitest'
import { deferred, settle, type Deferred } from '../testing/deferred.ts'
import { together } from './together.ts'

/** A wait and a work that the test ends, in the order in which they began. */
function makeRounds() {
  const waits: Deferred<void>[] = []
  const works: (Deferred<readonly string[]> & { readonly requests: readonly string[] })[] = []
  const wait = vi.fn<() => Promise<void>>(() => {
    const waiting = deferred()
    waits.push(waiting)
    return waiting.promise
  })
  const ask = together(wait, (requests: readonly string[]) => {
    const working = deferred<readonly string[]>()
    works.push({ requests, ...working })
    return working.promise
  })
  return {
    ask,
    wait,
    endWait: (round: number) => {
      waits[round]?.resolve()
      return settle()
    },
    answer: (round: number, answers: readonly string[]) => works[round]?.resolve(answers),
    fail: (round: number, error: unknown) => works[round]?.reject(error),
    requests: () => works.map((work) => work.requests),
  }
}

/** How each of them stands, once everything has happened that waits for promises only. */
async function states(promises: readonly Promise<unknown>[]): Promise<unknown[]> {
  const outcomes = promises.map((promise) => promise.catch((error: unknown) => `rejected: ${String(error)}`))
  await settle()
  const waits = Promise.resolve('waits')
  return Promise.all(outcomes.map((outcome) => Promise.race([outcome, waits])))
}

test('what comes while the first one waits is one piece of work, in the order in which it came', async () => {
  const { ask, endWait, requests } = makeRounds()
  void ask('a')
  await settle()
  void ask('b')
  void ask('c')
  await settle()
  expect(requests()).toEqual([])
  await endWait(0)
  expect(requests()).toEqual([['a', 'b', 'c']])
})

test('each one gets its own answer, equal ones too', async () => {
  const { ask, endWait, answer } = makeRounds()
  const asked = ['a', 'b', 'a', 'c'].map((request) => ask(request))
  await endWait(0)
  expect(await states(asked)).toEqual(['waits', 'waits', 'waits', 'waits'])
  answer(0, ['A1', 'B', 'A2', 'C'])
  expect(await states(asked)).toEqual(['A1', 'B', 'A2', 'C'])
})

test('one that the work leaves out is answered with undefined', async () => {
  const { ask, endWait, answer } = makeRounds()
  const asked = [ask('a'), ask('b')]
  await endWait(0)
  answer(0, ['A'])
  expect(await states(asked)).toEqual(['A', undefined])
})

test('there is one wait per round, and none without a request', async () => {
  const { ask, wait, endWait, answer } = makeRounds()
  expect(wait).not.toHaveBeenCalled()
  void ask('a')
  void ask('b')
  await settle()
  void ask('c')
  expect(wait).toHaveBeenCalledTimes(1)
  await endWait(0)
  answer(0, ['A', 'B', 'C'])
  await settle()
  expect(wait).toHaveBeenCalledTimes(1)
  void ask('d')
  void ask('e')
  expect(wait).toHaveBeenCalledTimes(2)
})

test('what comes during the work belongs to the next round, which does not wait for the one before', async () => {
  const { ask, endWait, answer, requests } = makeRounds()
  const first = ask('a')
  await endWait(0)
  const second = [ask('b'), ask('c')]
  await settle()
  expect(requests()).toEqual([['a']])
  await endWait(1)
  expect(requests()).toEqual([['a'], ['b', 'c']])
  answer(1, ['B', 'C'])
  expect(await states([first, ...second])).toEqual(['waits', 'B', 'C'])
  answer(0, ['A'])
  expect(await states([first, ...second])).toEqual(['A', 'B', 'C'])
})

test('what is asked for in the moment in which the work begins belongs to the next round', async () => {
  const late: Promise<string | undefined>[] = []
  const ask = together(
    () => Promise.resolve(),
    async (requests: readonly string[]): Promise<readonly string[]> => {
      if (late.length === 0) late.push(ask('late'))
      return requests.map((request) => `${request} of ${requests.length}`)
    },
  )
  expect(await ask('early')).toBe('early of 1')
  expect(await Promise.all(late)).toEqual(['late of 1'])
})

test('work that rejects rejects all of its round, and none of the rounds beside it', async () => {
  const { ask, endWait, answer, fail } = makeRounds()
  const before = ask('a')
  await endWait(0)
  const failing = [ask('b'), ask('c'), ask('d')]
  await endWait(1)
  const after = ask('e')
  fail(1, new Error('no luck'))
  expect(await states(failing)).toEqual(['rejected: Error: no luck', 'rejected: Error: no luck', 'rejected: Error: no luck'])
  expect(await states([before, after])).toEqual(['waits', 'waits'])
  await endWait(2)
  answer(0, ['A'])
  answer(2, ['E'])
  expect(await states([before, after])).toEqual(['A', 'E'])
})

test('work that throws rejects, and the next round works', async () => {
  let isBroken = true
  const ask = together(
    () => Promise.resolve(),
    (requests: readonly string[]): Promise<readonly string[]> => {
      if (isBroken) throw new Error('broken')
      return Promise.resolve(requests)
    },
  )
  expect(await states([ask('a'), ask('b')])).toEqual(['rejected: Error: broken', 'rejected: Error: broken'])
  isBroken = false
  expect(await ask('c')).toBe('c')
})

test('two of them know nothing of each other', async () => {
  const one = makeRounds()
  const other = makeRounds()
  void one.ask('a')
  void other.ask('b')
  await one.endWait(0)
  expect([one.requests(), other.requests()]).toEqual([[['a']], []])
})
