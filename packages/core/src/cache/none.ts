import type { Cache, Lease } from './cache.ts'
import { leaseOf, noStamps } from './stamps.ts'

/** No cache: every read asks the master, and readers of the same slot still share one request. */
export function noCache(): Cache {
  return {
    kind: 'none',
    read: ({ tags }) => Promise.resolve({ entry: undefined, lease: unstamped(tags), leaseOf: unstamped }),
    fill: () => Promise.resolve(true),
    invalidate: () => Promise.resolve(),
    purge: () => Promise.resolve(),
  }
}

function unstamped(tags: readonly string[]): Lease {
  return leaseOf(tags, noStamps())
}
