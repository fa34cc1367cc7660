import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalListQuery } from './query.ts'
import { restParameters, type Paging } from './rest-parameters.ts'
import type { ViewQuery } from './table.ts'

type Row = Record<string, string | number | boolean | Date | null>

function written(query: ViewQuery<Row>, taken: readonly string[] = []): string[] {
  const parameters = restParameters(canonicalListQuery({ ...query, page: 1, pageSize: 1 }), 'page', taken)
  return [...parameters].map(([name, value]) => `${name}=${value}`).filter((each) => each !== 'page=1' && each !== 'limit=1')
}

describe('restParameters', () => {
  test.each<readonly [Paging, string]>([
    ['page', 'page=3&limit=50'],
    ['offset', 'offset=100&limit=50'],
  ])('a page is asked for by %s', (paging, text) => {
    expect(String(restParameters(canonicalListQuery({ page: 3, pageSize: 50 }), paging))).toBe(text)
  })

  test.each<readonly [ViewQuery<Row>, readonly string[]]>([
    [{ where: { status: 'open', total: 10 } }, ['status=open', 'total=10']],
    [{ where: { total: { gte: 10, lt: 20 } } }, ['total[gte]=10', 'total[lt]=20']],
    [{ where: { paid: true, placedAt: { gt: new Date(0) } } }, ['paid=true', 'placedAt[gt]=1970-01-01T00:00:00.000Z']],
    [{ where: { status: { in: ['b', 'a,b'] } } }, ['status[in]=a,b', 'status[in]=b']],
    [{ where: { name: { contains: 'null' } } }, ['name[contains]=null']],
    [{ search: 'rye & spelt' }, ['q=rye & spelt']],
  ])('%j is written as %j', (query, parameters) => {
    expect(written(query)).toEqual(parameters)
  })

  test('an order is one parameter, with - before what descends', () => {
    const query: ViewQuery<Row> = {
      orderBy: [
        { field: 'placedAt', direction: 'desc' },
        { field: 'name', direction: 'asc' },
      ],
    }
    expect(written(query)).toEqual(['sort=-placedAt,name'])
  })

  test('null and the text null are told apart, and so is every number of quotes around it', () => {
    expect(written({ where: { a: null, b: 'null', c: '"null"', d: '"null', e: '"rye"' } })).toEqual([
      'a=null',
      'b="null"',
      'c=""null""',
      'd="null',
      'e="rye"',
    ])
    expect(written({ where: { a: { in: [null, 'null'] } } }).toSorted()).toEqual(['a[in]="null"', 'a[in]=null'])
  })

  test('promise 10: a field that is named like a parameter, or has brackets, is never taken for one', () => {
    const where = { page: 7, offset: 7, limit: 7, sort: 'x', q: 'x', tenant: 1, 'total[gte]': 5 }
    expect(written({ where }, ['tenant'])).toEqual([
      'limit[eq]=7',
      'offset[eq]=7',
      'page[eq]=7',
      'q[eq]=x',
      'sort[eq]=x',
      'tenant[eq]=1',
      'total[gte][eq]=5',
    ])
  })

  test('promise 10: no two filters are written alike', () => {
    const field = fc.constantFrom('a', 'q', 'page', 'a[eq]', 'a[in]')
    const value = fc.constantFrom(null, 'null', '"null"', 'a', 'a,b', '')
    const condition = fc.oneof(value, fc.record({ ne: value }), fc.record({ in: fc.uniqueArray(value, { minLength: 1 }) }))
    const filter = fc.dictionary(field, condition, { noNullPrototype: true })
    fc.assert(
      fc.property(filter, filter, (one, other) => {
        const [first, second] = [one, other].map((where) => canonicalListQuery<Row>({ where, page: 1, pageSize: 1 }))
        if (first === undefined || second === undefined) throw new Error('there are two')
        const isSame = JSON.stringify(first) === JSON.stringify(second)
        expect(String(restParameters(first, 'page')) === String(restParameters(second, 'page'))).toBe(isSame)
      }),
    )
  })

  test.each(['a,b', '-a'])('promise 20: an order by the field %j cannot be written', (field) => {
    expect(() => written({ orderBy: [{ field, direction: 'asc' }] })).toThrow(/^orderBy is .*; expected a field with no comma/)
  })

  test('promise 20: half of a surrogate pair cannot be written', () => {
    const message = 'expected text without halves of surrogate pairs'
    expect(() => written({ where: { a: '\uD83E' } })).toThrow(message)
    expect(() => written({ where: { a: { in: ['\uDD50'] } } })).toThrow(message)
    expect(() => written({ where: { '\uD83E': 1 } })).toThrow(message)
    expect(() => written({ search: '\uD83E\uD83E' })).toThrow(message)
    expect(written({ search: '🥐' })).toEqual(['q=🥐'])
  })
})
