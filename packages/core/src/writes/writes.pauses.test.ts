import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ClosedError, HttpError, NetworkError } from '../errors.ts'
import { makeWrites, unavailable } from '../testing/make-writes.ts'
import { stubNetwork } from '../testing/stub-network.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('offline', () => {
  test('nothing is sent while the browser is offline; it says so, and goes on in order when it is online again', async () => {
    const network = stubNetwork({ onLine: false })
    const { writes, master, events } = makeWrites()
    const all = Promise.all([writes.patch(1, { name: 'a' }), writes.patch(2, { name: 'b' }), writes.patch(1, { name: 'c' })])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(master.calls).toEqual([])
    expect(writes.paused).toMatchObject({ reason: 'offline' })
    expect([...writes.pendingIds]).toEqual(['1', '2'])
    network.goOnline()
    await all
    expect(master.calls).toEqual(['patch 1', 'patch 2', 'patch 1'])
    expect(writes.paused).toBeUndefined()
    expect(events.filter(({ type }) => type === 'write-pause').map((event) => 'pause' in event && event.pause?.reason)).toEqual([
      'offline',
      undefined,
    ])
    expect(network.listeners()).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('what fails because the browser has gone offline waits, and is sent again', async () => {
    const network = stubNetwork({ onLine: true })
    const { writes, master } = makeWrites()
    master.failing = () => {
      if (network.isOnline()) network.goOffline()
      return new NetworkError('PATCH', '/1', undefined)
    }
    const written = writes.patch(1, { name: 'a' })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(writes.paused).toMatchObject({ reason: 'offline', error: new NetworkError('PATCH', '/1', undefined) })
    expect(master.calls).toEqual(['patch 1'])
    master.failing = () => undefined
    network.goOnline()
    expect(await written).toMatchObject({ name: 'a' })
  })

  test('what waits can be cancelled; closing ends it with ClosedError', async () => {
    stubNetwork({ onLine: false })
    const { writes, master } = makeWrites()
    const cancel = new AbortController()
    const outcomes = Promise.allSettled([writes.patch(1, { name: 'a' }, { signal: cancel.signal }), writes.patch(2, { name: 'b' })])
    await vi.advanceTimersByTimeAsync(0)
    cancel.abort(new Error('cancelled'))
    await vi.advanceTimersByTimeAsync(0)
    writes.close(new ClosedError('items'))
    expect(await outcomes).toMatchObject([{ reason: new Error('cancelled') }, { reason: new ClosedError('items') }])
    expect(master.calls).toEqual([])
    expect(writes.failed).toEqual([])
  })
})

describe('out of reach', () => {
  test('one write tries for as long as it takes, the others wait for it, and nothing is dropped', async () => {
    const { writes, master } = makeWrites()
    let isReachable = false
    master.failing = () => (isReachable ? undefined : new NetworkError('PATCH', '/', undefined))
    const all = Promise.all([writes.patch(1, { name: 'a' }), writes.patch(2, { name: 'b' })])
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(new Set(master.calls)).toEqual(new Set(['patch 1']))
    // Every 30 s at last.
    expect(master.calls.length).toBeGreaterThan(120)
    expect(writes.paused).toMatchObject({ reason: 'unreachable', error: new NetworkError('PATCH', '/', undefined) })
    isReachable = true
    await vi.advanceTimersByTimeAsync(30_000)
    expect(await all).toMatchObject([{ name: 'a' }, { name: 'b' }])
    expect(writes.paused).toBeUndefined()
  })

  test('any answer, also a refusal, tells that it is reached again', async () => {
    const { writes, master } = makeWrites()
    let answers = 0
    master.failing = () => ((answers += 1) === 1 ? new NetworkError('PATCH', '/', undefined) : unavailable(422))
    const outcome = Promise.allSettled([writes.patch(1, { name: 'a' })])
    await vi.runAllTimersAsync()
    expect(await outcome).toMatchObject([{ reason: { status: 422 } }])
    expect(writes.paused).toBeUndefined()
  })

  test('a conflict tells so too, and a pause in which nothing waits any more is over', async () => {
    const { writes, master } = makeWrites()
    let answers = 0
    master.failing = (call) =>
      call.startsWith('get') ? undefined : (answers += 1) === 1 ? new NetworkError('PATCH', '/', undefined) : unavailable(409)
    const conflict = Promise.allSettled([writes.patch(1, { name: 'a' })])
    await vi.runAllTimersAsync()
    expect(await conflict).toMatchObject([{ reason: { code: 'conflict' } }])
    expect(writes.paused).toBeUndefined()

    answers = 0
    const cancel = new AbortController()
    const cancelled = Promise.allSettled([writes.patch(1, { name: 'b' }, { signal: cancel.signal })])
    await vi.advanceTimersByTimeAsync(0)
    expect(writes.paused?.reason).toBe('unreachable')
    cancel.abort()
    await cancelled
    expect(writes.paused).toBeUndefined()
  })

  test.each(['wake', 'resume'] as const)('%s tries at once, and reads wait until what waited has been sent', async (how) => {
    let isReachable = false
    const { writes, master } = makeWrites()
    master.failing = () => (isReachable ? undefined : new NetworkError('PATCH', '/', undefined))
    const all = Promise.all([writes.patch(1, { name: 'a' }), writes.patch(2, { name: 'b' })])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(writes.draining).toBeUndefined()
    isReachable = true
    writes[how]()
    const drained = writes.draining
    expect(drained).toBeInstanceOf(Promise)
    await all
    await drained
    expect(writes.draining).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('reads wait no longer where the next attempt fails as well, and not for more than 10 s', async () => {
    let answer: () => Promise<void> = () => Promise.resolve()
    const { writes, master } = makeWrites({ step: () => answer() })
    master.failing = () => new NetworkError('PATCH', '/', undefined)
    void writes.patch(1, { name: 'a' })
    await vi.advanceTimersByTimeAsync(10_000)
    writes.wake()
    await vi.advanceTimersByTimeAsync(0)
    expect(writes.draining).toBeUndefined()
    answer = () => new Promise(() => undefined)
    writes.wake()
    let isOver = false
    void writes.draining?.then(() => (isOver = true))
    await vi.advanceTimersByTimeAsync(9_000)
    expect(isOver).toBe(false)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(isOver).toBe(true)
  })

  test('an insert that may have been stored is not sent again where it would be stored twice: what it may have changed is stale', async () => {
    const { writes, master, invalidated } = makeWrites({ honoursIdempotencyKeys: false })
    master.failing = () => new NetworkError('POST', '/', undefined)
    await expect(writes.insert({ id: 99, name: 'a' })).rejects.toThrow(NetworkError)
    expect(master.calls).toEqual(['insert'])
    expect(invalidated).toEqual([['99']])
    expect(writes.failed).toMatchObject([{ type: 'insert', id: '99' }])
  })
})

describe('a token that is wanted', () => {
  test.each([401, 403])('after %i all wait until the app says that it may go on', async (status) => {
    const { writes, master } = makeWrites()
    let hasToken = false
    const error = new HttpError('PATCH', '/', new Response(null, { status }), undefined)
    master.failing = () => (hasToken ? undefined : error)
    const all = Promise.all([writes.patch(1, { name: 'a' }), writes.patch(2, { name: 'b' })])
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(master.calls).toEqual(['patch 1'])
    expect(writes.paused).toMatchObject({ reason: 'unauthorized', error })
    // That the master is there is no news.
    writes.wake()
    await vi.advanceTimersByTimeAsync(0)
    expect(master.calls).toEqual(['patch 1'])
    hasToken = true
    writes.resume()
    expect(await all).toMatchObject([{ name: 'a' }, { name: 'b' }])
    expect(master.calls).toEqual(['patch 1', 'patch 1', 'patch 2'])
    expect(writes.paused).toBeUndefined()
  })

  test('resume() without the token pauses again, and the write can be discarded', async () => {
    const { writes, master } = makeWrites()
    master.failing = (call) => (call === 'patch 1' ? unavailable(401) : undefined)
    const outcomes = Promise.allSettled([writes.patch(1, { name: 'a' }), writes.patch(2, { name: 'b' })])
    await vi.advanceTimersByTimeAsync(0)
    writes.resume()
    await vi.advanceTimersByTimeAsync(0)
    expect(master.calls).toEqual(['patch 1', 'patch 1'])
    writes.pending[0]?.discard()
    await vi.advanceTimersByTimeAsync(0)
    expect(writes.paused).toMatchObject({ reason: 'unauthorized' })
    writes.resume()
    expect(await outcomes).toMatchObject([{ reason: { name: 'AbortError' } }, { value: { name: 'b' } }])
  })
})
