import { isObject } from './is-object.ts'
import { AnswerError, ArgumentError, HttpError, MissingRowError, NetworkError, TimeoutError, UnsupportedError } from '../errors.ts'
import { entityTag, isEntityTag } from './entity-tag.ts'
import { canonicalListQuery, canonicalQuery, idText, isRowId, type CanonicalListQuery } from './query.ts'
import { findRow, findRows, wholeNumber, wrongPage, type RestRows } from './rest-answer.ts'
import { readArgument, readOptions } from './read-argument.ts'
import { checkText, restParameters, type Paging } from './rest-parameters.ts'
import { fieldOf, givenId, writtenId } from './row.ts'
import type { ChangeOptions, CountQuery, ListResult, ReadOptions, Table, TableMetadata } from './table.ts'
import { checkTimeout, withinTime } from './time-limit.ts'
import { untilAborted } from './until-aborted.ts'

/** Options of `restTable`. */
export interface RestTableOptions extends Partial<TableMetadata> {
  /** Default: the last segment of the url's path. */
  readonly name?: string
  /** Default: `'id'`. */
  readonly idField?: string
  /**
   * The field that holds a row's version. A row that comes alone, as the answer to `GET`, `POST`, `PUT` or `PATCH`, and has no
   * such field gets it from the answer's `ETag` header, as it stands there; across origins the server has to expose that
   * header. Rows of a list have only what they come with. Default: rows have no version.
   */
  readonly versionField?: string | undefined
  /** Whether pages are asked for by `page` and `limit`, or by `offset` and `limit`. Default: `'page'`. */
  readonly paging?: Paging
  /**
   * Writes a query's parameters, for servers that speak another dialect than `restParameters`. It is given the query
   * in canonical form, and has all of it to write: page, where, order and search.
   */
  readonly params?: (query: CanonicalListQuery) => URLSearchParams
  /**
   * Finds the rows and the total in the body of a list. Default: a bare array, or an array under `rows`, `data`,
   * `items` or `results`, with the total under `total`, `totalCount` or `count`, or in the header `X-Total-Count`. A total
   * that is no whole number from 0 on counts as none.
   */
  readonly parse?: (body: unknown, response: Response) => RestRows
  /** Sends the requests. Default: the global `fetch`, as it is when a request is made. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Headers of every request, or a function that is asked for them at each request. */
  readonly headers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>)
  /** How long a request may take until all of its answer is here, in ms. The request is ended then. Default: as long as it takes. */
  readonly timeout?: number | undefined
}

/** A table behind a JSON API; it can count where the server tells totals. */
export interface RestTable<Row extends object> extends Table<Row> {
  /** Reads the total of a list with one row. */
  count(query: CountQuery<Row>, options?: ReadOptions): Promise<number>
}

/** What goes along with a request. */
interface Sent {
  readonly body?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly idempotencyKey?: string | undefined
  readonly ifMatch?: string | undefined
}

/** What a server answered, with a status of 200–299. */
interface Answer {
  /** For messages: what was asked. */
  readonly request: string
  readonly response: Response
  /** Where it comes from, also where the response does not tell. */
  readonly url: string
  readonly text: string
}

/**
 * A table behind a JSON API: `GET url` for a page, `GET url/id`, `POST url`, `PUT url/id`, `PATCH url/id`,
 * `DELETE url/id` and `DELETE url`.
 *
 * A relative url is the browser's to resolve. Parameters in the url are sent with every request; one that a query needs
 * for itself is an `ArgumentError`. How queries become parameters is said at `restParameters`.
 *
 * A row may be wrapped under `data`, `row` or `item`. Where the answer to `PUT` or `PATCH` is empty the row is read
 * again; where the answer to `POST` is, it is read from its `Location`. Reads ask the browser to check its HTTP cache
 * with the server, for a row from there could be older than the last write (promise 1).
 *
 * A write's `idempotencyKey` is sent as `Idempotency-Key`. The `version` of a `PUT` or `PATCH` is sent as `If-Match`: as it
 * is where it is an entity tag, `"x"` or `W/"x"`, and else in double quotes. By the standard a weak tag, `W/"x"`, matches
 * nothing there, but many servers compare it as text. Where the option `versionField` names a field whose value is an entity
 * tag, that is no column of the server's, and no body carries it.
 *
 * Calls reject with
 * - `ArgumentError` for bad input (promise 20), for the ids `.` and `..`, which no path can hold, and for a `version` that
 *   no entity tag can hold, such as one with a space;
 * - `HttpError` for a status outside 200–299, but for 404 where a row is read or deleted: that is no row; a change against
 *   a version that the row no longer has is one, with the status 412 or 409;
 * - `NetworkError` where `fetch` rejects, but for an abort, which passes the signal's reason on;
 * - `TimeoutError` where the answer is not here, in full, within `timeout`; a write may have been applied;
 * - `AnswerError` where the answer is no JSON, has no rows or is a login page that it was redirected to (for a write: it may have been
 *   applied), and where the body of a list names another `page` or `offset` than was asked for by a parameter of that name. A server
 *   that answers with another page and says nothing of it cannot be told from one whose rows have changed;
 * - `UnsupportedError` where `count` finds no total.
 *
 * @throws ArgumentError where the url, the paging or the timeout is none (promise 20)
 */
export function restTable<Row extends object>(url: string | URL, options: RestTableOptions = {}): RestTable<Row> {
  const { address, path, search } = readArgument('url', url, () => splitUrl(url))
  const {
    name = lastSegment(path),
    idField = 'id',
    paging = 'page',
    params,
    parse = findRows,
    fetch,
    headers,
    timeout,
    versionField,
    ...metadata
  } = readOptions(options)
  if (paging !== 'page' && paging !== 'offset') throw new ArgumentError('paging', paging, "'page' or 'offset'")
  checkTimeout(timeout)
  const ownSearch = new URLSearchParams(search)

  const isRow = (value: unknown): value is Row => isObject(value) && isRowId(fieldOf(value, idField))

  const rowUrl = (id: string): string => {
    if (id === '.' || id === '..') throw new ArgumentError('id', id, 'an id other than . and .., which no path can hold')
    return withSearch(`${path.replace(/\/+$/, '')}/${encodeURIComponent(checkText('id', id))}`, search)
  }

  const listParameters = (query: CanonicalListQuery): URLSearchParams => {
    const parameters = params?.(query) ?? restParameters(query, paging, ownSearch.keys())
    for (const parameter of readArgument('params', parameters, () => [...parameters.keys()])) {
      if (ownSearch.has(parameter)) throw new ArgumentError('url', address, `a url without ${parameter}=, which this query needs itself`)
    }
    return parameters
  }

  const request = async (method: string, target: string, { body, signal, idempotencyKey, ifMatch }: Sent = {}): Promise<Answer> => {
    signal?.throwIfAborted()
    const given = typeof headers === 'function' ? await untilAborted(Promise.resolve(headers()), signal) : headers
    const sent = readArgument('headers', given, () => new Headers(given), 'headers as `fetch` takes them')
    if (!sent.has('accept')) sent.set('accept', 'application/json')
    if (body !== undefined && !sent.has('content-type')) sent.set('content-type', 'application/json')
    if (idempotencyKey !== undefined) {
      readArgument('idempotencyKey', idempotencyKey, () => sent.set('idempotency-key', idempotencyKey), 'text for a header')
    }
    if (ifMatch !== undefined) sent.set('if-match', ifMatch)
    const init: RequestInit = {
      method,
      headers: sent,
      ...(body === undefined ? {} : { body }),
      ...(method === 'GET' ? { cache: 'no-cache' } : {}),
    }
    const exchange = async (ending: AbortSignal | undefined): Promise<Answer> => {
      const response = await (fetch ?? globalThis.fetch)(target, ending === undefined ? init : { ...init, signal: ending })
      const text = response.ok ? await response.text() : await response.text().catch(() => '')
      if (!response.ok) throw new HttpError(method, response.url === '' ? target : response.url, response, parseBody(text))
      return { request: `${method} ${target}`, response, url: response.url === '' ? target : response.url, text }
    }
    return withinTime(timeout, `${method} ${target}`, signal, exchange).catch((error: unknown) => {
      if (signal?.aborted === true) throw signal.reason
      if (error instanceof HttpError || error instanceof TimeoutError) throw error
      if (error instanceof TypeError && isObject(error.cause) && fieldOf(error.cause, 'code') === 'ERR_INVALID_URL') {
        throw new ArgumentError('url', address, 'an absolute url, for there is no page here that a relative one could belong to')
      }
      throw new NetworkError(method, target, error)
    })
  }

  const answerError = ({ request: asked }: Answer, value: unknown, expected: string, reason?: ErrorOptions): AnswerError =>
    new AnswerError(name, `the answer to ${asked}`, value, expected, reason)

  const json = (answer: Answer): unknown => {
    try {
      return JSON.parse(answer.text)
    } catch (cause) {
      throw answerError(answer, answer.text, `JSON${whereTo(answer)}`, { cause })
    }
  }

  /** Whoever is not logged in may be led to a page that says so, which is no sign that anything was deleted. */
  const checkDone = (answer: Answer): void => {
    const isPage = /^text\/html/i.test(answer.response.headers.get('content-type') ?? '')
    if (answer.response.redirected && isPage) throw answerError(answer, answer.text, `a status, or JSON${whereTo(answer)}`)
  }

  const rowIn = (answer: Answer): Row => {
    const body = json(answer)
    const row = findRow(body, isRow)
    if (row === undefined) throw answerError(answer, body, `a row with its ${idField}`)
    const tag = answer.response.headers.get('etag')
    return versionField === undefined || tag === null || Object.hasOwn(row, versionField) ? row : { ...row, [versionField]: tag }
  }

  /** A server that stored a tag would give it back as the row's own version, and never another one. */
  const withoutTag = (row: object): object => {
    if (versionField === undefined || !isEntityTag(fieldOf(row, versionField))) return row
    return Object.fromEntries(Object.entries(row).filter(([field]) => field !== versionField))
  }

  const bodyOf = (argument: string, row: object): string =>
    readArgument(argument, row, () => JSON.stringify(withoutTag(row)), 'what can stand in JSON: no circles and no bigints')

  const find = async (target: string, signal?: AbortSignal): Promise<Row | undefined> => {
    const answer = await request('GET', target, { signal }).catch(ignoreMissing)
    return answer === undefined ? undefined : rowIn(answer)
  }

  const list = async (query: CanonicalListQuery, signal: AbortSignal | undefined): Promise<ListResult<Row>> => {
    signal?.throwIfAborted()
    // No parameter can say "one of none", and there is nothing to ask.
    if (query.where.some(({ operator, value }) => operator === 'in' && value.length === 0)) return { rows: [], total: 0 }
    const parameters = listParameters(query)
    const answer = await request('GET', withSearch(path, [search, parameters].filter(String).join('&')), { signal })
    const body = json(answer)
    const { rows, total } = parseRows(body, answer)
    const known = wholeNumber(total)
    const wrong = parse === findRows ? wrongPage(body, parameters) : undefined
    // Some servers show their last page where they are asked for one beyond it.
    if (wrong !== undefined && known !== undefined && (query.page - 1) * query.pageSize >= known) return { rows: [], total: known }
    if (wrong !== undefined) {
      throw new AnswerError(name, `${wrong.parameter} in the answer to ${answer.request}`, wrong.said, `${wrong.asked}, as asked for`)
    }
    return { rows, ...(known === undefined ? {} : { total: known }) }
  }

  const parseRows = (body: unknown, answer: Answer): { rows: readonly Row[]; total: unknown } => {
    let rows: unknown
    let total: unknown
    try {
      const found: RestRows | undefined = parse(body, answer.response)
      rows = found?.rows
      total = found?.total
    } catch (cause) {
      throw answerError(answer, body, 'a body that the option `parse` can read', { cause })
    }
    if (!Array.isArray(rows)) throw answerError(answer, body, 'an array of rows, bare or under rows, data, items or results')
    return {
      rows: rows.map((row: unknown) => {
        if (isRow(row)) return row
        throw answerError(answer, row, `rows with their ${idField}`)
      }),
      total,
    }
  }

  const change = async (method: string, id: string, body: string, call: ChangeOptions | undefined): Promise<Row> => {
    const { idempotencyKey, version } = readOptions(call)
    const target = rowUrl(id)
    const ifMatch = version === undefined ? undefined : entityTag(version)
    const answer = await request(method, target, { body, idempotencyKey, ifMatch })
    if (answer.text !== '') return rowIn(answer)
    const stored = await find(target)
    if (stored === undefined) throw new MissingRowError(name, id)
    return stored
  }

  return {
    ...metadata,
    name,
    idField,
    versionField,

    async list(query, call) {
      return list(canonicalListQuery(query), readOptions(call).signal)
    },

    async count(query, call) {
      const { total } = await list({ ...canonicalQuery(query), orderBy: [], page: 1, pageSize: 1 }, readOptions(call).signal)
      if (total === undefined) throw new UnsupportedError(name, 'cannot count, for the server tells no total')
      return total
    },

    async get(id, call) {
      return find(rowUrl(idText(id)), readOptions(call).signal)
    },

    async insert(row, call) {
      const id = givenId('row', row, idField)
      // Such a row could be stored and never be named again.
      if (id !== undefined) rowUrl(id)
      const { idempotencyKey } = readOptions(call)
      const answer = await request('POST', withSearch(path, search), { body: bodyOf('row', row), idempotencyKey })
      if (answer.text !== '') return rowIn(answer)
      const location = answer.response.headers.get('location')
      const stored = location === null ? undefined : await find(resolve(location, answer.url))
      if (stored === undefined) throw answerError(answer, '', 'the stored row, or its Location')
      return stored
    },

    async replace(id, row, call) {
      return change('PUT', writtenId(id, 'row', row, idField), bodyOf('row', row), call)
    },

    async patch(id, partial, call) {
      return change('PATCH', writtenId(id, 'partial', partial, idField), bodyOf('partial', partial), call)
    },

    async delete(id, call) {
      const { idempotencyKey } = readOptions(call)
      const answer = await request('DELETE', rowUrl(idText(id)), { idempotencyKey }).catch(ignoreMissing)
      if (answer !== undefined) checkDone(answer)
    },

    async deleteAll(call) {
      const { idempotencyKey } = readOptions(call)
      checkDone(await request('DELETE', withSearch(path, search), { idempotencyKey }))
    },
  }
}

function splitUrl(url: unknown): { address: string; path: string; search: string } {
  if ((typeof url !== 'string' && !(url instanceof URL)) || url === '') throw new ArgumentError('url', url, 'a URL')
  const address = String(url)
  const [, path = '', search = ''] = /^([^?#]*)\??([^#]*)/.exec(address) ?? []
  return { address, path, search }
}

function withSearch(path: string, search: string): string {
  return search === '' ? path : `${path}?${search}`
}

function lastSegment(path: string): string {
  return (
    path
      .split('/')
      .filter((segment) => segment !== '')
      .at(-1) ?? path
  )
}

function resolve(location: string, base: string): string {
  try {
    return new URL(location, base).href
  } catch {
    return location
  }
}

function whereTo({ response, url }: Answer): string {
  return response.redirected ? `; it was redirected to ${url}` : ''
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof HttpError && error.status === 404) return undefined
  throw error
}
