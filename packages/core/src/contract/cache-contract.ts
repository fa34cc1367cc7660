import { describe, expect, onTestFinished, test } from 'vitest'
import { sameLease, type Cache, type CachedTable, type CacheEntry, type Renewal, type Slot } from '../cache/cache.ts'

/** A cache to be tested, on a storage of its own. */
export interface CacheUnderTest {
  readonly cache: Cache
  /** A second cache on the same storage, as another tab has it. Without it, nothing is tested between the two. */
  readonly other?: Cache
  readonly dispose?: () => unknown
}

/** What `describeCache` takes besides the cache. */
export interface CacheContractOptions {
  /** Whether the cache keeps anything at all; true by default. */
  readonly keeps?: boolean
}

/** The table of most tests. */
const table: CachedTable = { scope: '', cacheKey: 'table' }

/** Names that break what does not keep names apart, some of them prefixes of each other. */
const awkwardNames: readonly string[] = [
  '',
  ' ',
  'client',
  'clients',
  'client/1',
  '/',
  '\\',
  '%',
  '%2F',
  "'",
  '"',
  '["client"]',
  '["client","1"]',
  '\0',
  'client\0',
  '\n',
  'constructor',
  '__proto__',
  'invalidated:client',
  'é',
  'e\u0301',
  '🥐',
  '\ud83e',
  '\udd50',
  '\ud83e?',
  '\uffff',
]

/**
 * Declares the tests that every `Cache` must pass, with vitest.
 *
 * @param create makes a cache on an empty storage, for one test; it may be asynchronous, and so may `dispose`
 */
export function describeCache(
  name: string,
  create: () => CacheUnderTest | Promise<CacheUnderTest>,
  { keeps = true }: CacheContractOptions = {},
): void {
  describe(`${name} is a cache`, () => {
    describeAnyCache(create)
    if (keeps) describeKeepingCache(create)
    else describeForgetfulCache(create)
  })
}

function describeAnyCache(create: () => CacheUnderTest | Promise<CacheUnderTest>): void {
  test('its kind is a word', async () => {
    const { cache } = await setUp(create)
    expect(cache.kind).toMatch(/^\S+$/)
  })

  test('a slot that was never filled has no entry, and a lease with one stamp per tag', async () => {
    const { cache } = await setUp(create)
    expect(await cache.read(slot('a', 'x', 'y'))).toMatchObject({ entry: undefined, lease: { length: 3, 1: undefined, 2: undefined } })
  })

  test('a fill under a lease that nothing has voided holds', async () => {
    const { cache } = await setUp(create)
    expect(await fill(cache, slot('a', 'x'), 1)).toBe(true)
  })

  test('what was filled in before an invalidation is not fresh after it', async () => {
    const { cache } = await setUp(create)
    await fill(cache, slot('a', 'x', 'y'), 1)
    await cache.invalidate(table, ['y'])
    expect(await isFresh(cache, slot('a', 'x', 'y'))).toBe(false)
  })

  test('an invalidation of nothing does nothing', async () => {
    const { cache } = await setUp(create)
    const before = await cache.read(slot('a', 'x'))
    await cache.invalidate(table, [])
    const { entry, lease } = await cache.read(slot('a', 'x'))
    expect({ entry, lease }).toEqual({ entry: before.entry, lease: before.lease })
  })
}

function describeForgetfulCache(create: () => CacheUnderTest | Promise<CacheUnderTest>): void {
  test('it keeps nothing', async () => {
    const { cache } = await setUp(create)
    await fill(cache, slot('a', 'x'), 1)
    const { entry } = await cache.read(slot('a', 'x'))
    expect(entry).toBeUndefined()
  })
}

function describeKeepingCache(create: () => CacheUnderTest | Promise<CacheUnderTest>): void {
  test('what was filled in is read back, and is fresh', async () => {
    const { cache } = await setUp(create)
    const { lease } = await cache.read(slot('a', 'x', 'y'))
    const entry: CacheEntry = { value: { rows: [{ id: 1 }], total: 1 }, fetchedAt: 1234.5, lease }
    await cache.fill(slot('a', 'x', 'y'), entry)
    expect(await cache.read(slot('a', 'x', 'y'))).toMatchObject({ entry, lease })
    expect(await isFresh(cache, slot('a', 'x', 'y'))).toBe(true)
  })

  test('a value may be anything that can be cloned, undefined included', async () => {
    const { cache } = await setUp(create)
    const values = [
      undefined,
      null,
      0,
      '',
      'a\ud800b',
      10n ** 20n,
      [],
      new Date(0),
      new Map([['a', new Set([1])]]),
      { a: { b: undefined } },
    ]
    for (const [index, value] of values.entries()) await fill(cache, slot(`${index}`, 'x'), value)
    const read = await Promise.all(values.map((_, index) => cache.read(slot(`${index}`, 'x'))))
    expect(read.map(({ entry }) => entry?.value)).toStrictEqual(values)
  })

  test('a later fill takes the place of an earlier one', async () => {
    const { cache } = await setUp(create)
    await fill(cache, slot('a', 'x'), 'earlier', 2)
    await fill(cache, slot('a', 'x'), 'later', 1)
    expect(await valueOf(cache, slot('a', 'x'))).toBe('later')
  })

  test('an entry stays readable when it is stale', async () => {
    const { cache } = await setUp(create)
    await fill(cache, slot('a', 'x'), 'old', 7)
    await cache.invalidate(table, ['x'])
    const { entry } = await cache.read(slot('a', 'x'))
    expect(entry).toMatchObject({ value: 'old', fetchedAt: 7 })
    expect(await isFresh(cache, slot('a', 'x'))).toBe(false)
  })

  test('after an invalidation a slot can be filled afresh', async () => {
    const { cache } = await setUp(create)
    await fill(cache, slot('a', 'x'), 'old')
    await cache.invalidate(table, ['x'])
    expect(await fill(cache, slot('a', 'x'), 'new')).toBe(true)
    expect(await isFresh(cache, slot('a', 'x'))).toBe(true)
    expect(await valueOf(cache, slot('a', 'x'))).toBe('new')
  })

  test('promise 2: a fill whose lease was voided by any of its tags answers false, and leaves nothing fresh', async () => {
    const { cache } = await setUp(create)
    for (const tag of ['x', 'y', 'z']) {
      const own = slot(`voided by ${tag}`, 'x', 'y', 'z')
      const { lease } = await cache.read(own)
      await cache.invalidate(table, [tag])
      expect(await cache.fill(own, { value: 1, fetchedAt: 1, lease })).toBe(false)
      expect(await isFresh(cache, own)).toBe(false)
    }
  })

  test('promise 2: a lease that was voided twice stays void', async () => {
    const { cache } = await setUp(create)
    const { lease } = await cache.read(slot('a', 'x'))
    await cache.invalidate(table, ['x'])
    await cache.invalidate(table, ['x'])
    expect(await cache.fill(slot('a', 'x'), { value: 1, fetchedAt: 1, lease })).toBe(false)
    expect(await isFresh(cache, slot('a', 'x'))).toBe(false)
  })

  test('promise 2: what was invalidated stays so, however much else is invalidated after it', async () => {
    const { cache } = await setUp(create)
    await fill(cache, slot('a', 'x'), 1)
    const { lease } = await cache.read(slot('b', 'x'))
    await cache.invalidate(table, ['x'])
    for (let round = 0; round < 20; round += 1)
      await cache.invalidate(
        table,
        Array.from({ length: 50 }, (_, index) => `${round} ${index}`),
      )
    expect(await isFresh(cache, slot('a', 'x'))).toBe(false)
    expect(await cache.fill(slot('b', 'x'), { value: 1, fetchedAt: 1, lease })).toBe(false)
    expect(await isFresh(cache, slot('b', 'x'))).toBe(false)
  })

  test('promise 2: fills that race with invalidations leave nothing fresh', async () => {
    const { cache } = await setUp(create)
    for (let round = 0; round < 50; round += 1) {
      const own = slot(`${round}`, 'x')
      const { lease } = await cache.read(own)
      const calls = [() => cache.fill(own, { value: round, fetchedAt: round, lease }), () => cache.invalidate(table, ['x'])]
      if (round % 2 === 1) calls.reverse()
      await Promise.all(calls.map((call) => call()))
      expect(await isFresh(cache, own)).toBe(false)
    }
  })

  test('a void fill is readable, as stale, where there was nothing', async () => {
    const { cache } = await setUp(create)
    await voidFill(cache, slot('a', 'x'), 'void', 1)
    expect(await valueOf(cache, slot('a', 'x'))).toBe('void')
    expect(await isFresh(cache, slot('a', 'x'))).toBe(false)
  })

  test('a void fill leaves alone what is fresh and newer', async () => {
    const { cache } = await setUp(create)
    const { lease } = await cache.read(slot('a', 'x'))
    await cache.invalidate(table, ['x'])
    await fill(cache, slot('a', 'x'), 'fresh', 2)
    expect(await cache.fill(slot('a', 'x'), { value: 'void', fetchedAt: 1, lease })).toBe(false)
    expect(await valueOf(cache, slot('a', 'x'))).toBe('fresh')
    expect(await isFresh(cache, slot('a', 'x'))).toBe(true)
  })

  test('a void fill leaves alone what is stale but newer', async () => {
    const { cache } = await setUp(create)
    await fill(cache, slot('a', 'x'), 'newer', 2)
    await voidFill(cache, slot('a', 'x'), 'void', 1)
    expect(await valueOf(cache, slot('a', 'x'))).toBe('newer')
  })

  test('a void fill takes the place of what is stale and older', async () => {
    const { cache } = await setUp(create)
    await fill(cache, slot('a', 'x'), 'older', 1)
    await voidFill(cache, slot('a', 'x'), 'void', 2)
    expect(await valueOf(cache, slot('a', 'x'))).toBe('void')
    expect(await isFresh(cache, slot('a', 'x'))).toBe(false)
  })

  test('an entry under a lease of no tags is stale from the start', async () => {
    const { cache } = await setUp(create)
    const { leaseOf } = await cache.read(slot('a', 'x'))
    expect(await cache.fill(slot('a', 'x'), { value: 1, fetchedAt: 1, lease: leaseOf([]) })).toBe(false)
    expect(await valueOf(cache, slot('a', 'x'))).toBe(1)
    expect(await isFresh(cache, slot('a', 'x'))).toBe(false)
  })

  test('an invalidation of several tags reaches what hangs on any of them', async () => {
    const { cache } = await setUp(create)
    const slots = [slot('a', 'x'), slot('b', 'y'), slot('c', 'z', 'y')]
    for (const each of slots) await fill(cache, each, 1)
    await cache.invalidate(table, ['x', 'y'])
    expect(await Promise.all(slots.map((each) => isFresh(cache, each)))).toEqual([false, false, false])
  })

  test('promise 17: slots under other tags stay fresh', async () => {
    const { cache } = await setUp(create)
    const slots = [slot('a', 'x'), slot('b', 'y'), slot('c', 'x', 'y'), slot('x', 'y')]
    for (const each of slots) await fill(cache, each, each.key)
    await cache.invalidate(table, ['x'])
    expect(await Promise.all(slots.map((each) => isFresh(cache, each)))).toEqual([false, true, false, true])
  })

  test('an invalidation of all tags reaches all slots of its table, and none of another', async () => {
    const { cache } = await setUp(create)
    const slots = [slot('a', 'x'), slot('b', 'y'), slot('c', 'z', 'y')]
    const others = [
      { ...slot('d', 'x'), cacheKey: 'tables' },
      { ...slot('e', 'x'), cacheKey: '' },
    ]
    await cache.invalidate(table, ['x'])
    for (const each of [...slots, ...others]) await fill(cache, each, 1)
    const { lease } = await cache.read(slot('f', 'new'))
    await cache.invalidate(table, 'all')
    expect(await Promise.all(slots.map((each) => isFresh(cache, each)))).toEqual([false, false, false])
    expect(await Promise.all(others.map((each) => isFresh(cache, each)))).toEqual([true, true])
    expect(await cache.fill(slot('f', 'new'), { value: 1, fetchedAt: 1, lease })).toBe(false)
  })

  test('after an invalidation of all tags they are told apart as before', async () => {
    const { cache } = await setUp(create)
    await cache.invalidate(table, 'all')
    const slots = [slot('a', 'x'), slot('b', 'y')]
    for (const each of slots) await fill(cache, each, 1)
    await cache.invalidate(table, ['x'])
    expect(await Promise.all(slots.map((each) => isFresh(cache, each)))).toEqual([false, true])
  })

  describe('an entry with tags of its own', () => {
    const page = (): Slot => ({ ...slot('page', 'lists'), hasParts: true })
    const value = { rows: [{ id: 1 }, { id: 2 }] }

    test('promise 17: goes stale by any of them, and by no other', async () => {
      const { cache } = await setUp(create)
      expect(await fillWith(cache, page(), value, ['row 1', 'row 2'])).toBe(true)
      await cache.invalidate(table, ['row 3'])
      expect(await isFresh(cache, page())).toBe(true)
      await cache.invalidate(table, ['row 2'])
      expect(await isFresh(cache, page())).toBe(false)
      expect(await valueOf(cache, page())).toEqual(value)
    })

    test('goes stale by the tags of its slot, too, and by all', async () => {
      const { cache } = await setUp(create)
      for (const tags of [['lists'], 'all'] as const) {
        await fillWith(cache, page(), value, ['row 1', 'row 2'])
        await cache.invalidate(table, tags)
        expect(await isFresh(cache, page())).toBe(false)
      }
    })

    test('promise 2: is void where one of them was invalidated since it was asked for', async () => {
      const { cache } = await setUp(create)
      const { leaseOf } = await cache.read(page())
      await cache.invalidate(table, ['row 2'])
      const entry = (tags: readonly string[]): CacheEntry => ({ value, fetchedAt: 1, tags, lease: leaseOf(['lists', ...tags]) })
      expect(await cache.fill(page(), entry(['row 1', 'row 2']))).toBe(false)
      expect(await isFresh(cache, page())).toBe(false)
      expect(await cache.fill(page(), entry(['row 1', 'row 3']))).toBe(true)
      expect(await isFresh(cache, page())).toBe(true)
    })

    test('promise 12: where it is void it takes the place of what is older, also of what is fresh because it was renewed', async () => {
      const { cache } = await setUp(create)
      const { leaseOf } = await cache.read(page())
      await fillWith(cache, page(), value, ['row 1', 'row 2'])
      const renewal = { slot: page(), tags: ['lists', 'row 1', 'row 2'], renew: () => 'renewed' }
      await cache.invalidate(table, ['row 2'], [renewal])
      const late = { value: 'void', tags: ['row 2'], lease: leaseOf(['lists', 'row 2']) }
      await cache.fill(page(), { ...late, fetchedAt: 0 })
      expect(await valueOf(cache, page())).not.toBe('void')
      expect(await cache.fill(page(), { ...late, fetchedAt: 9 })).toBe(false)
      expect(await valueOf(cache, page())).toBe('void')
      expect(await isFresh(cache, page())).toBe(false)
    })

    test('stays fresh where the invalidation that reaches it renews it', async () => {
      const { cache } = await setUp(create)
      await fillWith(cache, page(), value, ['row 1', 'row 2'])
      const tags = ['lists', 'row 1', 'row 2']
      await cache.invalidate(table, ['row 2'], [{ slot: page(), tags, renew: () => ({ rows: 'renewed' }) }])
      if (!(await isFresh(cache, page()))) return expect(await valueOf(cache, page())).toEqual(value)
      expect(await cache.read(page())).toMatchObject({ entry: { value: { rows: 'renewed' }, fetchedAt: 1, tags: ['row 1', 'row 2'] } })
      await cache.invalidate(table, ['row 1'])
      return expect(await isFresh(cache, page())).toBe(false)
    })

    test.each<[string, Partial<Renewal>, readonly string[]]>([
      ['nothing can be told of', { renew: () => undefined }, []],
      ['was made of other rows', { tags: ['lists', 'row 2'] }, []],
      ['was stale before', {}, ['lists']],
    ])('is not renewed where it %s', async (_, renewal, before) => {
      const { cache } = await setUp(create)
      await fillWith(cache, page(), value, ['row 1', 'row 2'])
      await cache.invalidate(table, before)
      const tags = ['lists', 'row 1', 'row 2']
      await cache.invalidate(table, ['row 2'], [{ slot: page(), tags, renew: () => 'renewed', ...renewal }])
      expect(await isFresh(cache, page())).toBe(false)
      expect(await valueOf(cache, page())).toEqual(value)
    })
  })

  test('promise 10: a tag of one table is none of another, whatever they are called', async () => {
    const { cache } = await setUp(create)
    const slots = awkwardNames.map((name) => ({ scope: '', cacheKey: name, key: `key of ${name}`, tags: ['x'] }))
    for (const each of slots) await fill(cache, each, each.key)
    for (const [index, name] of awkwardNames.entries()) {
      await cache.invalidate({ scope: '', cacheKey: name }, index % 2 === 0 ? ['x'] : 'all')
      const fresh = await Promise.all(slots.map((each) => isFresh(cache, each)))
      expect(fresh).toEqual(awkwardNames.map((_, other) => other > index))
    }
  })

  test('no two invalidations of a tag give it the same stamp', async () => {
    const { cache } = await setUp(create)
    const stamps = new Set<unknown>()
    for (let round = 0; round < 100; round += 1) {
      await cache.invalidate(table, ['x'])
      const { lease } = await cache.read(slot('a', 'x'))
      stamps.add(lease[1])
    }
    expect(stamps.size).toBe(100)
    expect(stamps).not.toContain(undefined)
  })

  test('promise 10: keys may hold any characters, and none is mistaken for another', async () => {
    const { cache } = await setUp(create)
    for (const key of awkwardNames) await fill(cache, slot(key, 'x'), `value of ${key}`)
    const read = await Promise.all(awkwardNames.map((key) => valueOf(cache, slot(key, 'x'))))
    expect(read).toEqual(awkwardNames.map((key) => `value of ${key}`))
  })

  test('promise 10: tags may hold any characters, and none is mistaken for another or for a key', async () => {
    const { cache } = await setUp(create)
    for (const each of awkwardNames) await fill(cache, slot(each, each), each)
    for (const [index, tag] of awkwardNames.entries()) {
      await cache.invalidate(table, [tag])
      const fresh = await Promise.all(awkwardNames.map((each) => isFresh(cache, slot(each, each))))
      expect(fresh).toEqual(awkwardNames.map((_, other) => other > index))
    }
    expect(await Promise.all(awkwardNames.map((each) => valueOf(cache, slot(each, each))))).toEqual(awkwardNames)
  })

  test('the caller may change what was filled in, and what was read', async () => {
    const { cache } = await setUp(create)
    const value = { rows: [{ id: 1 }] }
    await fill(cache, slot('a', 'x'), value)
    value.rows.push({ id: 2 })
    expect(await valueOf(cache, slot('a', 'x'))).toEqual({ rows: [{ id: 1 }] })
    const { entry } = await cache.read(slot('a', 'x'))
    Object.assign(entry?.value ?? {}, { rows: 'changed' })
    expect(await valueOf(cache, slot('a', 'x'))).toEqual({ rows: [{ id: 1 }] })
  })

  test('the caller may change a value also while it is being filled in', async () => {
    const { cache } = await setUp(create)
    const value = { rows: [{ id: 1 }] }
    const { lease } = await cache.read(slot('a', 'x'))
    const filled = cache.fill(slot('a', 'x'), { value, fetchedAt: 1, lease })
    value.rows.push({ id: 2 })
    await filled
    expect(await valueOf(cache, slot('a', 'x'))).toEqual({ rows: [{ id: 1 }] })
  })

  test('a value that cannot be cloned is refused, and what was there stays', async () => {
    const { cache } = await setUp(create)
    await fill(cache, slot('a', 'x'), 'before')
    await expect(fill(cache, slot('a', 'x'), { rows: () => [] })).rejects.toThrow(Error)
    expect(await valueOf(cache, slot('a', 'x'))).toBe('before')
    expect(await isFresh(cache, slot('a', 'x'))).toBe(true)
  })

  describePurge(create)

  test('promise 1: what one cache invalidates is stale in another on the same storage', async (context) => {
    const { cache, other } = await setUp(create)
    if (other === undefined) return context.skip('its storage is not shared')
    await fill(cache, slot('a', 'x'), 1)
    expect(await isFresh(other, slot('a', 'x'))).toBe(true)
    await other.invalidate(table, ['x'])
    expect(await isFresh(cache, slot('a', 'x'))).toBe(false)
    await fill(other, slot('a', 'x'), 2)
    expect(await valueOf(cache, slot('a', 'x'))).toBe(2)
    expect(await isFresh(cache, slot('a', 'x'))).toBe(true)
  })

  test('promise 2: a lease of one cache is voided by another on the same storage', async (context) => {
    const { cache, other } = await setUp(create)
    if (other === undefined) return context.skip('its storage is not shared')
    for (let round = 0; round < 50; round += 1) {
      const own = slot(`${round}`, 'x')
      const { lease } = await cache.read(own)
      const calls = [() => cache.fill(own, { value: round, fetchedAt: round, lease }), () => other.invalidate(table, ['x'])]
      if (round % 2 === 1) calls.reverse()
      await Promise.all(calls.map((call) => call()))
      expect(await isFresh(cache, own)).toBe(false)
      expect(await isFresh(other, own)).toBe(false)
    }
  })
}

/** Of the scope that is purged, and of others that break what does not keep scopes apart. */
const scopes: readonly string[] = ['a', '', 'ab', 'A', 'a\0', 'a ', '["a"]', 'a"', 'á', '🥐', '\ud83e', '\uffff', '\uffffa']

function describePurge(create: () => CacheUnderTest | Promise<CacheUnderTest>): void {
  describe('promise 14: a purge', () => {
    const of = (scope: string, cacheKey = 'table'): Slot => ({ scope, cacheKey, key: JSON.stringify([scope, cacheKey]), tags: ['x'] })

    test('removes all of its scope, whatever the tables, and nothing of any other', async () => {
      const { cache } = await setUp(create)
      const slots = scopes.flatMap((scope) => [of(scope), of(scope, 'another'), of(scope, 'a')])
      for (const each of slots) await fill(cache, each, each.key)
      for (const [index, purged] of scopes.entries()) {
        await cache.purge(purged)
        const left = await Promise.all(slots.map((each) => valueOf(cache, each)))
        expect(left).toEqual(slots.map(({ scope, key }) => (scopes.indexOf(scope) <= index ? undefined : key)))
      }
    })

    test('leaves what other scopes have readable, and makes nothing fresh of it that was stale', async () => {
      const { cache } = await setUp(create)
      for (const scope of ['b', 'c']) await fill(cache, of(scope), scope)
      await cache.invalidate(of('c'), ['x'])
      await cache.purge('a')
      for (const scope of ['b', 'c']) expect(await valueOf(cache, of(scope))).toBe(scope)
      expect(await isFresh(cache, of('c'))).toBe(false)
    })

    test('drops what is filled in under a lease from before, be it of its scope or of the next user of the storage', async () => {
      const { cache } = await setUp(create)
      for (const lateLease of ['of the slot', 'of no tags']) {
        const { lease, leaseOf } = await cache.read(of('a'))
        await cache.purge('a')
        const late = { value: 'late', fetchedAt: 9, lease: lateLease === 'of the slot' ? lease : leaseOf([]) }
        expect(await cache.fill(of('a'), late)).toBe(false)
        expect(await valueOf(cache, of('a'))).toBeUndefined()
      }
    })

    test('drops what is filled in at the same time', async () => {
      const { cache } = await setUp(create)
      for (let round = 0; round < 20; round += 1) {
        const { lease } = await cache.read(of('a'))
        const calls = [() => cache.fill(of('a'), { value: round, fetchedAt: round, lease }), () => cache.purge('a')]
        if (round % 2 === 1) calls.reverse()
        await Promise.all(calls.map((call) => call()))
        expect(await valueOf(cache, of('a'))).toBeUndefined()
      }
    })

    test('is not undone by an invalidation, or by what it would have renewed', async () => {
      const { cache } = await setUp(create)
      await fill(cache, of('a'), 'before')
      await cache.purge('a')
      await cache.invalidate(of('a'), ['x'], [{ slot: of('a'), tags: ['x'], renew: () => 'renewed' }])
      expect(await valueOf(cache, of('a'))).toBeUndefined()
    })

    test('leaves a storage in which the same scope can be kept anew', async () => {
      const { cache } = await setUp(create)
      await fill(cache, of('a'), 'before')
      await cache.invalidate(of('a'), ['x'])
      await cache.purge('a')
      expect(await fill(cache, of('a'), 'after')).toBe(true)
      expect(await isFresh(cache, of('a'))).toBe(true)
      expect(await valueOf(cache, of('a'))).toBe('after')
    })

    test('holds for another cache on the same storage', async (context) => {
      const { cache, other } = await setUp(create)
      if (other === undefined) return context.skip('its storage is not shared')
      await fill(other, of('a'), 'before')
      const { lease } = await other.read(of('a'))
      await cache.purge('a')
      expect(await valueOf(other, of('a'))).toBeUndefined()
      expect(await other.fill(of('a'), { value: 'late', fetchedAt: 9, lease })).toBe(false)
      return expect(await valueOf(cache, of('a'))).toBeUndefined()
    })
  })
}

async function setUp(create: () => CacheUnderTest | Promise<CacheUnderTest>): Promise<CacheUnderTest> {
  const made = await create()
  onTestFinished(async () => {
    await made.dispose?.()
  })
  return made
}

function slot(key: string, ...tags: readonly string[]): Slot {
  return { ...table, key, tags }
}

/** Fills a slot under its present lease. */
async function fill(cache: Cache, own: Slot, value: unknown, fetchedAt: number = 1): Promise<boolean> {
  const { lease } = await cache.read(own)
  return cache.fill(own, { value, fetchedAt, lease })
}

/** Fills a slot with something that hangs on tags of its own. */
async function fillWith(cache: Cache, own: Slot, value: unknown, tags: readonly string[]): Promise<boolean> {
  const { leaseOf } = await cache.read(own)
  return cache.fill(own, { value, fetchedAt: 1, tags, lease: leaseOf([...own.tags, ...tags]) })
}

/** Fills a slot under a lease that was voided in between. */
async function voidFill(cache: Cache, own: Slot, value: unknown, fetchedAt: number): Promise<void> {
  const { lease } = await cache.read(own)
  await cache.invalidate(own, own.tags)
  expect(await cache.fill(own, { value, fetchedAt, lease })).toBe(false)
}

async function valueOf(cache: Cache, own: Slot): Promise<unknown> {
  const { entry } = await cache.read(own)
  return entry?.value
}

async function isFresh(cache: Cache, own: Slot): Promise<boolean> {
  const { entry, lease } = await cache.read(own)
  return entry !== undefined && sameLease(entry.lease, lease)
}
