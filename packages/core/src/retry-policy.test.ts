import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { AnswerError, ArgumentError, HttpError, NetworkError } from './errors.ts'
import { retryDelay } from './retry-policy.ts'

describe('what is tried again', () => {
  test.each([408, 425, 429, 500, 502, 503, 504, 599])('the status %i is', (status) => {
    expect(retryDelay(httpError(status), 1, 0)).toBe(500)
  })

  test.each([400, 401, 403, 404, 409, 412, 413, 422, 499])('the status %i is not', (status) => {
    expect(retryDelay(httpError(status), 1, 0)).toBeUndefined()
  })

  test('no answer at all is, and so is an error of an app’s own with a status or that code', () => {
    for (const error of [new NetworkError('POST', '/', undefined), Object.assign(new Error('own'), { status: 503 }), { code: 'network' }]) {
      expect(retryDelay(error, 1, 0)).toBe(500)
    }
  })

  test('anything else is not, whatever its message says', () => {
    const others = [
      new TypeError('Failed to fetch'),
      new Error('503'),
      new ArgumentError('id', 1, 'x'),
      new AnswerError('t', 'x', 1, 'y'),
      '503',
      null,
    ]
    for (const error of others) expect(retryDelay(error, 1, 0)).toBeUndefined()
  })
})

describe('when', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) })
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  test('the wait grows, and five attempts are all', () => {
    const error = httpError(503)
    expect([1, 2, 3, 4, 5].map((attempts) => retryDelay(error, attempts, 0))).toEqual([500, 500, 500, 500, undefined])
    expect([1, 2, 3, 4].map((attempts) => retryDelay(error, attempts, 0.5))).toEqual([750, 1_250, 2_250, 4_250])
  })

  test.each([
    ['3', 3_000],
    ['0', 500],
    ['Thu, 01 Jan 2026 00:00:07 GMT', 7_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 500],
    ['soon', 500],
    ['11', undefined],
  ])('a Retry-After of %s is kept to, unless it is too long', (value, delay) => {
    expect(retryDelay(httpError(429, { 'retry-after': value }), 1, 0)).toBe(delay)
  })
})

function httpError(status: number, headers: HeadersInit = {}): HttpError {
  return new HttpError('POST', '/', new Response(null, { status, headers }), undefined)
}
