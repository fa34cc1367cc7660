import { describe, expect, test } from 'vitest'
import type { HeldLease } from './cache/held-lease.ts'
import { Flights } from './flights.ts'
import { deferred, settle } from './testing/deferred.ts'

describe('Flights', () => {
  test('promise 15: a reader of the same moment finds the flight, and none of another key does', async () => {
    const { flights, gate, start } = setUp()
    const flight = start('a', lease(1))
    expect(flights.find('a', lease(1))).toBe(flight)
    expect(flights.find('b', lease(1))).toBeUndefined()
    gate.resolve('answer')
    expect(await Promise.all([flights.join(flight, undefined), flights.join(flight, undefined)])).toEqual(['answer', 'answer'])
  })

  test('promise 1: a reader who comes after an invalidation does not find a flight from before it', () => {
    const { flights, start } = setUp()
    const own = lease(1)
    start('a', own)
    expect(flights.find('a', lease(2))).toBeUndefined()
    own.isVoid = true
    expect(flights.find('a', lease(1))).toBeUndefined()
  })

  test('a flight that has landed, well or not, is not found any more', async () => {
    const { flights, gate, start } = setUp()
    const landing = flights.join(start('a', lease(1)), undefined)
    gate.resolve('answer')
    await landing
    expect(flights.find('a', lease(1))).toBeUndefined()
    const failing = flights.join(
      flights.start('a', lease(1), () => Promise.reject(new Error('lost'))),
      undefined,
    )
    await expect(failing).rejects.toThrow('lost')
    expect(flights.find('a', lease(1))).toBeUndefined()
  })

  test('a later flight takes the place of an earlier one, which lands for its own readers and leaves the later one be', async () => {
    const { flights, gate, start } = setUp()
    const earlier = flights.join(start('a', lease(1)), undefined)
    const laterGate = deferred<string>()
    const later = flights.start('a', lease(2), () => laterGate.promise)
    gate.resolve('old')
    expect(await earlier).toBe('old')
    expect(flights.find('a', lease(2))).toBe(later)
    laterGate.resolve('new')
    expect(await flights.join(later, undefined)).toBe('new')
  })

  test('promise 15: one reader going away rejects with its own reason, and does not cancel the request for the others', async () => {
    const { flights, gate, start } = setUp()
    const flight = start('a', lease(1))
    const leaving = new AbortController()
    const left = flights.join(flight, leaving.signal)
    const stayed = flights.join(flight, new AbortController().signal)
    const reason = new Error('gone')
    leaving.abort(reason)
    await expect(left).rejects.toBe(reason)
    expect(flight.controller.signal.aborted).toBe(false)
    expect(flights.find('a', lease(1))).toBe(flight)
    gate.resolve('answer')
    expect(await stayed).toBe('answer')
  })

  test('promise 15: the last reader going away cancels the request, and the next reader starts another', async () => {
    const { flights, start } = setUp()
    const flight = start('a', lease(1))
    const controllers = [new AbortController(), new AbortController()]
    const left = controllers.map(({ signal }) => flights.join(flight, signal))
    const reasons = [new Error('first'), new Error('last')]
    controllers.forEach((controller, index) => controller.abort(reasons[index]))
    expect(await Promise.allSettled(left)).toEqual(reasons.map((reason) => ({ status: 'rejected', reason })))
    expect(flight.controller.signal.reason).toBe(reasons[1])
    expect(flights.find('a', lease(1))).toBeUndefined()
  })

  test('promise 15: a reader without a signal never goes away', async () => {
    const { flights, gate, start } = setUp()
    const flight = start('a', lease(1))
    const staying = flights.join(flight, undefined)
    const leaving = new AbortController()
    const left = flights.join(flight, leaving.signal)
    leaving.abort(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
    expect(flight.controller.signal.aborted).toBe(false)
    gate.resolve('answer')
    expect(await staying).toBe('answer')
  })

  test('a reader who goes away after the landing changes nothing', async () => {
    const { flights, gate, start } = setUp()
    const flight = start('a', lease(1))
    const leaving = new AbortController()
    const joined = flights.join(flight, leaving.signal)
    gate.resolve('answer')
    expect(await joined).toBe('answer')
    await settle()
    leaving.abort(new Error('gone'))
    expect(flight.controller.signal.aborted).toBe(false)
  })
})

function setUp() {
  const flights = new Flights<string>()
  const gate = deferred<string>()
  return { flights, gate, start: (key: string, own: HeldLease) => flights.start(key, own, () => gate.promise) }
}

function lease(stamp: number): HeldLease {
  const stored = { lease: [0, stamp], leaseOf: () => [0, stamp] }
  return {
    slot: { scope: '', cacheKey: 'table', key: 'a', tags: ['x'] },
    stored,
    era: [0],
    isLocal: false,
    isVoid: false,
    touched: new Set(),
  }
}
