import { vi } from 'vitest'

/** What the browser says of its network, until the test does `vi.unstubAllGlobals()`. */
export interface StubbedNetwork {
  isOnline(): boolean
  /** How many listen for it to come and go. */
  listeners(): number
  /** Nobody is told. */
  goOffline(): void
  goOnline(): void
}

export function stubNetwork({ onLine }: { readonly onLine: boolean }): StubbedNetwork {
  const target = new EventTarget()
  const navigator = { onLine }
  let count = 0
  vi.stubGlobal('navigator', navigator)
  vi.stubGlobal('addEventListener', (type: string, listener: () => void) => {
    count += 1
    target.addEventListener(type, listener)
  })
  vi.stubGlobal('removeEventListener', (type: string, listener: () => void) => {
    count -= 1
    target.removeEventListener(type, listener)
  })
  return {
    isOnline: () => navigator.onLine,
    listeners: () => count,
    goOffline: () => {
      navigator.onLine = false
    },
    goOnline: () => {
      navigator.onLine = true
      target.dispatchEvent(new Event('online'))
    },
  }
}
