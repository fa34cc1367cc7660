import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backoff } from './backoff.ts'

describe('backoff', () => {
  test('the first wait is 1 to 2 s, and the bound doubles up to 30 s', () => {
    expect([1, 2, 3, 4, 5, 6].map((failures) => backoff(1_000, failures, 1))).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    expect([1, 2, 3, 4, 5, 6].map((failures) => backoff(1_000, failures, 0))).toEqual([1_000, 1_000, 1_000, 1_000, 1_000, 1_000])
  })

  test('after any number of failures it is 1 to 30 s', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, random) => {
        const delay = backoff(1_000, failures, random)
        expect(delay).toBeGreaterThanOrEqual(1_000)
        expect(delay).toBeLessThanOrEqual(30_000)
      }),
    )
  })
})
