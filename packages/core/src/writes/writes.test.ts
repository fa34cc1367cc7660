import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ClosedError, HttpError, NetworkError } from '../errors.ts'
import { deferred } from '../testing/deferred.ts'
import type { Item } from '../testing/fake-master.ts'
import type { SendOptions } from '../table/table.ts'
import { makeWrites, unavailable } from '../testing/make-writes.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('retries', () => {
  test('promise 4: what fails but may go better is sent again, and what comes after it waits', async () => {
    const { writes, master, events, invalidated } = makeWrites()
    let left = 2
    master.failing = (call) => (call === 'patch 1' && (left -= 1) >= 0 ? unavailable() : undefined)
    const [first, second] = [writes.patch(1, { name: 'first' }), writes.patch(2, { name: 'second' })]
    await vi.advanceTimersByTimeAsync(0)
    expect(master.calls).toEqual(['patch 1'])
    expect(writes.pendingIds).toEqual(new Set(['1', '2']))
    await vi.runAllTimersAsync()
    expect(await Promise.all([first, second])).toMatchObject([{ name: 'first' }, { name: 'second' }])
    expect(master.calls).toEqual(['patch 1', 'patch 1', 'patch 1', 'patch 2'])
    expect(events.map(({ type }) => type).filter((type) => type === 'write-retry')).toHaveLength(2)
    expect(invalidated).toEqual([['1'], ['2']])
  })

  test('promise 3: after five attempts it has failed, nothing is invalidated, and the next one has its turn', async () => {
    const { writes, master, invalidated } = makeWrites()
    const error = unavailable()
    master.failing = (call) => (call === 'patch 1' ? error : undefined)
    const outcomes = Promise.allSettled([writes.patch(1, { name: 'first' }), writes.patch(2, { name: 'second' })])
    await vi.runAllTimersAsync()
    expect(await outcomes).toMatchObject([{ reason: error }, { value: { name: 'second' } }])
    expect(master.calls.filter((call) => call === 'patch 1')).toHaveLength(5)
    expect(invalidated).toEqual([['2']])
    expect(writes.pendingIds).toEqual(new Set())
  })

  test('a refusal is final', async () => {
    const { writes, master } = makeWrites()
    master.failing = () => new HttpError('PATCH', '/1', new Response(null, { status: 422 }), undefined)
    await expect(writes.patch(1, { name: 'refused' })).rejects.toMatchObject({ status: 422 })
    expect(master.calls).toEqual(['patch 1'])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('an insert is named the same each time, and no two inserts alike; a name of the caller’s is passed on', async () => {
    const { writes, master } = makeWrites()
    const names: unknown[] = []
    const { insert } = master
    master.insert = (row: Partial<Item>, options?: SendOptions) => {
      names.push(options?.idempotencyKey)
      return names.length === 2 ? Promise.reject(unavailable()) : insert(row)
    }
    const all = [writes.insert({ id: 7 }), writes.insert({ id: 8 }), writes.insert({ id: 9 }, { idempotencyKey: 'mine' })]
    await vi.runAllTimersAsync()
    await Promise.all(all)
    expect(names).toEqual([expect.stringMatching(/^[a-z0-9-]{16,}$/), expect.any(String), names[1], 'mine'])
    expect(names[0]).not.toBe(names[1])
  })
})

test('what a target sends again by itself is not sent again besides', async () => {
  const { writes, master } = makeWrites({ retriesItself: true })
  master.failing = () => unavailable()
  await expect(writes.patch(1, { name: 'x' })).rejects.toThrow('503')
  expect(master.calls).toEqual(['patch 1'])
})

test('an insert is not sent again where a second one would be stored besides', async () => {
  const { writes, master } = makeWrites({ honoursIdempotencyKeys: false })
  const { insert } = master
  const names: unknown[] = []
  master.insert = async (row: Partial<Item>, options?: SendOptions) => {
    names.push(options?.idempotencyKey)
    await insert(row)
    throw new NetworkError('POST', '/', 'the answer was lost')
  }
  await expect(writes.insert({ id: 99 })).rejects.toThrow(NetworkError)
  expect(names).toEqual([undefined])
  expect(vi.getTimerCount()).toBe(0)
})

describe('cancelling', () => {
  test('what is cancelled before it is called, in the queue, or before it is sent again never reaches the master', async () => {
    const { writes, master } = makeWrites()
    const cancels = Array.from({ length: 3 }, () => new AbortController())
    const [early, queued, retrying] = cancels
    early?.abort(new Error('early'))
    master.failing = (call) => (call === 'patch 1' ? unavailable() : undefined)
    const outcomes = Promise.allSettled([
      writes.patch(3, { name: 'early' }, { signal: early?.signal }),
      writes.patch(1, { name: 'retrying' }, { signal: retrying?.signal }),
      writes.patch(2, { name: 'queued' }, { signal: queued?.signal }),
      writes.delete(3),
    ])
    await vi.advanceTimersByTimeAsync(100)
    queued?.abort(new Error('queued'))
    expect(writes.pendingIds).toEqual(new Set(['1', '3']))
    retrying?.abort(new Error('retrying'))
    expect(await outcomes).toEqual([
      { status: 'rejected', reason: new Error('early') },
      { status: 'rejected', reason: new Error('retrying') },
      { status: 'rejected', reason: new Error('queued') },
      { status: 'fulfilled', value: undefined },
    ])
    expect(master.calls).toEqual(['patch 1', 'delete 3'])
    expect(writes.pendingIds).toEqual(new Set())
    expect(vi.getTimerCount()).toBe(0)
  })

  test('what is cancelled while an attempt is under way is not sent again after it', async () => {
    const gate = deferred()
    const { writes, master } = makeWrites({ step: (name) => (name === 'patch 1 >' ? gate.promise : Promise.resolve()) })
    master.failing = () => unavailable()
    const cancel = new AbortController()
    const outcomes = Promise.allSettled([writes.patch(1, { name: 'x' }, { signal: cancel.signal })])
    await vi.advanceTimersByTimeAsync(0)
    cancel.abort(new Error('cancelled'))
    gate.resolve(undefined)
    expect(await outcomes).toEqual([{ status: 'rejected', reason: new Error('cancelled') }])
    expect(master.calls).toEqual(['patch 1'])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('what is under way ends as it ends', async () => {
    const gate = deferred()
    const { writes, invalidated } = makeWrites({ step: (name) => (name === 'patch 1 <' ? gate.promise : Promise.resolve()) })
    const cancel = new AbortController()
    const written = writes.patch(1, { name: 'stored' }, { signal: cancel.signal })
    await vi.advanceTimersByTimeAsync(0)
    cancel.abort()
    gate.resolve(undefined)
    expect(await written).toMatchObject({ name: 'stored' })
    expect(invalidated).toEqual([['1']])
  })
})

test('promise 6: closing ends the wait for another attempt, with what the last one failed with', async () => {
  const { writes, master } = makeWrites()
  const error = unavailable()
  master.failing = () => error
  const outcomes = Promise.allSettled([writes.patch(1, { name: 'x' }), writes.patch(2, { name: 'y' })])
  await vi.advanceTimersByTimeAsync(100)
  writes.close(new ClosedError('items'))
  expect(await outcomes).toMatchObject([{ reason: error }, { reason: new ClosedError('items') }])
  expect(master.calls).toEqual(['patch 1'])
  expect(vi.getTimerCount()).toBe(0)
})

test('promises 3, 4 and 6: whatever fails or is cancelled, the master sees the rest in order, and everybody hears once', async () => {
  const plans = fc.array(
    fc.record({
      failures: fc.integer({ min: 0, max: 6 }),
      status: fc.constantFrom(503, 422),
      cancelAfter: fc.option(fc.integer({ min: 0, max: 8_000 }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  await fc.assert(
    fc.asyncProperty(plans, async (all) => {
      const { writes, master } = makeWrites()
      const left = new Map(all.map(({ failures }, index) => [`patch ${index + 1}`, failures]))
      master.failing = (call) => {
        const failures = left.get(call) ?? 0
        left.set(call, failures - 1)
        const plan = all[Number(call.split(' ')[1]) - 1]
        return failures > 0 ? unavailable(plan?.status) : undefined
      }
      const settled: number[] = []
      const outcomes = all.map(async ({ cancelAfter }, index) => {
        const cancel = new AbortController()
        if (cancelAfter !== undefined) setTimeout(() => cancel.abort('cancelled'), cancelAfter)
        try {
          return await writes.patch(index + 1, { name: `new ${index}` }, { signal: cancel.signal })
        } finally {
          settled.push(index)
        }
      })
      const results = Promise.allSettled(outcomes)
      await vi.runAllTimersAsync()
      const found = await results

      expect(settled.toSorted((a, b) => a - b)).toEqual(all.map((_, index) => index))
      const firsts = [...new Set(master.calls)].map((call) => Number(call.split(' ')[1]))
      expect(firsts).toEqual(firsts.toSorted((a, b) => a - b))
      // No call for one row comes after one for a later row.
      expect(master.calls).toEqual(master.calls.toSorted((a, b) => Number(a.split(' ')[1]) - Number(b.split(' ')[1])))
      for (const [index, { status }] of found.entries()) {
        expect(master.rows.get(String(index + 1))?.name).toBe(status === 'fulfilled' ? `new ${index}` : `old ${index}`)
      }
      expect(writes.pendingIds).toEqual(new Set())
    }),
    { numRuns: 200 },
  )
})
