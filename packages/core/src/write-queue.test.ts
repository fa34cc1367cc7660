import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deferred, settle } from './testing/deferred.ts'
import { defaultCapacity, WriteQueue } from './write-queue.ts'

const nothing = (): void => undefined

function push<T>(queue: WriteQueue, apply: () => Promise<T>, onQueued: () => void = nothing, signal?: AbortSignal): Promise<T> {
  return queue.push({ apply, onQueued, signal })
}

describe('WriteQueue', () => {
  test('a write starts at once where nothing waits, and settles as it does', async () => {
    const queue = new WriteQueue()
    let started = false
    const written = push(
      queue,
      async () => {
        started = true
        return 'stored'
      },
      nothing,
    )
    expect(started).toBe(true)
    expect(await written).toBe('stored')
    await expect(push(queue, () => Promise.reject(new Error('refused')), nothing)).rejects.toThrow('refused')
  })

  test('promise 4: writes run one at a time, in the order of the calls, whatever becomes of them', async () => {
    const outcomes = fc.array(fc.record({ fails: fc.boolean(), turns: fc.nat(3) }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(outcomes, fc.integer({ min: 1, max: 4 }), async (writes, capacity) => {
        const queue = new WriteQueue(capacity)
        const log: string[] = []
        const settled = await Promise.allSettled(
          writes.map(({ fails, turns }, index) =>
            push(
              queue,
              async () => {
                log.push(`start ${index}`)
                for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
                log.push(`end ${index}`)
                if (fails) throw new Error(`${index}`)
                return index
              },
              nothing,
            ),
          ),
        )
        expect(log).toEqual(writes.flatMap((_, index) => [`start ${index}`, `end ${index}`]))
        expect(settled).toEqual(
          writes.map(({ fails }, index) =>
            fails ? { status: 'rejected', reason: new Error(`${index}`) } : { status: 'fulfilled', value: index },
          ),
        )
      }),
      { numRuns: 100 },
    )
  })

  test('promise 5: it holds 256 waiting writes by default, and callers beyond that wait for room, in order', async () => {
    expect(defaultCapacity).toBe(256)
    const queue = new WriteQueue()
    const gate = deferred()
    const queued: number[] = []
    const ran: number[] = []
    const all = Array.from({ length: 260 }, (_, index) =>
      push(
        queue,
        async () => {
          ran.push(index)
          if (index === 0) await gate.promise
        },
        () => queued.push(index),
      ),
    )
    // The first is under way and does not wait any more.
    expect(queue.waiting).toBe(256)
    expect(queued).toEqual(Array.from({ length: 257 }, (_, index) => index))
    gate.resolve()
    await Promise.all(all)
    expect(queued).toEqual(Array.from({ length: 260 }, (_, index) => index))
    expect(ran).toEqual(queued)
    expect(queue.waiting).toBe(0)
  })

  test('promise 5: room is given to the next caller as soon as a write starts', async () => {
    const queue = new WriteQueue(1)
    const gates = [deferred(), deferred(), deferred(), deferred()]
    const queued: number[] = []
    const all = gates.map(({ promise }, index) =>
      push(
        queue,
        () => promise,
        () => queued.push(index),
      ),
    )
    expect(queued).toEqual([0, 1])
    gates[0]?.resolve()
    await settle()
    expect(queued).toEqual([0, 1, 2])
    expect(queue.waiting).toBe(1)
    for (const { resolve } of gates) resolve()
    await Promise.all(all)
    expect(queued).toEqual([0, 1, 2, 3])
  })

  test('promise 6: close refuses every write that waits, with and without room, and the one under way ends as it ends', async () => {
    const queue = new WriteQueue(2)
    const gate = deferred<string>()
    let ran = 0
    const underWay = push(queue, () => gate.promise, nothing)
    const waiting = Array.from({ length: 4 }, () => push(queue, async () => (ran += 1), nothing))
    const error = new Error('closed')
    queue.close(error)
    expect(await Promise.allSettled(waiting)).toEqual(Array.from({ length: 4 }, () => ({ status: 'rejected', reason: error })))
    expect(queue.waiting).toBe(0)
    gate.resolve('stored')
    expect(await underWay).toBe('stored')
    await settle()
    expect(ran).toBe(0)
  })

  test('promise 6: after close every write is refused, with the error of the first close', async () => {
    const queue = new WriteQueue()
    const error = new Error('closed')
    queue.close(error)
    queue.close(new Error('closed again'))
    let ran = false
    const refused = push(queue, async () => (ran = true), nothing)
    await expect(refused).rejects.toBe(error)
    expect(ran).toBe(false)
  })

  test('a write that is called for from within another one waits for its end', async () => {
    const queue = new WriteQueue()
    const log: string[] = []
    let inner: Promise<unknown> = Promise.resolve()
    await push(
      queue,
      async () => {
        inner = push(queue, async () => log.push('inner'), nothing)
        await settle()
        log.push('outer')
      },
      nothing,
    )
    await inner
    expect(log).toEqual(['outer', 'inner'])
  })

  test('a write that waits can be cancelled: it never runs, gives its room to the next caller, and rejects with the reason', async () => {
    const queue = new WriteQueue(1)
    const gate = deferred()
    const log: string[] = []
    const cancels = Array.from({ length: 4 }, () => new AbortController())
    const all = cancels.map(({ signal }, index) =>
      push(
        queue,
        async () => {
          log.push(`run ${index}`)
          if (index === 0) await gate.promise
          return index
        },
        () => log.push(`queued ${index}`),
        signal,
      ),
    )
    expect(log).toEqual(['queued 0', 'run 0', 'queued 1'])
    for (const index of [1, 3]) cancels[index]?.abort(new Error(`cancelled ${index}`))
    expect(log).toEqual(['queued 0', 'run 0', 'queued 1', 'queued 2'])
    expect(queue.waiting).toBe(1)
    gate.resolve(undefined)
    expect(await Promise.allSettled(all)).toEqual([
      { status: 'fulfilled', value: 0 },
      { status: 'rejected', reason: new Error('cancelled 1') },
      { status: 'fulfilled', value: 2 },
      { status: 'rejected', reason: new Error('cancelled 3') },
    ])
    expect(log).toEqual(['queued 0', 'run 0', 'queued 1', 'queued 2', 'run 2'])
  })

  test('a write that is under way or over cannot be cancelled any more', async () => {
    const queue = new WriteQueue()
    const gate = deferred()
    const cancel = new AbortController()
    const written = push(queue, () => gate.promise, nothing, cancel.signal)
    cancel.abort()
    gate.resolve(undefined)
    expect(await written).toBeUndefined()
    cancel.abort()
    expect(await push(queue, async () => 'next')).toBe('next')
  })
})
