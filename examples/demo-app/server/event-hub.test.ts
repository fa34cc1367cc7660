import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { eventHub } from './event-hub.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** The next piece of a stream, as text. */
async function next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string | undefined> {
  const { value } = await reader.read()
  return value && new TextDecoder().decode(value)
}

test('every reader gets every event from then on, numbered', async () => {
  const hub = eventHub()
  const early = hub.open().getReader()
  expect(await next(early)).toBe(': connected\n\n')
  hub.publish({ type: 'inserted', id: 'a/b%🥐\n' })
  const late = hub.open().getReader()
  expect(await next(late)).toBe(': connected\n\n')
  hub.publish({ type: 'changed' })
  expect(await next(early)).toBe('id: 1\ndata: {"type":"inserted","id":"a/b%🥐\\n"}\n\n')
  expect(await next(early)).toBe('id: 2\ndata: {"type":"changed"}\n\n')
  expect(await next(late)).toBe('id: 2\ndata: {"type":"changed"}\n\n')
})

test('a comment every 15 s shows that the connection lives', async () => {
  const hub = eventHub()
  const reader = hub.open().getReader()
  await next(reader)
  const pending = vi.fn<() => void>()
  const heartbeat = next(reader)
  void heartbeat.then(pending)
  await vi.advanceTimersByTimeAsync(14_999)
  expect(pending).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  expect(await heartbeat).toMatch(/^:.*\n\n$/)
})

test('a reader that has gone is forgotten', async () => {
  const hub = eventHub()
  const reader = hub.open().getReader()
  expect(hub.readers).toBe(1)
  await reader.cancel()
  expect(hub.readers).toBe(0)
  hub.publish({ type: 'changed' })
})

test('a reader that does not read is dropped before its events fill the memory, and the others stay', async () => {
  const hub = eventHub()
  const slow = hub.open().getReader()
  const quick = hub.open().getReader()
  await next(quick)
  let sent = 0
  for (; hub.readers === 2 && sent < 10_000; sent += 1) {
    hub.publish({ type: 'updated', id: sent })
    await next(quick)
  }
  // 64 KiB of messages of some 45 bytes.
  expect(sent).toBeGreaterThan(1_000)
  expect(sent).toBeLessThan(2_000)
  await expect(slow.read()).rejects.toThrow('fell 65536 bytes behind')
  hub.publish({ type: 'changed' })
  expect(await next(quick)).toContain('changed')
})

test('close ends every stream and the heartbeat', async () => {
  const hub = eventHub()
  const reader = hub.open().getReader()
  await next(reader)
  hub.close()
  expect(await reader.read()).toEqual({ done: true, value: undefined })
  expect(hub.readers).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
})
