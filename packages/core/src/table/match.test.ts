import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchingRows } from './match.ts'
import { canonicalQuery } from './query.ts'
import type { ViewQuery } from './table.ts'

type Row = Record<string, unknown>

function ids(rows: readonly Row[], query: ViewQuery<Record<string, string | number | boolean | Date | null>>): unknown[] {
  return matchingRows(rows, canonicalQuery(query)).map((row) => row['id'])
}

describe('where', () => {
  test('a missing field, undefined and numbers that are none are null', () => {
    const rows = [
      { id: 1 },
      { id: 2, value: undefined },
      { id: 3, value: null },
      { id: 4, value: Number.NaN },
      { id: 5, value: new Date(Number.NaN) },
    ]
    expect(ids([...rows, { id: 6, value: 0 }], { where: { value: null } })).toEqual([1, 2, 3, 4, 5])
    expect(ids([...rows, { id: 6, value: 0 }], { where: { value: { ne: null } } })).toEqual([6])
  })

  test('types are not mixed', () => {
    const rows = [
      { id: 1, value: 9 },
      { id: 2, value: '9' },
      { id: 3, value: true },
      { id: 4, value: { nested: 9 } },
    ]
    expect(ids(rows, { where: { value: 9 } })).toEqual([1])
    expect(ids(rows, { where: { value: '9' } })).toEqual([2])
    expect(ids(rows, { where: { value: { gte: 1 } } })).toEqual([1])
    expect(ids(rows, { where: { value: { gte: '1' } } })).toEqual([2])
    expect(ids(rows, { where: { value: { gte: false } } })).toEqual([3])
    expect(ids(rows, { where: { value: { ne: 9 } } })).toEqual([2, 3, 4])
  })

  test('nothing is greater or less than null', () => {
    const rows = [
      { id: 1, value: 1 },
      { id: 2, value: null },
      { id: 3, value: 'a' },
    ]
    for (const operator of ['gt', 'gte', 'lt', 'lte']) expect(ids(rows, { where: { value: { [operator]: null } } })).toEqual([])
  })

  test('dates compare with dates and with their ISO text', () => {
    const early = new Date('2024-05-01T06:00:00Z')
    const rows = [
      { id: 1, at: early },
      { id: 2, at: '2024-05-01T06:00:00.000Z' },
      { id: 3, at: '2024-06-01T00:00:00.000Z' },
    ]
    expect(ids(rows, { where: { at: early } })).toEqual([1, 2])
    expect(ids(rows, { where: { at: '2024-05-01T06:00:00.000Z' } })).toEqual([1, 2])
    expect(ids(rows, { where: { at: { gt: early } } })).toEqual([3])
    expect(ids(rows, { where: { at: { in: [new Date('2024-06-01')] } } })).toEqual([3])
  })

  test('a field of an object of another kind is never taken for one of the row', () => {
    expect(ids([{ id: 1 }], { where: { constructor: { ne: null } } })).toEqual([])
    expect(ids([{ id: 1 }], { where: { toString: null } })).toEqual([1])
  })
})

describe('contains and search', () => {
  test('letters with several small or capital forms are one letter', () => {
    const rows = [
      { id: 1, name: 'ΟΔΟΣΑ' },
      { id: 2, name: 'οδος' },
      { id: 3, name: 'GRUSS' },
      { id: 4, name: 'Gruß' },
    ]
    expect(ids(rows, { where: { name: { contains: 'ΟΔΟΣ' } } })).toEqual([1, 2])
    expect(ids(rows, { search: 'gruß' })).toEqual([3, 4])
    expect(ids([{ id: 1, temperature: '4 \u212A' }], { search: '4 k' })).toEqual([1])
  })

  test('numbers are found by their digits, and booleans, nulls and nested values by nothing', () => {
    const rows = [
      { id: 1, value: 1234 },
      { id: 2, value: true },
      { id: 3, value: null },
      { id: 4, value: ['true', 'null'] },
    ]
    expect(ids(rows, { where: { value: { contains: '23' } } })).toEqual([1])
    expect(ids(rows, { search: '23' })).toEqual([1])
    expect(ids(rows, { search: 'true' })).toEqual([])
    expect(ids(rows, { search: 'null' })).toEqual([])
    expect(ids(rows, { where: { value: { contains: '' } } })).toEqual([1])
  })
})

describe('order', () => {
  test('nulls come first, then booleans, numbers and text; descending is the other way round', () => {
    const rows = [
      { id: 'object', value: {} },
      { id: 'text', value: 'a' },
      { id: 'number', value: 10 },
      { id: 'less', value: 9 },
      { id: 'true', value: true },
      { id: 'false', value: false },
      { id: 'null', value: null },
    ]
    const ascending = ['null', 'false', 'true', 'less', 'number', 'text', 'object']
    expect(ids(rows, { orderBy: [{ field: 'value', direction: 'asc' }] })).toEqual(ascending)
    expect(ids(rows, { orderBy: [{ field: 'value', direction: 'desc' }] })).toEqual(ascending.toReversed())
  })

  test('rows that are equal in the order stay in the order they came in, both ways', () => {
    const directions = fc.constantFrom('asc' as const, 'desc' as const)
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 2 }))), directions, (values, direction) => {
        const rows = values.map((value, id) => ({ id, value }))
        const sorted = matchingRows(rows, canonicalQuery<{ value: number }>({ orderBy: [{ field: 'value', direction }] }))
        expect(sorted.toSorted((a, b) => a.id - b.id)).toEqual(rows)
        for (const [index, row] of sorted.slice(1).entries()) {
          const before = sorted[index]
          const step = (row.value ?? -1) - (before?.value ?? -1)
          expect(direction === 'asc' ? step : -step).toBeGreaterThanOrEqual(0)
          expect(step !== 0 || row.id > (before?.id ?? 0)).toBe(true)
        }
      }),
    )
  })

  test('what is asked stays as it was', () => {
    const rows = [{ id: 2 }, { id: 1 }]
    expect(ids(rows, { orderBy: [{ field: 'id', direction: 'asc' }] })).toEqual([1, 2])
    expect(rows).toEqual([{ id: 2 }, { id: 1 }])
  })
})
