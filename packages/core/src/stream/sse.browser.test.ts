import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { sseChannel, type SseChannel } from '../../../../scripts/vitest-sse-client.ts'
import { describeStream } from '../contract/stream-contract.ts'
import { streamRecorder, type StreamRecorder } from '../contract/stream-recorder.ts'
import { EventError } from '../errors.ts'
import { sseStream } from './sse.ts'

const open = { state: 'open' }
const connecting = { state: 'connecting' }
const refused = { state: 'closed', reason: 'the server refused the connection, or answered with no event stream' }

describeStream('sseStream', () => {
  const channel = sseChannel()
  return { stream: sseStream(channel.url), emit: channel.emit, cut: channel.cut }
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
    const heard: string[] = []
    const channel = sseChannel()
    const { recorder } = await connectTo(channel, heard)
    expect(recorder.statuses).toEqual([connecting, open])
    expect(recorder.gaps).toEqual(['the connection was opened'])
    expect(heard).toEqual(['connecting', 'open', 'gap'])
  })

  test('promise 11: after a cut it is connecting, then open again with one gap', async () => {
    const channel = sseChannel()
    const { recorder } = await connectTo(channel)
    await channel.cut()
    await expect.poll(() => recorder.statuses).toEqual([connecting, open, connecting, open])
    expect(recorder.gaps).toEqual(['the connection was opened', 'the connection was opened'])
  })

  test('promise 11: a reset is a gap, and the connection stays', async () => {
    const channel = sseChannel()
    const { recorder } = await connectTo(channel)
    await channel.send('event: reset\ndata:\n\n')
    await expect.poll(() => recorder.gaps).toEqual(['the connection was opened', 'the server sent a reset'])
    expect(recorder.statuses.at(-1)).toEqual(open)
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
    await channel.send('data: {"type":\n\ndata: {"type":"renamed"}\n\ndata: {"type":"deleted","id":7}\n\n')
    await expect.poll(() => recorder.events).toEqual([{ type: 'deleted', id: 7 }])
    const [notJson, noEvent, ...others] = recorder.errors
    expect(notJson).toBeInstanceOf(EventError)
    expect(notJson).toMatchObject({ value: '{"type":', cause: expect.any(SyntaxError) })
    expect(noEvent).toBeInstanceOf(EventError)
    expect(noEvent).toMatchObject({ value: { type: 'renamed' } })
    expect(others).toEqual([])
    expect(recorder.gaps).toEqual(['the connection was opened', 'a message could not be read', 'a message could not be read'])
    expect(recorder.statuses.at(-1)).toEqual(open)
  })

  test('a connection that is ended by an error hears nothing of the gap', async () => {
    const channel = sseChannel()
    const recorder = streamRecorder()
    const disconnect = sseStream(channel.url).connect({ ...recorder, onError: (error) => (recorder.onError(error), disconnect()) })
    await expect.poll(() => recorder.statuses.at(-1)).toEqual(open)
    await channel.send('data: ?\n\n')
    await expect.poll(() => recorder.errors).toHaveLength(1)
    expect(recorder.gaps).toEqual(['the connection was opened'])
  })

  test('messages of other types mean nothing, also one that is called error', async () => {
    const channel = sseChannel()
    const { recorder } = await connectTo(channel)
    await channel.send('event: error\ndata: oh\n\nevent: ping\ndata: 1\n\ndata: {"type":"changed"}\n\n')
    await expect.poll(() => recorder.events).toEqual([{ type: 'changed' }])
    expect(recorder).toMatchObject({ statuses: [connecting, open], errors: [] })
    expect(recorder.gaps).toHaveLength(1)
  })

  test.each([401, 404, 500, 204])('a server that answers %i is asked again after 1 to 2 s, until it accepts', async (status) => {
    const channel = sseChannel()
    await channel.refuse(status)
    vi.spyOn(Math, 'random').mockReturnValue(0)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const recorder = streamRecorder()
    onTestFinished(sseStream(channel.url).connect(recorder))
    await until(() => recorder.statuses.length === 2)
    expect(recorder.statuses).toEqual([connecting, refused])
    await channel.accept()
    vi.advanceTimersByTime(999)
    expect(recorder.statuses).toHaveLength(2)
    vi.advanceTimersByTime(1)
    expect(recorder.statuses).toEqual([connecting, refused, connecting])
    await until(() => recorder.gaps.length === 1)
    expect(recorder.statuses).toEqual([connecting, refused, connecting, open])
    expect(await channel.state()).toEqual({ open: 1, asked: 2 })
  })

  test('the waits grow with each refusal in a row, and start anew once it was open', async () => {
    const channel = sseChannel()
    await channel.refuse(503)
    vi.spyOn(Math, 'random').mockReturnValue(1)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const recorder = streamRecorder()
    onTestFinished(sseStream(channel.url).connect(recorder))
    const closings = (): number => recorder.statuses.filter(({ state }) => state === 'closed').length
    const waits = [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]
    for (const [index, wait] of waits.entries()) {
      await until(() => closings() === index + 1)
      vi.advanceTimersByTime(wait - 1)
      expect(recorder.statuses.at(-1)).toEqual(refused)
      if (index === waits.length - 1) await channel.accept()
      vi.advanceTimersByTime(1)
      expect(recorder.statuses.at(-1)).toEqual(connecting)
    }
    await until(() => recorder.gaps.length === 1)
    await channel.refuse(503)
    await channel.cut()
    await until(() => closings() === waits.length + 1)
    vi.advanceTimersByTime(1_999)
    expect(recorder.statuses.at(-1)).toEqual(refused)
    vi.advanceTimersByTime(1)
    expect(recorder.statuses.at(-1)).toEqual(connecting)
  })

  test('a connection that is ended while it waits asks the server no more', async () => {
    const channel = sseChannel()
    await channel.refuse(503)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const waiting = streamRecorder()
    const disconnect = sseStream(channel.url).connect(waiting)
    await until(() => waiting.statuses.length === 2)
    expect(vi.getTimerCount()).toBe(1)
    disconnect()
    expect(vi.getTimerCount()).toBe(0)
    const ending = streamRecorder()
    const end = sseStream(channel.url).connect({
      ...ending,
      onStatus: (status) => {
        ending.onStatus(status)
        if (status.state === 'closed') end()
      },
    })
    await until(() => ending.statuses.length === 2)
    expect(vi.getTimerCount()).toBe(0)
    const trying = streamRecorder()
    const giveUp = sseStream(channel.url).connect({
      ...trying,
      onStatus: (status) => {
        trying.onStatus(status)
        if (trying.statuses.length === 3) giveUp()
      },
    })
    await until(() => trying.statuses.length === 2)
    vi.advanceTimersByTime(2_000)
    expect(trying.statuses).toEqual([connecting, refused, connecting])
    // A request that should not be would be under way before this one is answered.
    await channel.state()
    expect(await channel.state()).toEqual({ open: 0, asked: 3 })
  })

  test('promise 11: a server that goes away and comes back is connecting all the while, then one gap', async () => {
    const channel = sseChannel()
    const { recorder } = await connectTo(channel)
    await channel.refuse(0)
    await channel.cut()
    await expect.poll(channel.state).toEqual({ open: 0, asked: expect.toSatisfy((asked) => asked > 3) })
    expect(recorder.statuses).toEqual([connecting, open, connecting])
    expect(recorder.gaps).toHaveLength(1)
    await channel.accept()
    await expect.poll(() => recorder.gaps).toHaveLength(2)
    expect(recorder.statuses).toEqual([connecting, open, connecting, open])
  })

  test('a connection that is ended by a message hears nothing of the next one in the same chunk', async () => {
    const channel = sseChannel()
    const leaving = streamRecorder()
    const disconnect = sseStream(channel.url).connect({ ...leaving, onEvent: (event) => (leaving.onEvent(event), disconnect()) })
    const { recorder } = await connectTo(channel)
    await expect.poll(() => leaving.gaps).toHaveLength(1)
    await channel.send('data: {"type":"changed"}\n\ndata: {"type":"changed"}\n\n')
    await expect.poll(() => recorder.events).toHaveLength(2)
    await expect.poll(channel.state).toMatchObject({ open: 1 })
    expect(leaving.events).toHaveLength(1)
  })

  test('cookies go to another origin only where they are asked for', async () => {
    const channel = sseChannel()
    const url = new URL(channel.url, location.href)
    url.hostname = '127.0.0.1'
    const recorder = streamRecorder()
    onTestFinished(sseStream(url).connect(recorder))
    const including = streamRecorder()
    onTestFinished(sseStream(url, { credentials: 'include' }).connect(including))
    await expect.poll(() => recorder.statuses).toEqual([connecting, open])
    await expect.poll(() => including.statuses).toEqual([connecting, refused])
  })
})

async function connectTo(channel: SseChannel, order: string[] = []): Promise<{ recorder: StreamRecorder; disconnect: () => void }> {
  const recorder = streamRecorder()
  const disconnect = sseStream(channel.url).connect({
    ...recorder,
    onStatus: (status) => (order.push(status.state), recorder.onStatus(status)),
    onGap: (reason) => (order.push('gap'), recorder.onGap(reason)),
  })
  onTestFinished(disconnect)
  await expect.poll(() => recorder.gaps, { interval: 5 }).toHaveLength(1)
  return { recorder, disconnect }
}

/** Waits by way of the network, for the timers are faked, and runs those that are due. */
async function until(met: () => boolean): Promise<void> {
  while (!met()) {
    await fetch(location.href, { method: 'HEAD' })
    vi.advanceTimersByTime(0)
  }
}
