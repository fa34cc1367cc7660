import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { describeStream } from '../contract/stream-contract.ts'
import { streamRecorder, type StreamRecorder } from '../contract/stream-recorder.ts'
import { ArgumentError, EventError } from '../errors.ts'
import { manualStream, type ManualStream } from './manual.ts'
import { sharedStream } from './shared.ts'
import type { LiveStream } from './stream.ts'

// Node has Web Locks and BroadcastChannel too. Several tabs are several shared streams of one name here;
// real ones, with realms of their own, are in shared.browser.test.ts.

const connecting = { state: 'connecting' }
const open = { state: 'open' }
const opened = 'the shared connection was opened'
const joined = 'this connection joined one that was open'

let names = 0

function newName(): string {
  return `test ${(names += 1)}`
}

describeStream('sharedStream', () => {
  const stream = manualStream()
  return { stream: sharedStream(stream, { name: newName() }), emit: stream.emit, cut: () => stream.gap() }
})

describe('sharedStream', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.restoreAllMocks()
  })

  test('promise 13: one of several tabs connects, and all hear what it hears', async () => {
    const [first, second, third] = await openTabs(newName(), 3)
    expect([first, second, third].map((tab) => tab.connections())).toEqual([1, 0, 0])
    first.source.emit({ type: 'updated', id: 1, row: { id: 1, at: new Date(0) } })
    first.source.setStatus({ state: 'closed', reason: 'the server refused' })
    first.source.gap('the socket was cut')
    for (const { recorder } of [first, second, third]) {
      await expect.poll(() => recorder.gaps.at(-1)).toBe('the socket was cut')
      expect(recorder.events).toEqual([{ type: 'updated', id: 1, row: { id: 1, at: new Date(0) } }])
      expect(recorder.statuses).toEqual([connecting, open, { state: 'closed', reason: 'the server refused' }])
    }
  })

  test('promise 13: when the holder goes, the next tab connects, and each gets one gap', async () => {
    const [first, second, third] = await openTabs(newName(), 3)
    first.disconnect()
    await expect.poll(() => third.recorder.gaps).toEqual([joined, opened])
    expect([first, second, third].map((tab) => tab.connections())).toEqual([0, 1, 0])
    expect(second.recorder.gaps).toEqual([joined, opened])
    second.source.emit({ type: 'changed' })
    await expect.poll(() => third.recorder.events).toEqual([{ type: 'changed' }])
    expect(first.recorder).toMatchObject({ events: [], gaps: [opened], statuses: [connecting, open] })
  })

  test('promise 11: a stream that reports a gap when it opens is not given a second one', async () => {
    const name = newName()
    const first = openTab(name)
    await expect.poll(() => first.recorder.gaps).toHaveLength(1)
    const second = openTab(name)
    second.source.emit({ type: 'changed' })
    await expect.poll(() => second.recorder.gaps).toEqual([joined])
    first.disconnect()
    await expect.poll(() => second.recorder.gaps).toEqual([joined, 'events were emitted before this connection'])
    await expect.poll(() => second.connections()).toBe(1)
    expect(second.recorder.gaps).toHaveLength(2)
  })

  test('promise 11: the gap of a hand-over comes when the new connection is open, not before', async () => {
    const name = newName()
    const first = openTab(name)
    await expect.poll(() => first.recorder.statuses.at(-1)).toEqual(open)
    const second = openTab(name)
    await expect.poll(() => second.recorder.gaps).toEqual([joined])
    second.source.setStatus({ state: 'connecting' })
    first.disconnect()
    await expect.poll(() => second.connections()).toBe(1)
    expect(second.recorder).toMatchObject({ statuses: [connecting, open, connecting], gaps: [joined] })
    const third = openTab(name)
    second.source.emit({ type: 'changed' })
    await expect.poll(() => third.recorder.events).toHaveLength(1)
    await delivered()
    expect(third.recorder).toMatchObject({ statuses: [connecting], gaps: [] })
    second.source.gap('too early to count')
    second.source.setStatus({ state: 'open' })
    await expect.poll(() => second.recorder.gaps).toEqual([joined, 'too early to count', opened])
    await expect.poll(() => third.recorder.gaps).toEqual(['too early to count', opened])
    expect(third.recorder.statuses).toEqual([connecting, open])
  })

  test('promise 11: a tab that joins late learns the status and of one gap, and the others hear nothing of it', async () => {
    const name = newName()
    const [first, second] = await openTabs(name, 2)
    first.source.setStatus({ state: 'closed', reason: 'the server refused' })
    await expect.poll(() => second.recorder.statuses).toHaveLength(3)
    const late = openTab(name)
    await expect.poll(() => late.recorder.gaps).toEqual([joined])
    expect(late.recorder.statuses).toEqual([connecting, { state: 'closed', reason: 'the server refused' }])
    first.source.emit({ type: 'changed' })
    await expect.poll(() => second.recorder.events).toHaveLength(1)
    expect(first.recorder).toMatchObject({ gaps: [opened], statuses: { length: 3 } })
    expect(second.recorder).toMatchObject({ gaps: [joined], statuses: { length: 3 } })
  })

  test('an error reaches every tab, as itself where it came up and by name and message elsewhere', async () => {
    const [first, second] = await openTabs(newName(), 2)
    const error = new EventError('?', 'JSON', { cause: () => 'no clone of this' })
    first.fail(error)
    first.fail('out of order')
    await expect.poll(() => second.recorder.errors).toHaveLength(2)
    expect(first.recorder.errors).toEqual([error, 'out of order'])
    expect(first.recorder.errors[0]).toBe(error)
    expect(second.recorder.errors[0]).toBeInstanceOf(Error)
    expect(second.recorder.errors[0]).toMatchObject({ name: 'EventError', message: error.message })
    expect(second.recorder.errors[1]).toMatchObject({ name: 'Error', message: 'out of order' })
  })

  test('an event whose row cannot be cloned reaches the other tabs without it', async () => {
    const [first, second] = await openTabs(newName(), 2)
    const row = { id: 1, total: () => 7 }
    first.source.emit({ type: 'inserted', id: 1, row })
    await expect.poll(() => second.recorder.events).toEqual([{ type: 'inserted', id: 1 }])
    expect(first.recorder.events).toEqual([{ type: 'inserted', id: 1, row }])
  })

  test('streams of different names share nothing', async () => {
    const first = openTab(newName())
    const second = openTab(newName())
    await expect.poll(() => [first.connections(), second.connections()]).toEqual([1, 1])
    first.source.emit({ type: 'changed' })
    expect(first.recorder.events).toHaveLength(1)
    expect(second.recorder.events).toEqual([])
  })

  test('a disconnect before the lock arrives leaves neither a connection nor a request for the lock', async () => {
    const name = newName()
    const gone = openTab(name)
    gone.disconnect()
    const holding = openTab(name)
    await expect.poll(() => holding.connections()).toBe(1)
    const waiting = openTab(name)
    await expect.poll(() => waiting.recorder.gaps).toHaveLength(1)
    waiting.disconnect()
    holding.disconnect()
    await expect.poll(() => locksOf(name)).toEqual([])
    expect([gone, holding, waiting].map((tab) => tab.connections())).toEqual([0, 0, 0])
    expect(gone.recorder).toMatchObject({ statuses: [connecting], gaps: [], errors: [] })
    expect(waiting.recorder.errors).toEqual([])
  })

  test('a disconnect at the first status of the stream ends its connection and releases the lock', async () => {
    const name = newName()
    const { source, stream, connections } = countedStream()
    const recorder = streamRecorder()
    const leave = (): void => disconnect()
    const disconnect = sharedStream(stream, { name }).connect({
      ...recorder,
      onStatus: (status) => {
        recorder.onStatus(status)
        if (status.state === 'open') leave()
      },
    })
    source.emit({ type: 'changed' })
    await expect.poll(() => recorder.statuses).toEqual([connecting, open])
    await expect.poll(() => locksOf(name)).toEqual([])
    expect(connections()).toBe(0)
    expect(recorder.gaps).toEqual([])
  })

  test('a stream that says a lot before it has returned what ends it is not heard after a disconnect', async () => {
    const name = newName()
    const recorder = streamRecorder()
    const ended = vi.fn<() => void>()
    const talkative: LiveStream = {
      connect(listener) {
        listener.onStatus({ state: 'open' })
        listener.onError('late')
        listener.onEvent({ type: 'changed' })
        listener.onGap('late')
        listener.onStatus({ state: 'closed', reason: 'late' })
        return ended
      },
    }
    const leave = (): void => disconnect()
    const disconnect = sharedStream(talkative, { name }).connect({
      ...recorder,
      onStatus: (status) => {
        recorder.onStatus(status)
        if (status.state === 'open') leave()
      },
    })
    await expect.poll(() => ended).toHaveBeenCalledOnce()
    await delivered()
    expect(recorder).toMatchObject({ statuses: [connecting, open], errors: [], events: [], gaps: [] })
  })

  test('a tab that disconnects when it learns the status hears nothing of the gap', async () => {
    const name = newName()
    await openTabs(name, 2)
    const recorder = streamRecorder()
    const leave = (): void => disconnect()
    const disconnect = sharedStream(manualStream(), { name }).connect({
      ...recorder,
      onStatus: (status) => {
        recorder.onStatus(status)
        if (status.state === 'open') leave()
      },
    })
    await expect.poll(() => recorder.statuses).toEqual([connecting, open])
    await delivered()
    expect(recorder.gaps).toEqual([])
  })

  test.each(['BroadcastChannel', 'navigator'])('promise 19: without %s each tab connects by itself', (missing) => {
    vi.stubGlobal(missing, undefined)
    const name = newName()
    const first = openTab(name)
    const second = openTab(name)
    expect([first.connections(), second.connections()]).toEqual([1, 1])
    expect(first.recorder).toMatchObject({ statuses: [open], gaps: [] })
    first.disconnect()
    expect(first.connections()).toBe(0)
  })

  test('promise 19: without locks each tab connects by itself', () => {
    vi.stubGlobal('navigator', { userAgent: 'an old one' })
    const tab = openTab(newName())
    expect(tab.connections()).toBe(1)
  })

  test('where locks are denied each tab connects by itself, and the denial is reported', async () => {
    const denial = new DOMException('no locks in this frame', 'SecurityError')
    vi.spyOn(navigator.locks, 'request').mockRejectedValue(denial)
    const [first, second] = [openTab('denied'), openTab('denied')]
    await expect.poll(() => [first.connections(), second.connections()]).toEqual([1, 1])
    expect(first.recorder.errors).toEqual([denial])
    first.source.emit({ type: 'changed' })
    second.source.emit({ type: 'updated', id: 2 })
    await delivered()
    expect(first.recorder.events).toEqual([{ type: 'changed' }])
    expect(second.recorder.events).toEqual([{ type: 'updated', id: 2 }])
    first.disconnect()
    expect(first.connections()).toBe(0)
  })

  test.each(['', 42, undefined])('promise 20: %j is no name', (name) => {
    // @ts-expect-error: what a caller without types may pass
    expect(() => sharedStream(manualStream(), { name })).toThrow(new ArgumentError('name', name, 'a string that is not empty'))
  })
})

interface CountedStream {
  readonly stream: LiveStream
  readonly source: ManualStream
  /** How often it is connected at present. */
  readonly connections: () => number
  /** Reports an error to all that are connected. */
  readonly fail: (error: unknown) => void
}

interface Tab extends CountedStream {
  readonly recorder: StreamRecorder
  readonly disconnect: () => void
}

function countedStream(): CountedStream {
  const source = manualStream()
  const failures = new Set<(error: unknown) => void>()
  return {
    source,
    connections: () => failures.size,
    fail: (error) => failures.forEach((report) => report(error)),
    stream: {
      connect(listener) {
        const report = (error: unknown): void => listener.onError(error)
        failures.add(report)
        const disconnect = source.connect(listener)
        return () => {
          failures.delete(report)
          disconnect()
        }
      },
    },
  }
}

function openTab(name: string): Tab {
  const counted = countedStream()
  const recorder = streamRecorder()
  const disconnect = sharedStream(counted.stream, { name }).connect(recorder)
  onTestFinished(disconnect)
  return { ...counted, recorder, disconnect }
}

/** Tabs that have settled; the first one holds the connection. */
async function openTabs(name: string, count: 2): Promise<[Tab, Tab]>
async function openTabs(name: string, count: 3): Promise<[Tab, Tab, Tab]>
async function openTabs(name: string, count: number): Promise<Tab[]> {
  const tabs: Tab[] = []
  for (let index = 0; index < count; index += 1) {
    const tab = openTab(name)
    await expect.poll(() => tab.recorder.gaps, { interval: 5 }).toEqual([index === 0 ? opened : joined])
    tabs.push(tab)
  }
  return tabs
}

/** Resolves when what was posted before has been heard. */
async function delivered(): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    const [from, to] = [new BroadcastChannel('delivered'), new BroadcastChannel('delivered')]
    const heard = new Promise((resolve) => to.addEventListener('message', resolve))
    from.postMessage('now')
    await heard
    from.close()
    to.close()
  }
}

async function locksOf(name: string): Promise<unknown[]> {
  const { held = [], pending = [] } = await navigator.locks.query()
  return [...held, ...pending].filter((lock) => lock.name?.endsWith(name))
}
