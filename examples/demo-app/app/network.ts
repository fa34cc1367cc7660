import type { LiveStream } from '@vantage-live/core'
import { useSyncExternalStore } from 'react'
import { keptText } from './kept-text.ts'

/** The app's way to the server, with a switch: what a browser does without a network can be tried at any time. */
export interface Network {
  readonly isOnline: boolean
  setOnline(isOnline: boolean): void
  /** As the browser's own; while the app is offline it rejects as the browser's own does then. */
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>
  /** A live stream that is cut while the app is offline, and connected anew when it is back. */
  stream(source: LiveStream): LiveStream
  /** Tells whenever it is back online, until the returned function is called. */
  onOnline(listener: () => void): () => void
}

/** The switch survives a reload, so that one can see what a reload shows without a server. */
const kept = keptText('sessionStorage', 'demo-is-offline')
const listeners = new Set<() => void>()
let isOnline = kept.read() === undefined

export const network: Network = {
  get isOnline() {
    return isOnline
  },

  setOnline(next) {
    isOnline = next
    kept.write(next ? undefined : 'yes')
    // Some of them come and go meanwhile.
    const present = [...listeners]
    for (const listener of present) if (listeners.has(listener)) listener()
  },

  fetch: (url, init) => (isOnline ? fetch(url, init) : Promise.reject(new TypeError('the app is switched offline'))),

  stream: (source) => ({
    connect(listener, from) {
      let disconnect: (() => void) | undefined
      let position = from
      const onPosition = (next: string): void => {
        position = next
        listener.onPosition?.(next)
      }
      const follow = (): void => {
        disconnect?.()
        disconnect = isOnline ? source.connect({ ...listener, onPosition }, position) : undefined
        if (!isOnline) listener.onStatus({ state: 'closed', reason: 'offline' })
      }
      const unsubscribe = subscribe(follow)
      follow()
      return () => {
        unsubscribe()
        disconnect?.()
      }
    },
  }),

  onOnline: (listener) =>
    subscribe(() => {
      if (isOnline) listener()
    }),
}

export function useIsOnline(): boolean {
  return useSyncExternalStore(subscribe, () => isOnline)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
