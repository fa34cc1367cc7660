import { describe, expect, onTestFinished, test } from 'vitest'
import { sseChannel, type SseChannel } from '../../../../scripts/vitest-sse-client.ts'
import { describeStream } from '../contract/stream-contract.ts'
import { streamRecorder, type StreamRecorder } from '../contract/stream-recorder.ts'
import { sharedStream } from './shared.ts'
import { sseStream } from './sse.ts'
import type { LiveEvent, StreamListener } from './stream.ts'

const connecting = { state: 'connecting' }
const open = { state: 'open' }
const opened = 'the connection was opened'
const joined = 'this connection joined one that was open'

describeStream('sharedStream over sseStream', () => {
  const channel = sseChannel()
  return { stream: sharedStream(sseStream(channel.url), { name: channel.url }), emit: channel.emit, cut: channel.cut }
})

describe('sharedStream across tabs', () => {
  test('promise 13: six tabs hold one connection, and each hears every event in order', async () => {
    const channel = sseChannel()
    const tabs = await openTabs(channel, 6)
    const events = Array.from({ length: 200 }, (_, id): LiveEvent => ({ type: 'updated', id, row: { id, note: 'Brötchen 🥐' } }))
    await channel.send(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''))
    for (const { recorder } of tabs) await expect.poll(() => recorder.events).toEqual(events)
    expect(await channel.state()).toEqual({ open: 1, asked: 1 })
    expect(tabs.map(({ recorder }) => recorder.gaps)).toEqual([[opened], [joined], [joined], [joined], [joined], [joined]])
  })

  test('promise 13: when the tab of the holder is gone, another is connected within a second, and each gets one gap', async () => {
    const channel = sseChannel()
    const [holder, ...others] = await openTabs(channel, 4)
    holder?.remove()
    for (const { recorder } of others) {
      await expect.poll(() => recorder.statuses, { interval: 5, timeout: 1_000 }).toEqual([connecting, open, connecting, open])
      await expect.poll(() => recorder.gaps).toEqual([joined, opened])
    }
    await channel.emit({ type: 'deleted', id: 1 })
    for (const { recorder } of others) await expect.poll(() => recorder.events).toEqual([{ type: 'deleted', id: 1 }])
    await expect.poll(channel.state).toEqual({ open: 1, asked: 2 })
    for (const { recorder } of others) expect(recorder.gaps).toHaveLength(2)
  })

  test('promise 13: a holder that disconnects hands over, and may come back as one of the others', async () => {
    const channel = sseChannel()
    const [first, second] = await openTabs(channel, 2)
    first?.disconnect()
    await expect.poll(() => second?.recorder.gaps).toEqual([joined, opened])
    first?.connect()
    await expect.poll(() => first?.recorder.gaps).toEqual([opened, joined])
    await channel.emit({ type: 'changed' })
    await expect.poll(() => first?.recorder.events).toEqual([{ type: 'changed' }])
    await expect.poll(() => second?.recorder.events).toEqual([{ type: 'changed' }])
    await expect.poll(channel.state).toEqual({ open: 1, asked: 2 })
  })

  test('promise 13: twenty holders in a row may go, and the last tab still hears', async () => {
    const channel = sseChannel()
    let [holder, next] = await openTabs(channel, 2)
    for (let round = 0; round < 20; round += 1) {
      const staying: Tab | undefined = next
      const gaps = staying?.recorder.gaps.length ?? 0
      const newcomer = await openTab(channel)
      holder?.remove()
      newcomer.connect()
      await expect.poll(() => staying?.recorder.gaps.length, { interval: 5 }).toBeGreaterThan(gaps)
      await expect.poll(() => newcomer.recorder.gaps.length, { interval: 5 }).toBeGreaterThan(0)
      holder = next
      next = newcomer
    }
    await channel.emit({ type: 'updated', id: 20 })
    await expect.poll(() => holder?.recorder.events).toEqual([{ type: 'updated', id: 20 }])
    await expect.poll(() => next?.recorder.events).toEqual([{ type: 'updated', id: 20 }])
    expect(await channel.state()).toMatchObject({ open: 1 })
  })

  test('promise 11: a cut is one gap in every tab', async () => {
    const channel = sseChannel()
    const tabs = await openTabs(channel, 3)
    await channel.cut()
    for (const { recorder } of tabs) {
      await expect.poll(() => recorder.gaps).toHaveLength(2)
      expect(recorder.gaps[1]).toBe(opened)
      await expect.poll(() => recorder.statuses).toEqual([connecting, open, connecting, open])
    }
  })

  test('a malformed message is reported in every tab', async () => {
    const channel = sseChannel()
    const tabs = await openTabs(channel, 3)
    await channel.send('data: ?\n\n')
    for (const { recorder } of tabs) {
      await expect.poll(() => recorder.gaps.at(-1)).toBe('a message could not be read')
      expect(recorder.errors).toEqual(['EventError: the live event is "?"; expected JSON'])
    }
  })

  test('connect, disconnect and connect in a row, as StrictMode does, leaves one connection', async () => {
    const channel = sseChannel()
    const tab = await openTab(channel)
    tab.connect()
    tab.disconnect()
    tab.connect()
    await expect.poll(() => tab.recorder.gaps).toEqual([opened])
    await expect.poll(channel.state).toMatchObject({ open: 1 })
    tab.disconnect()
    await expect.poll(channel.state).toMatchObject({ open: 0 })
  })
})

interface Tab {
  readonly recorder: StreamRecorder
  readonly connect: () => void
  readonly disconnect: () => void
  /** What closing or crashing does to a tab: its page is gone and nothing in it runs any more. */
  readonly remove: () => void
}

/** What the page of a tab tells: what its listener was called with. */
type Told = readonly [call: keyof StreamListener, value: never]

/** A page of its own, with its own copy of the modules; it shares with us what tabs share. */
async function openTab({ url }: SseChannel): Promise<Tab> {
  const frame = document.createElement('iframe')
  frame.srcdoc = `<script type="module">
    import { sharedStream } from '${new URL('./shared.ts', import.meta.url).href}'
    import { sseStream } from '${new URL('./sse.ts', import.meta.url).href}'
    addEventListener('message', ({ data: url, ports: [port] }) => {
      const stream = sharedStream(sseStream(url), { name: url })
      const listener = {
        onEvent: (event) => port.postMessage(['onEvent', event]),
        onGap: (reason) => port.postMessage(['onGap', reason]),
        onStatus: (status) => port.postMessage(['onStatus', status]),
        onError: (error) => port.postMessage(['onError', String(error)]),
      }
      let disconnect
      port.onmessage = ({ data: connect }) => {
        if (connect) disconnect = stream.connect(listener)
        else disconnect()
      }
    })
  </script>`
  const loaded = new Promise((resolve) => frame.addEventListener('load', resolve))
  document.body.append(frame)
  onTestFinished(() => frame.remove())
  await loaded
  const { port1, port2 } = new MessageChannel()
  const recorder = streamRecorder()
  port1.addEventListener('message', ({ data: [call, value] }: MessageEvent<Told>) => recorder[call](value))
  port1.start()
  frame.contentWindow?.postMessage(url, { transfer: [port2] })
  return {
    recorder,
    connect: () => port1.postMessage(true),
    disconnect: () => port1.postMessage(false),
    remove: () => frame.remove(),
  }
}

/** Tabs that are connected and have settled; the first one holds the connection. */
async function openTabs(channel: SseChannel, count: number): Promise<Tab[]> {
  const tabs = await Promise.all(Array.from({ length: count }, () => openTab(channel)))
  for (const tab of tabs) {
    tab.connect()
    await expect.poll(() => tab.recorder.gaps, { interval: 5 }).toHaveLength(1)
  }
  return tabs
}
