import { createParser, type EventSourceMessage, type ParseError } from 'eventsource-parser'
import { backoff } from '../backoff.ts'
import { EventError, TimeoutError } from '../errors.ts'
import { isPosition, positionIn, positionToHeader, requestEvents, whyNoRequests, type Failure, type SseSource } from './sse-request.ts'
import type { LiveEvent, StreamListener, StreamStatus } from './stream.ts'

/** How soon the next attempt follows at the earliest, in ms, where no `retry:` of the server's says otherwise. */
const shortestRetry = 1_000
/** Less than this, in ms, is not taken from a server: with 0 it would be asked without a pause once it is down. */
const leastRetry = 10
/** A connection that ended within this time, in ms, or without a byte, may be one that a proxy does not let through. */
const early = 5_000
/** So many of these in a row, and events are polled for. */
const mostEarlyEnds = 3
/** How long a server, or what is before it, may take to accept a connection, in ms. */
const headersWithin = 10_000
/** How long after the end of a poll the next one follows, in ms. */
const pollInterval = 3_000
/** How long is polled before a connection is tried again, in ms. */
const pollingTime = 300_000
const pollingReason = 'connections end early here, as behind a proxy that does not let streams through'
const abortedReason = 'aborted by its signal'
/** How long a page may be hidden before its connection is paused, in ms. */
const hiddenGrace = 10_000
/** What is kept at most of a message that is not complete, in characters. */
const longestMessage = 2 ** 24
/** Timers that are to take longer run at once. */
const longestTimer = 2 ** 31 - 1

/** What a connection is made of: `SseOptions` with its defaults. */
export interface SseSetup extends SseSource {
  readonly headers: HeadersInit | ((refused?: number) => HeadersInit | Promise<HeadersInit>) | undefined
  readonly silence: number
  readonly pauseWhenHidden: boolean
  readonly signal: AbortSignal | undefined
  /** What a message says, checked; it may throw. */
  readonly read: (message: EventSourceMessage) => readonly LiveEvent[]
}

/** Asks for events again and again, until the returned function is called or there is no sense in it. */
export function connectSse(setup: SseSetup, listener: StreamListener, from: string | undefined): () => void {
  const { headers, silence, pauseWhenHidden, signal, read } = setup
  const life = new AbortController()
  const whileAlive = { signal: life.signal }
  let shown: string | undefined

  /** All up to here has been heard; and how much of that was told. */
  let position = from !== undefined && isPosition(from) ? from : undefined
  let toldPosition: string | undefined
  /** When this connection told its gap, all up to here could be read: a reset to it adds nothing. */
  let coveredPosition: string | undefined

  /** The request that is under way, with when its server was last heard of by the wall clock, and when it answered. */
  let request: AbortController | undefined
  let heardAt: number | undefined
  let openedAt: number | undefined
  let hasBytes = false
  let watchdog: ReturnType<typeof setTimeout> | undefined

  /** What the next attempt depends on. */
  let timer: ReturnType<typeof setTimeout> | undefined
  let notBefore = 0
  let retry = shortestRetry
  let failures = 0
  let earlyEnds = 0
  let pollsUntil: number | undefined
  let refused: number | undefined

  /** Whether it waits for the page to be shown. */
  let isIdle = false
  let grace: ReturnType<typeof setTimeout> | undefined

  const isEnded = (): boolean => life.signal.aborted

  function show(status: StreamStatus): void {
    const next = JSON.stringify(status)
    if (isEnded() || next === shown) return
    shown = next
    listener.onStatus({ ...status, since: Date.now() })
  }

  function reportGap(reason: string): void {
    if (!isEnded()) listener.onGap(reason)
  }

  function report(error: unknown): void {
    if (!isEnded()) listener.onError(error)
  }

  function tellPosition(): void {
    if (isEnded() || position === undefined || position === toldPosition) return
    toldPosition = position
    listener.onPosition?.(position)
  }

  function receive(message: EventSourceMessage): void {
    if (isEnded()) return
    const { event, id } = message
    if (event === 'reset') {
      if (id === undefined || id !== coveredPosition) reportGap('the server sent a reset')
      return
    }
    let events: readonly LiveEvent[]
    try {
      events = read(message)
    } catch (error) {
      listener.onError(error)
      return reportGap('a message could not be read')
    }
    for (const live of events) if (!isEnded()) listener.onEvent(live)
  }

  function open(response: Response, sent: string | undefined): void {
    heardAt = Date.now()
    openedAt = performance.now()
    refused = undefined
    const at = positionIn(response)
    const isResumed = sent !== undefined && at === sent
    show(pollsUntil === undefined ? { state: 'open' } : { state: 'polling', reason: pollingReason })
    if (!isResumed) reportGap('the connection was opened')
    coveredPosition = isResumed ? undefined : at
    position = at ?? position
    tellPosition()
  }

  /** Resolves when the answer is complete. */
  async function ask(own: AbortSignal): Promise<Failure | undefined> {
    let sending: Headers
    try {
      sending = new Headers(typeof headers === 'function' ? await headers(refused) : headers)
    } catch (error) {
      if (!own.aborted) listener.onError(error)
      return { reason: 'the headers of the request could not be made' }
    }
    own.throwIfAborted()
    const sent = position
    if (sent !== undefined) sending.set('last-event-id', positionToHeader(sent))
    if (pollsUntil !== undefined) sending.set('prefer', 'wait=0')
    heardAt = Date.now()
    watch()
    const answer = await requestEvents(setup, sending, own)
    own.throwIfAborted()
    if ('reason' in answer) return answer
    open(answer, sent)
    const decoder = new TextDecoder()
    let isTooLong = false
    const parser = createParser({
      maxBufferSize: longestMessage,
      onError: ({ type }: ParseError) => {
        isTooLong ||= type === 'max-buffer-size-exceeded'
      },
      onId: (id) => {
        if (isPosition(id)) position = id
        // What comes after the last good one is told again then.
        else if (id !== '') report(new EventError(id, 'an id that a header can hold, of at most 4,096 characters'))
      },
      onRetry: (milliseconds) => {
        retry = Math.max(leastRetry, milliseconds)
      },
      onEvent: receive,
    })
    const write = (chunk: Uint8Array): void => {
      heardAt = Date.now()
      hasBytes = true
      const text = decoder.decode(chunk, { stream: true })
      parser.feed(text)
      tellPosition()
      if (!isTooLong) return
      const error = new EventError(text, `one of at most ${longestMessage} characters`)
      report(error)
      // It would come again; without a position the server goes on from now.
      position = undefined
      throw error
    }
    await answer.body?.pipeTo(new WritableStream({ write }), { signal: own })
    return undefined
  }

  function attempt(): void {
    if (pollsUntil !== undefined && pollsUntil <= performance.now()) pollsUntil = undefined
    if (pollsUntil === undefined) show({ state: 'connecting' })
    if (isEnded()) return
    const own = new AbortController()
    request = own
    heardAt = openedAt = undefined
    hasBytes = false
    const settle = (failure?: Failure): void => {
      // A page that goes away ends its requests too, but it runs no timer any more.
      if (request === own) timer = setTimeout(conclude, 0, failure)
    }
    // Not every fetch, and no function that makes headers, heeds a signal.
    const aborted = new Promise<never>((_, reject) => own.signal.addEventListener('abort', () => reject(own.signal.reason)))
    Promise.race([ask(own.signal), aborted]).then(settle, (error: unknown) => {
      if (error instanceof TimeoutError) settle({ reason: error.message })
      else settle({ reason: `the server ${openedAt === undefined ? 'could not be reached' : 'broke off'}: ${String(error)}` })
    })
  }

  /** What follows when a request has ended; without a failure its answer was complete. */
  function conclude(failure?: Failure): void {
    const isSilent = request?.signal.aborted === true
    const isPoll = pollsUntil !== undefined
    const isAccepted = openedAt !== undefined
    drop()
    const { status, reason = '', wait = 0 } = failure ?? {}
    if (status === 204) return finish('the server ended the stream')
    if (status === 401 || status === 403) {
      if (refused !== undefined) return finish(`${reason}, also when it was asked with new headers`)
      refused = status
      return attempt()
    }
    if (isPoll && failure === undefined) {
      failures = 0
      return again(Math.max(pollInterval, retry), retry)
    }
    if (openedAt !== undefined && hasBytes && performance.now() - openedAt >= early) failures = earlyEnds = 0
    else if ((isAccepted || isSilent) && !isPoll && (earlyEnds += 1) >= mostEarlyEnds) {
      pollsUntil = performance.now() + pollingTime
      failures = 0
    }
    failures += 1
    show(isAccepted && !isPoll ? { state: 'connecting' } : { state: 'closed', reason })
    const least = Math.max(wait, retry)
    again(Math.max(least, backoff(retry, failures, Math.random())), least)
  }

  /** @param least what is waited also where something cuts the delay short, in ms */
  function again(delay: number, least: number): void {
    if (isEnded()) return
    notBefore = performance.now() + least
    timer = setTimeout(attempt, Math.min(delay, longestTimer))
  }

  /** By the wall clock, for timers may stand still while a computer sleeps. It may also have been set back. */
  function hasFallenSilent(): boolean {
    return heardAt !== undefined && Math.abs(Date.now() - heardAt) >= patience()
  }

  function patience(): number {
    if (openedAt !== undefined || pollsUntil !== undefined) return silence
    return Math.min(earlyEnds >= mostEarlyEnds ? early : headersWithin, silence)
  }

  function watch(): void {
    if (hasFallenSilent()) request?.abort(new TimeoutError('the server', patience()))
    else if (patience() <= longestTimer) watchdog = setTimeout(watch, patience() - Math.abs(Date.now() - (heardAt ?? 0)))
  }

  /** Ends what is under way or planned, without a word. */
  function drop(): void {
    clearTimeout(timer)
    clearTimeout(watchdog)
    const dropped = request
    request = undefined
    dropped?.abort()
  }

  function idle(): void {
    drop()
    isIdle = true
  }

  function restart(): void {
    drop()
    isIdle = false
    show({ state: 'connecting' })
    attempt()
  }

  function end(): void {
    life.abort()
    clearTimeout(grace)
    drop()
  }

  function finish(reason: string): void {
    show({ state: 'closed', reason })
    end()
  }

  function pause(): void {
    idle()
    show({ state: 'closed', reason: 'paused while the page is hidden' })
  }

  /** Looks after the connection when the page or the computer may have slept, and may be asleep soon. */
  function look(event?: Event): void {
    const isHidden = typeof document !== 'undefined' && document.visibilityState === 'hidden'
    clearTimeout(grace)
    if (isHidden && pauseWhenHidden) {
      grace = setTimeout(pause, hiddenGrace)
      return
    }
    // A page that goes away is hidden last.
    if (isHidden && event?.type === 'visibilitychange') return
    if (isIdle || (request !== undefined && hasFallenSilent())) restart()
    else if (request === undefined) {
      clearTimeout(timer)
      timer = setTimeout(attempt, Math.min(longestTimer, Math.max(0, notBefore - performance.now())))
    }
  }

  /** A connection that goes over the lost network falls silent only after long; one that does not, to this computer, is made anew. */
  function doubt(): void {
    if (!isIdle) restart()
  }

  const problem = signal?.aborted === true ? abortedReason : whyNoRequests(setup)
  if (problem !== undefined) finish(problem)
  else {
    signal?.addEventListener('abort', () => finish(abortedReason), whileAlive)
    if (typeof addEventListener === 'function') {
      for (const type of ['visibilitychange', 'pageshow', 'online', 'focus']) addEventListener(type, look, whileAlive)
      addEventListener('offline', doubt, whileAlive)
      // The page may be kept and shown again; an open connection would keep it from that.
      addEventListener('pagehide', idle, whileAlive)
    }
    attempt()
    if (!isEnded()) look()
  }
  return end
}
