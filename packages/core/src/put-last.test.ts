import { expect, test } from 'vitest'
import { putLast } from './put-last.ts'

test('what was put in longest ago makes room, and what is put in again was put in last', () => {
  const map = new Map<string, number>()
  expect([putLast(map, 'a', 1, 2), putLast(map, 'b', 2, 2), putLast(map, 'a', 3, 2)]).toEqual([undefined, undefined, undefined])
  expect(putLast(map, 'c', 4, 2)).toBe('b')
  expect([...map]).toEqual([
    ['a', 3],
    ['c', 4],
  ])
})
