import { describe as group, expect, test } from 'vitest'
import { clip, describe } from './describe.ts'
import { ArgumentError, LiveError } from './errors.ts'
import { watchedRows } from './testing/watched-rows.ts'

const million = 1_000_000

group('a value in a message', () => {
  test.each<readonly [unknown, string]>([
    ['rye', '"rye"'],
    [42, '42'],
    [Number.NaN, 'NaN'],
    [10n, '10n'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('id'), 'Symbol(id)'],
    [() => 1, 'a function'],
    [[1, 2], 'an array of 2'],
    [{ id: 1, tags: ['a'] }, '{"id":1,"tags":["a"]}'],
    [JSON.parse('{"__proto__":{"admin":true},"constructor":"x"}'), '{"__proto__":{"admin":true},"constructor":"x"}'],
    [Object.assign(Object.create(null), { id: 1 }), '{"id":1}'],
    [new Map(), 'a Map'],
    [new Date(0), 'a Date'],
    [Object.create({ constructor: 'x' }), 'an object'],
    [Object.assign(new Map(), { constructor: 'x' }), 'a Map'],
  ])('%o', (value, text) => {
    expect(describe(value)).toBe(text)
  })

  test('is cut off at 80 characters', () => {
    expect(describe('a'.repeat(78))).toHaveLength(80)
    expect(describe('a'.repeat(79))).toBe(`"${'a'.repeat(78)}…`)
    expect(describe({ text: 'a'.repeat(1_000) })).toBe(`{"text":"${'a'.repeat(70)}…`)
  })

  test.each<readonly [string, () => unknown]>([
    [
      'a circle',
      () => {
        const row: Record<string, unknown> = {}
        row['self'] = row
        return row
      },
    ],
    ['a toJSON that throws', () => ({ toJSON: () => raise() })],
    ['a toJSON that gives nothing', () => ({ toJSON: () => undefined })],
    [
      'a getter that throws',
      () => ({
        get id() {
          return raise()
        },
      }),
    ],
    ['a bigint in it', () => ({ id: 1n })],
    [
      'a proxy that was revoked',
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {})
        revoke()
        return proxy
      },
    ],
    ['a proxy whose traps throw', () => new Proxy({}, { getPrototypeOf: raise, ownKeys: raise, get: raise })],
    ['a prototype without a constructor', () => Object.create(Object.create(null))],
    ['a constructor that throws', () => Object.create(Object.create(null, { constructor: { get: raise } }))],
    ['a class whose name is none', () => Object.create({ constructor: Object.defineProperty(() => 1, 'name', { value: Symbol('x') }) })],
  ])('is short and never throws, with %s', (_, make) => {
    expect(describe(make())).toMatch(/^an object( that is no JSON)?$|^\{.*\}$/s)
  })

  test('is made of 100 MB, of a million rows or of a hundred thousand levels with a look at little of them', () => {
    const huge = 'x'.repeat(100 * million)
    const { rows, looks } = watchedRows(million)
    let deep: object = {}
    for (let level = 0; level < 100_000; level += 1) deep = { deep }
    const values = [huge, { huge }, { rows }, rows, { nested: { rows } }, deep]
    const texts = values.map(describe)
    expect(looks()).toBeLessThan(1_000)
    expect(texts.map(({ length }) => length <= 80)).toEqual(values.map(() => true))
  })
})

test('clip leaves a short text as it is', () => {
  expect([clip('rye'), clip('rye', 3), clip('ryes', 3)]).toEqual(['rye', 'rye', 'ry…'])
})

test('a message is short also where a name is not, and the error has the name in full', () => {
  const argument = `where.${'x'.repeat(million)}`
  const error = new ArgumentError(argument, 1, 'something else')
  expect(error).toBeInstanceOf(LiveError)
  expect(error.message).toHaveLength(1_000)
  expect(error.argument).toBe(argument)
})

function raise(): never {
  throw new Error('do not look')
}
