import { describe, expect, onTestFinished, test } from 'vitest'
import { sseChannel } from '../../../../scripts/vitest-sse-client.ts'
import { describeStream } from '../contract/stream-contract.ts'
import { streamRecorder, type StreamRecorder } from '../contract/stream-recorder.ts'
import { sharedStream } from './shared.ts'
import { sseStream } from './sse.ts'
import type { StreamListener } from './stream.ts'

describeStream('sharedStream over sseStream', () => {
  const channel = sseChannel()
  return { stream: sharedStream(sseStream(channel.url), { name: channel.url }), emit: channel.emit, cut: channel.cut }
})

describeStream('sharedStream over sseStream, with positions', () => {
  const channel = sseChannel({ positions: true })
  return { stream: sharedStream(sseStream(channel.url), { name: channel.url }), emit: channel.emit, cut: channel.cut, resumes: true }
})

const connecting = { state: 'connecting' }
const open = { state: 'open' }

describe('sharedStream across tabs', () => {
  test('promise 13: six tabs hold one connection, and each hears every event in order', async () => {
    const source = numberedSource()
    const tabs = await openTabs(source, 6)
    source.emit(200)
    for (const tab of tabs) await expect.poll(() => heardBy(tab)).toEqual(upTo(200))
    expect(source.asked).toEqual([undefined])
    for (const { recorder } of tabs) {
      expect(recorder.gaps).toHaveLength(1)
      expect(recorder.positions.at(-1)).toBe('after 200')
    }
  })

  test('promise 13: over ten hand-overs, every tab hears 1,000 numbered events, each once and in order, and of no gap', async () => {
    const source = numberedSource()
    const tabs = await openTabs(source, 13)
    const [holders, staying] = [tabs.slice(0, 10), tabs.slice(10)]
    let asked = 0
    for (const [round, holder] of holders.entries()) {
      source.emit(40)
      // Every other hand-over begins while the one before it is under way.
      if (round > 0 && round % 2 === 0) await expect.poll(() => source.asked.length, { interval: 1 }).toBeGreaterThan(asked)
      asked = source.asked.length
      if (round % 3 === 0) holder.disconnect()
      else holder.remove()
      for (let task = 0; task < 6; task += 1) {
        source.emit(10)
        await new Promise((resolve) => setTimeout(resolve))
      }
    }
    for (const tab of staying) {
      await expect.poll(() => heardBy(tab).length).toBe(1_000)
      expect(heardBy(tab)).toEqual(upTo(1_000))
      expect(tab.recorder.gaps).toHaveLength(1)
    }
    for (const tab of holders) expect(heardBy(tab)).toEqual(upTo(heardBy(tab).length))
    expect(source.asked.length).toBeGreaterThanOrEqual(6)
  })

  test('promise 13: when the tab of the holder is gone, another is connected', async () => {
    const source = numberedSource()
    const [holder, ...others] = await openTabs(source, 4)
    holder?.remove()
    for (const { recorder } of others) {
      await expect.poll(() => recorder.statuses, { interval: 5 }).toEqual([connecting, open, connecting, open])
    }
    source.emit(1)
    for (const tab of others) {
      await expect.poll(() => heardBy(tab)).toEqual([1])
      expect(tab.recorder.gaps).toHaveLength(1)
    }
    expect(source.asked).toEqual([undefined, 'after 0'])
  })

  test('promise 13: a holder that falls silent is replaced, and when it wakes it goes on as one of the others', async () => {
    const source = numberedSource()
    const frozen = await openWorker(source)
    const others = await openTabs(source, 3)
    source.emit(10)
    for (const tab of [frozen, ...others]) await expect.poll(() => heardBy(tab)).toEqual(upTo(10))
    const wake = await frozen.freeze()
    source.emit(10)
    // Four seconds pass.
    for (let second = 0; second < 4; second += 1) {
      for (const tab of others) tab.look()
      await delivered()
    }
    for (const tab of others) await expect.poll(() => heardBy(tab)).toEqual(upTo(20))
    expect(heardBy(frozen)).toEqual(upTo(10))
    await wake()
    await expect.poll(() => heardBy(frozen)).toEqual(upTo(20))
    await expect.poll(() => source.connections()).toBe(1)
    source.emit(10)
    for (const tab of [frozen, ...others]) {
      await expect.poll(() => heardBy(tab)).toEqual(upTo(30))
      expect(tab.recorder.gaps).toHaveLength(1)
      expect(tab.recorder.errors).toEqual([])
    }
    expect(source.asked.slice(0, 2)).toEqual([undefined, 'after 10'])
  })

  test('promise 13: a holder that disconnects hands over, and may come back as one of the others, without a gap', async () => {
    const source = numberedSource()
    const [first, second] = await openTabs(source, 2)
    source.emit(1)
    await expect.poll(() => first && heardBy(first)).toEqual([1])
    first?.disconnect()
    await expect.poll(() => source.asked).toEqual([undefined, 'after 1'])
    first?.connect('after 1')
    source.emit(1)
    for (const tab of [first, second]) {
      await expect.poll(() => tab && heardBy(tab)).toEqual([1, 2])
      expect(tab?.recorder.gaps).toHaveLength(1)
    }
    await expect.poll(() => source.connections()).toBe(1)
    expect(source.asked).toHaveLength(2)
  })

  test('promise 13: where the source cannot resume, each tab gets one gap when the holder is gone', async () => {
    const source = numberedSource()
    const [holder, ...others] = await openTabs(source, 4)
    source.emit(3)
    for (const tab of others) await expect.poll(() => heardBy(tab)).toEqual(upTo(3))
    source.forget()
    holder?.remove()
    for (const { recorder } of others) await expect.poll(() => recorder.gaps).toHaveLength(2)
    source.emit(1)
    for (const tab of others) {
      await expect.poll(() => heardBy(tab)).toEqual(upTo(4))
      expect(tab.recorder.gaps.at(-1)).toBe('the source does not know what came after that')
      expect(tab.recorder.gaps).toHaveLength(2)
    }
  })

  test('connect, disconnect and connect in a row, as StrictMode does, leaves one connection', async () => {
    const source = numberedSource()
    const tab = await openTab(source)
    tab.connect()
    tab.disconnect()
    tab.connect()
    await expect.poll(() => tab.recorder.gaps).toHaveLength(1)
    expect(source.connections()).toBe(1)
    tab.disconnect()
    await expect.poll(() => source.connections()).toBe(0)
  })

  test('six tabs share one connection of sseStream', async () => {
    const channel = sseChannel()
    const tabs = await openTabs(numberedSource(), 6, channel.url)
    await channel.emit({ type: 'updated', id: 1, row: { id: 1, note: 'Brötchen 🥐' } })
    for (const { recorder } of tabs) {
      await expect.poll(() => recorder.events).toEqual([{ type: 'updated', id: 1, row: { id: 1, note: 'Brötchen 🥐' } }])
      expect(recorder.gaps).toHaveLength(1)
    }
    expect(await channel.state()).toMatchObject({ open: 1, asked: 1 })
  })
})

interface Tab {
  readonly recorder: StreamRecorder
  readonly connect: (position?: string) => void
  readonly disconnect: () => void
  /** Looks after the holder, as it would every second. */
  readonly look: () => void
  /** What closing or crashing does to a tab: its page is gone and nothing in it runs any more. */
  readonly remove: () => void
}

interface WorkerTab extends Tab {
  /** Nothing in it runs from now on, and it holds what it holds, until the returned function is called. */
  readonly freeze: () => Promise<() => Promise<void>>
}

/** What a page or a worker gets to begin with. */
interface Start {
  readonly name: string
  /** The address of an event stream; without one it connects to the numbered source. */
  readonly url: string | undefined
}

/** A call of a listener, by its name. */
type Told = readonly [call: keyof Required<StreamListener>, value: never]

/** The script of a tab. It looks after the holder when it is told to: on a busy machine one that is slow would pass for silent. */
const script = `
  import { sharedStream } from '${new URL('./shared.ts', import.meta.url).href}'
  import { sseStream } from '${new URL('./sse.ts', import.meta.url).href}'
  const looks = new Set()
  globalThis.setInterval = (look) => (looks.add(look), look)
  globalThis.clearInterval = (look) => looks.delete(look)
  addEventListener('message', ({ data: { name, url }, ports: [tab, source] }) => {
    const numbers = {
      connect(listener, position) {
        const { port1, port2 } = new MessageChannel()
        listener.onStatus({ state: 'connecting' })
        port1.onmessage = ({ data: told }) => {
          for (const [call, value] of told) listener[call](value)
        }
        source.postMessage(position, [port2])
        return () => {
          port1.onmessage = null
          port1.postMessage('closed')
        }
      },
    }
    const stream = sharedStream(url === undefined ? numbers : sseStream(url), { name })
    const listener = {}
    for (const call of ['onEvent', 'onGap', 'onStatus', 'onPosition']) listener[call] = (value) => tab.postMessage([call, value])
    listener.onError = (error) => tab.postMessage(['onError', String(error)])
    let disconnect
    tab.onmessage = ({ data: [order, value] }) => {
      if (order === 'connect') disconnect = stream.connect(listener, value)
      else if (order === 'disconnect') disconnect()
      else if (order === 'look') looks.forEach((look) => look())
      else {
        // Answered only when it is cut, and till then nothing else happens here.
        const request = new XMLHttpRequest()
        request.open('GET', value, false)
        tab.postMessage(['frozen'])
        try {
          request.send()
        } catch {}
      }
    }
  })
`

function startTab(start: Start, source: NumberedSource, post: (start: Start, ports: MessagePort[]) => void): [MessagePort, StreamRecorder] {
  const { port1, port2 } = new MessageChannel()
  const recorder = streamRecorder()
  port1.addEventListener('message', ({ data: [call, value] }: MessageEvent<Told>) => {
    if (call in recorder) recorder[call](value)
  })
  port1.start()
  post(start, [port2, source.port()])
  return [port1, recorder]
}

/** A page of its own, with its own copy of the modules; it shares with us what tabs share. */
async function openTab(source: NumberedSource, url?: string): Promise<Tab> {
  const frame = document.createElement('iframe')
  frame.srcdoc = `<script type="module">${script}</script>`
  const loaded = new Promise((resolve) => frame.addEventListener('load', resolve))
  document.body.append(frame)
  onTestFinished(() => frame.remove())
  await loaded
  const [port, recorder] = startTab({ name: url ?? source.name, url }, source, (start, transfer) =>
    frame.contentWindow?.postMessage(start, { transfer }),
  )
  return {
    recorder,
    connect: (position) => port.postMessage(['connect', position]),
    disconnect: () => port.postMessage(['disconnect']),
    look: () => port.postMessage(['look']),
    remove: () => frame.remove(),
  }
}

/** A tab with a thread of its own, connected and holding the connection. */
async function openWorker(source: NumberedSource): Promise<WorkerTab> {
  const address = URL.createObjectURL(new Blob([`${script}; postMessage('loaded')`], { type: 'text/javascript' }))
  const worker = new Worker(address, { type: 'module' })
  onTestFinished(() => worker.terminate())
  await new Promise((resolve) => worker.addEventListener('message', resolve))
  const [port, recorder] = startTab({ name: source.name, url: undefined }, source, (start, transfer) => worker.postMessage(start, transfer))
  port.postMessage(['connect'])
  await expect.poll(() => recorder.positions).toHaveLength(1)
  return {
    recorder,
    connect: (position) => port.postMessage(['connect', position]),
    disconnect: () => port.postMessage(['disconnect']),
    look: () => port.postMessage(['look']),
    remove: () => worker.terminate(),
    async freeze() {
      const channel = sseChannel()
      const frozen = new Promise((resolve) => {
        port.addEventListener('message', ({ data: [call] }: MessageEvent<readonly [string]>) => call === 'frozen' && resolve(undefined))
      })
      port.postMessage(['freeze', new URL(channel.url, location.href).href])
      await frozen
      await expect.poll(channel.state).toMatchObject({ open: 1 })
      return channel.cut
    },
  }
}

/** Tabs that are connected and have settled; the first one holds the connection, if there is none yet. */
async function openTabs(source: NumberedSource, count: number, url?: string): Promise<Tab[]> {
  const tabs = await Promise.all(Array.from({ length: count }, () => openTab(source, url)))
  for (const tab of tabs) {
    tab.connect()
    await expect.poll(() => tab.recorder.gaps, { interval: 5 }).toHaveLength(1)
  }
  return tabs
}

/** Resolves when tabs have had their messages, and their answers are there. */
async function delivered(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    const [from, to] = [new BroadcastChannel('delivered'), new BroadcastChannel('delivered')]
    const heard = new Promise((resolve) => to.addEventListener('message', resolve))
    from.postMessage('now')
    await heard
    from.close()
    to.close()
  }
}

function heardBy({ recorder }: Tab): unknown[] {
  return recorder.events.map((event) => 'id' in event && event.id)
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1)
}

interface NumberedSource {
  readonly name: string
  /** Where a tab connects: it posts its position, and with it the port on which it wants to be told. */
  readonly port: () => MessagePort
  /** Emits so many events, numbered from 1, each with a position. */
  readonly emit: (count: number) => void
  /** What was emitted up to now can no longer be told again. */
  readonly forget: () => void
  /** The positions with which connections were made. */
  readonly asked: (string | undefined)[]
  /** How many connections were made and not ended; those of a page that is gone count on. */
  readonly connections: () => number
}

/** A source in this page that tells a connection what came after its position, where it still knows. */
function numberedSource(): NumberedSource {
  const ports = new Set<MessagePort>()
  const asked: (string | undefined)[] = []
  let last = 0
  let forgotten = 0

  function eventsAfter(from: number): unknown[] {
    return upTo(last)
      .slice(from)
      .flatMap((id) => [
        ['onEvent', { type: 'updated', id, row: { id } }],
        ['onPosition', `after ${id}`],
      ])
  }

  function connect(port: MessagePort, position: string | undefined): void {
    asked.push(position)
    ports.add(port)
    port.addEventListener('message', () => ports.delete(port))
    port.start()
    const from = position === undefined ? -1 : Number(position.slice('after '.length))
    const start =
      from < forgotten
        ? [
            ['onGap', 'the source does not know what came after that'],
            ['onPosition', `after ${last}`],
          ]
        : eventsAfter(from)
    port.postMessage([['onStatus', { state: 'open' }], ...start])
  }

  return {
    name: crypto.randomUUID(),
    asked,
    connections: () => ports.size,
    port() {
      const { port1, port2 } = new MessageChannel()
      port1.addEventListener('message', ({ data, ports: [port] }: MessageEvent<string | undefined>) => port && connect(port, data))
      port1.start()
      return port2
    },
    emit(count) {
      last += count
      for (const port of ports) port.postMessage(eventsAfter(last - count))
    },
    forget() {
      forgotten = last + 1
    },
  }
}
