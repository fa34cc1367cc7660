import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { streamRecorder } from './contract/stream-recorder.ts'
import { EventError } from './errors.ts'
import { Feed, type LiveStatus } from './feed.ts'
import type { LiveStream, StreamListener, StreamStatus } from './stream/stream.ts'

describe('Feed', () => {
  test('it is closed until it is connected, then as its stream says, and closed again when it is let go', () => {
    const { feed, recorder, connections } = setUp()
    expect(feed.status).toMatchObject({ state: 'closed', reason: 'nobody has asked for anything yet', gaps: 0 })
    expect(connections).toEqual([])
    feed.connect()
    expect(feed.status).toMatchObject({ state: 'open' })
    feed.disconnect('nobody listens')
    expect(feed.status).toMatchObject({ state: 'closed', reason: 'nobody listens' })
    expect(recorder.statuses).toEqual([{ state: 'open' }, { state: 'closed', reason: 'nobody listens' }])
    expect(connections).toMatchObject([{ ended: 1 }])
  })

  test('it connects once, however often it is asked to, and again after it was let go', () => {
    const { feed, connections } = setUp()
    feed.connect()
    feed.connect()
    expect(connections).toHaveLength(1)
    feed.disconnect('nobody listens')
    feed.disconnect('the table is closed')
    feed.connect()
    expect(connections).toMatchObject([{ ended: 1 }, { ended: 0 }])
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
    expect(connections).toMatchObject([{ ended: 1 }])
    expect(feed.status).toMatchObject({ state: 'closed', reason: 'enough' })
    expect(recorder.gaps).toEqual([])
    feed.connect()
    expect(connections).toHaveLength(2)
  })

  test('a listener who connects while it is being connected starts no second connection', () => {
    const { feed, connections } = setUp(undefined, () => feed.connect())
    feed.connect()
    expect(connections).toMatchObject([{ ended: 0 }])
  })

  test('a stream that cannot be connected is an error, and closed', () => {
    const { feed, recorder } = setUp(() => {
      throw new Error('no connection')
    })
    feed.connect()
    expect(recorder.errors).toEqual([new Error('no connection')])
    expect(feed.status).toMatchObject({ state: 'closed', reason: 'the stream could not be connected' })
  })

  test('the next connection is given the last position that was told', () => {
    const { feed, connections, last } = setUp((listener) => listener.onPosition?.('1'))
    feed.connect()
    last().onPosition?.('2')
    feed.disconnect('nobody listens')
    feed.connect()
    last().onPosition?.('3')
    feed.disconnect('nobody listens')
    feed.connect()
    // Each of them has told '1' when it was connected.
    expect(connections.map(({ position }) => position)).toEqual([undefined, '2', '3'])
  })

  test('a position that a connection tells after its end is not gone on from', () => {
    const { feed, connections, last } = setUp()
    feed.connect()
    const former = last()
    former.onPosition?.('1')
    feed.disconnect('nobody listens')
    former.onPosition?.('2')
    feed.connect()
    expect(connections[1]?.position).toBe('1')
  })

  test('reconnect() connects anew, from where it was, only where the stream is closed', () => {
    const { feed, connections, last } = setUp()
    feed.reconnect()
    expect(connections).toEqual([])
    feed.connect()
    for (const status of others) {
      last().onStatus(status)
      feed.reconnect()
    }
    expect(connections).toMatchObject([{ ended: 0 }])
    last().onPosition?.('1')
    last().onStatus({ state: 'closed', reason: 'unauthorized' })
    feed.reconnect()
    expect(connections).toMatchObject([{ ended: 1 }, { ended: 0, position: '1' }])
    expect(feed.status).toMatchObject({ state: 'open' })
    feed.disconnect('nobody listens')
    feed.reconnect()
    expect(connections).toHaveLength(2)
  })

  test('changes are heard while it is open, and while it asks for them again and again', () => {
    const { feed, last } = setUp()
    expect(feed.hearsChanges).toBe(false)
    feed.connect()
    const heard = [...others, { state: 'closed', reason: 'gone' } as const].map((status) => {
      last().onStatus(status)
      return [status.state, feed.hearsChanges]
    })
    expect(heard).toEqual([
      ['connecting', false],
      ['open', true],
      ['polling', true],
      ['closed', false],
    ])
  })
})

describe('the status', () => {
  beforeEach(() => vi.useFakeTimers({ now: 1_000 }))
  afterEach(() => vi.useRealTimers())

  test('tells since when it is as it is: since the stream says it is, or since it was heard of', () => {
    const { feed, last } = setUp()
    expect(feed.status.since).toBe(1_000)
    vi.setSystemTime(2_000)
    feed.connect()
    expect(feed.status).toEqual({ state: 'open', since: 2_000, lastEventAt: undefined, gaps: 0 })
    last().onStatus({ state: 'polling', reason: 'a proxy', since: 500 })
    expect(feed.status).toEqual({ state: 'polling', reason: 'a proxy', since: 500, lastEventAt: undefined, gaps: 0 })
    vi.setSystemTime(3_000)
    feed.disconnect('nobody listens')
    expect(feed.status).toMatchObject({ state: 'closed', since: 3_000 })
  })

  test('has the time of the last event, which no gap and no change of state takes away', () => {
    const { feed, last } = setUp()
    feed.connect()
    vi.setSystemTime(2_000)
    last().onEvent({ type: 'changed' })
    expect(feed.status).toEqual({ state: 'open', since: 1_000, lastEventAt: 2_000, gaps: 0 })
    vi.setSystemTime(3_000)
    last().onGap('a gap')
    last().onStatus({ state: 'connecting' })
    expect(feed.status).toEqual({ state: 'connecting', since: 3_000, lastEventAt: 2_000, gaps: 1 })
    last().onEvent({ type: 'updated', id: 1 })
    expect(feed.status.lastEventAt).toBe(3_000)
  })

  test('counts gaps over all connections, and an event that is none as one; that is no event', () => {
    const { feed, last } = setUp((listener) => listener.onGap('the connection was opened'))
    feed.connect()
    expect(feed.status.gaps).toBe(1)
    last().onEvent({ type: 'updated' } as never)
    expect(feed.status).toMatchObject({ gaps: 2, lastEventAt: undefined })
    feed.disconnect('nobody listens')
    feed.connect()
    expect(feed.status.gaps).toBe(3)
  })

  test('is the same object until something of it changes', () => {
    const { feed, last } = setUp()
    feed.connect()
    const { status } = feed
    feed.connect()
    feed.reconnect()
    last().onError(new Error('an error'))
    last().onPosition?.('1')
    expect(feed.status).toBe(status)
    last().onGap('a gap')
    expect(feed.status).not.toBe(status)
    expect(status.gaps).toBe(0)
  })

  test('is news whenever something of it changes, and has changed when it is told', () => {
    const { feed, last, news } = setUp()
    feed.connect()
    last().onEvent({ type: 'changed' })
    last().onGap('a gap')
    last().onError(new Error('an error'))
    last().onPosition?.('1')
    feed.disconnect('nobody listens')
    expect(news).toEqual([
      { state: 'open', since: 1_000, lastEventAt: undefined, gaps: 0 },
      { state: 'open', since: 1_000, lastEventAt: 1_000, gaps: 0 },
      { state: 'open', since: 1_000, lastEventAt: 1_000, gaps: 1 },
      { state: 'closed', reason: 'nobody listens', since: 1_000, lastEventAt: 1_000, gaps: 1 },
    ])
  })
})

/** All that is not closed. */
const others: readonly StreamStatus[] = [{ state: 'connecting' }, { state: 'open' }, { state: 'polling', reason: 'a proxy' }]

/** A feed of a stream that opens at once, then tells something; and what is done when it has opened. */
function setUp(tell?: (listener: StreamListener) => void, onOpen?: () => void) {
  const recorder = streamRecorder()
  const connections: { ended: number; position: string | undefined }[] = []
  const listeners: StreamListener[] = []
  const news: LiveStatus[] = []
  const stream: LiveStream = {
    connect(listener, position) {
      const connection = { ended: 0, position }
      connections.push(connection)
      listeners.push(listener)
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
    onNews: () => void news.push(feed.status),
  })
  /** The listener of the last connection, as the stream has it. */
  const last = (): StreamListener => {
    const listener = listeners.at(-1)
    if (listener === undefined) throw new Error('nothing has been connected')
    return listener
  }
  return { feed, recorder, connections, last, news }
}
