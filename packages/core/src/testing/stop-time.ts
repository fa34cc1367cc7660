import { onTestFinished, vi } from 'vitest'

/**
 * Stops timers and the time that passes: `vi.advanceTimersByTimeAsync` moves both, and `vi.useRealTimers` lets them go on.
 *
 * Vitest puts another object in the place of `performance`, which a function that WebKit has compiled already does not see.
 */
export function stopTime({ date = false }: { readonly date?: boolean } = {}): void {
  const { performance } = globalThis
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', ...(date ? (['Date'] as const) : [])], now: Date.now() })
  const real = performance.now.bind(performance)
  const spy = vi
    .spyOn(performance, 'now')
    .mockImplementation(() => (globalThis.performance === performance ? real() : globalThis.performance.now()))
  onTestFinished(() => spy.mockRestore())
}
