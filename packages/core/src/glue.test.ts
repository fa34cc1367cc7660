import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fitTogether, glue, masterPages, type Slice } from './glue.ts'
import type { ListResult } from './table/table.ts'

const count = fc.integer({ min: 1, max: 30 })
const slices: fc.Arbitrary<Slice> = fc.record({ page: count, pageSize: count })

describe('glue', () => {
  test('promise 16: a page that is put together equals that slice of the whole list, for any sizes', () => {
    fc.assert(
      fc.property(fc.nat(200), slices, count, (length, slice, masterPageSize) => {
        const list = Array.from({ length }, (_, index) => index)
        const parts = masterPages(slice, masterPageSize).map((page) => pageOf(list, { page, pageSize: masterPageSize }))
        expect(glue(slice, masterPageSize, parts)).toEqual(pageOf(list, slice))
      }),
      { numRuns: 2_000 },
    )
  })

  test('promise 16: no master page is asked for that holds no row of the page', () => {
    fc.assert(
      fc.property(slices, count, ({ page, pageSize }, masterPageSize) => {
        const wanted = Array.from({ length: pageSize }, (_, index) => Math.floor(((page - 1) * pageSize + index) / masterPageSize) + 1)
        expect(masterPages({ page, pageSize }, masterPageSize)).toEqual([...new Set(wanted)])
      }),
      { numRuns: 500 },
    )
  })

  test("the total is the parts', and is left out where they give none", () => {
    expect(
      glue({ page: 1, pageSize: 2 }, 1, [
        { rows: [1], total: 7 },
        { rows: [2], total: 7 },
      ]),
    ).toEqual({ rows: [1, 2], total: 7 })
    expect(glue({ page: 1, pageSize: 2 }, 1, [{ rows: [1] }, { rows: [2] }])).toStrictEqual({ rows: [1, 2] })
  })

  test('one part that is stale makes the page stale, with its error', () => {
    const error = new Error('offline')
    expect(glue({ page: 1, pageSize: 2 }, 1, [{ rows: [1] }, { rows: [2], stale: true, error }])).toEqual({
      rows: [1, 2],
      stale: true,
      error,
    })
  })
})

describe('fitTogether', () => {
  test('promise 16: parts of one state of a list fit', () => {
    fc.assert(
      fc.property(fc.nat(200), slices, count, fc.boolean(), (length, slice, masterPageSize, hasTotal) => {
        const list = Array.from({ length }, (_, index) => index)
        const parts = masterPages(slice, masterPageSize).map((page) => {
          const part = pageOf(list, { page, pageSize: masterPageSize })
          return hasTotal ? part : { rows: part.rows }
        })
        expect(fitTogether(parts, masterPageSize, String)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test.each<[string, ListResult<number>[]]>([
    [
      'that disagree on the total',
      [
        { rows: [1, 2], total: 4 },
        { rows: [3, 4], total: 5 },
      ],
    ],
    ['of which only some have a total', [{ rows: [1, 2], total: 4 }, { rows: [3, 4] }]],
    ['with a row in two of them', [{ rows: [1, 2] }, { rows: [2, 3] }]],
    ['of which one is short though rows follow it', [{ rows: [1] }, { rows: [3, 4] }]],
    ['of which one is empty though rows follow it', [{ rows: [1, 2] }, { rows: [] }, { rows: [5] }]],
  ])('promise 16: parts %s do not fit', (_, parts) => {
    expect(fitTogether(parts, 2, String)).toBe(false)
  })
})

function pageOf(list: readonly number[], { page, pageSize }: Slice): ListResult<number> {
  return { rows: list.slice((page - 1) * pageSize, page * pageSize), total: list.length }
}
