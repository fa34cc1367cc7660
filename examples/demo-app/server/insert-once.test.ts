import { expect, test, vi } from 'vitest'
import { insertOnce } from './insert-once.ts'

test('under one key a row is inserted once, and everybody gets that one', () => {
  const once = insertOnce<number>()
  const insert = vi.fn<() => number>().mockReturnValueOnce(1).mockReturnValueOnce(2)
  expect([once('a', insert), once('a', insert), once('b', insert), once('a', insert)]).toEqual([1, 1, 2, 1])
  expect(insert).toHaveBeenCalledTimes(2)
})

test('without a key each is another one', () => {
  const once = insertOnce<number>()
  let last = 0
  const insert = (): number => (last += 1)
  expect([once(undefined, insert), once(undefined, insert)]).toEqual([1, 2])
})

test('an insert that was refused may be tried again under its key', () => {
  const once = insertOnce<number>()
  expect(() =>
    once('a', () => {
      throw new Error('refused')
    }),
  ).toThrow('refused')
  expect(once('a', () => 1)).toBe(1)
})

test('the oldest answers are forgotten, and a thousand are kept', () => {
  const once = insertOnce<number>()
  for (let key = 0; key <= 1_000; key += 1) once(String(key), () => key)
  expect(once('1', () => -1)).toBe(1)
  expect(once('0', () => -1)).toBe(-1)
})
