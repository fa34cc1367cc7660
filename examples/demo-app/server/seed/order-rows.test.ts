import { expect, test } from 'vitest'
import { orders } from '../entities/orders.ts'
import { newRow } from '../row-input.ts'
import { orderRows } from './order-rows.ts'

const city = { name: 'x', country: 'DE', adminCode: '', municipality: '', featureCode: 'PPL', lat: 0, lon: 0 }
const cities = [
  { ...city, id: 1, population: 900 },
  { ...city, id: 2, population: 0 },
  { ...city, id: 3, population: 100 },
]
const rows = [...orderRows(cities, 5_000)]

test('every order is one that the server itself would take, and reckons its total as it would', () => {
  for (const row of rows) {
    const { total, ...own } = row
    expect(newRow(orders, row)).toEqual(own)
    expect(orders.columns['total']?.computed?.(row)).toBe(total)
  }
})

test('ids are unique', () => {
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
})

test('a city has orders by its population', () => {
  const share = (id: number): number => rows.filter(({ cityId }) => cityId === id).length / rows.length
  expect(share(1)).toBeCloseTo(0.9, 1)
  expect(share(2)).toBe(0)
  expect(share(3)).toBeCloseTo(0.1, 1)
})

test('all statuses, channels and products are there, and old orders are done', () => {
  const values = (field: 'status' | 'channel' | 'product'): number => new Set(rows.map((row) => row[field])).size
  expect([values('status'), values('channel'), values('product')]).toEqual([5, 5, 12])
  expect(new Set(rows.slice(0, 4_000).map(({ status }) => status))).toEqual(new Set(['delivered', 'cancelled']))
})
