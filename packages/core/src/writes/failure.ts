import { backoff } from '../backoff.ts'
import { retryAfter } from '../retry-after.ts'
import { isObject } from '../table/is-object.ts'

/** How often a write is sent at most that the master answers with an error. */
const mostAttempts = 5
/** In ms. */
const shortest = 500
/** A server that wants to be left alone for longer, in ms, is not waited for: all other writes would wait as well. */
const longestRetryAfter = 10_000

/** What it means for a write that it failed, told by type and status alone, of whatever class the error is. */
export type Failure =
  /** No answer came, or none in time: it may have been applied. */
  | 'unreachable'
  /** It may well go better soon. */
  | 'busy'
  /** Whoever writes is not known, or not allowed to. */
  | 'unauthorized'
  /** The row is no longer what the write was made against. */
  | 'conflict'
  | 'final'

/**
 * Whether it may have been applied all the same: no answer came, or one that nothing can be made of, or only one of a server in
 * between (408, 502, 504).
 */
export function isUnsure(error: unknown): boolean {
  if (!isObject(error)) return false
  const isUnread = 'code' in error && error.code === 'answer'
  return isUnread || failureOf(error) === 'unreachable' || ('status' in error && [408, 502, 504].some((status) => status === error.status))
}

/** Errors of an app's own table count as well: a `code`, or a `status`, is all that is looked at. */
export function failureOf(error: unknown): Failure {
  if (!isObject(error)) return 'final'
  if ('code' in error && (error.code === 'network' || error.code === 'timeout')) return 'unreachable'
  if ('code' in error && error.code === 'version') return 'conflict'
  const status = 'status' in error ? error.status : undefined
  if (typeof status !== 'number') return 'final'
  if (status === 401 || status === 403) return 'unauthorized'
  if (status === 409 || status === 412) return 'conflict'
  return [408, 425, 429].includes(status) || (status >= 500 && status < 600) ? 'busy' : 'final'
}

/**
 * How long to wait before what failed as 'busy' is sent again, in ms; undefined where that is not worth it. No shorter than the
 * server's own `Retry-After`.
 *
 * @param attempts how often it was sent
 * @param random from 0 up to 1, as `Math.random` gives it
 */
export function busyDelay(error: unknown, attempts: number, random: number): number | undefined {
  const asked = isObject(error) && 'headers' in error && error.headers instanceof Headers ? retryAfter(error.headers) : 0
  if (attempts >= mostAttempts || asked > longestRetryAfter) return undefined
  return Math.max(asked, backoff(shortest, attempts, random))
}

/** How long to wait before a master that was out of reach is tried again, in ms. It is tried for as long as it takes. */
export function unreachableDelay(attempts: number, random: number): number {
  return backoff(shortest, attempts, random)
}
