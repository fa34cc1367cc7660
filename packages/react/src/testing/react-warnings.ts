import { afterEach, beforeEach, expect, vi } from 'vitest'

/** Fails each test of a file in which React warns of anything, or TanStack Query does. What a boundary catches is no warning. */
export function expectNoReactWarnings(): void {
  beforeEach(() => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
  })

  afterEach(() => {
    // A warning is a text, as is what React 18 says of a caught error, which it throws at the window besides.
    const warnings = vi
      .mocked(console.error)
      .mock.calls.filter(([first]) => typeof first === 'string' && !first.startsWith('The above error occurred'))
    vi.mocked(console.error).mockRestore()
    expect(warnings).toEqual([])
  })
}

/** Lets one task pass, in which promises are settled and React renders, but no timer need fire. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port2.addEventListener('message', () => {
      port1.close()
      resolve()
    })
    port2.start()
    port1.postMessage(undefined)
  })
}
