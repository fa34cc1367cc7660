/// <reference types="node" />
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { AnswerError, ArgumentError, NetworkError, TimeoutError } from '../errors.ts'
import { restTable, type RestTableOptions } from './rest.ts'

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

function rejection(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => new Error(`it resolved with ${typeof value}`),
    (reason: unknown) => reason,
  )
}
