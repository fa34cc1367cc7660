import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { AnswerError, ArgumentError, HttpError, NetworkError, TimeoutError, VersionError } from '../errors.ts'
import { busyDelay, failureOf, isUnsure, unreachableDelay } from './failure.ts'

describe('what a failure means', () => {
  test.each([408, 425, 429, 500, 502, 503, 504, 599])('after the status %i it is sent again', (status) => {
    expect(failureOf(httpError(status))).toBe('busy')
  })

  test.each([400, 404, 410, 413, 422, 499])('the status %i is final', (status) => {
    expect(failureOf(httpError(status))).toBe('final')
  })

  test('401 and 403 ask for another token, 409 and 412 for another look at the row', () => {
    expect([401, 403, 409, 412].map((status) => failureOf(httpError(status)))).toEqual([
      'unauthorized',
      'unauthorized',
      'conflict',
      'conflict',
    ])
    expect(failureOf(new VersionError('t', '1', 1, 2))).toBe('conflict')
  })

  test('an error of an app’s own counts by its code or status', () => {
    expect(failureOf(new NetworkError('POST', '/', undefined))).toBe('unreachable')
    expect(failureOf({ code: 'network' })).toBe('unreachable')
    expect(failureOf(Object.assign(new Error('own'), { status: 503 }))).toBe('busy')
  })

  test('an answer that does not come in time is none', () => {
    expect(failureOf(new TimeoutError('PATCH /orders/1', 100))).toBe('unreachable')
    expect(failureOf({ code: 'timeout' })).toBe('unreachable')
    expect(failureOf(new DOMException('too slow', 'TimeoutError'))).toBe('final')
  })

  test.each<readonly [boolean, unknown]>([
    [true, new NetworkError('POST', '/', undefined)],
    [true, new TimeoutError('POST /', 100)],
    [true, new AnswerError('t', 'x', 1, 'y')],
    [true, httpError(408)],
    [true, httpError(502)],
    [true, httpError(504)],
    [false, httpError(500)],
    [false, httpError(422)],
    [false, new VersionError('t', '1', 1, 2)],
    [false, new ArgumentError('id', 1, 'x')],
    [false, null],
  ])('that a write may have been applied all the same is %s after %o', (isPossible, error) => {
    expect(isUnsure(error)).toBe(isPossible)
  })

  test('anything else is final, whatever its message says', () => {
    const others = [
      new TypeError('Failed to fetch'),
      new Error('503'),
      new ArgumentError('id', 1, 'x'),
      new AnswerError('t', 'x', 1, 'y'),
      '503',
      null,
    ]
    expect(others.map(failureOf)).toEqual(others.map(() => 'final'))
  })
})

describe('when it is sent again', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) })
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  test('the wait grows, and five attempts are all', () => {
    const error = httpError(503)
    expect([1, 2, 3, 4, 5].map((attempts) => busyDelay(error, attempts, 0))).toEqual([500, 500, 500, 500, undefined])
    expect([1, 2, 3, 4].map((attempts) => busyDelay(error, attempts, 0.5))).toEqual([750, 1_250, 2_250, 4_250])
  })

  test('a master that is out of reach is tried for as long as it takes, every 30 s at last', () => {
    expect([1, 2, 20, 2_000].map((attempts) => unreachableDelay(attempts, 0.999_999))).toEqual([
      expect.closeTo(1_000, 0),
      expect.closeTo(2_000, 0),
      expect.closeTo(30_000, 0),
      expect.closeTo(30_000, 0),
    ])
  })

  test.each([
    ['3', 3_000],
    ['0', 500],
    ['Thu, 01 Jan 2026 00:00:07 GMT', 7_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 500],
    ['soon', 500],
    ['11', undefined],
    ['9'.repeat(400), undefined],
    ['-3', 500],
    ['1e3', 500],
  ])('a Retry-After of %s is kept to, unless it is too long', (value, delay) => {
    expect(busyDelay(httpError(429, { 'retry-after': value }), 1, 0)).toBe(delay)
  })
})

function httpError(status: number, headers: HeadersInit = {}): HttpError {
  return new HttpError('POST', '/', new Response(null, { status, headers }), undefined)
}
