import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { server } from 'vitest/browser'
import { sseChannel, type SseChannel } from '../../../../scripts/vitest-sse-client.ts'
import { describeStream } from '../contract/stream-contract.ts'
import { streamRecorder, type StreamRecorder } from '../contract/stream-recorder.ts'
import { EventError } from '../errors.ts'
import { stopTime } from '../testing/stop-time.ts'
import { sseStream, type SseOptions } from './sse.ts'

const opened = 'the connection was opened'
const changed = 'data: {"type":"changed"}\n\n'

describeStream('sseStream', () => {
  const channel = sseChannel()
  return { stream: sseStream(channel.url), emit: channel.emit, cut: channel.cut }
})

describeStream('sseStream, with positions', () => {
  const channel = sseChannel({ positions: true })
  return { stream: sseStream(channel.url), emit: channel.emit, cut: channel.cut, resumes: true }
})

describe('sseStream', () => {
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  test('nothing is asked of the server before connect', async () => {
    const channel = sseChannel()
    sseStream(channel.url)
    expect(await channel.state()).toEqual({ open: 0, asked: 0 })
  })

  test('the end of a connection ends it on the server too', async () => {
    const channel = sseChannel()
    const { disconnect } = await connectTo(channel)
    expect(await channel.state()).toEqual({ open: 1, asked: 1 })
    disconnect()
    await expect.poll(channel.state).toEqual({ open: 0, asked: 1 })
  })

  test('promise 11: the first opening is a gap, once it is open', async () => {
    const { heard } = await connectTo(sseChannel())
    expect(heard).toEqual(['connecting', 'open', `gap: ${opened}`])
  })

  test('promise 11: after a cut it is connecting, then open again with one gap', async () => {
    const channel = sseChannel()
    const { heard } = await connectTo(channel)
    await channel.cut()
    await expect.poll(() => heard).toEqual(['connecting', 'open', `gap: ${opened}`, 'connecting', 'open', `gap: ${opened}`])
  })

  test('promise 11: after a cut it goes on from its position, with all that came meanwhile and no gap', async () => {
    const channel = sseChannel({ positions: true })
    const { recorder, heard } = await connectTo(channel)
    await channel.emit({ type: 'updated', id: 1 })
    await expect.poll(() => recorder.positions).toEqual(['0', '1'])
    await channel.refuse(0)
    await channel.cut()
    const ids = Array.from({ length: 300 }, (_, index) => index + 2)
    await Promise.all(ids.map((id) => channel.emit({ type: 'updated', id })))
    await channel.accept()
    await expect.poll(() => recorder.events).toHaveLength(301)
    expect(new Set(recorder.events.map((event) => 'id' in event && event.id)).size).toBe(301)
    expect(recorder.positions.at(-1)).toBe('301')
    expect(recorder.gaps).toEqual([opened])
    expect(heard.filter((told) => told === 'open')).toHaveLength(2)
  })

  test('promise 11: a position that the server does not know is one gap, its reset included', async () => {
    const channel = sseChannel({ positions: true })
    await channel.emit({ type: 'changed' })
    const { recorder } = await connectTo(channel, {}, '77')
    await channel.emit({ type: 'deleted', id: 1 })
    await expect.poll(() => recorder.events).toEqual([{ type: 'deleted', id: 1 }])
    expect(recorder).toMatchObject({ gaps: [opened], positions: ['1', '2'] })
  })

  test('a message in several chunks and lines is one event, and a comment is none', async () => {
    const channel = sseChannel()
    const { recorder } = await connectTo(channel)
    await channel.send(': still here\n\ndata: {"type":"upd')
    await channel.send('ated",\ndata: "id":"ä 🥐"}\n')
    await channel.send('\n')
    await expect.poll(() => recorder.events).toEqual([{ type: 'updated', id: 'ä 🥐' }])
  })

  test('promise 20: a malformed message is reported, skipped and a gap, and the next one is heard', async () => {
    const channel = sseChannel()
    const { recorder } = await connectTo(channel)
    await channel.send('data: {"type":\n\ndata: {"type":"deleted","id":7}\n\n')
    await expect.poll(() => recorder.events).toEqual([{ type: 'deleted', id: 7 }])
    expect(recorder.errors).toEqual([expect.any(EventError)])
    expect(recorder.gaps).toEqual([opened, 'a message could not be read'])
  })

  test('headers reach the server at every connection, with a token of its own each time, and so do method and body', async () => {
    const channel = sseChannel({ positions: true })
    let token = 0
    const headers = (): Promise<HeadersInit> => Promise.resolve({ authorization: `Bearer ${(token += 1)}`, 'x-tenant': 'a' })
    await connectTo(channel, { headers, method: 'POST', body: '{"watch":"orders"}' })
    await channel.refuse(503)
    await channel.cut()
    // They come less and less often.
    await expect.poll(async () => (await requestsOf(channel)).length).toBeGreaterThan(3)
    const requests = await requestsOf(channel)
    for (const [index, request] of requests.entries()) {
      const { method, body, headers: sent } = request
      expect({ method, body }).toEqual({ method: 'POST', body: '{"watch":"orders"}' })
      expect(sent).toMatchObject({
        authorization: `Bearer ${index + 1}`,
        'x-tenant': 'a',
        accept: 'text/event-stream',
        'content-type': 'application/json',
        ...(index === 0 ? {} : { 'last-event-id': '0' }),
      })
    }
  })

  test('401 asks for another token once, and is heard of by its function', async () => {
    const channel = sseChannel()
    await channel.refuse(401)
    const asked: (number | undefined)[] = []
    const { recorder, heard } = listen(channel, { headers: (refused) => (asked.push(refused), {}) })
    await expect.poll(() => recorder.statuses.at(-1)?.state).toBe('closed')
    expect(heard).toEqual(['connecting', 'closed: the server answered 401, also when it was asked with new headers'])
    expect(asked).toEqual([undefined, 401])
    expect(await channel.state()).toEqual({ open: 0, asked: 2 })
  })

  test.each([404, 500])('a server that answers %i is closed with a reason, and asked again until it accepts', async (status) => {
    const channel = sseChannel()
    await channel.refuse(status)
    vi.spyOn(Math, 'random').mockReturnValue(0)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { recorder, heard } = listen(channel)
    await until(() => recorder.statuses.length === 2)
    expect(heard).toEqual(['connecting', `closed: the server answered ${status}`])
    await channel.accept()
    vi.advanceTimersByTime(999)
    expect(heard).toHaveLength(2)
    vi.advanceTimersByTime(1)
    expect(heard.at(-1)).toBe('connecting')
    await until(() => recorder.gaps.length === 1)
    expect(heard.slice(3)).toEqual(['open', `gap: ${opened}`])
    expect(await channel.state()).toEqual({ open: 1, asked: 2 })
  })

  test('promise 11: a server that goes away and comes back is one gap', async () => {
    const channel = sseChannel()
    const { recorder, heard } = await connectTo(channel)
    await channel.refuse(0)
    await channel.cut()
    await expect.poll(channel.state).toEqual({ open: 0, asked: expect.toSatisfy((asked) => asked > 3) })
    await expect
      .poll(() => heard.slice(3, 6))
      .toEqual(['connecting', expect.stringMatching(/^closed: the server could not be reached: TypeError/), 'connecting'])
    await channel.accept()
    await expect.poll(() => recorder.gaps).toHaveLength(2)
    expect(recorder.statuses.at(-1)).toMatchObject({ state: 'open' })
  })

  test('a server that falls silent is left, and the next connection goes on', async () => {
    const channel = sseChannel({ positions: true })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
    const { recorder, heard } = listen(channel)
    await until(() => recorder.gaps.length === 1)
    // 45 s after the last byte, of which the test does not know when it came.
    while (recorder.statuses.length === 2) await vi.advanceTimersByTimeAsync(1_000)
    await vi.advanceTimersByTimeAsync(1_000)
    await until(() => recorder.statuses.length === 4)
    expect(heard).toEqual(['connecting', 'open', `gap: ${opened}`, 'connecting', 'open'])
    expect(await channel.state()).toEqual({ open: 1, asked: 2 })
    await channel.emit({ type: 'updated', id: 1 })
    await until(() => recorder.events.length === 1)
    expect(recorder.gaps).toEqual([opened])
  })

  test('behind a proxy that waits for answers to be complete it polls, and loses nothing', async () => {
    const channel = sseChannel({ positions: true })
    const { recorder } = await connectTo(channel)
    // As a proxy does that was put in between.
    await channel.hold()
    stopTime({ date: true })
    await channel.cut()
    for (let round = 0; recorder.statuses.at(-1)?.state !== 'polling'; round += 1) {
      expect(round).toBeLessThan(50)
      await vi.advanceTimersByTimeAsync(9_000)
      await channel.state()
    }
    for (const id of [1, 2, 3]) {
      await channel.emit({ type: 'updated', id })
      await vi.advanceTimersByTimeAsync(3_000)
      await until(() => recorder.events.length === id)
    }
    expect(recorder.gaps).toEqual([opened])
    expect(recorder.statuses.at(-1)?.state).toBe('polling')
    expect((await requestsOf(channel)).at(-1)?.headers).toMatchObject({ prefer: 'wait=0', 'last-event-id': expect.any(String) })
  })

  test('a page that goes away tells of no status, whatever becomes of its requests', async () => {
    const channel = sseChannel()
    const frame = document.createElement('iframe')
    frame.srcdoc = `<script type="module">
      import { sseStream } from '${new URL('./sse.ts', import.meta.url).href}'
      addEventListener('message', ({ data: url, ports: [port] }) => {
        const none = () => {}
        const onStatus = ({ state }) => port.postMessage(state)
        sseStream(url).connect({ onEvent: none, onGap: none, onError: none, onStatus })
      })
    </script>`
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve))
    document.body.append(frame)
    onTestFinished(() => frame.remove())
    await loaded
    const states: unknown[] = []
    const { port1, port2 } = new MessageChannel()
    port1.addEventListener('message', ({ data }) => states.push(data))
    port1.start()
    frame.contentWindow?.postMessage(channel.url, { transfer: [port2] })
    await expect.poll(() => states).toEqual(['connecting', 'open'])
    const left = new Promise((resolve) => frame.addEventListener('load', resolve))
    frame.srcdoc = 'another page'
    await left
    await expect.poll(channel.state).toEqual({ open: 0, asked: 1 })
    // Firefox ends the requests of a page as soon as it asks for the next one, which may be long before the page goes away.
    expect(states.slice(0, server.browser === 'firefox' ? 2 : undefined)).toEqual(['connecting', 'open'])
    expect(states).not.toContain('closed')
  })

  test('a connection that is ended by a message hears nothing of the next one in the same chunk', async () => {
    const channel = sseChannel()
    const leaving = streamRecorder()
    const disconnect = sseStream(channel.url).connect({ ...leaving, onEvent: (event) => (leaving.onEvent(event), disconnect()) })
    const { recorder } = await connectTo(channel)
    await expect.poll(() => leaving.gaps).toHaveLength(1)
    await channel.send(changed + changed)
    await expect.poll(() => recorder.events).toHaveLength(2)
    await expect.poll(channel.state).toMatchObject({ open: 1 })
    expect(leaving.events).toHaveLength(1)
  })

  test('cookies go to another origin only where they are asked for', async () => {
    const channel = sseChannel()
    const url = new URL(channel.url, location.href)
    url.hostname = '127.0.0.1'
    const { heard } = listen({ ...channel, url: url.href })
    const including = listen({ ...channel, url: url.href }, { credentials: 'include' })
    await expect.poll(() => heard.slice(0, 2)).toEqual(['connecting', 'open'])
    // The test server lets nobody from elsewhere send cookies.
    await expect.poll(() => including.heard.slice(0, 2)).toEqual(['connecting', expect.stringContaining('closed: the server could not be')])
  })
})

interface Heard {
  readonly recorder: StreamRecorder
  readonly heard: string[]
  readonly disconnect: () => void
}

function listen(channel: SseChannel, options: SseOptions = {}, position?: string): Heard {
  const recorder = streamRecorder()
  const heard: string[] = []
  const disconnect = sseStream(channel.url, options).connect(
    {
      ...recorder,
      onStatus(status) {
        heard.push('reason' in status ? `${status.state}: ${status.reason}` : status.state)
        recorder.onStatus(status)
      },
      onGap(reason) {
        heard.push(`gap: ${reason}`)
        recorder.onGap(reason)
      },
    },
    position,
  )
  onTestFinished(disconnect)
  return { recorder, heard, disconnect }
}

/** Resolves when it is open, and its gap told. */
async function connectTo(channel: SseChannel, options?: SseOptions, position?: string): Promise<Heard> {
  const heard = listen(channel, options, position)
  await expect.poll(() => heard.recorder.gaps, { interval: 5 }).toHaveLength(1)
  return heard
}

async function requestsOf(channel: SseChannel): Promise<{ method: string; body: string; headers: Record<string, string> }[]> {
  return (await channel.requests()) as { method: string; body: string; headers: Record<string, string> }[]
}

/** Waits by way of the network, for the timers are faked, and runs those that are due. */
async function until(met: () => boolean): Promise<void> {
  while (!met()) {
    await fetch(location.href, { method: 'HEAD' })
    await vi.advanceTimersByTimeAsync(0)
  }
}
