import { ArgumentError, TimeoutError } from '../errors.ts'
import { longestTimer } from './timer.ts'
import { untilAborted } from './until-aborted.ts'

/** @throws ArgumentError unless it is a time that a timer can count, or undefined for none (promise 20) */
export function checkTimeout(timeout: number | undefined): void {
  if (timeout === undefined || (typeof timeout === 'number' && timeout > 0 && timeout <= longestTimer)) return
  throw new ArgumentError('timeout', timeout, `a number of ms above 0, up to ${longestTimer}`)
}

/**
 * Settles as the work does, unless the signal aborts before, or the time is over: then it rejects at once, with the signal's reason
 * or with a TimeoutError, and the work's own signal aborts.
 *
 * @param timeout in ms; undefined for as long as it takes
 * @param what takes so long, for the message
 */
export function withinTime<T>(
  timeout: number | undefined,
  what: string,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (timeout === undefined) return untilAborted(work(signal), signal)
  const end = new AbortController()
  const leave = (): void => end.abort(signal?.reason)
  if (signal?.aborted === true) leave()
  signal?.addEventListener('abort', leave, { once: true })
  const timer = setTimeout(() => end.abort(new TimeoutError(what, timeout)), timeout)
  return untilAborted(work(end.signal), end.signal).finally(() => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', leave)
  })
}
