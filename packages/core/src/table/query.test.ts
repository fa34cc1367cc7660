import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ArgumentError } from '../errors.ts'
import { canonicalListQuery, canonicalQuery, idText, narrow } from './query.ts'
import type { ViewQuery } from './table.ts'

interface Row {
  readonly a: string | null
  readonly b: number
}

/** A query as a caller without types may write it. */
function canonical(query: unknown): unknown {
  return canonicalQuery(query as object)
}

const scalar = fc.oneof(
  fc.string(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
)
const condition = fc.dictionary(fc.constantFrom('eq', 'ne', 'gt', 'gte', 'lt', 'lte'), scalar)
const list = fc.record({ in: fc.array(scalar) })
const where = fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(scalar, condition, list))

/** The same object with its keys the other way round. */
function reversed(object: object): object {
  return Object.fromEntries(Object.entries(object).reverse())
}

/** The same condition, written as differently as can be. */
function rewritten(written: unknown): unknown {
  if (written instanceof Date) return { eq: written.toISOString() }
  if (typeof written !== 'object' || written === null) return { eq: written }
  if ('in' in written && Array.isArray(written.in)) return { in: [...written.in, ...written.in].reverse(), gt: undefined }
  return reversed(written)
}

describe('canonicalQuery', () => {
  test('the same filter is the same, however it is written', () => {
    fc.assert(
      fc.property(where, (filter) => {
        const other = Object.fromEntries(Object.entries(filter).map(([field, each]) => [field, rewritten(each)]))
        expect(canonical({ where: { ...reversed(other), left: undefined } })).toEqual(canonical({ where: { left: undefined, ...filter } }))
        expect(JSON.stringify(canonical({ where: reversed(other) }))).toBe(JSON.stringify(canonical({ where: filter })))
      }),
    )
  })

  test('filters that differ stay apart', () => {
    const differing = [
      {},
      { a: 1 },
      { a: '1' },
      { a: null },
      { a: 'null' },
      { a: { ne: 1 } },
      { a: { in: [1] } },
      { a: { in: ['1'] } },
      { a: { in: [] } },
      { a: { in: ['a', 'b'] } },
      { a: { in: ['a,b'] } },
      { a: 1, b: 1 },
      { 'a.eq': 1 },
    ]
    expect(new Set(differing.map((each) => JSON.stringify(canonical({ where: each })))).size).toBe(differing.length)
  })

  test('values stand as they do in JSON, and comparisons by field and operator', () => {
    expect(canonical({ where: { b: { lt: 9, gt: -0 }, a: { in: [2, 10, 'x', null, new Date(0), 10] } }, search: 'muffin' })).toEqual({
      where: [
        { field: 'a', operator: 'in', value: ['1970-01-01T00:00:00.000Z', 'x', 10, 2, null] },
        { field: 'b', operator: 'gt', value: 0 },
        { field: 'b', operator: 'lt', value: 9 },
      ],
      orderBy: [],
      search: 'muffin',
    })
  })

  test('an order keeps its order, and a field counts where it first stands', () => {
    const orderBy = [
      { field: 'b', direction: 'desc' },
      { field: 'a', direction: 'asc' },
      { field: 'b', direction: 'asc' },
    ]
    expect(canonical({ orderBy })).toEqual({ where: [], orderBy: orderBy.slice(0, 2), search: '' })
  })

  test.each<ViewQuery<Row>>([{}, { where: {} }, { where: { b: {} } }, { orderBy: [] }, { search: '' }])(
    '%j asks for the whole table',
    (query) => {
      expect(canonicalQuery(query)).toEqual({ where: [], orderBy: [], search: '' })
    },
  )

  test.each<ViewQuery<Row>>([{ where: { a: null } }, { orderBy: [{ field: 'a', direction: 'asc' }] }, { search: ' ' }])(
    '%j does not',
    (query) => {
      expect(canonicalQuery(query)).not.toEqual({ where: [], orderBy: [], search: '' })
    },
  )

  test.each<readonly [unknown, string]>([
    [undefined, 'query is undefined; expected an object'],
    ['open', 'query is "open"; expected an object'],
    [{ where: 'open' }, 'where is "open"; expected an object of fields'],
    [{ where: [] }, 'where is an array of 0; expected an object of fields'],
    [{ where: new Map([['status', 'open']]) }, 'where is a Map; expected an object of fields'],
    [{ where: { '': 1 } }, 'where is ""; expected the names of fields'],
    [{ where: { a: /x/ } }, 'where.a is a RegExp; expected a string, a finite number, a boolean, a valid Date or null'],
    [{ where: { a: new Set([1]) } }, 'where.a is a Set; expected a string, a finite number, a boolean, a valid Date or null'],
    [{ where: { a: [1] } }, 'where.a is an array of 1; expected a string, a finite number, a boolean, a valid Date or null'],
    [{ where: { a: Number.NaN } }, 'where.a is NaN; expected a string, a finite number, a boolean, a valid Date or null'],
    [{ where: { a: { eq: 1n } } }, 'where.a.eq is 1n; expected a string, a finite number, a boolean, a valid Date or null'],
    [{ where: { a: { like: 'x' } } }, 'where.a is "like"; expected one of the operators eq, ne, gt, gte, lt, lte, in, contains'],
    [{ where: { a: { toString: 'x' } } }, 'where.a is "toString"; expected one of the operators eq, ne, gt, gte, lt, lte, in, contains'],
    [{ where: { a: { contains: 1 } } }, 'where.a.contains is 1; expected a string'],
    [{ where: { a: { in: 'ab' } } }, 'where.a.in is "ab"; expected an array of values'],
    [{ where: { a: { in: [{}] } } }, 'where.a.in is {}; expected a string, a finite number, a boolean, a valid Date or null'],
    [{ orderBy: 'name' }, 'orderBy is "name"; expected an array of { field, direction }'],
    [{ orderBy: ['name'] }, 'orderBy[0].field is undefined; expected the name of a field'],
    [{ orderBy: [{ field: '', direction: 'asc' }] }, 'orderBy[0].field is ""; expected the name of a field'],
    [{ orderBy: [{ field: 'name', direction: 'up' }] }, "orderBy[0].direction is \"up\"; expected 'asc' or 'desc'"],
    [{ search: null }, 'search is null; expected a string'],
  ])('promise 20: %o is refused in plain words', (query, message) => {
    expect(() => canonical(query)).toThrow(ArgumentError)
    expect(() => canonical(query)).toThrow(message)
  })
})

describe('canonicalListQuery', () => {
  test('it has the page and its size besides', () => {
    expect(canonicalListQuery({ page: 2, pageSize: 50 })).toEqual({ where: [], orderBy: [], search: '', page: 2, pageSize: 50 })
  })

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('promise 20: a page %d, or a size of it, is refused', (bad) => {
    expect(() => canonicalListQuery({ page: bad, pageSize: 50 })).toThrow(`page is ${bad}; expected a whole number from 1 on`)
    expect(() => canonicalListQuery({ page: 1, pageSize: bad })).toThrow(`pageSize is ${bad}; expected a whole number from 1 on`)
  })
})

describe('idText', () => {
  test('a number and its text are the same id', () => {
    expect(idText(42)).toBe(idText('42'))
    expect(idText('042')).not.toBe(idText(42))
  })

  test.each(['', Number.NaN, Number.POSITIVE_INFINITY, null, undefined, {}, true, 1n])('promise 20: %o is no id', (bad) => {
    expect(() => idText(bad, 'row.id')).toThrow(/^row\.id is .*; expected a string that is not empty, or a finite number$/)
  })
})

describe('narrow', () => {
  test('both filters hold, and the inner order takes the place of the outer one', () => {
    const outer: ViewQuery<Row> = { where: { a: 'z' }, orderBy: [{ field: 'a', direction: 'asc' }], search: 'x' }
    const inner: ViewQuery<Row> = { where: { b: 2 }, orderBy: [{ field: 'b', direction: 'desc' }] }
    expect(narrow(outer, inner)).toEqual({ where: { a: 'z', b: 2 }, orderBy: inner.orderBy, search: 'x' })
  })

  test('what says nothing takes nothing away', () => {
    const outer: ViewQuery<Row> = { where: { a: 'z' }, orderBy: [{ field: 'a', direction: 'asc' }], search: 'x' }
    expect(narrow(outer, { where: { a: undefined } as never, orderBy: [], search: '' })).toEqual(outer)
    expect(narrow({ search: '' }, { search: 'x' })).toEqual({ search: 'x' })
    expect(narrow({}, {})).toEqual({})
  })

  test('promise 20: a field or a search of both is refused', () => {
    expect(() => narrow<Row>({ where: { b: 1 } }, { where: { b: { gte: 0 } } })).toThrow('where.b is 0; expected a field that')
    expect(() => narrow<Row>({ search: 'x' }, { search: 'y' })).toThrow('search is "y"; expected no search')
  })
})
