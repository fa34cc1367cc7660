import type { Cache } from './cache.ts'

/** No cache: every read asks the master, and readers of the same slot still share one request. */
export function noCache(): Cache {
  return {
    kind: 'none',
    read: (slot) => Promise.resolve({ entry: undefined, lease: slot.tags.map(() => undefined) }),
    fill: () => Promise.resolve(true),
    invalidate: () => Promise.resolve(),
  }
}
