/// <reference types="node" />
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { AnswerError, ArgumentError, NetworkError, TimeoutError } from '../errors.ts'
import { restTable, type RestTableOptions } from './rest.ts'
import { thrower, throwing } from '../testing/thrower.ts'

interface Row {
  readonly id: string | number
  readonly name?: unknown
}

const firstPage = { page: 1, pageSize: 2 }

afterEach(() => {
  vi.useRealTimers()
})

describe('a server that never answers', () => {
  const calls: readonly (readonly [string, (table: ReturnType<typeof restTable<Row>>) => Promise<unknown>])[] = [
    ['list', (table) => table.list(firstPage)],
    ['get', (table) => table.get(1)],
    ['count', (table) => table.count({})],
    ['insert', (table) => table.insert({ id: 1 })],
    ['replace', (table) => table.replace(1, { id: 1 })],
    ['patch', (table) => table.patch(1, { name: 'x' })],
    ['delete', (table) => table.delete(1)],
    ['deleteAll', (table) => table.deleteAll()],
  ]

  test.each(calls)('%s rejects with a TimeoutError when the time is over, and the request is ended', async (_, call) => {
    vi.useFakeTimers()
    const signals: unknown[] = []
    const table = restTable<Row>('/orders', {
      timeout: 3_000,
      fetch: (__, { signal }) => {
        signals.push(signal)
        return new Promise(() => undefined)
      },
    })
    const failed = rejection(call(table))
    await vi.advanceTimersByTimeAsync(2_999)
    expect(signals).toEqual([expect.objectContaining({ aborted: false })])
    await vi.advanceTimersByTimeAsync(1)
    const error = await failed
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error).toMatchObject({ code: 'timeout', bound: 3_000 })
    expect(error).toHaveProperty('message', expect.stringMatching(/^(GET|POST|PUT|PATCH|DELETE) \/orders.* did not answer within 3000 ms$/))
    expect(signals).toEqual([expect.objectContaining({ aborted: true, reason: error })])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('so does one whose headers come and whose body does not', async () => {
    const { url } = await serve((_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{"rows":['))
    expect(await rejection(restTable<Row>(url, { timeout: 50 }).list(firstPage))).toBeInstanceOf(TimeoutError)
  })

  test('so does one that drips its body for ever, and the connection is closed', async () => {
    const closed = Promise.withResolvers<string>()
    const { url } = await serve((_, response) => {
      response.writeHead(200)
      const drip = setInterval(() => response.write('[[[['), 5)
      response.on('close', () => (clearInterval(drip), closed.resolve('closed')))
    })
    expect(await rejection(restTable<Row>(url, { timeout: 50 }).list(firstPage))).toBeInstanceOf(TimeoutError)
    expect(await closed.promise).toBe('closed')
  })

  test('the time that headers take to be made does not count, and an answer in time leaves no timer', async () => {
    vi.useFakeTimers()
    const table = restTable<Row>('/orders', {
      timeout: 100,
      headers: () => new Promise((resolve) => setTimeout(resolve, 500, {})),
      fetch: async () => Response.json([{ id: 1 }]),
    })
    const read = table.list(firstPage)
    await vi.advanceTimersByTimeAsync(500)
    expect(await read).toEqual({ rows: [{ id: 1 }] })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('promise 15: an abort goes before the time, and passes on its own reason', async () => {
    const table = restTable<Row>('/orders', { timeout: 60_000, fetch: () => new Promise(() => undefined) })
    const controller = new AbortController()
    const failed = rejection(table.get(1, { signal: controller.signal }))
    controller.abort('enough')
    expect(await failed).toBe('enough')
  })

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '3000', null])('promise 20: a timeout of %s is refused', (timeout) => {
    expect(() => restTable('/orders', { timeout: timeout as never })).toThrow(ArgumentError)
    expect(() => restTable('/orders', { timeout: timeout as never })).toThrow('expected a number of ms above 0, up to 2147483647')
  })
})

describe('a body that is not what it should be', () => {
  test.each<readonly [string, (response: ServerResponse) => void, new (...all: never[]) => Error, RegExp]>([
    ['HTML', (response) => response.end('<!doctype html>'), AnswerError, /is "<!doctype html>"; expected JSON$/],
    ['JSON that ends too soon', (response) => response.end('{"rows":[{"id":1'), AnswerError, /expected JSON$/],
    ['JSON twice', (response) => response.end('[][]'), AnswerError, /is "\[\]\[\]"; expected JSON$/],
    ['no UTF-8', (response) => response.end(Buffer.from([0xff, 0xfe, 0x00, 0x80])), AnswerError, /expected JSON$/],
    ['nothing', (response) => response.end(), AnswerError, /is ""; expected JSON$/],
    [
      'fewer bytes than it said',
      (response) => response.writeHead(200, { 'content-length': 99 }).write('[]', () => response.destroy()),
      NetworkError,
      /could not be reached$/,
    ],
    ['a cut connection', (response) => response.writeHead(200).write('[', () => response.destroy()), NetworkError, /could not be reached$/],
    ['rows that hold themselves as text', (response) => response.end('{"rows":"[]"}'), AnswerError, /expected an array of rows/],
    ['levels without end', (response) => response.end('['.repeat(1_000_000)), AnswerError, /expected JSON$/],
  ])('promise 20: %s is refused in plain words', async (_, answer, kind, message) => {
    const { url } = await serve((__, response) => answer(response))
    const error = await rejection(restTable<Row>(url).list(firstPage))
    expect(error).toBeInstanceOf(kind)
    expect(error).toHaveProperty('message', expect.stringMatching(message))
  })

  test('promise 20: 100 MB of something else make a short message', async () => {
    const error = await rejection(scripted([new Response('x'.repeat(100_000_000))]).list(firstPage))
    expect(error).toBeInstanceOf(AnswerError)
    expect(String(error).length).toBeLessThan(300)
  })

  test('promise 20: a redirect to a login page is named as one', async () => {
    const { url } = await serve(loginServer)
    const table = restTable<Row>(url)
    const calls = [table.list(firstPage), table.get(1), table.insert({}), table.patch(1, { name: 'x' }), table.replace(1, { id: 1 })]
    for (const error of await Promise.all(calls.map(rejection))) {
      expect(error).toBeInstanceOf(AnswerError)
      expect(error).toHaveProperty(
        'message',
        expect.stringMatching(/expected JSON; it was redirected to http:\/\/127\.0\.0\.1:\d+\/login$/),
      )
    }
  })

  test('promise 3: a redirect to a login page has deleted nothing', async () => {
    const { url } = await serve(loginServer)
    for (const error of await Promise.all([restTable<Row>(url).delete(1), restTable<Row>(url).deleteAll()].map(rejection))) {
      expect(error).toBeInstanceOf(AnswerError)
      expect(error).toHaveProperty('message', expect.stringMatching(/expected a status, or JSON; it was redirected to .*\/login$/))
    }
  })

  test('a redirect to where the rows are is followed', async () => {
    const { url } = await serve(({ method, url: path }, response) => {
      if (path?.startsWith('/items') === true) return response.writeHead(308, { location: path.replace('/items', '/moved') }).end()
      return method === 'DELETE' ? response.writeHead(200, { 'content-type': 'application/json' }).end('{}') : response.end('[{"id":1}]')
    })
    expect(await restTable<Row>(url).list(firstPage)).toEqual({ rows: [{ id: 1 }] })
    await expect(restTable<Row>(url).delete(1)).resolves.toBeUndefined()
  })
})

describe('a server that lies about totals', () => {
  test.each<readonly [unknown, number | undefined]>([
    [7, 7],
    ['7', 7],
    [7.0, 7],
    [0, 0],
    [-1, undefined],
    [1.5, undefined],
    ['1.5', undefined],
    ['7 rows', undefined],
    ['0x7', undefined],
    ['', undefined],
    [1e300, undefined],
    ['9'.repeat(400), undefined],
    [2 ** 53, undefined],
    [true, undefined],
    [null, undefined],
    [[7], undefined],
    [{ value: 7 }, undefined],
  ])('a total of %j is %s', async (total, known) => {
    const rows = [{ id: 1 }]
    expect(await scripted([{ rows, total }]).list(firstPage)).toEqual(known === undefined ? { rows } : { rows, total: known })
  })
})

describe('a server that answers with another page', () => {
  const rows = [{ id: 1 }, { id: 2 }]
  const thirdPage = { page: 3, pageSize: 2 }

  test.each<readonly [string, unknown, RestTableOptions]>([
    ['the page', { rows, page: 3 }, {}],
    ['the page as text', { rows, page: '3' }, {}],
    ['the offset', { rows, offset: 4 }, { paging: 'offset' }],
    ['nothing', { rows }, {}],
    ['something else under that name', { rows, page: { number: 2 }, offset: null }, {}],
    ['what was not asked for by that name', { rows, page: 2 }, { paging: 'offset' }],
    ['an offset where pages were asked for', { rows, offset: 7 }, {}],
    [
      'the page, counted from 0 as it was asked for',
      { rows, page: 2 },
      { params: ({ page }) => new URLSearchParams({ page: String(page - 1) }) },
    ],
    [
      'a page of another kind, where parameters have other names',
      { rows, page: 2 },
      { params: ({ page }) => new URLSearchParams({ p: String(page) }) },
    ],
    ['another page, in a body that the app reads itself', { rows, page: 2 }, { parse: () => ({ rows }) }],
    ['bare rows', rows, {}],
  ])('%s in the answer is fine', async (_, body, options) => {
    expect(await scripted([body], options).list(thirdPage)).toEqual({ rows })
  })

  test.each<readonly [string, unknown, RestTableOptions, string]>([
    ['another page', { rows, page: 2 }, {}, 'page in the answer to GET /orders?page=3&limit=2 is 2; expected 3, as asked for'],
    ['another page as text', { rows, page: '1' }, {}, 'is 1; expected 3, as asked for'],
    ['another offset', { rows, offset: 0 }, { paging: 'offset' }, 'offset in the answer to GET /orders?offset=4&limit=2 is 0; expected 4'],
    [
      'another page, counted from 0',
      { rows, page: 3 },
      { params: ({ page }) => new URLSearchParams({ page: String(page - 1) }) },
      'page in the answer to GET /orders?page=2 is 3; expected 2, as asked for',
    ],
    ['another page before the end', { rows, page: 2, total: 5 }, {}, 'is 2; expected 3, as asked for'],
  ])('promise 20: %s is an AnswerError', async (_, body, options, message) => {
    const error = await rejection(scripted([body], options).list(thirdPage))
    expect(error).toBeInstanceOf(AnswerError)
    expect(error).toHaveProperty('message', expect.stringContaining(message))
  })

  test('the last page, for one beyond the end, is a page without rows', async () => {
    expect(await scripted([{ rows, page: 2, total: 4 }]).list(thirdPage)).toEqual({ rows: [], total: 4 })
    expect(await scripted([{ rows, offset: 2, total: 4 }], { paging: 'offset' }).list(thirdPage)).toEqual({ rows: [], total: 4 })
  })
})

describe('rows that are out of the ordinary', () => {
  test('fields that are named like parts of an object are fields, and nothing else', async () => {
    const text = '[{"id":1,"__proto__":{"admin":true},"constructor":"x","hasOwnProperty":1,"toString":null,"length":-1}]'
    const { rows } = await scripted([new Response(text)], { versionField: '__proto__' }).list(firstPage)
    expect(JSON.stringify(rows)).toBe(text)
    expect(Object.getPrototypeOf(rows[0])).toBe(Object.prototype)
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })

  test('an ETag under the name __proto__ is a field', async () => {
    const row = await scripted([new Response('{"id":1}', { headers: { etag: '"7"' } })], { versionField: '__proto__' }).get(1)
    expect(Object.entries(row ?? {})).toEqual([
      ['id', 1],
      ['__proto__', '"7"'],
    ])
  })

  test('a million rows are read where they were asked for', async () => {
    const rows = Array.from({ length: 1_000_000 }, (_, id) => ({ id }))
    const answer = await scripted([rows]).list({ page: 1, pageSize: 1_000_000 })
    expect(answer.rows).toHaveLength(1_000_000)
  })

  test('a text of 100 MB comes and goes', async () => {
    const name = 'x'.repeat(100_000_000)
    const bodies: unknown[] = []
    const table = restTable<Row>('/orders', {
      fetch: async (_, { body }) => {
        bodies.push(body)
        return new Response(`{"id":1,"name":"${name}"}`)
      },
    })
    expect((await table.patch(1, { name })).name === name).toBe(true)
    expect(String(bodies[0])).toHaveLength(name.length + 11)
  })

  test.each<readonly [string, unknown]>([
    ['a bigint', 10n],
    ['a circle', circle()],
    [
      'a toJSON that throws',
      {
        toJSON: () => {
          throw new Error('no')
        },
      },
    ],
  ])('promise 20: %s, which cannot stand in JSON, is refused before anything is sent', async (_, name) => {
    const table = scripted([])
    expect(await rejection(table.insert({ id: 1, name }))).toMatchObject({ name: 'ArgumentError', argument: 'row' })
    expect(await rejection(table.replace(1, { id: 1, name }))).toMatchObject({ name: 'ArgumentError', argument: 'row' })
    expect(await rejection(table.patch(1, { name }))).toMatchObject({ name: 'ArgumentError', argument: 'partial' })
  })
})

describe('arguments that throw when they are read', () => {
  type Call = (table: ReturnType<typeof restTable<Row>>, hostile: never) => Promise<unknown>

  const calls: readonly (readonly [name: string, argument: string, call: Call])[] = [
    ['the query of list', 'query', (table, hostile) => table.list(hostile)],
    ['the filter of list', 'query', (table, where) => table.list({ ...firstPage, where })],
    ['the condition of a filter of list', 'query', (table, name) => table.list({ ...firstPage, where: { name } })],
    ['the order of list', 'query', (table, key) => table.list({ ...firstPage, orderBy: [key] })],
    ['the page of list', 'query', (table) => table.list(throwing({ page: 1, pageSize: 1 }, 'page'))],
    ['the options of list', 'options', (table, hostile) => table.list(firstPage, hostile)],
    ['the signal of list', 'options', (table, signal) => table.list(firstPage, { signal })],
    ['the query of count', 'query', (table, hostile) => table.count(hostile)],
    ['the options of count', 'options', (table, hostile) => table.count({}, hostile)],
    ['the id of get', 'id', (table, hostile) => table.get(hostile)],
    ['the options of get', 'options', (table, hostile) => table.get(1, hostile)],
    ['the signal of get', 'options', (table, signal) => table.get(1, { signal })],
    ['the row of insert', 'row', (table, hostile) => table.insert(hostile)],
    ['the id in the row of insert', 'row', (table) => table.insert(throwing({ id: 1 }, 'id'))],
    ['a field in the row of insert', 'row', (table) => table.insert(throwing({ id: 1, name: 'x' }, 'name'))],
    ['a value in the row of insert', 'row', (table, name) => table.insert({ id: 1, name })],
    ['the options of insert', 'options', (table, hostile) => table.insert({}, hostile)],
    ['the key of insert', 'idempotencyKey', (table, idempotencyKey) => table.insert({}, { idempotencyKey })],
    ['the id of replace', 'id', (table, hostile) => table.replace(hostile, { id: 1 })],
    ['the row of replace', 'row', (table, hostile) => table.replace(1, hostile)],
    ['the options of replace', 'options', (table, hostile) => table.replace(1, { id: 1 }, hostile)],
    ['the version of replace', 'version', (table, version) => table.replace(1, { id: 1 }, { version })],
    ['the id of patch', 'id', (table, hostile) => table.patch(hostile, {})],
    ['the fields of patch', 'partial', (table, hostile) => table.patch(1, hostile)],
    ['a field of patch', 'partial', (table) => table.patch(1, throwing({ name: 'x' }, 'name'))],
    ['the options of patch', 'options', (table, hostile) => table.patch(1, {}, hostile)],
    ['the id of delete', 'id', (table, hostile) => table.delete(hostile)],
    ['the options of delete', 'options', (table, hostile) => table.delete(1, hostile)],
    ['the key of delete', 'idempotencyKey', (table, idempotencyKey) => table.delete(1, { idempotencyKey })],
    ['the options of deleteAll', 'options', (table, hostile) => table.deleteAll(hostile)],
  ]

  // What is wrong with an id or a version is told by its type, without a look into it.
  const hasCause = (argument: string): boolean => argument !== 'id' && argument !== 'version'

  test.each(calls)('promise 20: %s is an ArgumentError that names %s, and nothing is sent', async (_, argument, call) => {
    const fetch = vi.fn<NonNullable<RestTableOptions['fetch']>>()
    const error = await rejection(call(restTable<Row>('/orders', { versionField: 'version', fetch }), thrower() as never))
    expect(error).toBeInstanceOf(ArgumentError)
    expect(error).toMatchObject({ argument, ...(hasCause(argument) && { cause: new Error('do not look') }) })
    expect(fetch).not.toHaveBeenCalled()
  })

  test.each(calls)('promise 20: %s may be a proxy that was revoked', async (_, argument, call) => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const error = await rejection(call(restTable<Row>('/orders', { versionField: 'version', fetch: vi.fn<never>() }), proxy as never))
    expect(error).toBeInstanceOf(ArgumentError)
    expect(error).toHaveProperty('argument', argument)
  })

  test.each<readonly [string, string, unknown, RestTableOptions]>([
    ['the url', 'url', thrower(), {}],
    ['the options', 'options', '/orders', thrower()],
    ['an option', 'options', '/orders', throwing({ timeout: 1 }, 'timeout')],
  ])('promise 20: %s of restTable itself is refused at once', (_, argument, url, options) => {
    expect(thrown(() => restTable(url as never, options))).toMatchObject({
      name: 'ArgumentError',
      argument,
      cause: new Error('do not look'),
    })
  })

  test.each<readonly [string, RestTableOptions]>([
    ['headers', { headers: thrower() as never }],
    ['headers', { headers: () => throwing({ accept: 'text/json' }, 'accept') }],
    ['headers', { headers: { 'no name': 'x' } }],
    ['params', { params: () => thrower() as never }],
    ['params', { params: () => ({}) as never }],
  ])('promise 20: %s that cannot be read are refused when they are needed', async (argument, options) => {
    const error = await rejection(scripted([[]], options).list(firstPage))
    expect(error).toMatchObject({ name: 'ArgumentError', argument, cause: expect.any(Error) })
  })

  test('what the option `parse` makes of an answer is refused like an answer that cannot be read', async () => {
    const error = await rejection(scripted([[]], { parse: () => thrower() as never }).list(firstPage))
    expect(error).toBeInstanceOf(AnswerError)
    expect(error).toHaveProperty('cause', new Error('do not look'))
  })

  test('a key that no header can hold is refused', async () => {
    expect(await rejection(scripted([]).insert({}, { idempotencyKey: 'ключ' }))).toMatchObject({
      name: 'ArgumentError',
      argument: 'idempotencyKey',
    })
  })

  test('a proxy that can be read is a row like any other', async () => {
    const bodies: unknown[] = []
    const table = restTable<Row>('/orders', {
      fetch: async (_, { body }) => {
        bodies.push(body)
        return Response.json({ id: 1 })
      },
    })
    await table.insert(new Proxy({ id: 1, name: new Proxy({ of: 'x' }, {}) }, {}))
    expect(bodies).toEqual(['{"id":1,"name":{"of":"x"}}'])
  })
})

function circle(): object {
  const self: Record<string, unknown> = {}
  self['self'] = self
  return self
}

/** Whoever asks for rows is led to a page to log in, as by a proxy that knows of no JSON. */
function loginServer({ url }: IncomingMessage, response: ServerResponse): void {
  if (url === '/login') response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html><title>Log in')
  else response.writeHead(303, { location: '/login' }).end()
}

function scripted(answers: readonly unknown[], options: RestTableOptions = {}) {
  const left = [...answers]
  return restTable<Row>('/orders', {
    ...options,
    fetch: async () => {
      const answer = left.shift()
      return answer instanceof Response ? answer : Response.json(answer)
    },
  })
}

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<{ readonly url: string }> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  return { url: `http://127.0.0.1:${address.port}/items` }
}

function thrown(call: () => unknown): unknown {
  try {
    return `it gave ${typeof call()}`
  } catch (error) {
    return error
  }
}

function rejection(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => new Error(`it resolved with ${typeof value}`),
    (reason: unknown) => reason,
  )
}
