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
