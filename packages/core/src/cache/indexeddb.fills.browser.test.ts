import { promisifyRequest } from 'idb-keyval'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { settle } from '../testing/deferred.ts'
import { sameLease, type Cache, type CacheEntry, type Lease, type Slot, type Tags } from './cache.ts'
import { idbCache } from './indexeddb.ts'
import { memoryCache } from './memory.ts'

let cache: Cache
/** The lease of a slot of which nothing was ever invalidated, and one of the same era that never holds. */
let valid: Lease
let none: Lease

beforeEach(async () => {
  cache = idbCache({ name: crypto.randomUUID() })
  const { lease, leaseOf } = await cache.read(slot('opened'))
  valid = lease
  none = leaseOf([])
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('fills wait for a task of their own', () => {
  test('nothing is opened in the task in which a fill is asked for, and one transaction after it', async () => {
    const modes = spyOnTransactions()
    const filled = cache.fill(slot('a'), entry(1))
    for (let tick = 0; tick < 100; tick += 1) await Promise.resolve()
    expect(modes()).toEqual([])
    expect(await filled).toBe(true)
    expect(modes()).toEqual(['readwrite'])
  })

  test('fills of one task share a transaction, whatever their slots and tables, and each gets its own answer', async () => {
    const modes = spyOnTransactions()
    const filled = [cache.fill(slot('a'), entry(1)), cache.fill(slot('b'), entry(2, { lease: none }))]
    await Promise.resolve()
    filled.push(cache.fill(slot('c', 'another table'), entry(3)))
    expect(await Promise.all(filled)).toEqual([true, false, true])
    expect(modes()).toEqual(['readwrite'])
    expect(await Promise.all(['a', 'b', 'c'].map((key) => valueOf(slot(key))))).toEqual([1, 2, 3])
  })

  test('a fill that comes later has a transaction of its own', async () => {
    const modes = spyOnTransactions()
    await cache.fill(slot('a'), entry(1))
    await cache.fill(slot('b'), entry(2))
    expect(modes()).toEqual(['readwrite', 'readwrite'])
  })

  test('an invalidation does not wait for them', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    void cache.fill(slot('a'), entry(1))
    await expect(cache.invalidate({ scope: '', cacheKey: 'table' }, 'all')).resolves.toBeUndefined()
  })
})

describe('a read finds what is still to be written', () => {
  test('right after the fill, which goes first then', async () => {
    const modes = spyOnTransactions()
    void cache.fill(slot('a'), entry(1))
    expect(await valueOf(slot('a'))).toBe(1)
    expect(modes()).toEqual(['readwrite', 'readonly'])
  })

  test('also where the database has yet to be opened', async () => {
    const name = crypto.randomUUID()
    await makeDatabase(name, 0.5)
    cache = idbCache({ name })
    void cache.fill(slot('a'), entry(1, { lease: [0.5, undefined] }))
    expect(await valueOf(slot('a'))).toBe(1)
  })

  test('also from another cache of the same name, once the fill has resolved', async () => {
    const name = crypto.randomUUID()
    cache = idbCache({ name })
    const { lease } = await cache.read(slot('a'))
    await cache.fill(slot('a'), entry(1, { lease }))
    cache = idbCache({ name })
    expect(await valueOf(slot('a'))).toBe(1)
  })

  test('also where no timer ever fires, time and again', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    for (const value of [1, 2, 3]) {
      const filled = cache.fill(slot('a'), entry(value))
      await settle()
      expect(await valueOf(slot('a'))).toBe(value)
      expect(await filled).toBe(true)
    }
  })

  test('also where another read was asked for just before the fill', async () => {
    const before = cache.read(slot('b'))
    void cache.fill(slot('a'), entry(1))
    expect(await valueOf(slot('a'))).toBe(1)
    expect(await before).toMatchObject({ entry: undefined })
  })
})

describe('promise 2: an invalidation right after a fill', () => {
  test.each<[string, Tags]>([
    ['of its tag', ['x']],
    ['of all tags', 'all'],
  ])('%s leaves nothing fresh, whichever is written first', async (_, tags) => {
    for (const isReadBetween of [false, true]) {
      const own = slot(String(isReadBetween))
      const { lease } = await cache.read(own)
      const filled = cache.fill(own, entry(1, { lease }))
      const between = isReadBetween ? cache.read(own) : undefined
      await cache.invalidate({ scope: '', cacheKey: 'table' }, tags)
      await Promise.all([filled, between])
      const { entry: held, lease: present } = await cache.read(own)
      expect(held?.value).toBe(1)
      expect(sameLease(held?.lease ?? present, present)).toBe(false)
    }
  })

  test('voids a fill that was not yet written, and a fill after it holds', async () => {
    const filled = cache.fill(slot('a'), entry(1))
    await cache.invalidate({ scope: '', cacheKey: 'table' }, ['x'])
    expect(await filled).toBe(false)
    const { lease } = await cache.read(slot('a'))
    expect(await cache.fill(slot('a'), entry(2, { lease }))).toBe(true)
    expect(await valueOf(slot('a'))).toBe(2)
  })
})

describe('fills of one slot in one task', () => {
  const fills = ['fresh', 'void'].flatMap((lease) => [
    { lease, fetchedAt: 1 },
    { lease, fetchedAt: 2 },
  ])
  const pairs = fills.flatMap((first) => fills.map((second) => [first, second] as const))

  test('do what they would do one after the other', async () => {
    const modes = spyOnTransactions()
    const memory = memoryCache()
    const { lease: ofMemory } = await memory.read(slot('a'))
    const both = await Promise.all(
      [cache, memory].map((each) =>
        Promise.all(
          pairs.flatMap((pair, index) =>
            pair.map(({ lease, fetchedAt }, nth) => {
              const own = each === memory ? ofMemory : valid
              return each.fill(slot(String(index)), { value: nth, fetchedAt, lease: lease === 'fresh' ? own : own.slice(0, 1) })
            }),
          ),
        ),
      ),
    )
    expect(both[0]).toEqual(both[1])
    expect(modes()).toEqual(['readwrite'])
    for (let index = 0; index < pairs.length; index += 1) {
      const [found, expected] = await Promise.all([cache, memory].map((each) => each.read(slot(String(index)))))
      expect(found?.entry).toMatchObject({ value: expected?.entry?.value, fetchedAt: expected?.entry?.fetchedAt })
      expect(found?.entry?.lease.length).toBe(expected?.entry?.lease.length)
    }
  })

  test('an older void one leaves a newer one, fresh or not', async () => {
    const asked = [
      cache.fill(slot('a'), entry('fresh', { fetchedAt: 9 })),
      cache.fill(slot('a'), entry('void', { lease: none })),
      cache.fill(slot('b'), entry('newer', { fetchedAt: 9, lease: none })),
      cache.fill(slot('b'), entry('older', { lease: none })),
      cache.fill(slot('c'), entry('older', { lease: none })),
      cache.fill(slot('c'), entry('newer', { fetchedAt: 9, lease: none })),
    ]
    expect(await Promise.all(asked)).toEqual([true, false, false, false, false, false])
    expect(await Promise.all(['a', 'b', 'c'].map((key) => valueOf(slot(key))))).toEqual(['fresh', 'newer', 'newer'])
  })
})

describe('promise 7: where fills fail', () => {
  test('a transaction that fails rejects all of its fills, keeps none of them, and spoils no later one', async () => {
    await cache.fill(slot('taken'), entry('taken'))
    const put = IDBObjectStore.prototype.put
    // What fails only after all was asked for, as where the disk is full.
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value, key) {
      return this.name === 'entries' && Array.isArray(key) && key[1] === 'bad' ? this.add(value, ['', 'taken']) : put.call(this, value, key)
    })
    const outcomes = await Promise.allSettled(['a', 'bad', 'b'].map((key) => cache.fill(slot(key), entry(key))))
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(await cache.fill(slot('b'), entry('later'))).toBe(true)
    expect(await Promise.all(['a', 'bad', 'b'].map((key) => valueOf(slot(key))))).toEqual([undefined, undefined, 'later'])
  })

  test('a value that cannot be cloned is refused alone', async () => {
    const outcomes = await Promise.allSettled([
      cache.fill(slot('a'), entry(1)),
      cache.fill(
        slot('b'),
        entry(() => undefined),
      ),
      cache.fill(slot('c'), entry(3)),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await Promise.all(['a', 'b', 'c'].map((key) => valueOf(slot(key))))).toEqual([1, undefined, 3])
  })
})

function slot(key: string, cacheKey: string = 'table'): Slot {
  return { scope: '', cacheKey, key, tags: ['x'] }
}

function entry(value: unknown, more: Partial<CacheEntry> = {}): CacheEntry {
  return { value, fetchedAt: 1, lease: valid, ...more }
}

async function valueOf(own: Slot): Promise<unknown> {
  const { entry: held } = await cache.read(own)
  return held?.value
}

/** A database as the cache makes it, in this era. */
async function makeDatabase(name: string, era: number): Promise<void> {
  const request = indexedDB.open(name, 2)
  request.addEventListener('upgradeneeded', () => {
    for (const store of ['entries', 'meta', 'state']) request.result.createObjectStore(store)
    request.transaction?.objectStore('state').put(era, 'era')
  })
  const database = await promisifyRequest(request)
  database.close()
}

/** The modes of the transactions that are opened from now on, in their order. */
function spyOnTransactions(): () => unknown[] {
  const transaction = vi.spyOn(IDBDatabase.prototype, 'transaction')
  // Other databases may be looked through meanwhile.
  return () => transaction.mock.calls.filter(([stores]) => [stores].flat().includes('state')).map(([, mode]) => mode)
}
