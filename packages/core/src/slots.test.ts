import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Slot, Tags } from './cache/cache.ts'
import { countSlot, pageSlot, rowSlot, tagsOf, type SlotTable } from './slots.ts'
import { canonicalQuery, type CanonicalQuery } from './table/query.ts'

/** Text that looks like what the names are made of, or is none. */
const text = fc.oneof(
  fc.constantFrom(
    'client',
    'clients',
    'page',
    'count',
    'id',
    'row',
    'rows',
    'lists',
    '1',
    '',
    '[',
    '","',
    '\\',
    '\\u0000',
    '\ud800',
    '🥐',
    'a/b%',
  ),
  fc.string({ unit: 'binary' }),
)
const value = fc.oneof(text, fc.integer({ min: -2, max: 2 }), fc.boolean(), fc.constant(null))
const condition = fc.oneof(
  value,
  fc.record({ in: fc.array(value, { maxLength: 3 }) }),
  fc.record({ eq: value, ne: value, gte: value, contains: text }, { requiredKeys: [] }),
)
const field = text.filter((name) => name !== '')
const view: fc.Arbitrary<CanonicalQuery> = fc
  .record(
    {
      where: fc.dictionary(field, condition, { maxKeys: 2 }),
      orderBy: fc.array(fc.record({ field, direction: fc.constantFrom('asc', 'desc') }), { maxLength: 2 }),
      search: text,
    },
    { requiredKeys: [] },
  )
  .map((query) => canonicalQuery<object>(query as object))
const count = fc.integer({ min: 1, max: 3 })

/** What a slot is for, written so that two are equal exactly if they are for the same thing. */
const anyTable: fc.Arbitrary<SlotTable> = fc.record(
  { scope: fc.oneof(fc.constant(''), text), cacheKey: text, version: fc.oneof(text, fc.integer()) },
  { requiredKeys: ['scope', 'cacheKey'] },
)

function of(cacheKey: string): SlotTable {
  return { scope: '', cacheKey }
}

interface Named {
  readonly meaning: unknown
  readonly slot: Slot
}

const named: fc.Arbitrary<Named> = fc.oneof(
  fc.tuple(anyTable, view, count, count).map(([table, query, page, pageSize]) => ({
    meaning: ['page', table, query, page, pageSize],
    slot: pageSlot(table, query, page, pageSize),
  })),
  fc.tuple(anyTable, view).map(([table, query]) => ({
    meaning: ['count', table, { where: query.where, search: query.search }],
    slot: countSlot(table, query),
  })),
  fc.tuple(anyTable, text).map(([table, id]) => ({ meaning: ['row', table, id], slot: rowSlot(table, id) })),
)

const whole = canonicalQuery({})

describe('slots', () => {
  test('promise 10: two slots have one key only if they are for the same thing', () => {
    fc.assert(
      fc.property(fc.array(named, { minLength: 2, maxLength: 30 }), (all) => {
        const byKey = Map.groupBy(all, ({ slot }) => slot.key)
        for (const same of byKey.values()) for (const each of same) expect(each.meaning).toEqual(same[0]?.meaning)
      }),
      { numRuns: 1_000 },
    )
  })

  test('promise 10: things that differ in one respect only have slots of their own', () => {
    const open = canonicalQuery<{ status: string }>({ where: { status: 'open' } })
    const slots = [
      pageSlot(of('client'), whole, 1, 50),
      pageSlot(of('clients'), whole, 1, 50),
      pageSlot(of('client'), whole, 2, 50),
      pageSlot(of('client'), whole, 1, 51),
      pageSlot(of('client'), whole, 15, 0),
      pageSlot(of('client'), open, 1, 50),
      pageSlot(of('client'), canonicalQuery<{ status: string }>({ where: { status: { ne: 'open' } } }), 1, 50),
      pageSlot(of('client'), canonicalQuery<{ status: string }>({ where: { status: { contains: 'open' } } }), 1, 50),
      pageSlot(of('client'), canonicalQuery<{ status: string }>({ where: { status: { in: ['open'] } } }), 1, 50),
      pageSlot(of('client'), canonicalQuery<{ status: string | number }>({ where: { status: 1 } }), 1, 50),
      pageSlot(of('client'), canonicalQuery<{ status: string | number }>({ where: { status: '1' } }), 1, 50),
      pageSlot(of('client'), canonicalQuery<{ a: string; b: string }>({ orderBy: [{ field: 'a', direction: 'asc' }] }), 1, 50),
      pageSlot(of('client'), canonicalQuery<{ a: string; b: string }>({ orderBy: [{ field: 'a', direction: 'desc' }] }), 1, 50),
      pageSlot(of('client'), canonicalQuery({ search: 'open' }), 1, 50),
      countSlot(of('client'), whole),
      countSlot(of('client'), open),
      rowSlot(of('client'), '1'),
      rowSlot(of('client'), '01'),
      rowSlot(of('clients'), '1'),
    ]
    expect(new Set(slots.map(({ key }) => key)).size).toBe(slots.length)
  })

  test('promise 10: a slot belongs to the table it is of, so no other one invalidates it', () => {
    fc.assert(
      fc.property(named, ({ meaning, slot }) => {
        expect(meaning).toMatchObject({ 1: { scope: slot.scope, cacheKey: slot.cacheKey } })
      }),
    )
  })

  test('promise 10: no id makes a row hang on what pages, counts or other rows hang on', () => {
    fc.assert(
      fc.property(text, text, (id, other) => {
        fc.pre(id !== other)
        const tags = [...rowSlot(of('t'), id).tags, ...rowSlot(of('t'), other).tags, ...pageSlot(of('t'), whole, 1, 1).tags]
        expect(new Set(tags).size).toBe(tags.length)
      }),
      { numRuns: 1_000 },
    )
  })

  test('an order makes a page another one, but no count', () => {
    const ordered = canonicalQuery<{ a: string }>({ orderBy: [{ field: 'a', direction: 'asc' }], search: 'x' })
    const unordered = canonicalQuery<{ a: string }>({ search: 'x' })
    expect(countSlot(of('t'), ordered)).toEqual(countSlot(of('t'), unordered))
    expect(pageSlot(of('t'), ordered, 1, 1).key).not.toBe(pageSlot(of('t'), unordered, 1, 1).key)
  })

  test('promise 17: a change to some rows reaches pages, counts and these rows, and no others', () => {
    expect(reaches(tagsOf(['1', '2']))).toEqual({ page: true, count: true, rows: { 1: true, 2: true, 3: false } })
    expect(reaches(tagsOf([]))).toEqual({ page: true, count: true, rows: { 1: false, 2: false, 3: false } })
    expect(reaches(tagsOf('all'))).toEqual({ page: true, count: true, rows: { 1: true, 2: true, 3: true } })
  })

  test('the cost of an invalidation does not grow with what is cached: one tag for all pages', () => {
    expect(tagsOf(['1'])).toHaveLength(2)
  })
})

function reaches(tags: Tags): unknown {
  const isReached = (slot: Slot): boolean => tags === 'all' || slot.tags.some((tag) => tags.includes(tag))
  return {
    page: isReached(pageSlot(of('t'), whole, 3, 10)),
    count: isReached(countSlot(of('t'), whole)),
    rows: { 1: isReached(rowSlot(of('t'), '1')), 2: isReached(rowSlot(of('t'), '2')), 3: isReached(rowSlot(of('t'), '3')) },
  }
}
