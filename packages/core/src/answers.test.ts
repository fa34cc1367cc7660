import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { checkListResult, checkRow, isPageOf, isRowOf, totalOf, type RowShape } from './answers.ts'
import { AnswerError, ArgumentError } from './errors.ts'
import { watchedRows } from './testing/watched-rows.ts'

const plain: RowShape = { name: 'orders', idField: 'id' }
const strict: RowShape = { ...plain, schema: z.object({ id: z.union([z.string(), z.number()]), quantity: z.number() }) }

describe('the answer to list', () => {
  test('is the same object, with and without a schema', () => {
    const result = { rows: [{ id: 1, quantity: 2 }], total: 1 }
    expect(checkListResult(plain, result, 10)).toBe(result)
    expect(checkListResult(strict, result, 10)).toBe(result)
  })

  test('promise 20: a million rows for fifty are refused without a look at any of them, and are not kept by the error', () => {
    const { rows, looks } = watchedRows(1_000_000)
    const error = thrown(() => checkListResult(plain, { rows }, 50))
    expect(looks()).toBe(0)
    expect(error).toBeInstanceOf(AnswerError)
    expect(error).toHaveProperty('message', 'table "orders": the number of rows in the page is 1000000; expected at most 50, as asked for')
    expect(error).toHaveProperty('value', 1_000_000)
  })

  test.each<readonly [unknown, string]>([
    [undefined, 'the answer to list is undefined'],
    [{ rows: 'rye' }, 'the answer to list is {"rows":"rye"}'],
    [{ rows: [], total: -1 }, 'the answer to list is {"rows":[],"total":-1}'],
    [{ rows: [], total: 1.5 }, 'the answer to list is'],
    [{ rows: [], total: '7' }, 'the answer to list is'],
    [{ rows: [], total: Number.POSITIVE_INFINITY }, 'the answer to list is'],
    [{ rows: [null] }, 'a row is null; expected an object'],
    [{ rows: Array.from({ length: 1 }) }, 'a row is undefined; expected an object'],
    [{ rows: [{ id: '' }] }, 'id of a row is ""; expected an id'],
    [{ rows: [{ id: Number.NaN }] }, 'id of a row is NaN; expected an id'],
    [{ rows: [{ id: 10n }] }, 'id of a row is 10n; expected an id'],
    [{ rows: [{ id: { a: 1 } }] }, 'id of a row is {"a":1}; expected an id'],
    [{ rows: [Object.create({ id: 1 })] }, 'id of a row is undefined; expected an id'],
    [{ rows: [{ id: 1 }, { id: '1' }] }, 'id of two rows is "1"; expected ids that differ'],
    [{ rows: [{ id: 0 }, { id: -0 }] }, 'id of two rows is "0"; expected ids that differ'],
    [{ rows: [{ id: '__proto__' }, { id: '__proto__' }] }, 'id of two rows is "__proto__"; expected ids that differ'],
    [{ rows: [{ id: 1e21 }, { id: '1e+21' }] }, 'id of two rows is "1e+21"; expected ids that differ'],
  ])('promise 20: %o is refused', (result, message) => {
    const error = thrown(() => checkListResult(plain, result as never, 10))
    expect(error).toBeInstanceOf(AnswerError)
    expect(error).toHaveProperty('message', expect.stringContaining(`table "orders": ${message}`))
  })

  test('promise 20: a row that does not fit the schema is named, with the reason', () => {
    const error = thrown(() =>
      checkListResult(
        strict,
        {
          rows: [
            { id: 1, quantity: 2 },
            { id: 'b', quantity: '2' },
          ],
        },
        10,
      ),
    )
    expect(error).toBeInstanceOf(AnswerError)
    expect(error).toHaveProperty(
      'message',
      expect.stringMatching(
        /^table "orders": row "b" is \{"id":"b","quantity":"2"\}; expected a row that fits the schema: quantity: .*number/,
      ),
    )
  })

  test('promise 20: a schema that takes its time is the fault of the app', () => {
    const slow: RowShape = { ...plain, schema: z.object({ id: z.number().refine(async () => true) }) }
    expect(thrown(() => checkListResult(slow, { rows: [{ id: 1 }] }, 10))).toBeInstanceOf(ArgumentError)
  })
})

describe('a row', () => {
  test('is the same object', () => {
    const row = { id: 1, quantity: 1 }
    expect(checkRow(strict, row, '1')).toBe(row)
  })

  test.each<readonly [unknown, string]>([
    [undefined, 'a row is undefined; expected an object'],
    [{ id: 2, quantity: 1 }, 'id of the row is "2"; expected 1, as asked for'],
    [{ id: 1 }, 'row "1" is {"id":1}; expected a row that fits the schema: quantity: '],
  ])('promise 20: %o is refused', (row, message) => {
    const error = thrown(() => checkRow(strict, row as never, 1))
    expect(error).toBeInstanceOf(AnswerError)
    expect(error).toHaveProperty('message', expect.stringContaining(message))
  })
})

describe('what was stored', () => {
  test.each<readonly [unknown, boolean]>([
    [{ rows: [] }, true],
    [{ rows: [{ id: 1, quantity: 1 }], total: 1 }, true],
    [{ rows: [{ id: 1, quantity: 'x' }] }, false],
    [{ rows: [{ quantity: 1 }] }, false],
    [{ rows: [null] }, false],
    [{ rows: [[1]] }, false],
    [{ rows: {} }, false],
    [{ rows: [], total: 'x' }, false],
    ['rows', false],
  ])('promise 7: %o is a page of rows that fit: %s', (value, isPage) => {
    expect(isPageOf(strict, value)).toBe(isPage)
  })

  test('promise 7: is a row where it has an id and fits', () => {
    expect([{ id: 1, quantity: 1 }, { id: 1 }, { quantity: 1 }, [], null, 'x'].map((value) => isRowOf(strict, value))).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ])
    expect(isRowOf(plain, { id: 1 })).toBe(true)
  })
})

describe('the total', () => {
  test.each([
    ['is what the master says', 120, 10, 1, 120],
    ['is at least what was seen', 5, 10, 1, 10],
    ['is at least what was seen on pages before, too', 120, 7, 20, 197],
    ['is what the master says beyond the end', 120, 0, 20, 120],
    ['of an empty table is none', 0, 0, 1, 0],
  ])('%s', (_, said, seen, page, total) => {
    const rows = Array.from({ length: seen }, (__, id) => ({ id }))
    expect(totalOf(said, rows, { page, pageSize: 10 })).toBe(total)
  })
})

function thrown(call: () => unknown): unknown {
  try {
    return new Error(`it gave ${String(call())}`)
  } catch (error) {
    return error
  }
}
