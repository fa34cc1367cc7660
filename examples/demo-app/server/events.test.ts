import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { expect, onTestFinished, test } from 'vitest'
import { orders } from './entities/orders.ts'
import { portOf, startServer } from './server.ts'
import type { RunningServer } from './server.ts'
import { smallApps, smallSize } from './small-app.ts'
import { tableStore } from './table-store.ts'
import { eventClient } from './testing/event-client.ts'
import type { EventClient, Message } from './testing/event-client.ts'

const apps = smallApps()

async function start(): Promise<RunningServer> {
  const server = await startServer({ port: 0, database: await apps.place(), size: smallSize })
  onTestFinished(server.close)
  return server
}

async function listen(url: string): Promise<EventClient & { stop(): void }> {
  const controller = new AbortController()
  onTestFinished(() => controller.abort())
  const client = await eventClient(fetch(url, { signal: controller.signal }))
  return { ...client, stop: () => controller.abort() }
}

function write(url: string, method: string, body?: object, headers?: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(url, { method, headers: { 'content-type': 'application/json', ...headers }, ...(body && { body: JSON.stringify(body) }) })
}

function eventOf({ data }: Message): unknown {
  return JSON.parse(data)
}

test('every change of a table is an event on its stream, and on no other', async () => {
  const { url } = await start()
  const [ofOrders, ofCities] = [await listen(`${url}/api/orders/events`), await listen(`${url}/api/cities/events`)]
  const id = 'a/b%🥐'
  const path = `${url}/api/orders/${encodeURIComponent(id)}`
  const rows = [
    await (await write(`${url}/api/orders`, 'POST', { id, customer: 'Ada\n', cityId: 1_796_236, product: 'bagel', unitPrice: 2 })).json(),
    await (await write(path, 'PATCH', { quantity: 2 }, { 'idempotency-key': 'my write' })).json(),
    await (await write(path, 'PUT', await (await fetch(path)).json())).json(),
  ]
  await write(path, 'DELETE', undefined, { 'idempotency-key': 'my other write' })
  await write(`${url}/api/orders`, 'DELETE')
  const city = await (await write(`${url}/api/cities/1796236`, 'PATCH', { population: 1 })).json()

  expect((await ofOrders.messages(5)).map(eventOf)).toEqual([
    { type: 'inserted', id, row: rows[0] },
    { type: 'updated', id, row: rows[1], fields: ['quantity', 'total', 'version'], write: 'my write' },
    { type: 'updated', id, row: rows[2], fields: ['version'] },
    { type: 'deleted', id, write: 'my other write' },
    { type: 'changed' },
  ])
  expect((await ofCities.messages(1)).map(eventOf)).toEqual([
    { type: 'updated', id: 1_796_236, row: city, fields: ['population', 'version'] },
  ])
})

test('the answer says what it is, that nobody is to keep it or to hold it up, and where it goes on', async () => {
  const { url } = await start()
  const { response, block } = await listen(`${url}/api/orders/events`)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'last-event-id': expect.stringMatching(/^\d{16}$/),
  })
  expect(await block()).toBe(': connected')
})

test('what is refused is no event', async () => {
  const { url } = await start()
  const stream = await listen(`${url}/api/orders/events`)
  for (const [method, path, body] of [
    ['POST', '', { id: 'B-000001' }],
    ['PATCH', '/B-000001', { status: 'eaten' }],
    ['PATCH', '/B-999999', { status: 'open' }],
    ['DELETE', '/B-999999', undefined],
    ['PATCH', '/B-000001', { status: 'open' }],
    ['DELETE', '/B-000001', undefined],
  ] as const) {
    expect((await write(`${url}/api/orders${path}`, method, body, { 'if-match': '"old"' })).ok).toBe(false)
  }
  await write(`${url}/api/orders/B-000001`, 'DELETE')
  expect(eventOf(await stream.message())).toEqual({ type: 'deleted', id: 'B-000001' })
})

test('a write that is sent again under its key is no second event', async () => {
  const { url } = await start()
  const stream = await listen(`${url}/api/orders/events`)
  const bagel = { id: 'once', customer: 'Ada', cityId: 1_796_236, product: 'bagel', unitPrice: 2 }
  for (const [method, path, body] of [
    ['POST', '', bagel],
    ['PATCH', '/once', { quantity: 2 }],
    ['DELETE', '/once', undefined],
    ['DELETE', '', undefined],
  ] as const) {
    for (let time = 0; time < 2; time += 1) {
      expect((await write(`${url}/api/orders${path}`, method, body, { 'idempotency-key': `${method}${path}` })).ok).toBe(true)
    }
  }
  expect((await stream.messages(4)).map(eventOf)).toMatchObject([
    { type: 'inserted', write: 'POST' },
    { type: 'updated', write: 'PATCH/once' },
    { type: 'deleted', write: 'DELETE/once' },
    { type: 'changed', write: 'DELETE' },
  ])
})

test('whoever hears of a change can read it', async () => {
  const { url } = await start()
  const stream = await listen(`${url}/api/orders/events`)
  const patched = write(`${url}/api/orders/B-000001`, 'PATCH', { notes: 'read me' })
  await stream.message()
  expect(await (await fetch(`${url}/api/orders/B-000001`)).json()).toHaveProperty('notes', 'read me')
  await patched
})

test('HEAD of a stream ends, and listens to nothing', async () => {
  const app = await apps.open()
  const response = await app.request('/api/orders/events', { method: 'HEAD' })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  expect(await response.text()).toBe('')
  expect(app.readers).toBe(0)
})

test('a client that goes is forgotten', async () => {
  const app = await apps.open()
  const listener = getRequestListener(app.fetch)
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing))
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${portOf(server)}`
  const readers = [await listen(`${url}/api/orders/events`), await listen(`${url}/api/cities/events`)]
  expect(app.readers).toBe(2)
  readers.forEach((reader) => reader.stop())
  await expect.poll(() => app.readers).toBe(0)
})

test('close ends the streams, whether their readers read or not', async () => {
  const { url, close } = await start()
  const reading = await listen(`${url}/api/orders/events`)
  const idle = connectRaw(Number(new URL(url).port))
  idle.write('GET /api/orders/events HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await once(idle, 'readable')
  await close()
  expect(await reading.rest()).toEqual([])
  await expect(fetch(url)).rejects.toThrow('fetch failed')
})

test(
  'for a reader that never reads nothing is kept; when it reads again there is a reset on the way, and then what comes',
  { timeout: 60_000 },
  async () => {
    const { url, home } = await start()
    const slow = connectRaw(Number(new URL(url).port))
    slow.write('GET /api/orders/events HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await once(slow, 'readable')

    // The operating system takes some megabytes on behalf of a reader before the server has to keep any.
    const store = tableStore(home.dialect, orders)
    const update = (notes: string): Promise<void> =>
      home.write(async (sql) => {
        for (let time = 0; time < 250; time += 1) await store.update(sql, 'B-000001', { notes })
      })
    for (let time = 0; time < 40; time += 1) await update('🥐'.repeat(500))

    let text = ''
    slow.on('data', (part) => (text += String(part)))
    await expect.poll(() => text, { timeout: 30_000 }).toContain('event: reset')
    await update('the last one')
    await expect.poll(() => text.split('the last one').length - 1, { timeout: 30_000 }).toBe(250)
    expect(text.indexOf('event: reset')).toBe(text.lastIndexOf('event: reset'))
    const positions = Array.from(text.matchAll(/^id: (\d+)$/gm), ([, id]) => Number(id))
    expect(positions).toEqual([...new Set(positions)].toSorted((a, b) => a - b))
    expect(positions.length).toBeLessThan(9_000)
  },
)

/** A client that reads nothing by itself. */
function connectRaw(port: number): Socket {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  onTestFinished(() => void socket.destroy())
  return socket
}
