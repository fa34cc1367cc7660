import type { EventSourceMessage } from 'eventsource-parser'
import { ArgumentError, EventError } from '../errors.ts'
import { isUrl } from './is-url.ts'
import { toLiveEvent } from './live-event.ts'
import { connectSse } from './sse-connection.ts'
import type { LiveEvent, LiveStream } from './stream.ts'

/** A message of a server, as `toEvents` gets it. */
export interface SseMessage {
  /** What its `event:` line says. Default: `'message'`. */
  readonly event: string
  readonly data: string
  readonly id: string | undefined
}

/** What `sseStream` takes besides the address. */
export interface SseOptions {
  /**
   * Headers of every request, or a function that is asked for them at each: the place for a token. Where the server
   * has just answered 401 or 403 the function is given that status, so that it can get a new token; otherwise nothing.
   */
  readonly headers?: HeadersInit | ((refused?: number) => HeadersInit | Promise<HeadersInit>)
  /** Sends the requests. Default: the global `fetch`, as it is when a request is made. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Default: `'GET'`. */
  readonly method?: 'GET' | 'POST'
  /** What a `POST` sends, the same each time; as `application/json`, unless `headers` say otherwise. */
  readonly body?: string
  /** `'include'` sends cookies to another origin too. Default: `'same-origin'`. */
  readonly credentials?: RequestCredentials
  /** Ends all connections for good; their status is then `closed`. */
  readonly signal?: AbortSignal
  /** How long the server may send nothing before the connection is taken for dead, in ms. `Infinity` where it sends no heartbeats. Default: 45,000. */
  readonly silence?: number
  /**
   * Whether the connection is ended when the page has been hidden for 10 s, and made anew when it is shown. Not for what is
   * shared between tabs, for one of those may be shown. Default: `false`.
   */
  readonly pauseWhenHidden?: boolean
  /**
   * What a message means, for servers that speak otherwise than docs/wire.md; `reset` is always a gap. What it throws is
   * reported, and the message is skipped and a gap. Default: a `message` is one event as JSON, and others mean nothing.
   */
  readonly toEvents?: (message: SseMessage) => LiveEvent | readonly LiveEvent[] | undefined
}

/**
 * A live stream over server-sent events, by `fetch`. Each connection of a table is a connection to the server, made by
 * `connect`. docs/wire.md says what the server has to do.
 *
 * **Gaps** (promise 11). Every opening of the connection is a gap, the first one included, unless it goes on from a position
 * and the server says so by sending that position back in the header `last-event-id`. So are a message of the type `reset`
 * and one that cannot be read, which is reported as an `EventError` and skipped.
 *
 * **Attempts.** A connection that ends is made anew after 1 to 2 s. Attempts that fail are repeated less and less often, up to
 * every 30 s; the status is `closed` with a reason in between. A `retry:` of the server's takes the place of that second,
 * `Retry-After` is kept to, and a page that is shown, or online, again does not wait for the rest; one that goes offline connects anew, for the
 * old connection would not tell. A connection on which
 * nothing came for the time of `silence` is made anew; also right when a computer wakes.
 *
 * **The end.** After 401 or 403 the headers are asked for once more; if that is refused too, the stream ends, as it does
 * after 204, when `signal` aborts, and where there is no `fetch` that can read streams (promise 19). Its status is then
 * `closed` with a reason until it is connected again.
 *
 * **Polling.** Where three connections in a row end within 5 s, bring nothing or are not answered within 10 s, a proxy may hold
 * them back. Then the status is `polling`, events are asked for every 3 s, and after 5 minutes a connection is tried again.
 *
 * @throws ArgumentError where the url or an option is none (promise 20)
 */
export function sseStream(url: string | URL, options: SseOptions = {}): LiveStream {
  const { method = 'GET', body, credentials = 'same-origin', silence = 45_000, pauseWhenHidden = false } = options
  const { headers, fetch, signal, toEvents } = options
  if (method !== 'GET' && method !== 'POST') throw new ArgumentError('method', method, "'GET' or 'POST'")
  if (body !== undefined && (typeof body !== 'string' || method === 'GET')) throw new ArgumentError('body', body, "a string, with 'POST'")
  if (!['omit', 'same-origin', 'include'].includes(credentials)) {
    throw new ArgumentError('credentials', credentials, "'omit', 'same-origin' or 'include'")
  }
  if (typeof silence !== 'number' || !(silence > 0)) throw new ArgumentError('silence', silence, 'a number of ms above 0, or Infinity')
  const read = ({ event = 'message', data, id }: EventSourceMessage): LiveEvent[] => {
    if (toEvents === undefined) return event === 'message' ? [toLiveEvent(parseJson(data))] : []
    const events = toEvents({ event, data, id })
    return events === undefined ? [] : [events].flat().map(toLiveEvent)
  }
  const setup = { url: checkUrl(url), method, body, credentials, silence, pauseWhenHidden, headers, fetch, signal, read }
  return { connect: (listener, position) => connectSse(setup, listener, position) }
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
  if (url instanceof URL || (typeof url === 'string' && url !== '' && isUrl(url, 'http://localhost'))) return String(url)
  throw new ArgumentError('url', url, 'the address of an event stream')
}
