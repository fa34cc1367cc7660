import { expect, test } from 'vitest'
import { ArgumentError } from '../errors.ts'
import { entityTag, isEntityTag } from './entity-tag.ts'

test.each(['"x"', 'W/"x"', '""', '"a-b:c,d\'e\\"', '"caf\u00e9"'])('%s is an entity tag, and stays as it is', (tag) => {
  expect(isEntityTag(tag)).toBe(true)
  expect(entityTag(tag)).toBe(tag)
})

test.each([
  ['x', '"x"'],
  [7, '"7"'],
  [-1.5, '"-1.5"'],
  ['', '""'],
  ['*', '"*"'],
  ['W/x', '"W/x"'],
  ['2024-05-01T06:00:00Z', '"2024-05-01T06:00:00Z"'],
])('%j is no entity tag, and is quoted', (version, tag) => {
  expect(isEntityTag(version)).toBe(false)
  expect(entityTag(version)).toBe(tag)
})

test.each([['a b'], ['a"b'], ['"'], ['"a'], ['w/"x"'], ['a\r\nb'], ['\u007f'], ['\u0100'], ['🥐'], [Number.NaN], [null], [{}], [true]])(
  'promise 20: the version %j is refused by name, for no entity tag can hold it',
  (version) => {
    expect(() => entityTag(version)).toThrow(ArgumentError)
    expect(() => entityTag(version)).toThrow(/^version is .*; expected text or a finite number that an entity tag can hold/)
  },
)
