/// <reference types="node" />
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { describeTable, type ContractRow } from '../contract/table-contract.ts'
import { AnswerError, ArgumentError, HttpError, MissingRowError, NetworkError, UnsupportedError, VersionError } from '../errors.ts'
import { memoryTable } from './memory.ts'
import { restTable, type RestTableOptions } from './rest.ts'

/** A row as the server holds it. */
interface StoredRow extends ContractRow {
  readonly version?: number | undefined
}

/** How a server speaks. */
interface Dialect {
  readonly list: (rows: readonly ContractRow[], total: number, response: ServerResponse) => unknown
  /** Wraps a single row; undefined where writes are answered by a status and no body. */
  readonly row: ((row: ContractRow) => unknown) | undefined
  /** Where versions are: in each row, in the header of one that comes alone, or nowhere. */
  readonly versions?: 'field' | 'header'
}

const wrapped: Dialect = { list: (rows, total) => ({ data: rows, total }), row: (row) => ({ data: row }) }

const bare: Dialect = {
  list: (rows, total, response) => {
    response.setHeader('X-Total-Count', total)
    return rows
  },
  row: undefined,
}

describeTable('restTable with pages and wrapped rows', async (rows) => {
  const { url, dispose } = await serve(rows, wrapped)
  return { table: restTable<ContractRow>(url), dispose }
})

describeTable('restTable with offsets, bare rows and empty answers', async (rows) => {
  const { url, dispose } = await serve(rows, bare)
  return { table: restTable<ContractRow>(`${url}/?key=a%20b`, { paging: 'offset' }), dispose }
})

describeTable('restTable with versions in the rows', async (rows) => {
  const { url, dispose } = await serve(rows, { ...wrapped, versions: 'field' })
  return { table: restTable<ContractRow>(url, { versionField: 'version', honoursIdempotencyKeys: true }), dispose }
})

describeTable('restTable with versions in the header ETag', async (rows) => {
  const { url, dispose } = await serve(rows, { ...wrapped, versions: 'header' })
  return { table: restTable<ContractRow>(url, { versionField: 'version', honoursIdempotencyKeys: true }), dispose }
})

describeTable('restTable with versions in the header ETag, and empty answers', async (rows) => {
  const { url, dispose } = await serve(rows, { ...bare, versions: 'header' })
  return { table: restTable<ContractRow>(url, { versionField: 'version', honoursIdempotencyKeys: true }), dispose }
})

/** A server over a table in memory, on a port of its own, so that queries and ids cross real urls. */
async function serve(rows: readonly ContractRow[], dialect: Dialect): Promise<{ url: string; dispose: () => Promise<void> }> {
  const table = memoryTable<StoredRow>(rows, dialect.versions && { versionField: 'version' })

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://server')
    const [, collection, segment = ''] = pathname.split('/')
    if (collection !== 'items') return void response.writeHead(404).end('no such table')
    const id = decodeURIComponent(segment)
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const sent = {
      idempotencyKey: header(request, 'idempotency-key'),
      version: header(request, 'if-match')?.replace(/^"(.*)"$/, '$1'),
    }
    const shown = ({ version, ...row }: StoredRow): StoredRow => (dialect.versions === 'field' ? { ...row, version } : row)
    const sendRow = (status: number, stored: StoredRow): void => {
      const row = shown(stored)
      if (dialect.versions === 'header') response.setHeader('ETag', `"${stored.version}"`)
      if (request.method === 'GET' || dialect.row !== undefined) return send(status, dialect.row?.(row) ?? row)
      response.writeHead(status === 201 ? 201 : 204, { location: `/items/${encodeURIComponent(row.id)}` }).end()
    }
    try {
      if (request.method === 'GET' && id === '') {
        const { rows: found, total = 0 } = await table.list(readQuery(searchParams))
        send(200, dialect.list(found.map(shown), total, response))
      } else if (request.method === 'GET') {
        const row = await table.get(id)
        if (row === undefined) send(404, { message: 'no such row' })
        else sendRow(200, row)
      } else if (request.method === 'POST') sendRow(201, await table.insert(await readBody(request), sent))
      else if (request.method === 'PUT') sendRow(200, await table.replace(id, await readBody(request), sent))
      else if (request.method === 'PATCH') sendRow(200, await table.patch(id, await readBody(request), sent))
      else if (request.method === 'DELETE') {
        if (id !== '' && (await table.get(id)) === undefined) return send(404, { message: 'no such row' })
        await (id === '' ? table.deleteAll(sent) : table.delete(id, sent))
        response.writeHead(204).end()
      }
    } catch (error) {
      send(error instanceof MissingRowError ? 404 : error instanceof VersionError ? 412 : 400, { message: String(error) })
    }
  }

  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port')
  return {
    url: `http://127.0.0.1:${address.port}/items`,
    dispose: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function header({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}

async function readBody(request: IncomingMessage): Promise<ContractRow> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk)
  return JSON.parse(text)
}

/** Reads what `restParameters` wrote, for the columns of a `ContractRow`. */
function readQuery(parameters: URLSearchParams): Parameters<ReturnType<typeof memoryTable<StoredRow>>['list']>[0] {
  const pageSize = Number(parameters.get('limit'))
  const where: Record<string, Record<string, unknown>> = {}
  let search = ''
  let orderBy: { field: keyof ContractRow; direction: 'asc' | 'desc' }[] = []
  for (const [name, text] of parameters) {
    if (['page', 'offset', 'limit', 'key'].includes(name)) continue
    if (name === 'q') search = text
    else if (name === 'sort') {
      orderBy = text.split(',').map((key) => ({
        field: key.replace('-', '') as keyof ContractRow,
        direction: key.startsWith('-') ? 'desc' : 'asc',
      }))
    } else {
      const [, field = name, operator = 'eq'] = /^(.*)\[(\w+)\]$/.exec(name) ?? []
      const plain = text === 'null' ? null : /^("+)null\1$/.test(text) ? text.slice(1, -1) : text
      const value = operator === 'contains' ? text : field === 'amount' && plain !== null ? Number(plain) : plain
      const held = where[field]?.[operator]
      where[field] = { ...where[field], [operator]: operator === 'in' ? [...(Array.isArray(held) ? held : []), value] : value }
    }
  }
  const page = parameters.has('offset') ? Number(parameters.get('offset')) / pageSize + 1 : Number(parameters.get('page'))
  return { page, pageSize, where, orderBy, search }
}

interface Sent {
  readonly url: string
  readonly init: RequestInit
}

/** A table whose requests are kept and answered by these, one after the other. */
function scripted(url: string | URL, answers: readonly unknown[], options: RestTableOptions = {}) {
  const sent: Sent[] = []
  const left = [...answers]
  const table = restTable<{ id: string | number; name?: string }>(url, {
    ...options,
    fetch: async (target, init) => {
      sent.push({ url: target, init })
      const answer = left.shift()
      return answer instanceof Response ? answer : Response.json(answer)
    },
  })
  return { table, sent, urls: () => sent.map((each) => each.url), headers: () => sent.map((each) => new Headers(each.init.headers)) }
}

const firstPage = { page: 1, pageSize: 2 }

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('metadata', () => {
  test.each([
    ['/api/orders', 'orders'],
    ['https://bakery.example/api/orders/?tenant=7#top', 'orders'],
    [new URL('https://bakery.example/orders'), 'orders'],
    ['https://bakery.example', 'bakery.example'],
    ['/', '/'],
  ])('the name of %s is %s', (url, name) => {
    expect(restTable(url)).toMatchObject({ name, idField: 'id' })
  })

  test('all of it is passed on', () => {
    const references = { customer: { field: 'customerId', table: () => restTable('/customers') } }
    const metadata = { name: 'bakery', idField: 'no', titleFields: ['name'], columns: [{ name: 'name' }], references, versionField: 'v' }
    expect(restTable('/orders', metadata)).toMatchObject(metadata)
  })
})

describe('requests', () => {
  test('each method has its verb, its url and its body', async () => {
    const row = { id: 1 }
    const { table, sent } = scripted('/api/orders', [[row], row, row, row, row, new Response(null, { status: 204 }), new Response('done')])
    await table.list(firstPage)
    await table.get(1)
    await table.insert({ name: 'rye' })
    await table.replace(1, { id: 1, name: 'rye' })
    await table.patch('1', { name: 'rye' })
    await table.delete('1')
    await table.deleteAll()
    expect(sent.map(({ url, init }) => [init.method, url, init.body])).toEqual([
      ['GET', '/api/orders?page=1&limit=2', undefined],
      ['GET', '/api/orders/1', undefined],
      ['POST', '/api/orders', '{"name":"rye"}'],
      ['PUT', '/api/orders/1', '{"id":1,"name":"rye"}'],
      ['PATCH', '/api/orders/1', '{"name":"rye"}'],
      ['DELETE', '/api/orders/1', undefined],
      ['DELETE', '/api/orders', undefined],
    ])
  })

  test('every write is named by its Idempotency-Key, where it has one', async () => {
    const gone = (): Response => new Response(null, { status: 204 })
    const answers = [{ id: 1 }, { id: 1 }, { id: 1 }, gone(), gone()]
    const { table, headers } = scripted('/orders', [...answers.slice(0, 3), gone(), gone(), ...answers])
    await table.insert({}, { idempotencyKey: 'a' })
    await table.replace(1, { id: 1 }, { idempotencyKey: 'b' })
    await table.patch(1, {}, { idempotencyKey: 'c' })
    await table.delete(1, { idempotencyKey: 'd' })
    await table.deleteAll({ idempotencyKey: 'e' })
    await table.insert({})
    await table.replace(1, { id: 1 })
    await table.patch(1, {})
    await table.delete(1)
    await table.deleteAll()
    const keys = headers().map((each) => each.get('idempotency-key'))
    expect(keys).toEqual(['a', 'b', 'c', 'd', 'e', null, null, null, null, null])
  })

  test('a query string of the url goes with every request, and a fragment with none', async () => {
    const { table, urls } = scripted('/orders/?tenant=a%20b#top', [[], { id: 1 }, { id: 1 }, '', ''])
    await table.list({ page: 1, pageSize: 2, where: { name: 'rye' } })
    await table.get('a/b')
    await table.insert({})
    await table.delete(1)
    await table.deleteAll()
    expect(urls()).toEqual([
      '/orders/?tenant=a%20b&name=rye&page=1&limit=2',
      '/orders/a%2Fb?tenant=a%20b',
      '/orders/?tenant=a%20b',
      '/orders/1?tenant=a%20b',
      '/orders/?tenant=a%20b',
    ])
  })

  test('a filter by a field that the url names too is told apart from it', async () => {
    const { table, urls } = scripted('/orders?name=rye', [[]])
    await table.list({ page: 1, pageSize: 2, where: { name: 'spelt' } })
    expect(urls()).toEqual(['/orders?name=rye&name%5Beq%5D=spelt&page=1&limit=2'])
  })

  test('promise 20: a parameter of the url that a query needs itself is refused', async () => {
    const { table, sent } = scripted('/orders?limit=5', [])
    const expected = 'url is "/orders?limit=5"; expected a url without limit=, which this query needs itself'
    await expect(table.list(firstPage)).rejects.toThrow(expected)
    expect(sent).toEqual([])
  })

  test('the option params writes another dialect', async () => {
    const params: RestTableOptions['params'] = ({ page, pageSize, where, orderBy, search }) =>
      new URLSearchParams({ p: `${page},${pageSize}`, filter: JSON.stringify(where), order: JSON.stringify(orderBy), search })
    const { table, urls } = scripted('/orders', [[]], { params })
    await table.list({ page: 3, pageSize: 5, where: { name: 'rye' }, orderBy: [{ field: 'name', direction: 'asc' }], search: 'x' })
    expect([...new URL(urls()[0] ?? '', 'http://x').searchParams]).toEqual([
      ['p', '3,5'],
      ['filter', '[{"field":"name","operator":"eq","value":"rye"}]'],
      ['order', '[{"field":"name","direction":"asc"}]'],
      ['search', 'x'],
    ])
  })

  test('a filter for one of no values is answered without a request', async () => {
    const { table, sent } = scripted('/orders', [])
    expect(await table.list({ ...firstPage, where: { id: { in: [] } } })).toEqual({ rows: [], total: 0 })
    expect(await table.count({ where: { id: { in: [] } } })).toBe(0)
    expect(sent).toEqual([])
  })

  test('promise 15: fetch gets the signal of a read', async () => {
    const { table, sent } = scripted('/orders', [[], { id: 1 }, { rows: [], total: 0 }])
    const { signal } = new AbortController()
    await table.list(firstPage, { signal })
    await table.get(1, { signal })
    await table.count({}, { signal })
    expect(sent.map(({ init }) => init.signal)).toEqual([signal, signal, signal])
  })

  test('promise 1: reads have the HTTP cache checked, for it could hold rows from before a write', async () => {
    const { table, sent } = scripted('/orders', [[], { id: 1 }])
    await table.list(firstPage)
    await table.get(1)
    expect(sent.map(({ init }) => init.cache)).toEqual(['no-cache', 'no-cache'])
  })

  test('JSON is asked for and sent, where the headers say nothing else', async () => {
    const plain = scripted('/orders', [{ id: 1 }, { id: 1 }])
    await plain.table.get(1)
    await plain.table.patch(1, {})
    expect(plain.headers().map((headers) => [...headers])).toEqual([
      [['accept', 'application/json']],
      [
        ['accept', 'application/json'],
        ['content-type', 'application/json'],
      ],
    ])
    const own = scripted('/orders', [{ id: 1 }], { headers: { 'Content-Type': 'application/merge-patch+json', Accept: 'text/json' } })
    await own.table.patch(1, {})
    expect([...(own.headers()[0] ?? [])]).toEqual([
      ['accept', 'text/json'],
      ['content-type', 'application/merge-patch+json'],
    ])
  })

  test('a function is asked for headers at each request', async () => {
    let token = 0
    const { table, headers } = scripted('/orders', [{ id: 1 }, { id: 1 }], {
      headers: async () => {
        token += 1
        return [['authorization', `token ${token}`]]
      },
    })
    await table.get(1)
    await table.get(1)
    expect(headers().map((each) => each.get('authorization'))).toEqual(['token 1', 'token 2'])
  })

  test('what the function for headers throws, the call rejects with', async () => {
    const error = new Error('logged out')
    const { table, sent } = scripted('/orders', [], { headers: () => Promise.reject(error) })
    await expect(table.get(1)).rejects.toBe(error)
    expect(sent).toEqual([])
  })

  test('promise 19: the global fetch is looked up when a request is made', async () => {
    const table = restTable('/orders')
    vi.stubGlobal('fetch', async () => Response.json({ id: 7 }))
    expect(await table.get(7)).toEqual({ id: 7 })
  })
})

describe('lists', () => {
  const rows = [{ id: 1 }, { id: 2 }]
  const counted = (body: unknown): Response => Response.json(body, { headers: { 'X-Total-Count': '8' } })

  test.each<readonly [string, unknown, number | undefined]>([
    ['a bare array', rows, undefined],
    ['a bare array with X-Total-Count', counted(rows), 8],
    ['rows and total', { rows, total: 9 }, 9],
    ['data and totalCount', { data: rows, totalCount: 9 }, 9],
    ['items and count', { items: rows, count: 9 }, 9],
    ['results and a total in text', { results: rows, total: '9' }, 9],
    ['rows and X-Total-Count', counted({ rows }), 8],
    ['a total in the body, which goes before the header', counted({ rows, total: 9 }), 9],
    ['a total that is none, for which the header stands in', counted({ rows, total: -1 }), 8],
    ['a total that is none', { rows, total: 'many' }, undefined],
    ['a field that is no array before one that is', { data: { page: 1 }, items: rows }, undefined],
  ])('%s', async (_, body, total) => {
    const { table } = scripted('/orders', [body])
    expect(await table.list(firstPage)).toEqual(total === undefined ? { rows } : { rows, total })
  })

  test('the option parse finds rows and total anywhere else', async () => {
    const { table } = scripted('/orders', [Response.json({ embedded: { orders: rows } }, { headers: { 'x-all': '12' } })], {
      parse: (body, response) => ({
        rows: (body as { embedded: { orders: unknown[] } }).embedded.orders,
        total: Number(response.headers.get('x-all')),
      }),
    })
    expect(await table.list(firstPage)).toEqual({ rows, total: 12 })
  })

  test.each<readonly [string, unknown, string]>([
    ['an object without rows', { message: 'hello' }, 'is {"message":"hello"}; expected an array of rows'],
    ['null', null, 'is null; expected an array of rows'],
    ['rows that are no objects', { rows: [{ id: 1 }, 'rye'] }, 'is "rye"; expected rows with their id'],
    ['a row without an id', [{ name: 'rye' }], 'is {"name":"rye"}; expected rows with their id'],
    ['text', new Response('<!doctype html><title>Log in'), 'is "<!doctype html><title>Log in"; expected JSON'],
    ['nothing', new Response(''), 'is ""; expected JSON'],
  ])('promise 20: %s is an AnswerError', async (_, body, message) => {
    const { table } = scripted('/orders', [body])
    const error: unknown = await table.list(firstPage).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(AnswerError)
    expect(error).toHaveProperty('message', expect.stringContaining(`table "orders": the answer to GET /orders?page=1&limit=2 ${message}`))
  })

  test('what parse throws is the cause of an AnswerError', async () => {
    const cause = new Error('where are they?')
    const { table } = scripted('/orders', [{}], {
      parse: () => {
        throw cause
      },
    })
    await expect(table.list(firstPage)).rejects.toMatchObject({ name: 'AnswerError', cause })
  })
})

describe('rows', () => {
  test.each([
    { id: 1, name: 'rye' },
    { data: { id: 1, name: 'rye' } },
    { row: { id: 1, name: 'rye' }, took: 3 },
    { item: { id: 1, name: 'rye' } },
  ])('%j is a row', async (body) => {
    const { table } = scripted('/orders', [body, body, body])
    expect(await table.get(1)).toEqual({ id: 1, name: 'rye' })
    expect(await table.insert({ name: 'rye' })).toEqual({ id: 1, name: 'rye' })
    expect(await table.patch(1, {})).toEqual({ id: 1, name: 'rye' })
  })

  test('a row that has a field data is not taken for a wrapped one', async () => {
    const row = { id: 1, data: { id: 2 } }
    const { table } = scripted('/orders', [row])
    expect(await table.get(1)).toEqual(row)
  })

  test.each([[null], [[]], [{}], [{ ok: true }], [{ id: '' }], [{ data: { name: 'rye' } }], [{ result: { id: 1 } }]])(
    'promise 20: %j is none',
    async (body) => {
      const { table } = scripted('/orders', [body])
      const error: unknown = await table.get(1).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(AnswerError)
      expect(error).toHaveProperty(
        'message',
        expect.stringMatching(/^table "orders": the answer to GET \/orders\/1 is .*; expected a row with its id$/),
      )
    },
  )

  test('where the answer to a write is empty the row is read again', async () => {
    const { table, sent } = scripted('/orders', [new Response(null, { status: 204 }), { id: 1 }, new Response(''), { id: 1 }])
    expect(await table.replace(1, { id: 1 })).toEqual({ id: 1 })
    expect(await table.patch(1, {})).toEqual({ id: 1 })
    expect(sent.map(({ init, url }) => `${init.method} ${url}`)).toEqual([
      'PUT /orders/1',
      'GET /orders/1',
      'PATCH /orders/1',
      'GET /orders/1',
    ])
  })

  test('a row that is gone when it is read again is a MissingRowError', async () => {
    const { table } = scripted('/orders', [new Response(null, { status: 204 }), new Response(null, { status: 404 })])
    await expect(table.patch(1, {})).rejects.toEqual(new MissingRowError('orders', '1'))
  })

  test('where the answer to an insert is empty the row is read from its Location', async () => {
    const created = new Response(null, { status: 201, headers: { location: '42?lang=en' } })
    const { table, urls } = scripted('https://bakery.example/api/orders/', [created, { id: 42 }])
    expect(await table.insert({})).toEqual({ id: 42 })
    expect(urls()).toEqual(['https://bakery.example/api/orders/', 'https://bakery.example/api/orders/42?lang=en'])
  })

  test('a Location is used as it is where there is nothing to resolve it against', async () => {
    const { table, urls } = scripted('/orders', [new Response(null, { status: 201, headers: { location: '/orders/42' } }), { id: 42 }])
    expect(await table.insert({})).toEqual({ id: 42 })
    expect(urls()).toEqual(['/orders', '/orders/42'])
  })

  test.each([
    ['no Location', [new Response(null, { status: 201 })]],
    [
      'nothing at its Location',
      [new Response(null, { status: 201, headers: { location: '/orders/42' } }), new Response(null, { status: 404 })],
    ],
  ])('promise 20: an empty answer to an insert with %s is an AnswerError', async (_, answers) => {
    const { table } = scripted('/orders', answers)
    await expect(table.insert({})).rejects.toThrow('the answer to POST /orders is ""; expected the stored row, or its Location')
  })
})

describe('versions', () => {
  const tagged = (tag: string, body: unknown = { id: 1 }): Response =>
    new Response(body === undefined ? null : JSON.stringify(body), { headers: { ETag: tag } })
  const versionField = 'version'

  test.each<readonly [string | number | undefined, string | null]>([
    ['"x"', '"x"'],
    ['W/"x"', 'W/"x"'],
    ['x', '"x"'],
    [7, '"7"'],
    [undefined, null],
  ])('a change against the version %j has If-Match: %s', async (version, ifMatch) => {
    const { table, headers } = scripted('/orders', [{ id: 1 }, { id: 1 }])
    await table.replace(1, { id: 1 }, { version })
    await table.patch(1, {}, { version })
    expect(headers().map((each) => each.get('if-match'))).toEqual([ifMatch, ifMatch])
  })

  test('promise 20: a version that no entity tag can hold is refused before anything is sent', async () => {
    const { table, sent } = scripted('/orders', [])
    const expected = 'version is "a b"; expected text or a finite number that an entity tag can hold'
    await expect(table.replace(1, { id: 1 }, { version: 'a b' })).rejects.toThrow(expected)
    await expect(table.patch(1, {}, { version: 'a b' })).rejects.toThrow(expected)
    expect(sent).toEqual([])
  })

  test('a row that comes alone has its ETag, as it stands in the header, for its version', async () => {
    const { table } = scripted('/orders', [tagged('"a"'), tagged('W/"b"'), tagged('"c"', { data: { id: 1 } }), tagged('d')], {
      versionField,
    })
    expect(await table.get(1)).toEqual({ id: 1, version: '"a"' })
    expect(await table.insert({})).toEqual({ id: 1, version: 'W/"b"' })
    expect(await table.replace(1, { id: 1 })).toEqual({ id: 1, version: '"c"' })
    expect(await table.patch(1, {})).toEqual({ id: 1, version: 'd' })
  })

  test('so has a row that is read again after an empty answer, with the tag of that answer which it came in', async () => {
    const created = new Response(null, { status: 201, headers: { location: '/orders/1', ETag: '"early"' } })
    const changed = new Response(null, { status: 204, headers: { ETag: '"early"' } })
    const { table, headers } = scripted('/orders', [created, tagged('"a"'), changed, tagged('"b"')], { versionField })
    expect(await table.insert({})).toEqual({ id: 1, version: '"a"' })
    expect(await table.patch(1, {}, { version: '"a"' })).toEqual({ id: 1, version: '"b"' })
    expect(headers().map((each) => each.get('if-match'))).toEqual([null, null, '"a"', null])
  })

  test('a row keeps a version of its own, and has none where nothing tells one', async () => {
    const { table } = scripted('/orders', [tagged('"a"', { id: 1, version: 7 }), tagged('"a"', { id: 1, version: null }), { id: 1 }], {
      versionField,
    })
    expect(await table.get(1)).toEqual({ id: 1, version: 7 })
    expect(await table.get(1)).toEqual({ id: 1, version: null })
    expect(await table.get(1)).toEqual({ id: 1 })
  })

  test('the tag of a list is no version of its rows, and without the option no tag is', async () => {
    const { table } = scripted('/orders', [tagged('"a"', [{ id: 1 }])], { versionField })
    expect(await table.list(firstPage)).toEqual({ rows: [{ id: 1 }] })
    expect(await scripted('/orders', [tagged('"a"')]).table.get(1)).toEqual({ id: 1 })
  })

  test('a tag is not sent as a field of the row, for a server that stored it would give it back for ever', async () => {
    const { table, sent } = scripted('/orders', [tagged('"a"'), tagged('"b"'), tagged('"c"'), tagged('"d"')], { versionField })
    const row = await table.get(1)
    await table.replace(1, { ...row, id: 1 })
    await table.patch(1, { ...row, name: 'rye' })
    await table.insert({ ...row, id: 2 })
    expect(sent.map(({ init }) => init.body)).toEqual([undefined, '{"id":1}', '{"id":1,"name":"rye"}', '{"id":2}'])
  })

  test('a version that is a column of the server is sent as one', async () => {
    const { table, sent } = scripted('/orders', [{ id: 1, version: 8 }], { versionField })
    const row = { id: 1, version: 7 }
    expect(await table.replace(1, row, { version: 7 })).toEqual({ id: 1, version: 8 })
    expect(sent[0]?.init.body).toBe('{"id":1,"version":7}')
  })

  test.each([409, 412])('a change that is refused with %d is an HttpError of that status', async (status) => {
    const { table } = scripted('/orders', [new Response(null, { status })])
    await expect(table.patch(1, {}, { version: 1 })).rejects.toMatchObject({ name: 'HttpError', status })
  })
})

describe('ids', () => {
  test.each(['.', '..'])('promise 20: the id %j is refused, for a path cannot hold it', async (id) => {
    const { table, sent } = scripted('/orders', [])
    const refused = [table.get(id), table.insert({ id }), table.replace(id, { id }), table.patch(id, {}), table.delete(id)]
    for (const each of refused) await expect(each).rejects.toThrow(`id is "${id}"; expected an id other than . and ..`)
    expect(sent).toEqual([])
  })

  test('promise 20: half of a surrogate pair is refused', async () => {
    const { table, sent } = scripted('/orders', [])
    await expect(table.get('a\uD83E')).rejects.toThrow(ArgumentError)
    await expect(table.insert({ id: '\uDD50' })).rejects.toThrow(ArgumentError)
    expect(sent).toEqual([])
  })

  test('promise 20: a write carries no other id than that of its row', async () => {
    const { table, sent } = scripted('/orders', [])
    await expect(table.replace(1, { id: 2 })).rejects.toThrow('row.id is "2"; expected 1, the id of the row that is written')
    await expect(table.patch(1, { id: 2 })).rejects.toThrow('partial.id is "2"; expected 1, the id of the row that is written')
    expect(sent).toEqual([])
  })
})

describe('failures', () => {
  test('404 is no row for get and delete', async () => {
    const missing = (): Response => Response.json({ message: 'gone' }, { status: 404 })
    const { table } = scripted('/orders', [missing(), missing()])
    expect(await table.get(1)).toBeUndefined()
    expect(await table.delete(1)).toBeUndefined()
  })

  test('404 is an HttpError for everything else', async () => {
    const { table } = scripted(
      '/orders',
      Array.from({ length: 5 }, () => new Response(null, { status: 404 })),
    )
    const calls = [table.list(firstPage), table.insert({}), table.replace(1, { id: 1 }), table.patch(1, {}), table.deleteAll()]
    for (const call of calls) await expect(call).rejects.toMatchObject({ name: 'HttpError', status: 404 })
  })

  test('another status is an HttpError with the status, the headers and the parsed body', async () => {
    const body = { message: 'total must be positive', field: 'total' }
    const { table } = scripted('/orders', [
      Response.json(body, { status: 422, statusText: 'Unprocessable', headers: { 'retry-after': '3' } }),
    ])
    const error: unknown = await table.patch(1, {}).catch((reason: unknown) => reason)
    if (!(error instanceof HttpError)) throw new Error('it is no HttpError', { cause: error })
    expect(error).toMatchObject({ status: 422, method: 'PATCH', body })
    expect(error.headers.get('retry-after')).toBe('3')
  })

  test('a body that is no JSON is in the HttpError as text', async () => {
    const { table } = scripted('/orders', [new Response('<h1>Bad gateway</h1>', { status: 502 })])
    await expect(table.get(1)).rejects.toMatchObject({ name: 'HttpError', status: 502, body: '<h1>Bad gateway</h1>' })
  })

  test('an HttpError keeps its status where the body breaks off', async () => {
    const { table } = scripted('/orders', [new Response(broken(), { status: 500 })])
    await expect(table.get(1)).rejects.toMatchObject({ name: 'HttpError', status: 500, body: '' })
  })

  test('a body that breaks off is a NetworkError', async () => {
    const { table } = scripted('/orders', [new Response(broken())])
    await expect(table.get(1)).rejects.toMatchObject({ name: 'NetworkError', method: 'GET', cause: new Error('broken') })
  })

  test('a server that is away is a NetworkError with its cause', async () => {
    const { url, dispose } = await serve([], wrapped)
    await dispose()
    const error: unknown = await restTable(url)
      .deleteAll()
      .catch((reason: unknown) => reason)
    if (!(error instanceof NetworkError)) throw new Error('it is no NetworkError', { cause: error })
    expect(error).toMatchObject({ method: 'DELETE', url })
    expect(error.cause).toBeInstanceOf(TypeError)
  })

  test('an abort passes on its reason also where fetch does not heed the signal', async () => {
    const table = restTable('/orders', { fetch: () => new Promise(() => undefined) })
    const controller = new AbortController()
    const reading = table.list(firstPage, { signal: controller.signal })
    controller.abort('enough')
    await expect(reading).rejects.toBe('enough')
  })

  test('an abort in the middle of a body passes on its reason', async () => {
    const controller = new AbortController()
    const table = restTable('/orders', {
      fetch: async () => {
        queueMicrotask(() => controller.abort('enough'))
        return new Response(new ReadableStream({ start: () => undefined }))
      },
    })
    await expect(table.get(1, { signal: controller.signal })).rejects.toBe('enough')
  })

  test('an abort by somebody else is a NetworkError', async () => {
    const cause = new DOMException('too slow', 'TimeoutError')
    const table = restTable('/orders', { fetch: () => Promise.reject(cause) })
    await expect(table.get(1, { signal: new AbortController().signal })).rejects.toMatchObject({ name: 'NetworkError', cause })
  })

  test('promise 20: a relative url without a page is refused in plain words', async () => {
    await expect(restTable('/orders').get(1)).rejects.toThrow('url is "/orders"; expected an absolute url')
  })

  test('promise 20: what is no url, and no way of paging, is refused', () => {
    expect(() => restTable('')).toThrow('url is ""; expected a URL')
    expect(() => restTable(7 as never)).toThrow('url is 7; expected a URL')
    expect(() => restTable('/orders', { paging: 'cursor' as never })).toThrow("paging is \"cursor\"; expected 'page' or 'offset'")
  })
})

describe('count', () => {
  test('it asks for a page of one row, without an order', async () => {
    const { table, urls } = scripted('/orders', [{ rows: [{ id: 1 }], total: 12 }])
    const query = { where: { name: 'rye' }, search: 'x', orderBy: [{ field: 'name', direction: 'asc' }] } as const
    expect(await table.count(query)).toBe(12)
    expect(urls()).toEqual(['/orders?name=rye&q=x&page=1&limit=1'])
  })

  test('it is an UnsupportedError where the server tells no total', async () => {
    const { table } = scripted('/orders', [[{ id: 1 }]])
    await expect(table.count({})).rejects.toThrow(UnsupportedError)
  })
})

function broken(): ReadableStream {
  return new ReadableStream({
    start: (controller) => controller.error(new Error('broken')),
  })
}
