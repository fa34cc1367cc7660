import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { evicted, pinHolds, sizeOf, type Bounds, type EntryMeta } from './eviction.ts'

const now = 1_000_000_000
const unbounded: Bounds = { maxEntries: Infinity, maxBytes: Infinity, maxAge: Infinity }

describe('what has to go', () => {
  test('is nothing within the bounds', () => {
    const entries = [entry('a'), entry('b', { size: 5 })]
    expect(evicted(entries, { maxEntries: 2, maxBytes: 6, maxAge: 1 }, now)).toEqual([])
  })

  test('is what was not used for the longest time, and a tenth more than what is too much', () => {
    const entries = Array.from({ length: 101 }, (_, index) => entry(index, { usedAt: now - index }))
    const oldest = Array.from({ length: 11 }, (_, index) => 100 - index)
    expect(evicted(entries, { ...unbounded, maxEntries: 100 }, now)).toEqual(oldest)
    expect(evicted(entries, { ...unbounded, maxBytes: 100 }, now)).toEqual(oldest)
  })

  test('is what is too old, also where there is room', () => {
    const entries = [entry('old', { fetchedAt: now - 11 }), entry('new', { fetchedAt: now - 10 })]
    expect(evicted(entries, { ...unbounded, maxAge: 10 }, now)).toEqual(['old'])
  })

  test('is nothing that is pinned, unless nobody has said so for a while', () => {
    const entries = [
      entry('pinned', { fetchedAt: 0, usedAt: 0, pinnedAt: now }),
      entry('pinned before', { fetchedAt: 0, usedAt: 0, pinnedAt: now - pinHolds }),
      entry('pinned by a tab that still lives', { fetchedAt: 0, usedAt: 0, pinnedAt: now - pinHolds + 1 }),
    ]
    for (const bounds of [{ maxAge: 1 }, { maxEntries: 1 }, { maxBytes: 1 }]) {
      expect(evicted(entries, { ...unbounded, ...bounds }, now)).toEqual(['pinned before'])
    }
  })

  test('whatever there is: the bounds hold unless only what is pinned is left, and what stays was used no earlier than what goes', () => {
    const time = fc.integer({ min: now - 100, max: now + 10 })
    const anyMeta = fc.record(
      { size: fc.nat(50), fetchedAt: time, usedAt: time, pinnedAt: fc.constantFrom(now, now - 2 * pinHolds) },
      { requiredKeys: ['size', 'fetchedAt', 'usedAt'] },
    )
    const anyBounds = fc.record({
      maxEntries: fc.integer({ min: 1, max: 20 }),
      maxBytes: fc.integer({ min: 1, max: 500 }),
      maxAge: fc.nat(100),
    })
    fc.assert(
      fc.property(fc.array(anyMeta, { maxLength: 40 }), anyBounds, (metas, bounds) => {
        const entries = metas.map((meta, index) => [index, meta] as const)
        const gone = new Set(evicted(entries, bounds, now))
        const [left, out] = [metas.filter((_, index) => !gone.has(index)), metas.filter((_, index) => gone.has(index))]
        const isTooOld = ({ fetchedAt }: EntryMeta): boolean => fetchedAt < now - bounds.maxAge
        const isPinned = ({ pinnedAt }: EntryMeta): boolean => pinnedAt === now
        expect(out.some(isPinned)).toBe(false)
        expect(left.some((meta) => isTooOld(meta) && !isPinned(meta))).toBe(false)
        const free = left.filter((meta) => !isPinned(meta))
        const bytes = left.reduce((sum, { size }) => sum + size, 0)
        if (free.length > 0) expect(left.length <= bounds.maxEntries && bytes <= bounds.maxBytes).toBe(true)
        const lastGone = Math.max(...out.filter((meta) => !isTooOld(meta)).map(({ usedAt }) => usedAt))
        for (const { usedAt } of free) expect(usedAt).toBeGreaterThanOrEqual(lastGone)
        // Nothing more has to go the next time.
        expect(
          evicted(
            left.map((meta, index) => [index, meta] as const),
            bounds,
            now,
          ),
        ).toEqual([])
      }),
    )
  })
})

describe('the size of a value', () => {
  test('is about that of its JSON', () => {
    const rows = Array.from({ length: 50 }, (_, id) => ({ id, name: `row ${id}`, tags: ['a', 'b'], at: 1.5, open: true, none: null }))
    const size = sizeOf({ rows, total: 50 })
    const json = JSON.stringify({ rows, total: 50 }).length
    expect(size).toBeGreaterThan(json / 2)
    expect(size).toBeLessThan(json * 2)
  })

  test('counts what is in maps, sets, buffers and files, and nothing twice, also where it holds itself', () => {
    const text = 'x'.repeat(1_000)
    for (const value of [
      new Map([[1, text]]),
      new Set([text]),
      new Uint8Array(1_000),
      new ArrayBuffer(1_000),
      new Blob([text]),
      { a: { b: [text] } },
    ]) {
      expect(sizeOf(value)).toBeGreaterThan(999)
      expect(sizeOf(value)).toBeLessThan(1_100)
      expect(sizeOf([value, value])).toBeLessThan(1_200)
    }
    const loop: { self?: unknown } = {}
    loop.self = loop
    expect(sizeOf(loop)).toBeLessThan(100)
  })

  test('is one for all that can be cloned', () => {
    for (const value of [undefined, null, 0, '', 10n, true, new Date(0), /x/u, new Error('x')]) expect(sizeOf(value)).toBeGreaterThan(0)
  })
})

function entry<Key>(key: Key, meta: Partial<EntryMeta> = {}): readonly [Key, EntryMeta] {
  return [key, { size: 1, fetchedAt: now, usedAt: now, ...meta }]
}
