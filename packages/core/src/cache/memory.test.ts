import { expect, test } from 'vitest'
import { describeCache } from '../contract/cache-contract.ts'
import type { Slot } from './cache.ts'
import { memoryCache } from './memory.ts'

describeCache('memoryCache', () => {
  const cache = memoryCache()
  return { cache, other: cache }
})

test('two memory caches share nothing', async () => {
  const slot = (): Slot => ({ scope: '', cacheKey: 'table', key: 'a', tags: ['x'] })
  const cache = memoryCache()
  const other = memoryCache()
  const { lease } = await cache.read(slot())
  await cache.fill(slot(), { value: 1, fetchedAt: 1, lease })
  await other.invalidate({ scope: '', cacheKey: 'table' }, ['x'])
  expect(await cache.read(slot())).toMatchObject({ entry: { value: 1, fetchedAt: 1, lease }, lease })
  expect((await other.read(slot())).entry).toBeUndefined()
})

test('it keeps no more than its bound: what was not used for the longest time goes, what is in use stays', async () => {
  const cache = memoryCache({ maxEntries: 3 })
  const slot = (key: string): Slot => ({ scope: '', cacheKey: 'table', key, tags: ['x'] })
  const fill = async (key: string): Promise<void> => {
    const { lease } = await cache.read(slot(key))
    await cache.fill(slot(key), { value: key, fetchedAt: 1, lease })
  }
  const kept = async (): Promise<string> => {
    const found = await Promise.all(Array.from('fedcba').map(async (key) => ((await cache.read(slot(key))).entry === undefined ? '' : key)))
    return found.join('')
  }
  for (const key of 'abc') await fill(key)
  await cache.read(slot('a'))
  await fill('d')
  expect(await kept()).toBe('dca')
  const unpin = cache.pin?.(slot('d'))
  for (const key of 'ef') await fill(key)
  expect(await kept()).toBe('fed')
  unpin?.()
  for (const key of 'abc') await fill(key)
  expect(await kept()).toBe('cba')
  expect(() => memoryCache({ maxEntries: 0 })).toThrow('maxEntries is 0; expected a number above 0')
})
