import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { makeClock } from './clock.ts'

const start = Date.UTC(2026, 0, 1)

beforeEach(() => {
  vi.useFakeTimers({ now: start })
})

afterEach(() => {
  vi.useRealTimers()
})

test('it tells the time', () => {
  const now = makeClock()
  expect(now()).toBe(start)
  vi.setSystemTime(start + 5)
  expect(now()).toBe(start + 5)
})

test('within one ms each time is later than the one before, and a thousand of them take no more than that ms', () => {
  const now = makeClock()
  const times = Array.from({ length: 1_000 }, now)
  expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b))
  expect(times.at(-1)).toBeLessThanOrEqual(start + 1)
})

test('whichever way the computer’s clock is set, no time is earlier than one before', () => {
  const changes = fc.array(fc.integer({ min: -10_000, max: 10_000 }), { maxLength: 50 })
  fc.assert(
    fc.property(changes, (steps) => {
      const now = makeClock()
      let last = now()
      for (const step of steps) {
        vi.setSystemTime(Date.now() + step)
        const time = now()
        expect(time).toBeGreaterThan(last)
        expect(time).toBeGreaterThanOrEqual(Date.now())
        last = time
      }
    }),
  )
})
