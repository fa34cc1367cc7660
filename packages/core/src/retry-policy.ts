import { backoff } from './backoff.ts'
import { isObject } from './table/is-object.ts'

/** How often a write is sent at most. */
const mostAttempts = 5
/** In ms. */
const shortest = 500
/** A server that wants to be left alone for longer, in ms, is not waited for: all other writes would wait as well. */
const longestRetryAfter = 10_000

/**
 * How long to wait before something that failed is tried again, in ms; undefined where that is not worth it.
 *
 * Only what may well go better the next time is tried again: no answer at all, and the statuses 408, 425, 429 and 500 to 599.
 * The wait is no shorter than the server's own `Retry-After`.
 *
 * @param attempts how often it was tried
 * @param random from 0 up to 1, as `Math.random` gives it
 */
export function retryDelay(error: unknown, attempts: number, random: number): number | undefined {
  if (attempts >= mostAttempts || !isTransient(error)) return undefined
  const asked = retryAfter(error)
  if (asked > longestRetryAfter) return undefined
  return Math.max(asked, backoff(shortest, attempts, random))
}

/** By type and status, of whatever class, so that errors of an app's own table count as well. */
function isTransient(error: unknown): boolean {
  if (!isObject(error)) return false
  if ('code' in error && error.code === 'network') return true
  const status = 'status' in error ? error.status : undefined
  return typeof status === 'number' && ([408, 425, 429].includes(status) || (status >= 500 && status < 600))
}

/** In ms; 0 where the server did not say. */
function retryAfter(error: unknown): number {
  const headers = isObject(error) && 'headers' in error ? error.headers : undefined
  const text = headers instanceof Headers ? headers.get('retry-after') : null
  if (text === null) return 0
  const wait = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now()
  return Number.isNaN(wait) ? 0 : Math.max(0, wait)
}
