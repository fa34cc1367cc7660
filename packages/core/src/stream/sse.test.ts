import { describe, expect, test } from 'vitest'
import { streamRecorder } from '../contract/stream-recorder.ts'
import { ArgumentError } from '../errors.ts'
import { sseStream } from './sse.ts'

describe('sseStream', () => {
  test('promise 19: where there is no EventSource it is closed with that reason, and nothing throws', () => {
    const recorder = streamRecorder()
    const disconnect = sseStream('/events').connect(recorder)
    disconnect()
    expect(recorder).toMatchObject({
      statuses: [{ state: 'closed', reason: 'there is no EventSource here' }],
      events: [],
      gaps: [],
      errors: [],
    })
  })

  test.each(['', 'http://[', 42, undefined])('promise 20: %j is no url', (url) => {
    // @ts-expect-error: what a caller without types may pass
    expect(() => sseStream(url)).toThrow(new ArgumentError('url', url, 'the address of an event stream'))
  })

  test('promise 20: an unknown kind of credentials throws', () => {
    // @ts-expect-error: not one that EventSource can do
    expect(() => sseStream('/events', { credentials: 'omit' })).toThrow(ArgumentError)
  })
})
