import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { memoryCache } from './cache/memory.ts'
import { LiveTable } from './live-table.ts'
import type { LiveStream, StreamListener } from './stream/stream.ts'
import { memoryTable } from './table/memory.ts'

interface Item {
  readonly id: number
  readonly name: string
}

/** A stream that connects when the test says so. */
function slowStream(): LiveStream & { open: () => void; refuse: () => void } {
  const listeners: StreamListener[] = []
  return {
    connect: (listener) => {
      listeners.push(listener)
      listener.onStatus({ state: 'connecting' })
      return () => undefined
    },
    open: () => {
      for (const listener of listeners) {
        listener.onStatus({ state: 'open' })
        listener.onGap('the connection was opened')
      }
    },
    refuse: () => {
      for (const listener of listeners) listener.onStatus({ state: 'closed', reason: 'refused' })
    },
  }
}

function setUp() {
  const calls: string[] = []
  const cache = memoryCache()
  const master = memoryTable<Item>([{ id: 1, name: 'one' }], { onCall: ({ method }) => calls.push(method) })
  const stream = slowStream()
  const table = new LiveTable<Item>({ master, cacheKey: 'items', cache, stream })
  const former = new LiveTable<Item>({ master, cacheKey: 'items', cache })
  return { calls, stream, table, former }
}

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

describe('while the stream is connecting', () => {
  test.each(['default', 'force-cache', 'reload'] as const)('a read (%s) waits for it, and the master is asked once', async (cache) => {
    const { calls, stream, table } = setUp()
    const read = table.list({ page: 1 }, { cache })
    await vi.advanceTimersByTimeAsync(100)
    expect(calls).toEqual([])
    stream.open()
    expect(await read).toMatchObject({ stale: false, rows: [{ id: 1 }] })
    expect(await table.list({ page: 1 })).toMatchObject({ stale: false })
    expect(calls).toEqual(['list'])
  })

  test('what is cached is shown at once, stale', async () => {
    const { calls, table, former } = setUp()
    await former.list({ page: 1 })
    expect(await table.list({ page: 1 }, { cache: 'force-cache' })).toMatchObject({ stale: true, rows: [{ id: 1 }] })
    expect(calls).toEqual(['list'])
  })

  test('a stream that takes too long, or is refused, keeps nobody waiting', async () => {
    const slow = setUp()
    const read = slow.table.list({ page: 1 })
    await vi.advanceTimersByTimeAsync(250)
    expect(slow.calls).toEqual(['list'])
    expect(await read).toMatchObject({ stale: false })

    const refused = setUp()
    const other = refused.table.list({ page: 1 })
    await vi.advanceTimersByTimeAsync(10)
    refused.stream.refuse()
    expect(await other).toMatchObject({ stale: false })
  })

  test('a reader that goes away meanwhile asks nothing', async () => {
    const { calls, stream, table } = setUp()
    const controller = new AbortController()
    const read = table.list({ page: 1 }, { signal: controller.signal })
    controller.abort(new Error('gone'))
    stream.open()
    await expect(read).rejects.toThrow('gone')
    expect(calls).toEqual([])
  })
})
