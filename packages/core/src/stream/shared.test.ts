import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { describeStream } from '../contract/stream-contract.ts'
import { streamRecorder, type StreamRecorder } from '../contract/stream-recorder.ts'
import { ArgumentError, EventError } from '../errors.ts'
import { manualStream, type ManualStream } from './manual.ts'
import { sharedStream } from './shared.ts'
import type { LiveStream, StreamListener, StreamStatus } from './stream.ts'

// Node has Web Locks and BroadcastChannel too. Several tabs are several shared streams of one name here;
// real ones, with realms of their own, are in shared.browser.test.ts.

const connecting = { state: 'connecting' }
const open = { state: 'open' }
const missed = 'this tab may have missed events of the shared connection'

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
    await expect.poll(() => third.recorder.gaps).toEqual([missed, missed])
    expect([first, second, third].map((tab) => tab.connections())).toEqual([0, 1, 0])
    expect(second.recorder.gaps).toEqual([missed, missed])
    second.source.emit({ type: 'changed' })
    await expect.poll(() => third.recorder.events).toEqual([{ type: 'changed' }])
    expect(first.recorder).toMatchObject({ events: [], gaps: [missed], statuses: [connecting, open] })
  })

  test('promise 11: a stream that reports a gap when it opens is not given a second one', async () => {
    const name = newName()
    const first = openTab(name)
    await expect.poll(() => first.recorder.gaps).toHaveLength(1)
    const second = openTab(name)
    second.source.emit({ type: 'changed' })
    await expect.poll(() => second.recorder.gaps).toEqual([missed])
    first.disconnect()
    await expect.poll(() => second.recorder.gaps).toEqual([missed, 'events were emitted before this connection'])
    await expect.poll(() => second.connections()).toBe(1)
    expect(second.recorder.gaps).toHaveLength(2)
  })

  test('promise 11: the gap of a hand-over comes when the new connection is open, not before', async () => {
    const name = newName()
    const first = openTab(name)
    await expect.poll(() => first.recorder.statuses.at(-1)).toEqual(open)
    const second = openTab(name)
    await expect.poll(() => second.recorder.gaps).toEqual([missed])
    second.source.setStatus({ state: 'connecting' })
    first.disconnect()
    await expect.poll(() => second.connections()).toBe(1)
    expect(second.recorder).toMatchObject({ statuses: [connecting, open, connecting], gaps: [missed] })
    const third = openTab(name)
    second.source.emit({ type: 'changed' })
    await expect.poll(() => third.recorder.events).toHaveLength(1)
    await delivered()
    expect(third.recorder).toMatchObject({ statuses: [connecting], gaps: [] })
    second.source.gap('too early to count')
    await delivered()
    second.source.setStatus({ state: 'open' })
    await expect.poll(() => second.recorder.gaps).toEqual([missed, 'too early to count', missed])
    await expect.poll(() => third.recorder.gaps).toEqual(['too early to count', missed])
    expect(third.recorder.statuses).toEqual([connecting, open])
  })

  test('promise 11: a tab that joins late learns the status and of one gap, and the others hear nothing of it', async () => {
    const [first, second] = await openTabs(newName(), 2)
    const polling = { state: 'polling', reason: 'a proxy keeps the events', since: 17 } as const
    first.tell({ onStatus: polling })
    await expect.poll(() => second.recorder.statuses).toHaveLength(3)
    const late = openTab(first.name)
    await expect.poll(() => late.recorder.gaps).toEqual([missed])
    expect(late.recorder.statuses).toEqual([connecting, polling])
    first.source.emit({ type: 'changed' })
    await expect.poll(() => second.recorder.events).toHaveLength(1)
    expect(first.recorder).toMatchObject({ gaps: [missed], statuses: [connecting, open, polling] })
    expect(second.recorder).toMatchObject({ gaps: [missed], statuses: [connecting, open, polling] })
  })

  test('a status of which only the time or the reason has changed is told, and one that is the same is not', async () => {
    const [first, second] = await openTabs(newName(), 2)
    const statuses: StreamStatus[] = [
      { state: 'open', since: 1 },
      { state: 'open', since: 2 },
      { state: 'closed', reason: 'a' },
      { state: 'closed', reason: 'b' },
    ]
    for (const onStatus of statuses) {
      first.tell({ onStatus })
      first.tell({ onStatus: { ...onStatus } })
    }
    await expect.poll(() => second.recorder.statuses).toEqual([connecting, open, ...statuses])
    expect(first.recorder.statuses).toEqual([connecting, open, ...statuses])
  })

  test('a closed connection is taken over by a tab that connects, which may have a newer token', async () => {
    const [first, second] = await openTabs(newName(), 2)
    first.source.setStatus({ state: 'closed', reason: 'the server refused the token' })
    await expect.poll(() => second.recorder.statuses).toHaveLength(3)
    const third = openTab(first.name)
    await expect.poll(() => second.recorder.statuses.at(-1)).toEqual(open)
    await expect.poll(() => first.recorder.statuses.at(-1)).toEqual(open)
    expect([first, second, third].map((tab) => tab.connections())).toEqual([0, 0, 1])
    expect(third.recorder.statuses).toEqual([connecting, { state: 'closed', reason: 'the server refused the token' }, open])
  })

  test('an error reaches every tab, as itself where it came up and by name and message elsewhere', async () => {
    const [first, second] = await openTabs(newName(), 2)
    const error = new EventError('?', 'JSON', { cause: () => 'no clone of this' })
    first.tell({ onError: error })
    first.tell({ onError: 'out of order' })
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
    first.source.emit({ type: 'inserted', id: 1, row, write: 'a key' })
    first.source.emit({ type: 'inserted', id: 2, row: { id: 2 } })
    await expect.poll(() => second.recorder.events).toHaveLength(2)
    expect(second.recorder.events).toStrictEqual([
      { type: 'inserted', id: 1, write: 'a key' },
      { type: 'inserted', id: 2, row: { id: 2 } },
    ])
    expect(first.recorder.events[0]).toEqual({ type: 'inserted', id: 1, row, write: 'a key' })
    // What could not be sent was no message.
    first.source.emit({ type: 'changed' })
    await expect.poll(() => second.recorder.events).toHaveLength(3)
    expect(second.recorder.gaps).toEqual([missed])
  })

  test('what is told in one task goes as one message', async () => {
    const [first, second, third] = await openTabs(newName(), 3)
    const post = vi.spyOn(BroadcastChannel.prototype, 'postMessage')
    for (let id = 0; id < 2_000; id += 1) first.source.emit({ type: 'updated', id, row: { id } })
    for (const tab of [second, third]) await expect.poll(() => tab.recorder.events).toEqual(first.recorder.events)
    expect(post).toHaveBeenCalledOnce()
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

  test('where the channel is refused each tab connects by itself, and the refusal is reported', () => {
    const refusal = new DOMException('no storage in this frame', 'SecurityError')
    vi.stubGlobal('BroadcastChannel', function refuse() {
      throw refusal
    })
    const tab = openTab(newName())
    expect(tab.connections()).toBe(1)
    expect(tab.recorder.errors).toEqual([refusal])
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

describe('sharedStream over a stream that resumes', () => {
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
    vi.restoreAllMocks()
  })

  test('promise 13: when the holder goes, the next one goes on where it was, and nobody has a gap or misses anything', async () => {
    const numbers = numberedSource()
    const name = newName()
    const [first, second, third] = [numbers.open(name), numbers.open(name), numbers.open(name)]
    await expect.poll(() => [first, second, third].map(({ recorder }) => recorder.gaps.length)).toEqual([1, 1, 1])
    numbers.emit(3)
    await expect.poll(() => third.heard).toEqual([1, 2, 3])
    expect(third.positions).toEqual(['after 0', 'after 3'])
    first.disconnect()
    numbers.emit(2)
    await expect
      .poll(() => [second.heard, third.heard])
      .toEqual([
        [1, 2, 3, 4, 5],
        [1, 2, 3, 4, 5],
      ])
    expect(numbers.asked).toEqual([undefined, 'after 3'])
    numbers.emit(1)
    await expect.poll(() => third.heard).toEqual([1, 2, 3, 4, 5, 6])
    expect(second.heard).toEqual(third.heard)
    expect([second, third].map(({ recorder }) => recorder.gaps.length)).toEqual([1, 1])
    expect(third.positions).toEqual(['after 0', 'after 3', 'after 5', 'after 6'])
    expect(third.recorder.statuses).toEqual([connecting, open])
  })

  test('promise 11: a tab that comes with the position at which the holder stands has no gap, with another it has one', async () => {
    const numbers = numberedSource()
    const name = newName()
    const holder = numbers.open(name)
    await expect.poll(() => holder.positions).toEqual(['after 0'])
    numbers.emit(2)
    await delivered()
    const [same, older] = [numbers.open(name, 'after 2'), numbers.open(name, 'after 1')]
    await expect.poll(() => older.recorder.gaps).toEqual([missed])
    expect(older.positions).toEqual(['after 2'])
    numbers.emit(1)
    for (const tab of [same, older]) await expect.poll(() => tab.heard).toEqual([3])
    expect(same.recorder).toMatchObject({ gaps: [], statuses: [connecting, open] })
    expect(same.positions).toEqual(['after 3'])
    expect(holder.heard).toEqual([1, 2, 3])
  })

  test('promise 11: a tab that comes with the position of the holder has a gap where that has told an event since', async () => {
    const numbers = numberedSource()
    const name = newName()
    const holder = numbers.open(name)
    await expect.poll(() => holder.positions).toEqual(['after 0'])
    numbers.emitHalf()
    await delivered()
    const late = numbers.open(name, 'after 0')
    await expect.poll(() => late.recorder.gaps).toEqual([missed])
    expect(holder.heard).toEqual([1])
  })

  test('a tab that comes back as the only one goes on from its position', async () => {
    const numbers = numberedSource()
    const name = newName()
    const before = numbers.open(name)
    await expect.poll(() => before.positions).toEqual(['after 0'])
    before.disconnect()
    numbers.emit(2)
    const after = numbers.open(name, before.positions.at(-1))
    await expect.poll(() => after.heard).toEqual([1, 2])
    expect(after.recorder.gaps).toEqual([])
  })

  test('promise 11: where the server cannot resume after a hand-over, every tab is told of one gap', async () => {
    const numbers = numberedSource()
    const name = newName()
    const [first, second, third] = [numbers.open(name), numbers.open(name), numbers.open(name)]
    await expect.poll(() => third.positions).toEqual(['after 0'])
    numbers.emit(4)
    await expect.poll(() => [second.heard.length, third.heard.length]).toEqual([4, 4])
    numbers.forget()
    first.disconnect()
    await expect.poll(() => numbers.asked).toEqual([undefined, 'after 4'])
    await delivered()
    for (const { recorder } of [second, third]) expect(recorder.gaps).toEqual(['forgotten', 'forgotten'])
  })

  test('promise 13: a tab whose lock is stolen lets go of its connection, and goes on as one of the others', async () => {
    const numbers = numberedSource()
    const name = newName()
    const [first, second] = [numbers.open(name), numbers.open(name)]
    await expect.poll(() => second.positions).toEqual(['after 0'])
    const [lock] = await locksOf(name)
    const release = await steal(lock?.name)
    await expect.poll(() => numbers.connections()).toBe(0)
    numbers.emit(2)
    release()
    for (const tab of [first, second]) await expect.poll(() => tab.heard).toEqual([1, 2])
    expect(numbers.connections()).toBe(1)
    for (const { recorder } of [first, second]) expect(recorder).toMatchObject({ gaps: ['forgotten'], errors: [] })
  })

  test('promise 13: a holder that falls silent is replaced after 3 to 4 s by a tab that is visible, by no other', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const numbers = numberedSource()
    const name = newName()
    const tab = numbers.open(name)
    await expect.poll(() => tab.positions).toEqual(['after 0'])
    const [lock] = await locksOf(name)
    // It holds the lock and says nothing, as a frozen tab does.
    await steal(lock?.name)
    await expect.poll(() => numbers.connections()).toBe(0)
    numbers.emit(1)
    vi.stubGlobal('document', { hidden: true })
    vi.advanceTimersByTime(60_000)
    await delivered()
    vi.stubGlobal('document', { hidden: false })
    vi.advanceTimersByTime(3_000)
    await delivered()
    expect(numbers.connections()).toBe(0)
    vi.advanceTimersByTime(1_000)
    await expect.poll(() => tab.heard).toEqual([1])
    expect(numbers.asked).toEqual([undefined, 'after 0'])
    expect(tab.recorder).toMatchObject({ gaps: ['forgotten'], errors: [] })
  })

  test('a holder that answers keeps the lock, however long nothing happens', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const numbers = numberedSource()
    const name = newName()
    const tabs = [numbers.open(name), numbers.open(name), numbers.open(name)]
    for (const tab of tabs) await expect.poll(() => tab.positions).toEqual(['after 0'])
    for (let second = 0; second < 20; second += 1) {
      vi.advanceTimersByTime(1_000)
      await delivered()
    }
    expect(numbers.asked).toEqual([undefined])
    expect(tabs.map((tab) => tab.recorder.gaps.length)).toEqual([1, 1, 1])
  })

  test('promise 11: a tab that comes back from the cache of pages learns at once that it has missed something', async () => {
    const page = Object.assign(new EventTarget(), { hidden: false })
    vi.stubGlobal('document', page)
    const numbers = numberedSource()
    const name = newName()
    const [holder, cached] = [numbers.open(name), numbers.open(name)]
    await expect.poll(() => cached.positions).toEqual(['after 0'])
    const listen = vi.spyOn(BroadcastChannel.prototype, 'dispatchEvent').mockReturnValue(true)
    numbers.emit(1)
    await expect.poll(() => listen.mock.calls.length).toBeGreaterThan(0)
    listen.mockRestore()
    page.dispatchEvent(new Event('visibilitychange'))
    await expect.poll(() => cached.recorder.gaps).toEqual(['forgotten', missed])
    expect(cached.positions).toEqual(['after 0', 'after 1'])
    numbers.emit(1)
    await expect.poll(() => cached.heard).toEqual([2])
    expect(holder.recorder.gaps).toHaveLength(1)
  })
})

// What another tab sends, message by message.
describe('a tab of sharedStream', () => {
  test('promise 11: has a gap where it joins at its position, but the holder has told an event since', async () => {
    const { name, send } = otherHolder()
    const [exact, inexact] = [numberedSource(), numberedSource()].map((source) => source.open(name, 'after 2'))
    send({ position: 'after 2', isExact: false, count: 7 })
    await expect.poll(() => inexact?.recorder.gaps).toEqual([missed])
    expect(exact?.recorder.gaps).toEqual([missed])
    expect(inexact?.positions).toEqual(['after 2'])
  })

  test('promise 11: which missed a message has a gap, unless nothing was told in it', async () => {
    const { name, send } = otherHolder()
    const tab = numberedSource().open(name, 'after 2')
    send({ position: 'after 2', count: 7, told: [event(3), ['onPosition', 'after 3']] })
    await expect.poll(() => tab.heard).toEqual([3])
    send({ position: 'after 3', count: 10, told: [event(4)] })
    await expect.poll(() => tab.heard).toEqual([3, 4])
    expect(tab.recorder.gaps).toEqual([])
    send({ position: 'after 3', isExact: false, count: 12, told: [event(6)] })
    await expect.poll(() => tab.recorder.gaps).toEqual([missed])
    expect(tab.heard).toEqual([3, 4, 6])
  })

  test('skips what it has heard, once another holder begins at an earlier position', async () => {
    const { name, send } = otherHolder()
    const tab = numberedSource().open(name, 'after 0')
    send({ position: 'after 0', told: [event(1), ['onPosition', 'after 1'], event(2), ['onPosition', 'after 2']] })
    await expect.poll(() => tab.heard).toEqual([1, 2])
    send({ term: 3, position: 'after 0', told: [event(1), ['onPosition', 'after 1']] })
    send({ term: 3, position: 'after 1', count: 1, told: [event(2), ['onPosition', 'after 2'], event(3), ['onPosition', 'after 3']] })
    await expect.poll(() => tab.heard).toEqual([1, 2, 3])
    expect(tab.positions).toEqual(['after 1', 'after 2', 'after 2', 'after 3'])
    expect(tab.recorder.gaps).toEqual([])
  })

  test('promise 11: has a gap where another holder tells something else than what it has heard', async () => {
    const { name, send } = otherHolder()
    const tab = numberedSource().open(name, 'after 0')
    send({ position: 'after 0', told: [event(1), ['onPosition', 'after 1']] })
    await expect.poll(() => tab.heard).toEqual([1])
    send({ term: 3, position: 'after 0', told: [event(5), ['onPosition', 'after 5'], event(6), ['onPosition', 'after 6']] })
    await expect.poll(() => tab.heard).toEqual([1, 6])
    expect(tab.recorder.gaps).toEqual([missed])
    expect(tab.positions).toEqual(['after 1', 'after 6'])
  })

  test('takes all that comes after a gap for new', async () => {
    const { name, send } = otherHolder()
    const tab = numberedSource().open(name, 'after 0')
    send({ position: 'after 0', told: [event(1), ['onPosition', 'after 1']] })
    await expect.poll(() => tab.heard).toEqual([1])
    send({ term: 3, position: 'after 0', told: [['onGap', 'a reset'], event(8)] })
    send({ term: 3, position: 'after 0', isExact: false, count: 1, told: [['onPosition', 'after 8']] })
    await expect.poll(() => tab.positions).toEqual(['after 1', 'after 8'])
    expect(tab.heard).toEqual([1, 8])
    expect(tab.recorder.gaps).toEqual(['a reset'])
  })

  test('does not follow a holder that was replaced, and tells it so', async () => {
    const { name, send, received } = otherHolder()
    const tab = numberedSource().open(name, 'after 0')
    send({ term: 5, position: 'after 0' })
    await expect.poll(() => tab.recorder.statuses).toEqual([connecting, open])
    send({ term: 4, position: 'after 0', told: [event(1)] })
    await expect.poll(() => received).toContain(5)
    expect(tab.heard).toEqual([])
  })

  test.each(['its messages', 'the answers to its own'])(
    'lets go of the connection when it learns of a later holder from %s',
    async (source) => {
      const name = newName()
      const numbers = numberedSource()
      const tab = numbers.open(name)
      await expect.poll(() => tab.positions).toEqual(['after 0'])
      const other = otherHolder(name)
      other.channel.postMessage('are you there?')
      await expect.poll(() => other.received).toHaveLength(1)
      const { term, count } = other.received[0] as { readonly term: number; readonly count: number }
      if (source === 'the answers to its own') other.channel.postMessage(term + 1_000)
      await delivered()
      other.send({ term: term + 1_000, count, position: 'after 7' })
      await expect.poll(() => tab.recorder.gaps).toEqual(['forgotten', missed])
      expect(tab.positions).toEqual(['after 0', 'after 7'])
      expect(numbers.connections()).toBe(0)
    },
  )
})

interface CountedStream {
  readonly stream: LiveStream
  readonly source: ManualStream
  /** How often it is connected at present. */
  readonly connections: () => number
  /** Calls all that are connected. */
  readonly tell: (told: Told) => void
}

/** What a listener is called with, by the name of the call. */
type Told = { readonly [Call in keyof StreamListener]?: Parameters<NonNullable<StreamListener[Call]>>[0] }

interface Tab extends CountedStream {
  readonly name: string
  readonly recorder: StreamRecorder
  readonly disconnect: () => void
}

function countedStream(): CountedStream {
  const source = manualStream()
  const listeners = new Set<StreamListener>()
  return {
    source,
    connections: () => listeners.size,
    tell(told) {
      for (const listener of listeners) {
        if (told.onStatus !== undefined) listener.onStatus(told.onStatus)
        if ('onError' in told) listener.onError(told.onError)
      }
    },
    stream: {
      connect(listener) {
        listeners.add(listener)
        const disconnect = source.connect(listener)
        return () => {
          listeners.delete(listener)
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
  return { ...counted, name, recorder, disconnect }
}

/** Tabs that have settled; the first one holds the connection. */
async function openTabs(name: string, count: 2): Promise<[Tab, Tab]>
async function openTabs(name: string, count: 3): Promise<[Tab, Tab, Tab]>
async function openTabs(name: string, count: number): Promise<Tab[]> {
  const tabs: Tab[] = []
  for (let index = 0; index < count; index += 1) {
    const tab = openTab(name)
    await expect.poll(() => tab.recorder.gaps, { interval: 5 }).toEqual([missed])
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

async function locksOf(name: string): Promise<LockInfo[]> {
  const { held = [], pending = [] } = await navigator.locks.query()
  return [...held, ...pending].filter((lock) => lock.name?.endsWith(name))
}

/** Takes a lock from whoever has it; the returned function releases it. */
async function steal(name = 'none'): Promise<() => void> {
  const { release, isHeld } = requestLock(name, { steal: true })
  await isHeld
  return release
}

function requestLock(name: string, options: LockOptions): { readonly release: () => void; readonly isHeld: Promise<undefined> } {
  const held = Promise.withResolvers<undefined>()
  const got = Promise.withResolvers<undefined>()
  const gone = navigator.locks.request(name, options, () => {
    got.resolve(undefined)
    return held.promise
  })
  // It may be stolen in turn.
  gone.catch(() => undefined)
  const release = (): void => held.resolve(undefined)
  onTestFinished(release)
  return { release, isHeld: got.promise }
}

interface NumberedTab {
  readonly recorder: StreamRecorder
  /** The numbers of the events it was told. */
  readonly heard: number[]
  readonly positions: string[]
  readonly disconnect: () => void
}

interface NumberedSource {
  readonly open: (name: string, position?: string) => NumberedTab
  /** Emits so many events, numbered from 1, and tells the position after the last. */
  readonly emit: (count: number) => void
  /** Emits the first of two events that have one position. */
  readonly emitHalf: () => void
  /** What was emitted up to now can no longer be told again. */
  readonly forget: () => void
  /** The positions with which connections were made. */
  readonly asked: (string | undefined)[]
  readonly connections: () => number
}

/** A source that tells a connection what came after its position, where it still knows. */
function numberedSource(): NumberedSource {
  const listeners = new Set<StreamListener>()
  const asked: (string | undefined)[] = []
  let last = 0
  let forgotten = 0

  function tell(listener: StreamListener, from: number): void {
    for (let id = from + 1; id <= last; id += 1) listener.onEvent({ type: 'updated', id })
    listener.onPosition?.(`after ${last}`)
  }

  const stream: LiveStream = {
    connect(listener, position) {
      asked.push(position)
      listeners.add(listener)
      listener.onStatus({ state: 'open' })
      const from = position === undefined ? -1 : Number(position.slice('after '.length))
      if (from < forgotten) listener.onGap('forgotten')
      tell(listener, from < forgotten ? last : from)
      return () => listeners.delete(listener)
    },
  }

  return {
    asked,
    connections: () => listeners.size,
    emit(count) {
      last += count
      for (const listener of listeners) tell(listener, last - count)
    },
    emitHalf() {
      last += 1
      for (const listener of listeners) listener.onEvent({ type: 'updated', id: last })
    },
    forget() {
      forgotten = last + 1
    },
    open(name, position) {
      const recorder = streamRecorder()
      const heard: number[] = []
      const listener: StreamListener = {
        ...recorder,
        onEvent: (told) => void heard.push(told.type === 'changed' ? 0 : Number(told.id)),
      }
      const disconnect = sharedStream(stream, { name }).connect(listener, position)
      onTestFinished(disconnect)
      return { recorder, heard, positions: recorder.positions, disconnect }
    },
  }
}

type Sent = readonly [call: keyof StreamListener, told: unknown]

function event(id: number): Sent {
  return ['onEvent', { type: 'updated', id }]
}

interface OtherHolder {
  readonly name: string
  readonly channel: BroadcastChannel
  /** What the tabs have sent. */
  readonly received: unknown[]
  readonly send: (batch: {
    readonly term?: number
    readonly count?: number
    readonly position: string
    readonly isExact?: boolean
    readonly told?: readonly Sent[]
  }) => void
}

/** Another tab, which sends what it is told to, and has the lock or waits for it. */
function otherHolder(name?: string): OtherHolder {
  const key = `vantage-live/stream/2/${name ?? newName()}`
  requestLock(key, {})
  const channel = new BroadcastChannel(key)
  onTestFinished(() => channel.close())
  const received: unknown[] = []
  channel.addEventListener('message', ({ data }) => received.push(data))
  return {
    name: key.slice('vantage-live/stream/2/'.length),
    channel,
    received,
    send: (batch) => channel.postMessage({ term: 2, count: 0, isExact: true, status: open, told: [], ...batch }),
  }
}
