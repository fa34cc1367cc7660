import { expect, test } from 'vitest'
import { appliedOnce } from './applied-once.ts'

/** A write that counts how often it is applied, and answers with that. */
function counting() {
  const once = appliedOnce<number>()
  let applied = 0
  return (key?: string) => once(key, () => (applied += 1))
}

test('a write is applied once for each key, and always where it has none', () => {
  const write = counting()
  expect([write('a'), write('b'), write('a'), write(), write(), write('b')]).toEqual([1, 2, 1, 3, 4, 2])
})

test('an answer of nothing is remembered too', () => {
  const once = appliedOnce<void>()
  let applied = 0
  const write = (): void => once('a', () => void (applied += 1))
  write()
  write()
  expect(applied).toBe(1)
})

test('a write that throws is not remembered', () => {
  const once = appliedOnce<number>()
  const fail = (): number => {
    throw new Error('away')
  }
  expect(() => once('a', fail)).toThrow('away')
  expect(once('a', () => 1)).toBe(1)
})

test('the latest 1,000 keys are remembered', () => {
  const write = counting()
  for (let index = 1; index <= 1_001; index += 1) write(`key ${index}`)
  expect(write('key 1001')).toBe(1_001)
  expect(write('key 2')).toBe(2)
  expect(write('key 1')).toBe(1_002)
  expect(write('key 2')).toBe(1_003)
})
