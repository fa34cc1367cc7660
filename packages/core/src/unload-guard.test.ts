import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { UnloadGuard } from './unload-guard.ts'

let page = new EventTarget()
const add = vi.fn<EventTarget['addEventListener']>((type, listener) => page.addEventListener(type, listener))
const remove = vi.fn<EventTarget['removeEventListener']>((type, listener) => page.removeEventListener(type, listener))

beforeEach(() => {
  page = new EventTarget()
  vi.stubGlobal('addEventListener', add)
  vi.stubGlobal('removeEventListener', remove)
})

afterEach(() => {
  vi.unstubAllGlobals()
  vi.clearAllMocks()
})

test('the user is asked while it is up, and only then', () => {
  const guard = new UnloadGuard()
  expect(isAsked()).toBe(false)
  guard.set(true)
  expect(isAsked()).toBe(true)
  guard.set(false)
  expect(isAsked()).toBe(false)
})

test('it listens only while it is up, so that the browser can keep the page, and once however often it is told', () => {
  const guard = new UnloadGuard()
  guard.set(false)
  expect([add, remove].map(({ mock }) => mock.calls.length)).toEqual([0, 0])
  guard.set(true)
  guard.set(true)
  expect([add, remove].map(({ mock }) => mock.calls.length)).toEqual([1, 0])
  guard.set(false)
  guard.set(false)
  expect([add, remove].map(({ mock }) => mock.calls.length)).toEqual([1, 1])
})

test('of two guards the one that goes down leaves the other one up', () => {
  const [first, second] = [new UnloadGuard(), new UnloadGuard()]
  first.set(true)
  second.set(true)
  first.set(false)
  expect(isAsked()).toBe(true)
  second.set(false)
  expect(isAsked()).toBe(false)
})

test('where there is no page there is nobody to ask', () => {
  vi.stubGlobal('addEventListener', undefined)
  const guard = new UnloadGuard()
  expect(() => guard.set(true)).not.toThrow()
})

/** Whether leaving the page would be held up. */
function isAsked(): boolean {
  return !page.dispatchEvent(new Event('beforeunload', { cancelable: true }))
}
