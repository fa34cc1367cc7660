import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { TimeoutError } from '../errors.ts'
import { deferred } from '../testing/deferred.ts'
import { moodyCache, type CacheMethod, type MoodyCache } from '../testing/moody-cache.ts'
import type { Cache, CacheRead, Renewal, Slot } from './cache.ts'
import { sameMoment, type HeldLease } from './held-lease.ts'
import { memoryCache } from './memory.ts'
import { SafeCache, type CacheOperation, type Lookup, type StorageStatus } from './safe-cache.ts'

const bound = 2_000
const table = { scope: '', cacheKey: 'table' }

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('what is cached', () => {
  test('a slot is looked up, filled under its lease and found fresh', async () => {
    const { safe } = setUp()
    const { entry, fresh, lease } = await safe.read(slot('a', 'x'))
    expect({ entry, fresh }).toEqual({ entry: undefined, fresh: false })
    expect(await safe.fill(slot('a', 'x'), lease, 'value', 5, false)).toBe(true)
    safe.release(lease)
    expect(await look(safe, slot('a', 'x'))).toMatchObject({ entry: { value: 'value', fetchedAt: 5 }, fresh: true })
  })

  test('what is never fresh is stored as stale, and its fill answers false', async () => {
    const { safe } = setUp()
    const lease = await hold(safe, slot('a', 'x'))
    expect(await safe.fill(slot('a', 'x'), lease, 'value', 5, true)).toBe(false)
    expect(await look(safe, slot('a', 'x'))).toMatchObject({ entry: { value: 'value', fetchedAt: 5 }, fresh: false })
  })

  test('its kind is the kind of the cache behind it', () => {
    expect(setUp().safe.kind).toBe('moody')
  })
})

describe('leases', () => {
  test('promise 2: an invalidation voids the leases under its tags at once, before it is written', async () => {
    const { safe, cache } = setUp()
    const [mine, others] = [await hold(safe, slot('a', 'x', 'y')), await hold(safe, slot('b', 'z'))]
    cache.moods.invalidate = 'hang'
    const invalidated = safe.invalidate(['y'])
    expect([mine.isVoid, others.isVoid]).toEqual([true, false])
    expect(await safe.fill(slot('a', 'x', 'y'), mine, 'old', 1, false)).toBe(false)
    cache.release()
    await invalidated
    expect(await look(safe, slot('a', 'x', 'y'))).toMatchObject({ fresh: false })
  })

  test('promise 2: an invalidation of all tags voids every lease at once', async () => {
    const { safe, cache } = setUp()
    const leases = [await hold(safe, slot('a', 'x')), await hold(safe, slot('b', 'y'))]
    cache.moods.invalidate = 'hang'
    void safe.invalidate('all')
    expect(leases.map(({ isVoid }) => isVoid)).toEqual([true, true])
  })

  test('promise 2: an invalidation by another tab voids a lease too', async () => {
    const storage = memoryCache()
    const { safe } = setUp(storage)
    const lease = await hold(safe, slot('a', 'x'))
    await storage.invalidate({ scope: '', cacheKey: 'table' }, ['x'])
    expect(lease.isVoid).toBe(false)
    expect(await safe.fill(slot('a', 'x'), lease, 'old', 1, false)).toBe(false)
    expect(await look(safe, slot('a', 'x'))).toMatchObject({ fresh: false })
  })

  test('a lease that was given back is left alone', async () => {
    const { safe } = setUp()
    const lease = await hold(safe, slot('a', 'x'))
    safe.release(lease)
    await safe.invalidate(['x'])
    expect(lease.isVoid).toBe(false)
  })

  test('promise 1: what was read while it was invalidated is not fresh', async () => {
    const { safe, cache } = setUp()
    await fill(safe, slot('a', 'x'), 'old')
    cache.moods.read = 'hang'
    const looked = look(safe, slot('a', 'x'))
    await settle()
    void safe.invalidate(['x'])
    cache.moods.read = 'work'
    cache.release()
    expect(await looked).toMatchObject({ entry: { value: 'old' }, fresh: false })
  })

  test('promises 2 and 17: one of a page is overtaken by what invalidates a row that the page turns out to show, and by no other', async () => {
    const { safe } = setUp()
    const lease = await hold(safe, page())
    await safe.invalidate(['row 1'])
    expect(await safe.fill(page(), lease, 'void', 1, false, ['row 1', 'row 2'])).toBe(false)
    expect(await look(safe, page())).toMatchObject({ entry: { value: 'void' }, fresh: false })
    expect(await safe.fill(page(), lease, 'fresh', 2, false, ['row 2', 'row 3'])).toBe(true)
    expect(await look(safe, page())).toMatchObject({ entry: { value: 'fresh' }, fresh: true })
  })

  test('promises 1 and 7: nothing is fresh that hangs on a tag of its own whose invalidation could not be written', async () => {
    const { safe, cache } = setUp()
    await safe.fill(page(), await hold(safe, page()), 'old', 1, false, ['row 1'])
    cache.moods.invalidate = 'reject'
    await safe.invalidate(['row 1'])
    expect(await look(safe, page())).toMatchObject({ entry: { value: 'old' }, fresh: false })
    cache.moods.invalidate = 'work'
    expect(await look(safe, page())).toMatchObject({ entry: { value: 'old' }, fresh: false })
    expect(cache.invalidations.at(-1)).toEqual(['row 1'])
  })

  test('promise 2: what a write would have renewed goes stale where that write fails', async () => {
    const { safe, cache } = setUp()
    await safe.fill(page(), await hold(safe, page()), 'old', 1, false, ['row 1'])
    const renewal = (value: string): Renewal => ({ slot: page(), tags: ['x', 'row 1'], renew: () => value })
    await safe.invalidate(['row 1'], [renewal('first')])
    expect(await look(safe, page())).toMatchObject({ entry: { value: 'first' }, fresh: true })
    cache.moods.invalidate = 'reject'
    await safe.invalidate(['row 1'], [renewal('lost')])
    cache.moods.invalidate = 'work'
    await safe.invalidate(['row 1'], [renewal('later')])
    expect(await look(safe, page())).toMatchObject({ entry: { value: 'first' }, fresh: false })
  })

  test('two leases are of one moment unless something under them was invalidated in between', async () => {
    const storage = memoryCache()
    const { safe } = setUp(storage)
    const first = await hold(safe, slot('a', 'x'))
    const second = await hold(safe, slot('a', 'x'))
    expect(sameMoment(first, second)).toBe(true)
    await storage.invalidate({ scope: '', cacheKey: 'table' }, ['x'])
    const third = await hold(safe, slot('a', 'x'))
    expect(sameMoment(first, third)).toBe(false)
    await safe.invalidate(['x'])
    const fourth = await hold(safe, slot('a', 'x'))
    expect([sameMoment(third, fourth), sameMoment(fourth, third), sameMoment(first, second)]).toEqual([false, false, false])
  })

  test('two leases that the cache could not give are of one moment, too, and of none with one that it gave', async () => {
    const { safe, cache } = setUp()
    const given = await hold(safe, slot('a', 'x'))
    cache.moods.read = 'reject'
    const [first, second] = [await hold(safe, slot('a', 'x')), await hold(safe, slot('a', 'x'))]
    expect([sameMoment(first, second), sameMoment(given, first), sameMoment(first, given)]).toEqual([true, false, false])
  })
})

describe('promise 7: the cache may fail', () => {
  const failures = (['reject', 'throw'] as const).flatMap((mood) =>
    (['read', 'fill', 'invalidate'] as const).map((method) => ({ method, mood })),
  )

  test.each(failures)('$method() fails by $mood: it is reported, and nothing is fresh that may not be', async ({ method, mood }) => {
    const { safe, cache, errors } = setUp()
    await fill(safe, slot('a', 'x'), 'old')
    cache.moods[method] = mood
    expect(await attempt(safe, method)).toEqual(nothingDone[method])
    expect(vi.getTimerCount()).toBe(0)
    expect(errors).toEqual([{ during: `cache-${method}`, error: new Error(`${method} ${mood === 'throw' ? 'threw' : 'rejected'}`) }])
  })

  test.each(['read', 'fill', 'invalidate'] as const)('%s() hangs: it is given up after 2 s, and reported', async (method) => {
    const { safe, cache, errors } = setUp()
    await fill(safe, slot('a', 'x'), 'old')
    cache.moods[method] = 'hang'
    const attempted = vi.fn<(outcome: unknown) => void>()
    void attempt(safe, method).then(attempted)
    await vi.advanceTimersByTimeAsync(bound - 1)
    expect(attempted).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(attempted).toHaveBeenCalledExactlyOnceWith(nothingDone[method])
    expect(vi.getTimerCount()).toBe(0)
    expect(errors).toEqual([{ during: `cache-${method}`, error: new TimeoutError(`cache-${method}`, bound) }])
  })

  test.each(['read', 'fill', 'invalidate'] as const)(
    'while %s() hangs beyond its bound nothing else is asked of the cache, or waits',
    async (method) => {
      const { safe, cache, errors } = setUp()
      await fill(safe, slot('a', 'x'), 'old')
      cache.moods[method] = 'hang'
      const done = attempt(safe, method)
      await vi.advanceTimersByTimeAsync(bound)
      await done
      const asked = { ...cache.asked }
      const { entry, fresh, lease } = await safe.read(slot('a', 'x'))
      expect({ entry, fresh }).toEqual({ entry: undefined, fresh: false })
      expect(await safe.fill(slot('a', 'x'), lease, 'new', 2, false)).toBe(true)
      await safe.invalidate(['y'])
      expect(cache.asked).toEqual(asked)
      expect(errors).toHaveLength(1)
    },
  )

  test.each([undefined, new Error('too late')])(
    'a cache that answers late, with the error %s, is asked again from then on',
    async (error) => {
      const { safe, cache } = setUp()
      await fill(safe, slot('a', 'x'), 'old')
      cache.moods.read = 'hang'
      const looked = [look(safe, slot('a', 'x')), look(safe, slot('a', 'x'))]
      await vi.advanceTimersByTimeAsync(bound)
      expect(await Promise.all(looked)).toMatchObject([{ entry: undefined }, { entry: undefined }])
      cache.moods.read = 'work'
      cache.release(error)
      await settle()
      expect(await look(safe, slot('a', 'x'))).toMatchObject({ entry: { value: 'old' }, fresh: true })
    },
  )

  test('a cache that answers just in time is not taken for stuck', async () => {
    const { safe, cache, errors } = setUp()
    await fill(safe, slot('a', 'x'), 'old')
    cache.moods.read = 'hang'
    const looked = look(safe, slot('a', 'x'))
    await vi.advanceTimersByTimeAsync(bound - 1)
    cache.release()
    expect(await looked).toMatchObject({ entry: { value: 'old' }, fresh: true })
    expect(errors).toEqual([])
  })

  test('a cache whose methods answer at once instead of with a promise does as well', async () => {
    const storage = memoryCache()
    const answered = await storage.read(slot('a', 'x'))
    const hasty = { kind: 'hasty', read: () => answered, fill: () => true, invalidate: () => undefined, purge: () => undefined }
    const errors: unknown[] = []
    const safe = new SafeCache(hasty as unknown as Cache, table, { onError: (_, error) => errors.push(error), onStatus: () => undefined })
    expect(await fill(safe, slot('a', 'x'), 'value')).toBe(true)
    await safe.invalidate(['x'])
    expect(errors).toEqual([])
  })

  test('a read whose lease the cache could not give fills nothing, and its answer is as fresh as the master', async () => {
    const { safe, cache } = setUp()
    cache.moods.read = 'reject'
    const lease = await hold(safe, slot('a', 'x'))
    expect(await safe.fill(slot('a', 'x'), lease, 'value', 1, false)).toBe(true)
    expect(cache.asked.fill).toBe(0)
    await safe.invalidate(['x'])
    expect(await safe.fill(slot('a', 'x'), lease, 'value', 1, false)).toBe(false)
  })
})

describe('an invalidation that could not be written', () => {
  test.each(['reject', 'throw'] as const)('by %s keeps what hangs on its tags from being fresh, and nothing else', async (mood) => {
    const { safe, cache } = setUp()
    await fill(safe, slot('a', 'x', 'y'), 'old')
    await fill(safe, slot('b', 'z'), 'other')
    cache.moods.invalidate = mood
    await safe.invalidate(['y'])
    expect(await look(safe, slot('a', 'x', 'y'))).toMatchObject({ entry: { value: 'old' }, fresh: false })
    expect(await look(safe, slot('b', 'z'))).toMatchObject({ entry: { value: 'other' }, fresh: true })
  })

  test('of all tags keeps everything from being fresh until it is written', async () => {
    const { safe, cache } = setUp()
    await fill(safe, slot('a', 'x'), 'old')
    cache.moods.invalidate = 'reject'
    await safe.invalidate('all')
    expect(await look(safe, slot('a', 'x'))).toMatchObject({ entry: { value: 'old' }, fresh: false })
    await fill(safe, slot('b', 'new'), 'not fresh either')
    expect(await look(safe, slot('b', 'new'))).toMatchObject({ fresh: false })
    cache.moods.invalidate = 'work'
    await fill(safe, slot('a', 'x'), 'new')
    expect(await look(safe, slot('a', 'x'))).toMatchObject({ entry: { value: 'new' }, fresh: true })
    expect(cache.invalidations.every((tags) => tags === 'all')).toBe(true)
  })

  test('is tried again by each read, for other tabs’ sake also by one of something else, and once it is written the slot can be fresh again', async () => {
    const { safe, cache } = setUp()
    await fill(safe, slot('a', 'x'), 'old')
    cache.moods.invalidate = 'reject'
    await safe.invalidate(['x'])
    await look(safe, slot('a', 'x'))
    await look(safe, slot('b', 'z'))
    expect(cache.invalidations).toEqual([['x'], ['x'], ['x']])
    cache.moods.invalidate = 'work'
    expect(await look(safe, slot('a', 'x'))).toMatchObject({ entry: { value: 'old' }, fresh: false })
    expect(cache.invalidations).toHaveLength(4)
    await fill(safe, slot('a', 'x'), 'new')
    expect(await look(safe, slot('a', 'x'))).toMatchObject({ entry: { value: 'new' }, fresh: true })
    expect(cache.invalidations).toHaveLength(4)
  })

  test('keeps a read from being fresh that was under way when it was written at last', async () => {
    const storage = memoryCache()
    const { safe, cache } = setUp(storage)
    await fill(safe, slot('a', 'x'), 'old')
    cache.moods.invalidate = 'reject'
    await safe.invalidate(['x'])
    const [answer, gate] = [deferred<CacheRead>(), deferred()]
    vi.spyOn(cache, 'read').mockImplementation((own) => {
      // The cache looks at once, and its answer takes a while.
      void storage.read(own).then(answer.resolve)
      return gate.promise.then(() => answer.promise)
    })
    const looked = look(safe, slot('a', 'x'))
    await settle()
    cache.moods.invalidate = 'work'
    await safe.invalidate(['y'])
    gate.resolve()
    expect(await looked).toMatchObject({ entry: { value: 'old' }, fresh: false })
  })

  test('goes with the next one', async () => {
    const { safe, cache } = setUp()
    cache.moods.invalidate = 'reject'
    await safe.invalidate(['x'])
    cache.moods.invalidate = 'work'
    await safe.invalidate(['y'])
    expect(cache.invalidations).toEqual([['x'], ['x', 'y']])
    await fill(safe, slot('a', 'x'), 'new')
    expect(await look(safe, slot('a', 'x'))).toMatchObject({ fresh: true })
  })

  test('leaves no slot fresh that is filled meanwhile under a lease from before it', async () => {
    const { safe, cache } = setUp()
    const lease = await hold(safe, slot('a', 'x'))
    cache.moods.invalidate = 'reject'
    await safe.invalidate(['x'])
    expect(await safe.fill(slot('a', 'x'), lease, 'old', 1, false)).toBe(false)
    expect(await look(safe, slot('a', 'x'))).toMatchObject({ fresh: false })
    cache.moods.invalidate = 'work'
    expect(await look(safe, slot('a', 'x'))).toMatchObject({ fresh: false })
    expect(await look(safe, slot('a', 'x'))).toMatchObject({ fresh: false })
  })

  test('leaves no slot fresh for other tabs either that is filled under a lease from before it', async () => {
    const storage = memoryCache()
    const { safe, cache } = setUp(storage)
    const lease = await hold(safe, slot('a', 'x'))
    cache.moods.invalidate = 'reject'
    await safe.invalidate(['x'])
    await safe.fill(slot('a', 'x'), lease, 'old', 1, false)
    expect(
      await look(new SafeCache(storage, table, { onError: () => undefined, onStatus: () => undefined }), slot('a', 'x')),
    ).toMatchObject({
      entry: { value: 'old' },
      fresh: false,
    })
  })

  test('in time but was written later counts as written', async () => {
    const { safe, cache } = setUp()
    await fill(safe, slot('a', 'x'), 'old')
    cache.moods.invalidate = 'hang'
    const invalidated = safe.invalidate(['x'])
    await vi.advanceTimersByTimeAsync(bound)
    await invalidated
    cache.release()
    await settle()
    expect(await look(safe, slot('a', 'x'))).toMatchObject({ entry: { value: 'old' }, fresh: false })
    await fill(safe, slot('a', 'x'), 'new')
    expect(await look(safe, slot('a', 'x'))).toMatchObject({ entry: { value: 'new' }, fresh: true })
    expect(cache.invalidations).toHaveLength(1)
  })

  test('because the cache hung is written as soon as the cache answers, without anybody asking', async () => {
    const storage = memoryCache()
    const { safe, cache } = setUp(storage)
    await fill(safe, slot('a', 'x'), 'old')
    cache.moods.read = 'hang'
    const looked = look(safe, slot('a', 'x'))
    await vi.advanceTimersByTimeAsync(bound)
    await looked
    await safe.invalidate(['x'])
    expect(cache.invalidations).toEqual([])
    cache.release()
    await settle()
    expect(cache.invalidations).toEqual([['x']])
    expect((await storage.read(slot('a', 'x'))).lease).not.toEqual([undefined])
  })
})

describe('promise 12: bursts of invalidations share their writes', () => {
  test('the first is written at once, and all that come meanwhile in one write behind it', async () => {
    const { safe, cache } = setUp()
    cache.moods.invalidate = 'hang'
    const done: string[] = []
    for (const tag of ['a', 'b', 'c', 'b', 'd']) void safe.invalidate([tag]).then(() => done.push(tag))
    await settle()
    expect(cache.invalidations).toEqual([['a']])
    cache.release()
    await settle()
    expect(done).toEqual(['a'])
    expect(cache.invalidations).toEqual([['a'], ['b', 'c', 'd']])
    cache.release()
    await settle()
    expect(done).toEqual(['a', 'b', 'c', 'b', 'd'])
    expect(cache.invalidations).toHaveLength(2)
  })

  test('a tag that is invalidated again while it is being written is written again', async () => {
    const { safe, cache } = setUp()
    cache.moods.invalidate = 'hang'
    const first = safe.invalidate(['x'])
    const second = safe.invalidate(['x'])
    cache.moods.invalidate = 'work'
    cache.release()
    await Promise.all([first, second])
    expect(cache.invalidations).toEqual([['x'], ['x']])
  })

  test('one of all tags takes the others along that wait, and what comes while it is being written is written after it', async () => {
    const { safe, cache } = setUp()
    await fill(safe, slot('c', 'c'), 'old')
    cache.moods.invalidate = 'hang'
    const done: string[] = []
    for (const tags of [['a'], ['b'], 'all'] as const) void safe.invalidate(tags).then(() => done.push(String(tags)))
    await settle()
    cache.release()
    await settle()
    void safe.invalidate(['c']).then(() => done.push('c'))
    cache.release()
    await settle()
    expect(cache.invalidations).toEqual([['a'], 'all', ['c']])
    expect(done).toEqual(['a', 'b', 'all'])
    cache.moods.invalidate = 'work'
    cache.release()
    await settle()
    expect(done).toEqual(['a', 'b', 'all', 'c'])
    expect(cache.invalidations).toHaveLength(3)
    expect(await look(safe, slot('c', 'c'))).toMatchObject({ fresh: false })
  })

  test('a thousand at once are two writes', async () => {
    const { safe, cache } = setUp()
    await Promise.all(Array.from({ length: 1_000 }, (_, index) => safe.invalidate(['lists', `${index}`])))
    expect(cache.invalidations).toHaveLength(2)
    expect(cache.invalidations[1]).toHaveLength(1_000)
  })

  test('one that comes just when a write ends takes those along that waited for it', async () => {
    const { safe, cache } = setUp()
    cache.moods.invalidate = 'hang'
    const late = safe.invalidate(['a']).then(() => safe.invalidate(['c']))
    const waiting = safe.invalidate(['b'])
    cache.release()
    cache.moods.invalidate = 'work'
    await Promise.all([late, waiting])
    await settle()
    expect(cache.invalidations.flat().toSorted()).toEqual(['a', 'b', 'c'])
    expect(cache.invalidations).not.toContainEqual([])
  })

  test('a read that comes while its tag is being invalidated waits for the write, and finds the slot stale', async () => {
    const { safe, cache } = setUp()
    await fill(safe, slot('a', 'x'), 'old')
    cache.moods.invalidate = 'hang'
    const invalidated = safe.invalidate(['x'])
    const looked = look(safe, slot('a', 'x'))
    await settle()
    expect(cache.asked.read).toBe(1)
    cache.release()
    await invalidated
    expect(await looked).toMatchObject({ entry: { value: 'old' }, fresh: false })
    expect(cache.invalidations).toHaveLength(1)
  })
})

interface Reported {
  readonly during: CacheOperation
  readonly error: unknown
}

function setUp(storage: Cache = memoryCache()): {
  readonly safe: SafeCache
  readonly cache: MoodyCache
  readonly errors: readonly Reported[]
  readonly statuses: readonly StorageStatus[]
} {
  const cache = moodyCache(storage)
  const errors: Reported[] = []
  const statuses: StorageStatus[] = []
  const onError = (during: CacheOperation, error: unknown): void => void errors.push({ during, error })
  const safe = new SafeCache(cache, table, { onError, onStatus: (status) => statuses.push(status) })
  return { safe, cache, errors, statuses }
}

function slot(key: string, ...tags: readonly string[]): Slot {
  return { scope: '', cacheKey: 'table', key, tags }
}

/** One that hangs on the rows that it shows, too. */
function page(): Slot {
  return { ...slot('a', 'x'), hasParts: true }
}

async function hold(safe: SafeCache, own: Slot): Promise<HeldLease> {
  const { lease } = await safe.read(own)
  return lease
}

async function look(safe: SafeCache, own: Slot): Promise<Lookup> {
  const lookup = await safe.read(own)
  safe.release(lookup.lease)
  return lookup
}

async function fill(safe: SafeCache, own: Slot, value: unknown): Promise<boolean> {
  const lease = await hold(safe, own)
  const holds = await safe.fill(own, lease, value, 1, false)
  safe.release(lease)
  return holds
}

/** What a cache that cannot do anything makes of the slot `a`. */
const nothingDone = {
  read: { entry: undefined, fresh: false },
  // The master's answer is as good as ever.
  fill: true,
  // It is not on the disk.
  invalidate: false,
}

/** Does with the slot `a` what the method is for. */
async function attempt(safe: SafeCache, method: CacheMethod): Promise<unknown> {
  switch (method) {
    case 'read': {
      const { entry, fresh } = await look(safe, slot('a', 'x'))
      return { entry, fresh }
    }
    case 'fill':
      return safe.fill(slot('a', 'x'), await hold(safe, slot('a', 'x')), 'new', 2, false)
    case 'invalidate':
      return safe.invalidate(['x'])
  }
}

/** Lets everything happen that waits for no timer. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0)
}
