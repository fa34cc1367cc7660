import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { settle } from '../testing/deferred.ts'
import { WriteGate, type Pause } from './write-gate.ts'

const start = Date.UTC(2026, 0, 1)

let page = new EventTarget()
const listening = new Set<unknown>()

beforeEach(() => {
  vi.useFakeTimers({ now: start })
  page = new EventTarget()
  vi.stubGlobal('addEventListener', (type: string, listener: EventListener) => {
    listening.add(listener)
    page.addEventListener(type, listener)
  })
  vi.stubGlobal('removeEventListener', (type: string, listener: EventListener) => {
    listening.delete(listener)
    page.removeEventListener(type, listener)
  })
})

afterEach(() => {
  // Each test leaves the gate open, and then nothing may be left behind.
  const left = { timers: vi.getTimerCount(), listeners: listening.size }
  listening.clear()
  vi.useRealTimers()
  vi.unstubAllGlobals()
  expect(left).toEqual({ timers: 0, listeners: 0 })
})

describe('the reason', () => {
  test('it tells why it is closed, since when and by which error, once each time that changes', () => {
    const { gate, changes } = setUp()
    expect(gate.paused).toBeUndefined()
    const error = new Error('no network')
    gate.close('unreachable', error)
    vi.setSystemTime(start + 1_000)
    gate.close('unreachable', new Error('still no network'))
    expect(gate.paused).toEqual({ reason: 'unreachable', since: start, error })
    gate.close('offline')
    expect(gate.paused).toEqual({ reason: 'offline', since: start + 1_000 })
    gate.reached()
    gate.reached()
    expect(gate.paused).toBeUndefined()
    expect(changes).toEqual([{ reason: 'unreachable', since: start, error }, { reason: 'offline', since: start + 1_000 }, undefined])
  })

  test('an answer of the master opens it; where it wants another token only resume() does', () => {
    const { gate } = setUp()
    for (const reason of ['offline', 'unreachable'] as const) {
      gate.close(reason)
      gate.reached()
      expect(gate.paused).toBeUndefined()
    }
    gate.close('unauthorized')
    gate.reached()
    gate.wake()
    expect(gate.paused).toMatchObject({ reason: 'unauthorized' })
    gate.resume()
    expect(gate.paused).toBeUndefined()
  })

  test('that another token is wanted is not forgotten because of the network', () => {
    const { gate, changes } = setUp()
    const error = new Error('401')
    gate.close('unauthorized', error)
    gate.close('offline')
    gate.close('unreachable')
    goOnline()
    gate.reached()
    expect(gate.paused).toEqual({ reason: 'unauthorized', since: start, error })
    expect(changes).toHaveLength(1)
    gate.resume()
  })

  test('waking opens it where it is offline; where the master is out of reach the next attempt is to show that', () => {
    const { gate } = setUp()
    gate.close('offline')
    gate.wake()
    expect(gate.paused).toBeUndefined()
    gate.close('unreachable')
    gate.wake()
    gate.resume()
    expect(gate.paused).toMatchObject({ reason: 'unreachable' })
    gate.reached()
  })
})

describe('the browser', () => {
  test('it is listened to only while it may help that the browser is online again', () => {
    const { gate } = setUp()
    expect(listening.size).toBe(0)
    gate.close('offline')
    gate.close('unreachable')
    expect(listening.size).toBe(1)
    gate.close('unauthorized')
    expect(listening.size).toBe(0)
    gate.resume()
    gate.close('unreachable')
    expect(listening.size).toBe(1)
    gate.reached()
    expect(listening.size).toBe(0)
  })

  test('who leaves it hears no more of it, though it stays closed', () => {
    const { gate } = setUp()
    gate.close('offline')
    gate.leave()
    gate.leave()
    goOnline()
    expect(listening.size).toBe(0)
    expect(gate.paused).toMatchObject({ reason: 'offline' })
  })

  test('when it is online again the gate opens, or the next attempt is made', async () => {
    const { gate, waitFor } = setUp()
    gate.close('offline')
    const first = waitFor(Infinity)
    goOnline()
    expect(gate.paused).toBeUndefined()
    await first.over
    gate.close('unreachable')
    const second = waitFor(30_000)
    goOnline()
    expect(gate.paused).toMatchObject({ reason: 'unreachable' })
    await second.over
    gate.reached()
  })

  test('where there is none there is nothing to listen to', () => {
    vi.stubGlobal('addEventListener', undefined)
    const { gate } = setUp()
    gate.close('offline')
    expect(gate.paused).toMatchObject({ reason: 'offline' })
    gate.reached()
    expect(gate.paused).toBeUndefined()
  })
})

describe('waiting', () => {
  test('it is over when the time is', async () => {
    const { waitFor } = setUp()
    const wait = waitFor(1_000)
    await vi.advanceTimersByTimeAsync(999)
    expect(wait.result()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(wait.result()).toBe('over')
  })

  test('without a time it is over when the gate opens, for all who wait', async () => {
    const { gate, waitFor } = setUp()
    gate.close('unauthorized')
    const waits = [waitFor(Infinity), waitFor(Infinity), waitFor(5_000)]
    gate.wake()
    await settle()
    expect(waits.map(({ result }) => result())).toEqual([undefined, undefined, undefined])
    gate.resume()
    await settle()
    expect(waits.map(({ result }) => result())).toEqual(['over', 'over', 'over'])
  })

  test('whoever waits finds the gate open, and those who are told of it as well', async () => {
    const seen: unknown[] = []
    const gate: WriteGate = new WriteGate((paused) => seen.push([paused?.reason, gate.paused?.reason]))
    gate.close('unreachable')
    const waited = gate.wait(Infinity, []).then(() => seen.push(gate.paused))
    gate.reached()
    await waited
    expect(seen).toEqual([['unreachable', 'unreachable'], [undefined, undefined], undefined])
  })

  test('a wait that begins when another one ends is one of its own', async () => {
    const { gate } = setUp()
    gate.close('unreachable')
    let ended = 0
    const again = async (): Promise<void> => {
      await gate.wait(Infinity, [])
      ended += 1
      await again()
    }
    void again()
    gate.wake()
    await settle()
    expect(ended).toBe(1)
    gate.wake()
    await settle()
    expect(ended).toBe(2)
    gate.reached()
  })

  test('it is over as soon as one of the signals aborts, and tells so', async () => {
    const { gate, waitFor } = setUp()
    gate.close('unauthorized')
    const [one, other] = [new AbortController(), new AbortController()]
    const waits = [waitFor(Infinity, one.signal, other.signal), waitFor(1_000, other.signal), waitFor(1_000, one.signal)]
    other.abort()
    await settle()
    expect(waits.map(({ result }) => result())).toEqual(['aborted', 'aborted', undefined])
    gate.resume()
    await settle()
    expect(waits[2]?.result()).toBe('over')
  })

  test('one that has aborted before is waited for no time at all', async () => {
    const { gate } = setUp()
    expect(await gate.wait(Infinity, [new AbortController().signal, AbortSignal.abort()])).toBe('aborted')
  })

  test.each([
    ['the time', async () => vi.advanceTimersByTimeAsync(1_000)],
    ['the opening', async (gate: WriteGate) => gate.reached()],
    ['a signal', async (_: WriteGate, abort: AbortController) => abort.abort()],
  ])('a wait that ended by %s leaves no listener at a signal that lives on', async (_, end) => {
    const { gate } = setUp()
    const [abort, closing] = [new AbortController(), new AbortController()]
    const signals = [abort.signal, closing.signal]
    const added = signals.map((signal) => vi.spyOn(signal, 'addEventListener'))
    const removed = signals.map((signal) => vi.spyOn(signal, 'removeEventListener'))
    gate.close('unreachable')
    const waited = gate.wait(1_000, signals)
    await end(gate, abort)
    await waited
    const args = (spies: typeof added | typeof removed): unknown[] =>
      spies.map(({ mock }) => mock.calls.map(([type, listener]) => [type, listener]))
    expect(added.map(({ mock }) => mock.calls.length)).toEqual([1, 1])
    expect(args(removed)).toEqual(args(added))
    gate.reached()
  })
})

describe('trying in the name of all', () => {
  test('one at a time may, while the master is out of reach, and only then', () => {
    const { gate } = setUp()
    expect(gate.probe()).toBe(false)
    gate.close('unauthorized')
    expect(gate.probe()).toBe(false)
    gate.resume()
    gate.close('offline')
    expect(gate.probe()).toBe(false)
    gate.close('unreachable')
    expect([gate.probe(), gate.probe()]).toEqual([true, false])
    gate.reached()
    gate.stopProbing()
    expect(gate.probe()).toBe(false)
  })

  test('when it tries no longer, those who wait are woken, and one of them may', async () => {
    const { gate, waitFor } = setUp()
    gate.close('unreachable')
    gate.probe()
    const waits = [waitFor(Infinity), waitFor(Infinity)]
    gate.stopProbing()
    await settle()
    expect(waits.map(({ result }) => result())).toEqual(['over', 'over'])
    expect([gate.probe(), gate.probe()]).toEqual([true, false])
    gate.stopProbing()
    gate.reached()
  })
})

function setUp() {
  const changes: (Pause | undefined)[] = []
  const gate = new WriteGate((paused) => changes.push(paused))
  return {
    gate,
    changes,
    waitFor: (delay: number, ...signals: AbortSignal[]) => {
      let result: string | undefined
      const over = gate.wait(delay, signals).then((reason) => {
        result = reason
      })
      return { over, result: () => result }
    },
  }
}

function goOnline(): void {
  page.dispatchEvent(new Event('online'))
}
