import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Watchdog } from './watchdog.ts'

const bound = 1_000

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('tells of each thing that takes too long, once, when its own bound is over', () => {
  const watchdog = new Watchdog(bound)
  const [first, second] = [vi.fn<() => void>(), vi.fn<() => void>()]
  watchdog.watch(first)
  vi.advanceTimersByTime(400)
  watchdog.watch(second)
  vi.advanceTimersByTime(599)
  expect(first).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(first).toHaveBeenCalledOnce()
  vi.advanceTimersByTime(399)
  expect(second).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(second).toHaveBeenCalledOnce()
  vi.advanceTimersByTime(10 * bound)
  expect([first, second].map(({ mock }) => mock.calls.length)).toEqual([1, 1])
})

test('says nothing of what has ended, and one that ends spares no other', () => {
  const watchdog = new Watchdog(bound)
  const [ended, late] = [vi.fn<() => void>(), vi.fn<() => void>()]
  const end = watchdog.watch(ended)
  vi.advanceTimersByTime(1)
  watchdog.watch(late)
  end()
  end()
  vi.advanceTimersByTime(bound)
  expect(ended).not.toHaveBeenCalled()
  expect(late).toHaveBeenCalledOnce()
})

test('one timer serves all, and none is left when all have ended', () => {
  const watchdog = new Watchdog(bound)
  const ends = Array.from({ length: 100 }, () => watchdog.watch(() => undefined))
  expect(vi.getTimerCount()).toBe(1)
  for (const end of ends) end()
  expect(vi.getTimerCount()).toBe(0)
})

test('what begins while another is told of is watched too', () => {
  const watchdog = new Watchdog(bound)
  const late = vi.fn<() => void>()
  watchdog.watch(() => watchdog.watch(late))
  vi.advanceTimersByTime(2 * bound)
  expect(late).toHaveBeenCalledOnce()
})
