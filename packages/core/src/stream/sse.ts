import { backoff } from '../backoff.ts'
import { ArgumentError, EventError } from '../errors.ts'
import { toLiveEvent } from './live-event.ts'
import type { LiveEvent, LiveStream, StreamListener, StreamStatus } from './stream.ts'

/** How soon a connection that was refused is tried again at the earliest, in ms. */
const shortestRetry = 1_000

/** What `sseStream` takes besides the address. */
export interface SseOptions {
  /** `'include'` sends cookies to another origin too. Default: `'same-origin'`. */
  readonly credentials?: 'same-origin' | 'include'
}

/**
 * A live stream over server-sent events. Each connection of a table is a connection to the server, made by `connect`.
 *
 * Each message's data is one live event as JSON. A message of the type `reset` is a gap: the server says with it that
 * it cannot tell what was missed. Messages of other types mean nothing here. A message that cannot be read is reported
 * as an `EventError` and skipped, and is a gap besides, for it may have been an event (promise 11).
 *
 * Every opening of the connection is a gap, the first one included: what is cached may be older than the connection.
 * After a cut the browser reconnects by itself. Where the server refuses, or answers with something else than an event
 * stream, the status is `closed` until the next attempt, which follows in 1 to 30 s, and so on without end. Where there
 * is no `EventSource` the status stays `closed` (promise 19).
 *
 * @throws ArgumentError where the url or an option is none (promise 20)
 */
export function sseStream(url: string | URL, options: SseOptions = {}): LiveStream {
  const address = checkUrl(url)
  const { credentials = 'same-origin' } = options
  if (credentials !== 'same-origin' && credentials !== 'include') {
    throw new ArgumentError('credentials', credentials, "'same-origin' or 'include'")
  }
  return { connect: (listener) => connect(address, credentials === 'include', listener) }
}

function connect(url: string, withCredentials: boolean, listener: StreamListener): () => void {
  // A closed EventSource is silent; this is for a listener that ends the connection in between two calls of it.
  let connected = true
  let state: StreamStatus['state'] | undefined
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0

  function showStatus(status: StreamStatus): void {
    if (status.state === state) return
    state = status.state
    listener.onStatus(status)
  }

  function reportGap(reason: string): void {
    if (connected) listener.onGap(reason)
  }

  function receive(data: string): void {
    let event: LiveEvent
    try {
      event = toLiveEvent(parseJson(data))
    } catch (error) {
      listener.onError(error)
      return reportGap('a message could not be read')
    }
    listener.onEvent(event)
  }

  function open(): void {
    showStatus({ state: 'connecting' })
    if (!connected) return
    const attempt = new EventSource(url, { withCredentials })
    source = attempt
    attempt.addEventListener('open', () => {
      failures = 0
      showStatus({ state: 'open' })
      reportGap('the connection was opened')
    })
    attempt.addEventListener('message', ({ data }: MessageEvent<string>) => receive(data))
    attempt.addEventListener('reset', () => reportGap('the server sent a reset'))
    attempt.addEventListener('error', () => {
      // A server may also name a message `error`; then the connection is open and nothing is wrong with it.
      if (attempt.readyState === EventSource.OPEN) return
      if (attempt.readyState === EventSource.CONNECTING) return showStatus({ state: 'connecting' })
      // A page that goes away ends its requests in the same manner, but it runs no timer any more.
      timer = setTimeout(refuse)
    })
  }

  function refuse(): void {
    failures += 1
    timer = setTimeout(open, backoff(shortestRetry, failures, Math.random()))
    showStatus({ state: 'closed', reason: 'the server refused the connection, or answered with no event stream' })
  }

  if (typeof EventSource === 'undefined') showStatus({ state: 'closed', reason: 'there is no EventSource here' })
  else open()

  return () => {
    connected = false
    clearTimeout(timer)
    source?.close()
  }
}

function parseJson(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch (cause) {
    throw new EventError(data, 'JSON', { cause })
  }
}

function checkUrl(url: string | URL): string {
  // The base only lets a relative address pass, as the browser resolves it against the page's own.
  if (url instanceof URL || (typeof url === 'string' && url !== '' && URL.canParse(url, 'http://localhost'))) return String(url)
  throw new ArgumentError('url', url, 'the address of an event stream')
}
