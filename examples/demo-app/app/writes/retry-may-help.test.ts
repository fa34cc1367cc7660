import { HttpError, MissingRowError, NetworkError, RestoredError } from '@vantage-live/core'
import { expect, test } from 'vitest'
import { retryMayHelp } from './retry-may-help.ts'

const refusedWith = (status: number): HttpError => new HttpError('PATCH', '/api/orders/B-1', new Response(null, { status }), '')

test('what was sent is wrong, or has no row: it stays so', () => {
  expect([400, 404, 413, 415, 422].map((status) => retryMayHelp(refusedWith(status)))).not.toContain(true)
  expect(retryMayHelp(new MissingRowError('orders', 'B-1'))).toBe(false)
  expect(retryMayHelp(new RestoredError({ message: 'it was refused', code: 'http', status: 422, body: undefined }))).toBe(false)
})

test('a server that is busy, or that something else has to change on, may take it later', () => {
  expect([409, 429, 500, 503].map((status) => retryMayHelp(refusedWith(status)))).not.toContain(false)
  expect(retryMayHelp(new NetworkError('PATCH', '/api/orders/B-1', undefined))).toBe(true)
  expect(retryMayHelp(new RestoredError({ message: 'it was refused', code: 'http', status: 503, body: undefined }))).toBe(true)
})
