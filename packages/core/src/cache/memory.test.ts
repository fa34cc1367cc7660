import { expect, test } from 'vitest'
import { describeCache } from '../contract/cache-contract.ts'
import type { Slot } from './cache.ts'
import { memoryCache } from './memory.ts'

describeCache('memoryCache', () => {
  const cache = memoryCache()
  return { cache, other: cache }
})

test('two memory caches share nothing', async () => {
  const slot = (): Slot => ({ cacheKey: 'table', key: 'a', tags: ['x'] })
  const cache = memoryCache()
  const other = memoryCache()
  await cache.fill(slot(), { value: 1, fetchedAt: 1, lease: [undefined] })
  await other.invalidate('table', ['x'])
  expect(await cache.read(slot())).toMatchObject({ entry: { value: 1, fetchedAt: 1, lease: [undefined] }, lease: [undefined] })
  expect((await other.read(slot())).entry).toBeUndefined()
})
