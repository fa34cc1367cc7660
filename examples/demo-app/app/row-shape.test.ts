import { expect, test } from 'vitest'
import { rowSchema } from './row-shape.ts'

const { validate } = rowSchema<{ readonly id: string; readonly quantity: number }>([
  { name: 'id', label: 'Order' },
  { name: 'placedAt', type: 'date' },
  { name: 'quantity', type: 'number' },
])['~standard']

test('a row with a text or a number in each column fits, whatever else it has', () => {
  const row = { id: 'B-1', placedAt: '2025-06-30T08:15:00Z', quantity: 2, version: '7', added: null }
  expect(validate(row)).toEqual({ value: row })
})

test('what is missing or of another kind is named', () => {
  expect(validate({ id: 1, placedAt: 'today', quantity: '2' })).toEqual({
    issues: [
      { message: 'expected a string', path: ['id'] },
      { message: 'expected a number', path: ['quantity'] },
      { message: 'expected a string', path: ['version'] },
    ],
  })
  expect(validate(null)).toEqual({ issues: [{ message: 'expected an object' }] })
})
