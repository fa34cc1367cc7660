import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ArgumentError } from './errors.ts'
import { checkSchema, rowProblem, type StandardSchemaV1 } from './row-schema.ts'

interface Order {
  readonly id: string
  readonly quantity: number
  readonly address?: { readonly city: string } | undefined
}

const libraries: readonly (readonly [string, StandardSchemaV1<Order>])[] = [
  ['zod', z.object({ id: z.string(), quantity: z.number(), address: z.object({ city: z.string() }).optional() })],
  ['valibot', v.object({ id: v.string(), quantity: v.number(), address: v.optional(v.object({ city: v.string() })) })],
  ['arktype', type({ id: 'string', quantity: 'number', 'address?': type({ city: 'string' }).or('undefined') })],
]

describe.each(libraries)('a schema of %s', (_, schema) => {
  test('is a schema', () => {
    expect(() => checkSchema(schema)).not.toThrow()
  })

  test('a row that fits has no problem, and stays as it is', () => {
    const row = { id: '1', quantity: 2, extra: true, address: { city: 'Riga' } }
    expect(rowProblem(schema, row)).toBeUndefined()
    expect(row).toEqual({ id: '1', quantity: 2, extra: true, address: { city: 'Riga' } })
  })

  test('what does not fit is named by its field, once, also within another one', () => {
    expect(rowProblem(schema, { id: '1', quantity: 'two' })).toMatch(/^quantity\b(?!.*quantity).*number/)
    expect(rowProblem(schema, { id: '1', quantity: 2, address: { city: 7 } })).toMatch(/^address(\.city)?\b.*string/)
  })

  test('what is no row at all is a problem too', () => {
    for (const row of [undefined, null, 'rye', [], 7]) expect(rowProblem(schema, row)).toEqual(expect.any(String))
  })
})

describe('the reasons', () => {
  test('are the first three, with their paths, and the number of the others', () => {
    const issues = [
      { message: 'no rows' },
      { message: 'expected number', path: ['items', 3, { key: 'price' }] },
      { message: 'too odd', path: [Symbol('odd')] },
      { message: 'unseen' },
      { message: 'unseen' },
    ]
    expect(rowProblem(answering({ issues }), {})).toBe('no rows; items.3.price: expected number; Symbol(odd): too odd; and 2 more')
  })

  test('are short, whatever the schema has to say', () => {
    const issues = Array.from({ length: 10_000 }, () => ({ message: 'x'.repeat(1_000_000), path: ['y'.repeat(1_000_000)] }))
    expect(rowProblem(answering({ issues }), {})?.length).toBeLessThan(300)
  })

  test('are there also where the schema gives none', () => {
    expect(rowProblem(answering({ issues: [] }), {})).toBe('no reason given')
  })

  test('are what it throws, where it throws', () => {
    const throwing = (error: unknown) =>
      answering(() => {
        throw error
      })
    expect(rowProblem(throwing(new Error('broken')), {})).toBe('broken')
    expect(rowProblem(throwing(Object.create(null)), {})).toBe('{}')
    expect(rowProblem(answering(undefined), {})).toContain('undefined')
  })
})

describe('promise 20', () => {
  test('promise 20: a schema that answers with a promise is refused in plain words, and what becomes of the promise is no matter', async () => {
    const schemas = [
      z.object({ id: z.string().refine(async () => true) }),
      v.objectAsync({
        id: v.pipeAsync(
          v.string(),
          v.checkAsync(async () => true),
        ),
      }),
      answering(() => Promise.reject(new Error('nobody listens'))),
    ]
    for (const schema of schemas) {
      expect(() => rowProblem(schema, { id: '1' })).toThrow(ArgumentError)
      expect(() => rowProblem(schema, { id: '1' })).toThrow('a schema that answers at once, and not with a promise')
    }
    await new Promise((resolve) => setTimeout(resolve))
  })

  test.each([
    [undefined],
    [null],
    [7],
    ['zod'],
    [{}],
    [() => true],
    [{ parse: () => true }],
    [{ '~standard': {} }],
    [{ '~standard': null }],
  ])('promise 20: %o is no schema', (schema) => {
    expect(() => checkSchema(schema)).toThrow('expected a Standard Schema, such as one of zod, valibot or arktype')
  })
})

test('a schema that makes something else of a row, or asks for less than one, does not type-check', () => {
  const schemas: readonly StandardSchemaV1<{ readonly id: string; readonly quantity: number }>[] = [
    z.object({ id: z.string(), quantity: z.number() }),
    v.object({ id: v.string(), quantity: v.number() }),
    type({ id: 'string', quantity: 'number' }),
    z.object({ id: z.string(), quantity: z.number(), more: z.string() }),
    // @ts-expect-error: it reads text and gives numbers
    z.object({ id: z.string(), quantity: z.string().transform(Number) }),
    // @ts-expect-error: so does this
    v.object({ id: v.string(), quantity: v.pipe(v.string(), v.transform(Number)) }),
    // @ts-expect-error: and this
    type({ id: 'string', quantity: 'string.numeric.parse' }),
    // @ts-expect-error: it takes rows without a quantity
    z.object({ id: z.string(), quantity: z.number().default(1) }),
    // @ts-expect-error: it does not look at the quantity
    z.object({ id: z.string() }),
  ]
  for (const schema of schemas) expect(() => checkSchema(schema)).not.toThrow()
})

/** A schema that gives this result, whatever it is asked. */
function answering(result: unknown): StandardSchemaV1 {
  const validate = typeof result === 'function' ? result : () => result
  return { '~standard': { version: 1, vendor: 'test', validate: validate as never } }
}
