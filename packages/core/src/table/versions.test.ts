import { describe, expect, test } from 'vitest'
import { compareVersions } from './versions.ts'

describe('of two versions', () => {
  test.each([
    [2, 10],
    ['2', '10'],
    ['9007199254740993', '9007199254740994'],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.5Z'],
    ['2026-01-01T00:00:00.5Z', '2026-01-01T00:00:00.50001Z'],
    ['2025-12-31T23:59:59.999Z', '2026-01-01T00:00:00Z'],
  ])('%o is less than %o', (less, greater) => {
    expect(compareVersions(less, greater)).toBeLessThan(0)
    expect(compareVersions(greater, less)).toBeGreaterThan(0)
    expect(compareVersions(less, less)).toBe(0)
  })

  test.each([
    ['a1b2', 'b1a2'],
    ['"5"', '"6"'],
    ['7', 7],
    ['007', '8'],
    ['2026-01-01T00:00:00+01:00', '2026-01-02T00:00:00Z'],
    [undefined, 1],
    [undefined, undefined],
    [null, null],
    [1, { version: 1 }],
  ])('there is no telling which is greater, %o or %o', (a, b) => {
    expect(compareVersions(a, b)).toBeUndefined()
  })

  test('equal ones are equal, whatever they are', () => {
    expect(compareVersions('W/"x"', 'W/"x"')).toBe(0)
  })
})
