import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { streamRecorder } from '../contract/stream-recorder.ts'
import { ArgumentError, EventError } from '../errors.ts'
import { sseStream, type SseOptions } from './sse.ts'
import type { LiveStream, StreamListener } from './stream.ts'

const url = 'http://localhost/events'
const openedGap = 'the connection was opened'
const disconnects: (() => void)[] = []
const changed = 'data: {"type":"changed"}\n\n'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0)
})

afterEach(() => {
  for (const disconnect of disconnects.splice(0)) disconnect()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

describe('what sseStream asks', () => {
  test('one GET for an event stream that no cache may answer, and nothing before connect', async () => {
    const server = fakeServer()
    const stream = server.stream()
    await pass()
    expect(server.requests).toHaveLength(0)
    listen(stream)
    const { init, headers } = server.last()
    expect(init).toMatchObject({ method: 'GET', cache: 'no-store', credentials: 'same-origin' })
    expect(init).not.toHaveProperty('body')
    expect([...headers]).toEqual([['accept', 'text/event-stream']])
  })

  test('a POST with its body, credentials and headers; it is JSON unless the headers say otherwise', async () => {
    const server = fakeServer()
    listen(server.stream({ method: 'POST', body: '{"query":"x"}', credentials: 'include', headers: { accept: '*/*', 'x-tenant': 'a' } }))
    expect(server.last().init).toMatchObject({ method: 'POST', body: '{"query":"x"}', credentials: 'include' })
    expect(Object.fromEntries(server.last().headers)).toEqual({ accept: '*/*', 'content-type': 'application/json', 'x-tenant': 'a' })
    listen(server.stream({ method: 'POST', body: 'x', headers: [['content-type', 'text/plain']] }))
    expect(server.last().headers.get('content-type')).toBe('text/plain')
  })

  test('headers are asked for anew at each connection, also from a function that takes its time', async () => {
    const server = fakeServer()
    let token = 0
    const headers = vi.fn<() => Promise<HeadersInit>>(async () => {
      token += 1
      return { authorization: `Bearer ${token}` }
    })
    listen(server.stream({ headers }))
    await pass()
    await server.last().open().end()
    await pass(1_000)
    expect(server.requests.map((request) => request.headers.get('authorization'))).toEqual(['Bearer 1', 'Bearer 2'])
    expect(headers.mock.calls).toEqual([[undefined], [undefined]])
  })

  test('headers that cannot be made are reported, and asked for again later', async () => {
    const server = fakeServer()
    const error = new Error('no session')
    const headers = vi.fn<() => Promise<HeadersInit>>().mockRejectedValueOnce(error).mockResolvedValue({})
    const { recorder, states } = listen(server.stream({ headers }))
    await pass()
    expect(recorder.errors).toEqual([error])
    expect(states()).toEqual(['connecting', 'closed: the headers of the request could not be made'])
    await pass(1_000)
    expect(server.requests).toHaveLength(1)
  })

  test('the global fetch is taken as it is when a request is made', async () => {
    const stream = sseStream(url)
    const server = fakeServer()
    vi.stubGlobal('fetch', server.fetch)
    listen(stream)
    expect(server.requests).toHaveLength(1)
  })
})

describe('what sseStream tells', () => {
  test('promise 11: connecting and since when, open, and then a gap', async () => {
    const server = fakeServer()
    vi.setSystemTime(1_000)
    const { recorder, heard } = listen(server.stream())
    expect(recorder.statuses).toEqual([{ state: 'connecting', since: 1_000 }])
    await pass(500)
    await server.last().open().send('')
    expect(recorder.statuses).toEqual([
      { state: 'connecting', since: 1_000 },
      { state: 'open', since: 1_500 },
    ])
    expect(heard).toEqual(['connecting', 'open', `gap: ${openedGap}`])
  })

  test('every event, in order, whatever the chunks', async () => {
    const server = fakeServer()
    const { recorder } = listen(server.stream())
    const wire = server.last().open()
    const bytes = new TextEncoder().encode(
      ': hi\r\n\r\ndata: {"type":"upd\r\ndata:ated","id":"ä 🥐"}\r\n\r\n'.replace('upd\r\ndata:', 'upd'),
    )
    for (const byte of bytes) await wire.send(Uint8Array.of(byte))
    await wire.send('data: {"type":"deleted",\ndata: "id":1}\n\nevent: message\ndata: {"type":"changed","write":"w"}\n\n')
    expect(recorder.events).toEqual([
      { type: 'updated', id: 'ä 🥐' },
      { type: 'deleted', id: 1 },
      { type: 'changed', write: 'w' },
    ])
    expect(recorder).toMatchObject({ errors: [], gaps: [openedGap] })
  })

  test('what is in one chunk is told in one task', async () => {
    const server = fakeServer()
    const togethers: boolean[] = []
    let isLater = false
    const recorder = streamRecorder()
    const onEvent = (): void => {
      togethers.push(!isLater)
      queueMicrotask(() => (isLater = true))
    }
    disconnects.push(server.stream().connect({ ...recorder, onEvent }))
    await server.last().open().send(changed.repeat(100))
    expect(togethers).toEqual(Array.from({ length: 100 }, () => true))
  })

  test('a message that is not complete when the connection ends is none', async () => {
    const server = fakeServer()
    const { recorder } = listen(server.stream())
    await server.last().open().end('id: 1\ndata: {"type":"changed"}\n')
    await pass(1_000)
    await server.last().open().send('\n')
    expect(recorder).toMatchObject({ events: [], positions: [] })
  })

  test('messages of other types mean nothing', async () => {
    const server = fakeServer()
    const { recorder } = listen(server.stream())
    await server.last().open().send('event: error\ndata: oh\n\nevent: ping\ndata: 1\n\n')
    expect(recorder).toMatchObject({ events: [], errors: [], gaps: [openedGap] })
  })

  test('promise 20: a malformed message is reported, skipped and a gap, and its id counts', async () => {
    const server = fakeServer()
    const { recorder, heard } = listen(server.stream())
    await server.last().open().send('id: 1\ndata: {"type":\n\n')
    expect(recorder.errors[0]).toBeInstanceOf(EventError)
    expect(recorder.errors[0]).toMatchObject({ value: '{"type":', cause: expect.any(SyntaxError) })
    await server.wire.send('id: 2\ndata: {"type":"renamed"}\n\nid: 3\ndata: {"type":"deleted","id":7}\n\n')
    expect(recorder.errors[1]).toMatchObject({ name: 'EventError', value: { type: 'renamed' } })
    const malformed = ['error', 'gap: a message could not be read']
    expect(heard.slice(3)).toEqual([...malformed, 'position 1', ...malformed, 'deleted', 'position 3'])
  })

  test('toEvents makes several events, one or none of any message', async () => {
    const server = fakeServer()
    const toEvents = vi.fn<NonNullable<SseOptions['toEvents']>>(({ event, data }) => {
      if (event === 'orders') return data.split(',').map((id) => ({ type: 'updated', id }) as const)
      return event === 'all' ? { type: 'changed' } : undefined
    })
    const { recorder } = listen(server.stream({ toEvents }))
    await server.last().open().send('event: orders\nid: 5\ndata: a,b\n\nevent: all\ndata:\n\ndata: hello\n\n')
    expect(toEvents.mock.calls).toEqual([
      [{ event: 'orders', data: 'a,b', id: '5' }],
      [{ event: 'all', data: '', id: undefined }],
      [{ event: 'message', data: 'hello', id: undefined }],
    ])
    expect(recorder.events).toEqual([{ type: 'updated', id: 'a' }, { type: 'updated', id: 'b' }, { type: 'changed' }])
    expect(recorder).toMatchObject({ errors: [], gaps: [openedGap], positions: ['5'] })
  })

  test('what toEvents throws, or makes that is no event, is reported and a gap; a reset is one whatever it says', async () => {
    const server = fakeServer()
    const error = new RangeError('strange')
    const toEvents = vi.fn<NonNullable<SseOptions['toEvents']>>()
    toEvents.mockImplementationOnce(() => {
      throw error
    })
    // @ts-expect-error: what a caller without types may give back
    toEvents.mockReturnValueOnce([{ type: 'changed' }, { type: 'renamed' }])
    const { recorder } = listen(server.stream({ toEvents }))
    await server.last().open().send('data: 1\n\ndata: 2\n\nevent: reset\ndata:\n\n')
    expect(recorder.errors).toEqual([error, expect.any(EventError)])
    expect(recorder.events).toEqual([])
    expect(recorder.gaps.slice(1)).toEqual(['a message could not be read', 'a message could not be read', 'the server sent a reset'])
  })
})

describe('positions', () => {
  test('promise 11: a connection that goes on from a position, as the server proves, tells no gap', async () => {
    const server = fakeServer()
    const { recorder, heard } = listen(server.stream(), '7')
    expect(server.last().headers.get('last-event-id')).toBe('7')
    await server.last().open('7').send(`id: 8\n${changed}`)
    expect(heard).toEqual(['connecting', 'open', 'position 7', 'changed', 'position 8'])
    expect(recorder.gaps).toEqual([])
  })

  test('promise 11: another position is a gap, and told; no position is a gap, and the old one stays', async () => {
    const server = fakeServer()
    const { heard } = listen(server.stream(), '7')
    await server.last().open('9').end()
    expect(heard).toEqual(['connecting', 'open', `gap: ${openedGap}`, 'position 9', 'connecting'])
    await pass(1_000)
    expect(server.last().headers.get('last-event-id')).toBe('9')
    await server.last().open().end()
    expect(heard.slice(5)).toEqual(['open', `gap: ${openedGap}`, 'connecting'])
    await pass(2_000)
    expect(server.last().headers.get('last-event-id')).toBe('9')
  })

  test('after a cut it goes on from the last position that came, at the opening or with a message', async () => {
    const server = fakeServer()
    const { recorder } = listen(server.stream())
    await server.last().open('a').cut()
    await pass(1_000)
    expect(server.last().headers.get('last-event-id')).toBe('a')
    const wire = server.last().open('a')
    await wire.send(`id: b\n${changed}${changed}`)
    await wire.cut()
    await pass(2_000)
    expect(server.last().headers.get('last-event-id')).toBe('b')
    await server.last().open('b').send(changed)
    expect(recorder).toMatchObject({ gaps: [openedGap], positions: ['a', 'b'] })
    expect(recorder.events).toHaveLength(3)
  })

  test('a position is told once all of its chunk has been told, also without an event; an empty one is none', async () => {
    const server = fakeServer()
    const { heard } = listen(server.stream())
    const wire = server.last().open()
    await wire.send(`id: 1\n${changed}id: 2\n${changed}${changed}`)
    await wire.send('id: 3\n\n')
    await wire.send(`id\n${changed}`)
    expect(heard.slice(3)).toEqual(['changed', 'changed', 'changed', 'position 2', 'position 3', 'changed'])
    await wire.cut()
    await pass(1_000)
    expect(server.last().headers.get('last-event-id')).toBe('3')
  })

  test('a position may be any text, and travels in UTF-8', async () => {
    const server = fakeServer()
    const { recorder } = listen(server.stream())
    await server.last().open().end('id: ä🥐\n\n')
    await pass(1_000)
    const sent = server.last().headers.get('last-event-id') ?? ''
    expect(Buffer.from(sent, 'latin1').toString()).toBe('ä🥐')
    await server.last().open(sent).send('')
    expect(recorder).toMatchObject({ gaps: [openedGap], positions: ['ä🥐'] })
  })

  test('promise 11: a reset is a gap, and the connection goes on from it', async () => {
    const server = fakeServer()
    const { heard } = listen(server.stream(), '7')
    await server.last().open('7').send(`event: reset\nid: 9\ndata:\n\n${changed}event: reset\ndata:\n\n`)
    expect(heard.slice(3)).toEqual(['gap: the server sent a reset', 'changed', 'gap: the server sent a reset', 'position 9'])
  })

  test('promise 11: a reset is a gap also to the position from which the server claims to go on', async () => {
    const server = fakeServer()
    const { recorder } = listen(server.stream(), '7')
    await server.last().open('7').send('event: reset\nid: 7\ndata:\n\n')
    expect(recorder.gaps).toEqual(['the server sent a reset'])
  })

  test('promise 11: a reset to where a gap has just begun is not another gap, but one to a later position is', async () => {
    const server = fakeServer()
    const { recorder } = listen(server.stream(), '7')
    const wire = server.last().open('9')
    await wire.send('event: reset\nid: 9\ndata:\n\n')
    expect(recorder.gaps).toEqual([openedGap])
    // The first message of a quiet connection whose reader was too slow for what came then.
    const slow = listen(server.stream())
    await server.last().open('9').send('event: reset\nid: 5000\ndata:\n\n')
    expect(slow.recorder.gaps).toEqual([openedGap, 'the server sent a reset'])
  })
})

describe('attempts', () => {
  test.each([
    ['400', () => new Response('', { status: 400 }), 'the server answered 400'],
    ['503', () => new Response('', { status: 503 }), 'the server answered 503'],
    ['a page', () => new Response('<!doctype html>'), 'the server answered with text/plain;charset=UTF-8; expected text/event-stream'],
    [
      'text/event-streams',
      () => new Response('', { headers: { 'content-type': 'text/event-streams' } }),
      'the server answered with text/event-streams; expected text/event-stream',
    ],
  ])('an answer of %s is closed with a reason until the next attempt', async (_, response, reason) => {
    const server = fakeServer()
    const { recorder, states } = listen(server.stream())
    server.last().answer(response())
    await pass()
    expect(states()).toEqual(['connecting', `closed: ${reason}`])
    expect(server.last().signal.aborted).toBe(true)
    await pass(999)
    expect(server.requests).toHaveLength(1)
    await pass(1)
    expect(states().at(-1)).toBe('connecting')
    await server.last().open().send('')
    expect(states().at(-1)).toBe('open')
    expect(recorder).toMatchObject({ gaps: [openedGap], errors: [] })
  })

  test('a server that cannot be reached is closed with the reason until the next attempt', async () => {
    const server = fakeServer()
    const { states } = listen(server.stream())
    server.last().fail(new TypeError('Failed to fetch'))
    await pass()
    expect(states()).toEqual(['connecting', 'closed: the server could not be reached: TypeError: Failed to fetch'])
    await pass(1_000)
    expect(states().at(-1)).toBe('connecting')
  })

  test.each(['end', 'cut'] as const)('after an %s it is connecting, and connects again after a second', async (how) => {
    const server = fakeServer()
    const { states } = listen(server.stream())
    await server.last().open()[how]()
    expect(states()).toEqual(['connecting', 'open', 'connecting'])
    await pass(999)
    expect(server.requests).toHaveLength(1)
    await pass(1)
    await server.last().open().send('')
    expect(states()).toEqual(['connecting', 'open', 'connecting', 'open'])
  })

  test('an answer without a body is one that ends', async () => {
    const server = fakeServer()
    const { states } = listen(server.stream())
    server.last().answer(new Response(null, { headers: { 'content-type': 'text/event-stream' } }))
    await pass()
    expect(states()).toEqual(['connecting', 'open', 'connecting'])
  })

  test('the waits grow with each failure in a row, up to 30 s, until a connection has proved good', async () => {
    vi.mocked(Math.random).mockReturnValue(1)
    const server = fakeServer()
    listen(server.stream())
    for (const wait of [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      server.last().fail(new TypeError())
      await nextAfter(server, wait)
    }
    // It has ended too early to be good.
    await server.last().open().end(changed)
    await nextAfter(server, 30_000)
    const wire = server.last().open()
    await wire.send(changed)
    await pass(5_000)
    await wire.end()
    await nextAfter(server, 2_000)
  })

  test('promise 11: the shortest wait is what the server says with retry, also where it is long, and never none', async () => {
    const server = fakeServer()
    listen(server.stream())
    await server.last().open().end('retry: 60000\n\n')
    await nextAfter(server, 60_000)
    server.last().fail(new TypeError())
    await nextAfter(server, 60_000)
    const wire = server.last().open()
    await wire.send('retry: 0\n\n')
    await pass(5_000)
    await wire.cut()
    await nextAfter(server, 10)
    vi.mocked(Math.random).mockReturnValue(1)
    server.last().fail(new TypeError())
    await nextAfter(server, 40)
    await server.last().open().end('retry: 99999999999999\n\n')
    await pass(3_600_000)
    expect(server.requests).toHaveLength(5)
  })

  test('Retry-After is kept to, in seconds or as a date, also when something else would shorten the wait', async () => {
    const { page } = fakePage()
    const server = fakeServer()
    listen(server.stream())
    server.last().answer(new Response('', { status: 429, headers: { 'retry-after': '120' } }))
    await pass(60_000)
    page.dispatchEvent(new Event('online'))
    await nextAfter(server, 60_000)
    const at = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 90_000)
    server.last().answer(new Response('', { status: 503, headers: { 'retry-after': at.toUTCString() } }))
    await nextAfter(server, at.getTime() - Date.now())
  })

  test.each([401, 403])('%i asks for other headers once, at once, and then ends the stream', async (status) => {
    const server = fakeServer()
    const headers = vi.fn<(refused?: number) => HeadersInit>(() => ({}))
    const { states } = listen(server.stream({ headers }))
    await pass()
    server.last().answer(new Response('', { status }))
    await pass()
    expect(headers.mock.calls).toEqual([[undefined], [status]])
    expect(states()).toEqual(['connecting'])
    server.last().answer(new Response('', { status }))
    await pass()
    expect(states()).toEqual(['connecting', `closed: the server answered ${status}, also when it was asked with new headers`])
    await pass(3_600_000)
    expect(server.requests).toHaveLength(2)
  })

  test('a token that runs out later is asked for once again', async () => {
    const server = fakeServer()
    const { states } = listen(server.stream())
    for (let round = 0; round < 2; round += 1) {
      server.last().answer(new Response('', { status: 401 }))
      await pass()
      const wire = server.last().open()
      await wire.send(changed)
      await pass(5_000)
      await wire.end()
      await pass(1_000)
    }
    expect(states()).toEqual(['connecting', 'open', 'connecting', 'open', 'connecting'])
  })

  test('204 ends the stream for good', async () => {
    const { page } = fakePage()
    const server = fakeServer()
    const { states } = listen(server.stream())
    server.last().answer(new Response(null, { status: 204 }))
    await pass()
    page.dispatchEvent(new Event('online'))
    await pass(3_600_000)
    expect(states()).toEqual(['connecting', 'closed: the server ended the stream'])
    expect(server.requests).toHaveLength(1)
  })

  test('a page that goes away ends its requests, of which no status is told', async () => {
    const server = fakeServer()
    const { states } = listen(server.stream())
    const failing = server.last()
    failing.fail(new TypeError())
    for (let turn = 0; turn < 100; turn += 1) await Promise.resolve()
    // There is a timer to tell it, which never runs in such a page.
    expect(vi.getTimerCount()).toBe(2)
    expect(states()).toEqual(['connecting'])
  })
})

describe('silence', () => {
  test('a connection on which nothing comes for 45 s is dead, and made anew', async () => {
    const server = fakeServer()
    const { states } = listen(server.stream())
    const wire = server.last().open()
    await wire.send(': here\n')
    await pass(44_999)
    await wire.send(':')
    await pass(44_999)
    expect(server.last().signal.aborted).toBe(false)
    await beSilent(1)
    expect(server.last().signal.aborted).toBe(true)
    expect(wire.isCancelled()).toBe(true)
    expect(states()).toEqual(['connecting', 'open', 'connecting'])
    await nextAfter(server, 1_000)
  })

  test('a server that does not answer within that time is closed with a reason until the next attempt', async () => {
    const server = fakeServer()
    const { states } = listen(server.stream({ silence: 100 }))
    await beSilent(100)
    expect(server.last().signal.aborted).toBe(true)
    expect(states()).toEqual(['connecting', 'closed: the server did not answer within 100 ms'])
    await nextAfter(server, 1_000)
  })

  test('the time that headers take to be made does not count', async () => {
    const server = fakeServer()
    const headers = Promise.withResolvers<HeadersInit>()
    const { states } = listen(server.stream({ headers: () => headers.promise, silence: 100 }))
    await pass(10_000)
    headers.resolve({})
    await pass(99)
    await server.last().open().send('')
    expect(states()).toEqual(['connecting', 'open'])
  })

  test('a computer that wakes while headers are made does not ask for them again', async () => {
    const { page } = fakePage()
    const server = fakeServer()
    const headers = vi.fn<() => Promise<HeadersInit>>()
    headers.mockResolvedValueOnce({}).mockReturnValue(new Promise(() => {}))
    listen(server.stream({ headers }))
    await pass()
    await server.last().open().end(changed)
    await pass(60_000)
    page.dispatchEvent(new Event('focus'))
    expect(headers).toHaveBeenCalledTimes(2)
  })

  test.each([Infinity, 2 ** 40])('with %d ms nothing is ever taken for dead', async (silence) => {
    const server = fakeServer()
    const { states } = listen(server.stream({ silence }))
    await server.last().open().send('')
    await pass(3_600_000)
    expect(vi.getTimerCount()).toBe(0)
    expect(states()).toEqual(['connecting', 'open'])
  })

  test.each(['visibilitychange', 'pageshow', 'online', 'focus'])('a sleep is noticed when the computer wakes, by %s', async (type) => {
    const { page } = fakePage()
    const server = fakeServer()
    const { states } = listen(server.stream())
    await server.last().open('1').send('')
    // Timers stand still meanwhile.
    vi.setSystemTime(Date.now() + 44_999)
    page.dispatchEvent(new Event(type))
    expect(server.requests).toHaveLength(1)
    vi.setSystemTime(Date.now() + 1)
    page.dispatchEvent(new Event(type))
    expect(states()).toEqual(['connecting', 'open', 'connecting'])
    expect(server.requests).toHaveLength(2)
    expect(server.requests[0]?.signal.aborted).toBe(true)
    expect(server.last().headers.get('last-event-id')).toBe('1')
  })

  test('a clock that was set back far is taken for a sleep too', async () => {
    const { page } = fakePage()
    const server = fakeServer()
    listen(server.stream())
    await server.last().open().send('')
    vi.setSystemTime(Date.now() - 3_600_000)
    page.dispatchEvent(new Event('focus'))
    expect(server.requests).toHaveLength(2)
  })
})

describe('pages', () => {
  test('promise 8: a connection is made anew when the network is lost, so that it is known at once that nothing is heard', async () => {
    const { page } = fakePage()
    const server = fakeServer()
    const { states, recorder } = listen(server.stream())
    await server.last().open('1').send('')
    page.dispatchEvent(new Event('offline'))
    expect(server.requests[0]?.signal.aborted).toBe(true)
    expect(server.last().headers.get('last-event-id')).toBe('1')
    server.last().fail(new TypeError('no network'))
    await pass(0)
    expect(states()).toEqual(['connecting', 'open', 'connecting', 'closed: the server could not be reached: TypeError: no network'])
    page.dispatchEvent(new Event('online'))
    await nextAfter(server, 1_000)
    await server.last().open('1').send('')
    expect(states().at(-1)).toBe('open')
    expect(recorder.gaps).toHaveLength(1)
  })

  test('a page that is online, shown or looked at again does not wait longer, but at least a second', async () => {
    vi.mocked(Math.random).mockReturnValue(1)
    const { page, setHidden } = fakePage()
    const server = fakeServer()
    listen(server.stream())
    server.last().fail(new TypeError())
    await pass(400)
    page.dispatchEvent(new Event('online'))
    page.dispatchEvent(new Event('focus'))
    await nextAfter(server, 600)
    server.last().fail(new TypeError())
    await pass(3_000)
    setHidden(true)
    await pass(0)
    expect(server.requests).toHaveLength(2)
    setHidden(false)
    await pass()
    expect(server.requests).toHaveLength(3)
  })

  test('a page that is put aside lets go of its connection without a word, and goes on from its position when it is back', async () => {
    const { page, setHidden } = fakePage()
    const server = fakeServer()
    const { recorder, states } = listen(server.stream())
    const wire = server.last().open('5')
    await wire.send('')
    page.dispatchEvent(new Event('pagehide'))
    setHidden(true)
    await pass(3_600_000)
    expect(wire.isCancelled()).toBe(true)
    expect(states()).toEqual(['connecting', 'open'])
    expect(server.requests).toHaveLength(1)
    page.dispatchEvent(new Event('pageshow'))
    expect(server.last().headers.get('last-event-id')).toBe('5')
    page.dispatchEvent(new Event('focus'))
    expect(server.requests).toHaveLength(2)
    await server.last().open('5').send('')
    expect(states()).toEqual(['connecting', 'open', 'connecting', 'open'])
    expect(recorder.gaps).toEqual([openedGap])
  })

  test('pauseWhenHidden: a page hidden for 10 s has no connection, and goes on from its position when it is shown', async () => {
    const { page, setHidden } = fakePage()
    const server = fakeServer()
    const { recorder, states } = listen(server.stream({ pauseWhenHidden: true }))
    const wire = server.last().open('5')
    await wire.send('')
    setHidden(true)
    await pass(9_999)
    setHidden(false)
    await pass(9_999)
    setHidden(true)
    await pass(9_999)
    expect(wire.isCancelled()).toBe(false)
    await pass(1)
    expect(wire.isCancelled()).toBe(true)
    expect(states()).toEqual(['connecting', 'open', 'closed: paused while the page is hidden'])
    page.dispatchEvent(new Event('online'))
    await pass(3_600_000)
    expect(server.requests).toHaveLength(1)
    setHidden(false)
    expect(server.last().headers.get('last-event-id')).toBe('5')
    await server.last().open('5').send('')
    expect(states().slice(3)).toEqual(['connecting', 'open'])
    expect(recorder.gaps).toEqual([openedGap])
    // What waits for the pause goes with the connection.
    setHidden(true)
  })

  test('pauseWhenHidden: it pauses also where the page was hidden from the start, or an attempt was due', async () => {
    const { setHidden } = fakePage()
    setHidden(true)
    const server = fakeServer()
    const { states } = listen(server.stream({ pauseWhenHidden: true }))
    expect(server.requests).toHaveLength(1)
    await pass(9_500)
    await server.last().open().end()
    await pass(3_600_000)
    expect(server.requests).toHaveLength(1)
    expect(states()).toEqual(['connecting', 'open', 'connecting', 'closed: paused while the page is hidden'])
  })

  test('without that option a hidden page stays connected', async () => {
    const { setHidden } = fakePage()
    const server = fakeServer()
    listen(server.stream({ silence: Infinity }))
    const wire = server.last().open()
    setHidden(true)
    await pass(3_600_000)
    expect(wire.isCancelled()).toBe(false)
  })
})

describe('polling', () => {
  const polling = 'polling: connections end early here, as behind a proxy that does not let streams through'

  async function endEarly(server: FakeServer, times = 3): Promise<void> {
    for (let time = 1; time <= times; time += 1) {
      await server.last().open('1').end(changed)
      await pass(1_000)
    }
  }

  test('after three connections in a row that ended early it polls by position, every 3 s, and says so', async () => {
    const server = fakeServer()
    const { recorder, states } = listen(server.stream())
    await endEarly(server, 2)
    expect(server.last().headers.has('prefer')).toBe(false)
    await endEarly(server, 1)
    expect(server.last().headers.get('prefer')).toBe('wait=0')
    expect(server.last().headers.get('last-event-id')).toBe('1')
    await server.last().open('1').end(`id: 2\n${changed}`)
    expect(states()).toEqual(['connecting', 'open', 'connecting', 'open', 'connecting', 'open', 'connecting', polling])
    await nextAfter(server, 3_000)
    expect(server.last().headers.get('last-event-id')).toBe('2')
    await server.last().open('2').end()
    await nextAfter(server, 3_000)
    // A server that forgot the position.
    await server.last().open('9').end('event: reset\nid: 9\ndata:\n\n')
    expect(states().at(-1)).toBe(polling)
    expect(recorder).toMatchObject({ gaps: [openedGap, openedGap], positions: ['1', '2', '9'] })
    expect(recorder.events).toHaveLength(4)
  })

  test('a poll that fails is closed with a reason until one works', async () => {
    const server = fakeServer()
    const { states } = listen(server.stream())
    await endEarly(server)
    server.last().answer(new Response('', { status: 502 }))
    await nextAfter(server, 1_000)
    await server.last().open('1').cut()
    await nextAfter(server, 1_000)
    expect(states().slice(6)).toEqual([
      'connecting',
      'closed: the server answered 502',
      polling,
      'closed: the server broke off: TypeError: network error',
    ])
    await server.last().open('1').end()
    expect(states().at(-1)).toBe(polling)
  })

  test('polls that fail follow less and less often, until one works', async () => {
    const server = fakeServer()
    listen(server.stream())
    await endEarly(server, 2)
    await server.last().open().end()
    vi.mocked(Math.random).mockReturnValue(1)
    // A third connection that ends early would be waited for longer; the first poll is not.
    await pass(2_000)
    await server.last().open().cut()
    await nextAfter(server, 4_000)
    await server.last().open().cut()
    await nextAfter(server, 8_000)
    await server.last().open().end()
    await nextAfter(server, 3_000)
    server.last().answer(new Response('', { status: 502 }))
    await nextAfter(server, 2_000)
  })

  test('a page that was put aside while it polled is connecting until it has polled again', async () => {
    const { page } = fakePage()
    const server = fakeServer()
    const { states } = listen(server.stream())
    await endEarly(server)
    await server.last().open('1').end()
    page.dispatchEvent(new Event('pagehide'))
    page.dispatchEvent(new Event('pageshow'))
    expect(server.last().headers.get('prefer')).toBe('wait=0')
    await server.last().open('1').end()
    expect(states().slice(-3)).toEqual([polling, 'connecting', polling])
  })

  test('the server may slow the polls down, but not hurry them', async () => {
    const server = fakeServer()
    listen(server.stream())
    await endEarly(server)
    await server.last().open('1').end('retry: 20\n\n')
    await nextAfter(server, 3_000)
    await server.last().open('1').end('retry: 9000\n\n')
    await nextAfter(server, 9_000)
  })

  test('servers that are never heard of, or only fall silent, count; those that fail or refuse do not', async () => {
    const server = fakeServer()
    listen(server.stream())
    await server.last().open().end(changed)
    await nextAfter(server, 1_000)
    for (const status of [500, 404]) {
      server.last().answer(new Response('', { status }))
      await nextAfter(server, 1_000)
    }
    server.last().fail(new TypeError())
    await nextAfter(server, 1_000)
    server.last().open()
    await beSilent(45_000)
    await nextAfter(server, 1_000)
    expect(server.last().headers.has('prefer')).toBe(false)
    await beSilent(10_000)
    await nextAfter(server, 1_000)
    expect(server.last().headers.get('prefer')).toBe('wait=0')
  })

  test('a connection that lasted starts the count anew', async () => {
    const server = fakeServer()
    listen(server.stream())
    await endEarly(server, 2)
    const wire = server.last().open()
    await wire.send(changed)
    await pass(5_000)
    await wire.cut()
    await nextAfter(server, 1_000)
    await endEarly(server, 2)
    expect(server.last().headers.has('prefer')).toBe(false)
  })

  test('after 5 minutes a connection is tried again, and with no answer within 5 s it polls on', async () => {
    const server = fakeServer()
    const { states } = listen(server.stream())
    await endEarly(server)
    const poll = async (): Promise<void> => {
      for (let polls = 0; server.last().headers.has('prefer'); polls += 1) {
        expect(polls).toBeLessThan(101)
        await server.last().open('1').end()
        await pass(3_000)
      }
    }
    await poll()
    expect(states().slice(-2)).toEqual([polling, 'connecting'])
    await beSilent(5_000)
    expect(states().at(-1)).toBe('closed: the server did not answer within 5000 ms')
    await nextAfter(server, 1_000)
    await poll()
    const wire = server.last().open('1')
    await wire.send(changed)
    expect(states().at(-1)).toBe('open')
    await pass(5_000)
    await wire.cut()
    await nextAfter(server, 1_000)
    expect(server.last().headers.has('prefer')).toBe(false)
  })
})

describe('the end', () => {
  test('the request is aborted, the body let go of, and nothing told any more', async () => {
    const { page, listeners } = fakePage()
    const server = fakeServer()
    const { heard, disconnect } = listen(server.stream())
    const wire = server.last().open()
    await wire.send(changed)
    expect(listeners()).toBeGreaterThan(0)
    const before = heard.length
    disconnect()
    disconnect()
    page.dispatchEvent(new Event('pageshow'))
    await pass(3_600_000)
    expect(server.last().signal.aborted).toBe(true)
    expect(wire.isCancelled()).toBe(true)
    expect(heard).toHaveLength(before)
    expect(listeners()).toBe(0)
    expect(server.requests).toHaveLength(1)
  })

  test.each(['reject', 'resolve'] as const)('a connection that ends while its headers are made asks nothing, once they %s', async (how) => {
    const server = fakeServer()
    const headers = Promise.withResolvers<HeadersInit>()
    const { disconnect, heard } = listen(server.stream({ headers: () => headers.promise }))
    disconnect()
    headers[how]({})
    await pass(10_000)
    expect(server.requests).toHaveLength(0)
    expect(heard).toEqual(['connecting'])
  })

  test('a fetch that heeds no signal is not waited for, and its answer means nothing', async () => {
    const server = fakeServer()
    const answers: PromiseWithResolvers<Response>[] = []
    const fetch = (): Promise<Response> => {
      const answer = Promise.withResolvers<Response>()
      answers.push(answer)
      return answer.promise
    }
    const { disconnect, states } = listen(server.stream({ fetch, silence: 100 }))
    await beSilent(1_100)
    expect(answers).toHaveLength(2)
    const closed = 'closed: the server did not answer within 100 ms'
    for (const answer of answers) {
      answer.resolve(new Response(changed, { headers: { 'content-type': 'text/event-stream' } }))
      await pass()
      expect(states()).toEqual(['connecting', closed, 'connecting'])
      disconnect()
    }
  })

  test.each(['onStatus', 'onGap', 'onEvent', 'onPosition', 'onError'] as const)('a listener may end it in %s', async (call) => {
    const server = fakeServer()
    let told = 0
    let disconnect: (() => void) | undefined
    let since: number | undefined
    const count =
      (name: keyof StreamListener) =>
      (value: unknown): void => {
        told += 1
        if (name !== call || JSON.stringify(value).includes('connecting')) return
        since = told
        disconnect?.()
      }
    disconnect = server.stream().connect({
      onStatus: count('onStatus'),
      onGap: count('onGap'),
      onEvent: count('onEvent'),
      onError: count('onError'),
      onPosition: count('onPosition'),
    })
    const wire = server.last().open('1')
    await wire.send(`data: ?\n\n${changed}data: ?\n\n${changed}`)
    await wire.end(`id: 2\n${changed}`)
    await pass(10_000)
    expect(since).toBeDefined()
    expect(told).toBe(since)
    expect(server.requests).toHaveLength(1)
  })

  test('a listener may end it between two events of one message', async () => {
    const server = fakeServer()
    const recorder = streamRecorder()
    const disconnect = server
      .stream({ toEvents: () => [{ type: 'changed' }, { type: 'changed' }] })
      .connect({ ...recorder, onEvent: (event) => (recorder.onEvent(event), disconnect()) })
    await server.last().open().send('data: 1\n\n')
    expect(recorder.events).toHaveLength(1)
  })

  test('a listener may end it when an attempt has failed', async () => {
    const server = fakeServer()
    const disconnect = server.stream().connect({ ...streamRecorder(), onStatus: ({ state }) => state === 'closed' && disconnect() })
    server.last().fail(new TypeError())
    await pass()
    expect(vi.getTimerCount()).toBe(0)
    expect(server.requests).toHaveLength(1)
  })

  test('its signal ends every connection with a reason, also in a callback, and those that begin later', async () => {
    const server = fakeServer()
    const end = new AbortController()
    const stream = server.stream({ signal: end.signal })
    const first = listen(stream)
    const recorder = streamRecorder()
    disconnects.push(stream.connect({ ...recorder, onEvent: (event) => (recorder.onEvent(event), end.abort()) }))
    await server.last().open().send(`id: 1\n${changed}${changed}`)
    await pass(10_000)
    expect(first.states()).toEqual(['connecting', 'closed: aborted by its signal'])
    expect(recorder.events).toHaveLength(1)
    expect(recorder.positions).toEqual([])
    expect(recorder.statuses.at(-1)).toMatchObject({ state: 'closed', reason: 'aborted by its signal' })
    expect(listen(stream).states()).toEqual(['closed: aborted by its signal'])
    expect(server.requests).toHaveLength(2)
    expect(server.requests.every(({ signal }) => signal.aborted)).toBe(true)
  })

  test('a signal that aborts in the very first callback leaves nothing behind', async () => {
    const { listeners } = fakePage()
    const server = fakeServer()
    const end = new AbortController()
    const recorder = streamRecorder()
    server.stream({ signal: end.signal }).connect({ ...recorder, onStatus: (status) => (recorder.onStatus(status), end.abort()) })
    expect(vi.getTimerCount()).toBe(0)
    expect(server.requests).toHaveLength(0)
    expect(listeners()).toBe(0)
    expect(recorder.statuses.map(({ state }) => state)).toEqual(['connecting', 'closed'])
  })

  test('a signal that aborts when a page is back and it connects anew is the last that is told', async () => {
    const { page } = fakePage()
    const server = fakeServer()
    const end = new AbortController()
    const recorder = streamRecorder()
    const onStatus: StreamListener['onStatus'] = (status) => {
      recorder.onStatus(status)
      if (recorder.statuses.length === 3) end.abort()
    }
    server.stream({ signal: end.signal }).connect({ ...recorder, onStatus })
    await server.last().open().send('')
    page.dispatchEvent(new Event('pagehide'))
    page.dispatchEvent(new Event('pageshow'))
    expect(recorder.statuses.map(({ state }) => state)).toEqual(['connecting', 'open', 'connecting', 'closed'])
    expect(server.requests).toHaveLength(1)
  })
})

describe('where it cannot work', () => {
  test.each(['fetch', 'WritableStream'])('promise 19: without %s it is closed with that reason, and nothing throws', (name) => {
    vi.stubGlobal(name, undefined)
    const { recorder, states } = listen(sseStream(url))
    expect(states()).toEqual(['closed: no fetch here can read a stream'])
    expect(recorder).toMatchObject({ events: [], gaps: [], errors: [] })
  })

  test('promise 19: a relative url is closed with a reason where there is no page, unless a fetch of the own knows it', () => {
    expect(listen(sseStream('/events')).states()).toEqual([
      'closed: the url is relative, and there is no page here that it could belong to',
    ])
    const server = fakeServer()
    listen(sseStream('/events', { fetch: server.fetch }))
    expect(server.last().url).toBe('/events')
  })

  test.each(['', 'http://[', 42, undefined])('promise 20: %j is no url', (wrong) => {
    // @ts-expect-error: what a caller without types may pass
    expect(() => sseStream(wrong)).toThrow(new ArgumentError('url', wrong, 'the address of an event stream'))
  })

  test.each([
    [{ credentials: 'all' }, "credentials is \"all\"; expected 'omit', 'same-origin' or 'include'"],
    [{ method: 'PUT' }, "method is \"PUT\"; expected 'GET' or 'POST'"],
    [{ body: 'x' }, 'body is "x"; expected a string, with \'POST\''],
    [{ method: 'POST', body: {} }, "body is {}; expected a string, with 'POST'"],
    [{ silence: 0 }, 'silence is 0; expected a number of ms above 0, or Infinity'],
    [{ silence: Number.NaN }, 'silence is NaN; expected a number of ms above 0, or Infinity'],
    [{ silence: '45' }, 'silence is "45"; expected a number of ms above 0, or Infinity'],
  ])('promise 20: %j is refused', (options, message) => {
    // @ts-expect-error: what a caller without types may pass
    expect(() => sseStream(url, options)).toThrow(message)
  })
})

describe('what hostile servers send', () => {
  const mebi = 'x'.repeat(2 ** 20)

  test('a message without an end is given up, reported, and not asked for again', async () => {
    const server = fakeServer()
    const { recorder, states } = listen(server.stream(), 'p1')
    const wire = server.last().open('p1')
    await wire.send(`data: `)
    for (let sent = 0; sent < 16; sent += 1) await wire.send(mebi)
    expect(recorder.errors).toEqual([expect.any(EventError)])
    expect(recorder.errors[0]).toHaveProperty(
      'message',
      expect.stringMatching(/^the live event is "x+…; expected one of at most 16777216 characters$/),
    )
    expect(wire.isCancelled()).toBe(true)
    expect(states().at(-1)).toBe('connecting')
    await pass(1_000)
    expect(server.requests).toHaveLength(2)
    // What cannot be heard is not skipped in silence: without a position the next opening is a gap.
    expect(server.last().headers.get('last-event-id')).toBeNull()
    await server.last().open('p9').send(changed)
    expect(recorder.gaps).toEqual([openedGap])
    expect(recorder.events).toEqual([{ type: 'changed' }])
  })

  test('so is one of many lines, and neither is told when it has come in part', async () => {
    const server = fakeServer()
    const { recorder } = listen(server.stream())
    const wire = server.last().open()
    for (let sent = 0; sent < 17; sent += 1) await wire.send(`data: ${mebi}\n`)
    expect(recorder.errors).toHaveLength(1)
    expect(recorder.events).toEqual([])
    expect(wire.isCancelled()).toBe(true)
  })

  test('a message of a few MB is heard', async () => {
    const server = fakeServer()
    const { recorder } = listen(server.stream())
    await server
      .last()
      .open()
      .send(`data: {"type":"updated","id":1,"row":{"id":1,"name":"${mebi.repeat(8)}"}}\n\n`)
    expect(recorder.events).toHaveLength(1)
    expect(recorder.errors).toEqual([])
  })

  test.each([
    ['a comment', ':'],
    ['a field that nobody knows', 'noise: '],
    ['no field at all', '\u0000'],
  ])('%s without an end is passed over, as long as it comes, and keeps nothing', async (_, start) => {
    const server = fakeServer()
    const { recorder } = listen(server.stream())
    const wire = server.last().open()
    await wire.send(start)
    for (let sent = 0; sent < 40; sent += 1) await wire.send(mebi)
    await wire.send(`\n${changed}`)
    expect(recorder.errors).toEqual([])
    expect(recorder.events).toEqual([{ type: 'changed' }])
  })

  test('bytes that are no text are passed over, and what comes after them is heard', async () => {
    const server = fakeServer()
    const { recorder } = listen(server.stream())
    const wire = server.last().open()
    await wire.send(Uint8Array.from({ length: 200_000 }, (_, index) => (index * 7_919) % 256))
    await wire.send(`\n\n${changed}`)
    expect(recorder.events).toEqual([{ type: 'changed' }])
  })

  test('an id of 1 MB is reported and is no position: the connection goes on from the one before it', async () => {
    const server = fakeServer()
    const { recorder } = listen(server.stream(), 'p1')
    const wire = server.last().open('p1')
    await wire.send(`id: p2\n${changed}id: ${mebi}\n${changed}`)
    expect(recorder.events).toHaveLength(2)
    expect(recorder.errors).toEqual([expect.any(EventError)])
    expect(recorder.positions).toEqual(['p1', 'p2'])
    await wire.end()
    await pass(1_000)
    expect(server.last().headers.get('last-event-id')).toBe('p2')
    await server.last().open('p2').send('')
    expect(recorder.gaps).toEqual([])
  })

  test.each([
    ['as somebody remembers it', mebi, undefined],
    ['as the server answers', undefined, mebi],
  ])('a position of 1 MB, %s, is none', async (_, remembered, answered) => {
    const server = fakeServer()
    const { recorder } = listen(server.stream(), remembered)
    expect(server.last().headers.get('last-event-id')).toBeNull()
    await server.last().open(answered).send('')
    expect(recorder.positions).toEqual([])
    expect(recorder.gaps).toEqual([openedGap])
  })

  test('200,000 events in one chunk are told in order, and those of odd JSON between them are reported', async () => {
    const server = fakeServer()
    const { recorder } = listen(server.stream())
    const odd = [
      '[]',
      'null',
      '"changed"',
      '{}',
      '{"type":{}}',
      '{"type":"updated","id":{}}',
      '{"type":"updated","id":1,"row":[]}',
      '{',
      '',
    ]
    const chunk = Array.from({ length: 200_000 }, (_, id) => `data: {"type":"deleted","id":${id}}\n\n`).join('')
    await server
      .last()
      .open()
      .send(`${chunk}${odd.map((data) => `data: ${data}\n\n`).join('')}${changed}`)
    expect(recorder.events).toHaveLength(200_001)
    expect(recorder.events.slice(-2)).toEqual([{ type: 'deleted', id: 199_999 }, { type: 'changed' }])
    expect(recorder.errors.map((error) => error instanceof EventError)).toEqual(odd.map(() => true))
  })

  test('what toEvents makes may be anything, also what cannot be looked at', async () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    const made = [circle, new Proxy({}, { has: () => raise() }), { type: 'updated', id: circle }, { type: 'updated', id: 10n }, 7, [[]]]
    const left = [...made]
    const server = fakeServer()
    const { recorder } = listen(server.stream({ toEvents: () => left.shift() as never }))
    await server.last().open().send(changed.repeat(made.length))
    expect(recorder.events).toEqual([])
    expect(recorder.errors).toHaveLength(made.length)
    expect(recorder.gaps).toHaveLength(made.length + 1)
  })

  test('a server that leads to a login page is closed with a reason, and what it sends is not read', async () => {
    const server = fakeServer()
    const { states } = listen(server.stream())
    const response = new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1_000_000)) }), {
      headers: { 'content-type': 'text/html' },
    })
    server.last().answer(response)
    await pass()
    expect(states().at(-1)).toBe('closed: the server answered with text/html; expected text/event-stream')
    expect(server.last().signal.aborted).toBe(true)
    expect(response.bodyUsed).toBe(false)
  })
})

interface Asked {
  readonly url: string
  readonly init: RequestInit
  readonly headers: Headers
  readonly signal: AbortSignal
  answer(response: Response): void
  fail(error: Error): void
  /** Answers with an event stream. */
  open(position?: string): Wire
}

interface Wire {
  send(chunk: string | Uint8Array): Promise<void>
  end(last?: string): Promise<void>
  cut(): Promise<void>
  isCancelled(): boolean
}

interface FakeServer {
  readonly requests: readonly Asked[]
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  /** The stream that was opened last. */
  readonly wire: Wire
  last(): Asked
  stream(options?: SseOptions): LiveStream
}

/** A server whose answers are given by hand. */
function fakeServer(): FakeServer {
  const requests: Asked[] = []
  let wire: Wire | undefined

  const fetch = (address: string, init: RequestInit): Promise<Response> => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>()
    const { signal } = init
    if (!signal) throw new Error('a request without a signal')
    signal.addEventListener('abort', () => reject(signal.reason))
    requests.push({
      url: address,
      init,
      headers: new Headers(init.headers),
      signal,
      answer: resolve,
      fail: reject,
      open(position) {
        const opened = openWire(signal)
        wire = opened.wire
        resolve(
          new Response(opened.body, {
            headers: {
              'content-type': 'text/event-stream; charset=utf-8',
              ...(position === undefined ? {} : { 'last-event-id': position }),
            },
          }),
        )
        return wire
      },
    })
    return promise
  }

  return {
    requests,
    fetch,
    get wire() {
      if (wire === undefined) throw new Error('no stream was opened')
      return wire
    },
    last() {
      const last = requests.at(-1)
      if (last === undefined) throw new Error('nothing was asked')
      return last
    },
    stream: (options) => sseStream(url, { fetch, ...options }),
  }
}

function openWire(signal: AbortSignal): { body: ReadableStream; wire: Wire } {
  let isCancelled = false
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({
    start: (own) => void (controller = own),
    cancel: () => void (isCancelled = true),
  })
  signal.addEventListener('abort', () => {
    isCancelled = true
  })
  const wire: Wire = {
    async send(chunk) {
      if (!isCancelled) controller?.enqueue(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk)
      await pass()
    },
    async end(last = '') {
      if (last !== '') await wire.send(last)
      if (!isCancelled) controller?.close()
      await pass()
    },
    async cut() {
      await pass()
      controller?.error(new TypeError('network error'))
      await pass()
    },
    isCancelled: () => isCancelled,
  }
  return { body, wire }
}

/** A window with one document, as far as a stream looks at them. */
function fakePage(): { page: EventTarget; setHidden(isHidden: boolean): void; listeners(): number } {
  const page = new EventTarget()
  const document = { visibilityState: 'visible', baseURI: 'http://localhost/' }
  let listening = 0
  vi.stubGlobal('document', document)
  vi.stubGlobal('addEventListener', (type: string, listener: () => void, options: { signal: AbortSignal }) => {
    listening += 1
    options.signal.addEventListener('abort', () => (listening -= 1))
    page.addEventListener(type, listener, options)
  })
  return {
    page,
    setHidden(isHidden) {
      document.visibilityState = isHidden ? 'hidden' : 'visible'
      page.dispatchEvent(new Event('visibilitychange'))
    },
    listeners: () => listening,
  }
}

function listen(stream: LiveStream, position?: string) {
  const recorder = streamRecorder()
  const heard: string[] = []
  const disconnect = stream.connect(
    {
      onStatus: (status) => (heard.push(status.state), recorder.onStatus(status)),
      onGap: (reason) => (heard.push(`gap: ${reason}`), recorder.onGap(reason)),
      onEvent: (event) => (heard.push(event.type), recorder.onEvent(event)),
      onError: (error) => (heard.push('error'), recorder.onError(error)),
      onPosition: (told) => (heard.push(`position ${told}`), recorder.onPosition(told)),
    },
    position,
  )
  disconnects.push(disconnect)
  const states = (): string[] =>
    recorder.statuses.map((status) => ('reason' in status ? `${status.state}: ${status.reason}` : status.state))
  return { recorder, heard, disconnect, states }
}

/** Lets everything happen that is due within so many ms. */
async function pass(milliseconds = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds)
}

/** Lets the server be silent for so long that it is taken for dead, and that be told, for which the fake timers need a ms. */
async function beSilent(milliseconds: number): Promise<void> {
  await pass(milliseconds)
  await pass(1)
}

/** The next request comes after so many ms and not before. */
async function nextAfter(server: FakeServer, milliseconds: number): Promise<void> {
  const asked = server.requests.length
  await pass(milliseconds - 1)
  expect(server.requests).toHaveLength(asked)
  await pass(1)
  expect(server.requests).toHaveLength(asked + 1)
}

function raise(): never {
  throw new Error('do not look')
}
