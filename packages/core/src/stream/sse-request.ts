import { retryAfter } from '../retry-after.ts'
import { isUrl } from './is-url.ts'

/** Where events come from and how they are asked for. */
export interface SseSource {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly body: string | undefined
  readonly credentials: RequestCredentials
  readonly fetch: ((url: string, init: RequestInit) => Promise<Response>) | undefined
}

/** Why a request came to nothing. */
export interface Failure {
  readonly reason: string
  /** Of an answer that is no event stream. */
  readonly status?: number
  /** How long the server wants to be left alone, in ms. */
  readonly wait?: number
}

/** Why nothing can be asked here; undefined where it can. */
export function whyNoRequests({ url, fetch }: SseSource): string | undefined {
  if (typeof WritableStream === 'undefined' || typeof (fetch ?? globalThis.fetch) !== 'function') return 'no fetch here can read a stream'
  // A fetch of the app's own may know where a relative address belongs.
  if (fetch !== undefined || isUrl(url, baseUrl())) return undefined
  return 'the url is relative, and there is no page here that it could belong to'
}

function baseUrl(): string | undefined {
  if (typeof document !== 'undefined') return document.baseURI
  return typeof location === 'undefined' ? undefined : location.href
}

/** Asks for events; resolves with the answer that brings them, or with why there is none. */
export async function requestEvents(
  { url, method, body, credentials, fetch }: SseSource,
  headers: Headers,
  signal: AbortSignal,
): Promise<Response | Failure> {
  if (!headers.has('accept')) headers.set('accept', 'text/event-stream')
  if (body !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json')
  const init = { method, headers, credentials, cache: 'no-store', signal, ...(body === undefined ? {} : { body }) } as const
  const response = await (fetch ?? globalThis.fetch)(url, init)
  const { status } = response
  if (status !== 200) return { reason: `the server answered ${status}`, status, wait: retryAfter(response.headers) }
  const type = response.headers.get('content-type')
  if (/^text\/event-stream *(;|$)/i.test(type ?? '')) return response
  return { reason: `the server answered with ${type ?? 'no content type'}; expected text/event-stream`, status }
}

/**
 * Whether a position can be gone on from. An empty one would make the next connection start anywhere; one of more than 4,096
 * characters may be more than servers take in a header.
 */
export function isPosition(text: string): boolean {
  return text !== '' && text.length <= 4_096
}

/** A position as the value of a header: its bytes in UTF-8, as `EventSource` sends it. */
export function positionToHeader(position: string): string {
  return String.fromCharCode(...new TextEncoder().encode(position))
}

/** The position in a response's header; undefined where there is none. */
export function positionIn({ headers }: Response): string | undefined {
  const bytes = Uint8Array.from(headers.get('last-event-id') ?? '', (character) => character.charCodeAt(0))
  const position = new TextDecoder().decode(bytes)
  return isPosition(position) ? position : undefined
}
