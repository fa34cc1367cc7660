import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ClosedError, HttpError, NetworkError } from '../errors.ts'
import { makeWrites } from '../testing/make-writes.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('promise 6: where the write that tries again is cancelled, the next one tries in its place', async () => {
  const { writes, master } = makeWrites()
  master.failing = () => new NetworkError('PATCH', '/', undefined)
  const cancel = new AbortController()
  const outcomes = Promise.allSettled([writes.patch(1, { name: 'a' }, { signal: cancel.signal }), writes.patch(2, { name: 'b' })])
  await vi.advanceTimersByTimeAsync(5_000)
  cancel.abort(new Error('cancelled'))
  await vi.advanceTimersByTimeAsync(0)
  master.failing = () => undefined
  await vi.advanceTimersByTimeAsync(60_000)
  expect(master.calls).toContain('patch 2')
  expect(await outcomes).toMatchObject([{ reason: new Error('cancelled') }, { value: { name: 'b' } }])
  expect(writes.paused).toBeUndefined()
})

test('promise 6: where only the write that tried again was left and is cancelled, the next call is sent', async () => {
  const { writes, master } = makeWrites()
  master.failing = () => new NetworkError('PATCH', '/', undefined)
  const cancel = new AbortController()
  const first = Promise.allSettled([writes.patch(1, { name: 'a' }, { signal: cancel.signal })])
  await vi.advanceTimersByTimeAsync(5_000)
  cancel.abort()
  await first
  master.failing = () => undefined
  const second = writes.patch(2, { name: 'b' })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(master.calls).toContain('patch 2')
  expect(await second).toMatchObject({ name: 'b' })
})

test.each(['offline', 'unreachable'])('a table that is closed while it is %s leaves no listener behind', async (reason) => {
  const page = new EventTarget()
  const listening = new Set<unknown>()
  vi.stubGlobal('navigator', { onLine: reason !== 'offline' })
  vi.stubGlobal('addEventListener', (type: string, listener: EventListener) => {
    listening.add(listener)
    page.addEventListener(type, listener)
  })
  vi.stubGlobal('removeEventListener', (type: string, listener: EventListener) => {
    listening.delete(listener)
    page.removeEventListener(type, listener)
  })
  const { writes, master } = makeWrites()
  master.failing = () => new NetworkError('PATCH', '/', undefined)
  const written = Promise.allSettled([writes.patch(1, { name: 'a' })])
  await vi.advanceTimersByTimeAsync(100)
  expect(writes.paused).toMatchObject({ reason })
  expect(listening.size).toBe(1)
  writes.close(new ClosedError('items'))
  await written
  expect(listening.size).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
})

test('after a refusal for want of a token nothing is sent before resume(), also where the browser was offline meanwhile', async () => {
  const navigator = { onLine: true }
  const page = new EventTarget()
  vi.stubGlobal('navigator', navigator)
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page))
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page))
  const { writes, master } = makeWrites()
  master.failing = () => {
    navigator.onLine = false
    return new HttpError('PATCH', '/', new Response(null, { status: 401 }), undefined)
  }
  const written = writes.patch(1, { name: 'a' })
  await vi.advanceTimersByTimeAsync(0)
  expect(writes.paused).toMatchObject({ reason: 'unauthorized' })
  navigator.onLine = true
  page.dispatchEvent(new Event('online'))
  await vi.advanceTimersByTimeAsync(60_000)
  expect(master.calls).toEqual(['patch 1'])
  master.failing = () => undefined
  writes.resume()
  await vi.advanceTimersByTimeAsync(0)
  expect(await written).toMatchObject({ name: 'a' })
})
