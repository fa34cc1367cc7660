import { describe, expect, test } from 'vitest'
import { streamRecorder } from './contract/stream-recorder.ts'
import { EventError } from './errors.ts'
import { Feed } from './feed.ts'
import type { LiveStream, StreamListener } from './stream/stream.ts'

describe('Feed', () => {
  test('it is closed until it is connected, then as its stream says, and closed again when it is let go', () => {
    const { feed, recorder, connections } = setUp()
    expect(feed.status).toEqual({ state: 'closed', reason: 'nobody has asked for anything yet' })
    expect(connections).toEqual([])
    feed.connect()
    expect(feed.status).toEqual({ state: 'open' })
    feed.disconnect('nobody listens')
    expect(feed.status).toEqual({ state: 'closed', reason: 'nobody listens' })
    expect(recorder.statuses).toEqual([{ state: 'open' }, { state: 'closed', reason: 'nobody listens' }])
    expect(connections).toEqual([{ ended: 1 }])
  })

  test('it connects once, however often it is asked to, and again after it was let go', () => {
    const { feed, connections } = setUp()
    feed.connect()
    feed.connect()
    expect(connections).toHaveLength(1)
    feed.disconnect('nobody listens')
    feed.disconnect('the table is closed')
    feed.connect()
    expect(connections).toEqual([{ ended: 1 }, { ended: 0 }])
  })

  test('what the stream tells is passed on', () => {
    const { feed, recorder } = setUp((listener) => {
      listener.onGap('a gap')
      listener.onEvent({ type: 'updated', id: 1 })
      listener.onError(new Error('an error'))
    })
    feed.connect()
    expect(recorder).toMatchObject({ gaps: ['a gap'], events: [{ type: 'updated', id: 1 }], errors: [new Error('an error')] })
  })

  test('promise 20: an event that is none is an error, and a gap, for it may have been one', () => {
    const { feed, recorder } = setUp((listener) => {
      listener.onEvent({ type: 'updated' } as never)
      listener.onEvent(undefined as never)
    })
    feed.connect()
    expect(recorder.events).toEqual([])
    expect(recorder.errors).toEqual([expect.any(EventError), expect.any(EventError)])
    expect(recorder.gaps).toEqual(['an event could not be read', 'an event could not be read'])
  })

  test('a listener who lets go of it while it is being connected ends that connection, and hears nothing more of it', () => {
    const { feed, recorder, connections } = setUp(
      (listener) => listener.onGap('a gap'),
      () => feed.disconnect('enough'),
    )
    feed.connect()
    expect(connections).toEqual([{ ended: 1 }])
    expect(feed.status).toEqual({ state: 'closed', reason: 'enough' })
    expect(recorder.gaps).toEqual([])
    feed.connect()
    expect(connections).toHaveLength(2)
  })

  test('a listener who connects while it is being connected starts no second connection', () => {
    const { feed, connections } = setUp(undefined, () => feed.connect())
    feed.connect()
    expect(connections).toEqual([{ ended: 0 }])
  })

  test('a stream that cannot be connected is an error, and closed', () => {
    const { feed, recorder } = setUp(() => {
      throw new Error('no connection')
    })
    feed.connect()
    expect(recorder.errors).toEqual([new Error('no connection')])
    expect(feed.status).toEqual({ state: 'closed', reason: 'the stream could not be connected' })
  })
})

/** A feed of a stream that opens at once, then tells something; and what is done when it has opened. */
function setUp(tell?: (listener: StreamListener) => void, onOpen?: () => void) {
  const recorder = streamRecorder()
  const connections: { ended: number }[] = []
  const stream: LiveStream = {
    connect(listener) {
      const connection = { ended: 0 }
      connections.push(connection)
      listener.onStatus({ state: 'open' })
      tell?.(listener)
      return () => {
        connection.ended += 1
      }
    },
  }
  const feed = new Feed(stream, {
    ...recorder,
    onStatus(status) {
      recorder.onStatus(status)
      if (status.state === 'open') onOpen?.()
    },
  })
  return { feed, recorder, connections }
}
