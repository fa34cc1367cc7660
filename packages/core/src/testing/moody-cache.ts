import type { Cache, Tags } from '../cache/cache.ts'
import { memoryCache } from '../cache/memory.ts'

/** What a method of a `moodyCache` does. */
export type Mood = 'work' | 'reject' | 'throw' | 'hang'

/** A method of a `Cache`. */
export type CacheMethod = 'read' | 'fill' | 'invalidate'

/** A cache that fails where it is told to, and counts what it is asked. */
export interface MoodyCache extends Cache {
  readonly moods: Record<CacheMethod, Mood>
  /** The tags of each invalidation it was asked for. */
  readonly invalidations: Tags[]
  readonly asked: Record<CacheMethod, number>
  /** Ends all that hangs: it is done now, late, unless it is to fail. */
  release(error?: Error): void
}

/** Makes a cache in memory, or around the one given, that works until its moods are changed. */
export function moodyCache(cache: Cache = memoryCache()): MoodyCache {
  const moods: Record<CacheMethod, Mood> = { read: 'work', fill: 'work', invalidate: 'work' }
  const asked: Record<CacheMethod, number> = { read: 0, fill: 0, invalidate: 0 }
  const invalidations: Tags[] = []
  const hanging: ((error?: Error) => void)[] = []

  function act<T>(method: CacheMethod, request: () => Promise<T>): Promise<T> {
    asked[method] += 1
    switch (moods[method]) {
      case 'work':
        return request()
      case 'reject':
        return Promise.reject(new Error(`${method} rejected`))
      case 'throw':
        throw new Error(`${method} threw`)
      case 'hang':
        return new Promise((resolve, reject) => {
          hanging.push((error) => (error === undefined ? resolve(request()) : reject(error)))
        })
    }
  }

  return {
    kind: 'moody',
    moods,
    asked,
    invalidations,
    release(error) {
      for (const end of hanging.splice(0)) end(error)
    },
    read: (slot) => act('read', () => cache.read(slot)),
    fill: (slot, entry) => act('fill', () => cache.fill(slot, entry)),
    purge: (scope) => cache.purge(scope),
    invalidate(table, tags, renewals) {
      invalidations.push(tags)
      return act('invalidate', () => cache.invalidate(table, tags, renewals))
    },
  }
}
