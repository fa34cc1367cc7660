import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import { expect, onTestFinished, test, vi } from 'vitest'
import { eventHub } from './event-hub.ts'
import { portOf, startServer } from './server.ts'
import type { RunningServer } from './server.ts'
import { smallApps, smallSize } from './small-app.ts'

const apps = smallApps()

async function start(): Promise<RunningServer> {
  const server = await startServer({ port: 0, databaseFile: apps.file(), size: smallSize })
  onTestFinished(server.close)
  return server
}

interface EventReader {
  /** Resolves with all that has come once it ends like this. */
  until(end: string): Promise<string>
  readonly response: Response
  stop(): void
}

async function listen(url: string): Promise<EventReader> {
  const controller = new AbortController()
  onTestFinished(() => controller.abort())
  const response = await fetch(url, { signal: controller.signal })
  const pieces = response.body?.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]()
  let text = ''
  return {
    response,
    stop: () => controller.abort(),
    async until(end) {
      while (!text.endsWith(end)) {
        const piece = await pieces?.next()
        if (piece === undefined || piece.done === true) throw new Error(`the stream ended after ${JSON.stringify(text)}`)
        text += piece.value
      }
      return text
    },
  }
}

function write(url: string, method: string, body?: object, headers?: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(url, { method, headers: { 'content-type': 'application/json', ...headers }, ...(body && { body: JSON.stringify(body) }) })
}

test('every change of a table is an event on its stream, and on no other', async () => {
  const { url } = await start()
  const orders = await listen(`${url}/api/orders/events`)
  const cities = await listen(`${url}/api/cities/events`)
  expect(orders.response.headers.get('content-type')).toBe('text/event-stream')
  expect(orders.response.headers.get('cache-control')).toBe('no-cache')

  const path = `${url}/api/orders/${encodeURIComponent('a/b%🥐')}`
  await write(`${url}/api/orders`, 'POST', { id: 'a/b%🥐', customer: 'Ada', cityId: 1_796_236, product: 'bagel', unitPrice: 2 })
  await write(path, 'PATCH', { quantity: 2 })
  await write(path, 'PUT', await (await fetch(path)).json())
  await write(path, 'DELETE')
  await write(`${url}/api/orders`, 'DELETE')
  await write(`${url}/api/cities/1796236`, 'PATCH', { population: 1 })

  expect(await orders.until('{"type":"changed"}\n\n')).toBe(
    [
      ': connected',
      'id: 1\ndata: {"type":"inserted","id":"a/b%🥐"}',
      'id: 2\ndata: {"type":"updated","id":"a/b%🥐"}',
      'id: 3\ndata: {"type":"updated","id":"a/b%🥐"}',
      'id: 4\ndata: {"type":"deleted","id":"a/b%🥐"}',
      'id: 5\ndata: {"type":"changed"}\n\n',
    ].join('\n\n'),
  )
  expect(await cities.until('}\n\n')).toBe(': connected\n\nid: 1\ndata: {"type":"updated","id":1796236}\n\n')
})

test('what is refused is no event', async () => {
  const { url } = await start()
  const orders = await listen(`${url}/api/orders/events`)
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
  expect(await orders.until('}\n\n')).toBe(': connected\n\nid: 1\ndata: {"type":"deleted","id":"B-000001"}\n\n')
})

test('a write that is sent again under its key is no second event', async () => {
  const { url } = await start()
  const orders = await listen(`${url}/api/orders/events`)
  const bagel = { id: 'once', customer: 'Ada', cityId: 1_796_236, product: 'bagel', unitPrice: 2 }
  for (const [method, path, body] of [
    ['POST', '', bagel],
    ['PATCH', '/once', { quantity: 2 }],
    ['DELETE', '/once', undefined],
    ['DELETE', '', undefined],
  ] as const) {
    for (let time = 0; time < 2; time += 1) {
      expect((await write(`${url}/api/orders${path}`, method, body, { 'idempotency-key': `${method} ${path}` })).ok).toBe(true)
    }
  }
  expect(await orders.until('{"type":"changed"}\n\n')).toBe(
    [
      ': connected',
      'id: 1\ndata: {"type":"inserted","id":"once"}',
      'id: 2\ndata: {"type":"updated","id":"once"}',
      'id: 3\ndata: {"type":"deleted","id":"once"}',
      'id: 4\ndata: {"type":"changed"}\n\n',
    ].join('\n\n'),
  )
})

test('whoever hears of a change can read it', async () => {
  const { url } = await start()
  const orders = await listen(`${url}/api/orders/events`)
  const patched = write(`${url}/api/orders/B-000001`, 'PATCH', { notes: 'read me' })
  await orders.until('}\n\n')
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
  await expect(reading.until('never')).rejects.toThrow('the stream ended')
  await expect(fetch(url)).rejects.toThrow('fetch failed')
})

test('the connection of a reader that never reads is cut, and this is reported', async () => {
  const report = vi.spyOn(console, 'error').mockReturnValue()
  const hub = eventHub()
  const listener = getRequestListener(async () => new Response(hub.open()))
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing))
  onTestFinished(() => {
    report.mockRestore()
    hub.close()
    server.close()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const slow = connectRaw(portOf(server))
  slow.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await once(slow, 'readable')

  // The operating system takes some megabytes on behalf of a reader before the server has to keep any.
  let megabytes = 0
  for (; report.mock.calls.length === 0 && megabytes < 100; megabytes += 1 / 32) {
    hub.publish({ type: 'updated', id: 'x'.repeat(32 * 1024) })
    await setImmediate()
  }
  expect(report).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ message: expect.stringContaining('was dropped') }))
  expect(hub.readers).toBe(0)
  const closed = once(slow, 'close')
  slow.resume()
  await closed
})

/** A client that reads nothing by itself. */
function connectRaw(port: number): Socket {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  onTestFinished(() => void socket.destroy())
  return socket
}
