import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { MockInstance } from 'vitest'
import { startServer } from './server.ts'
import type { RunningServer, ServerOptions } from './server.ts'
import { homeKinds, smallApps, smallSize } from './small-app.ts'
import type { SmallApps } from './small-app.ts'
import { eventClient } from './testing/event-client.ts'

/** All that the server writes to its terminal. */
let spies: readonly MockInstance[]

beforeEach(() => {
  spies = (['error', 'warn', 'info', 'log'] as const).map((method) => vi.spyOn(console, method).mockReturnValue())
})
afterEach(() => {
  for (const spy of spies) spy.mockRestore()
})

function logged(): string[] {
  return spies.flatMap((spy) =>
    spy.mock.calls.map((parts) => parts.map((part) => (part instanceof Error ? part.stack : String(part))).join(' ')),
  )
}

function client(server: RunningServer): Socket {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => {})
  onTestFinished(() => void socket.destroy())
  return socket
}

const head = 'host: localhost\r\ncontent-type: application/json\r\n'
const sized = `${head}content-length: 100\r\n\r\n{"customer":`
const chunked = `${head}transfer-encoding: chunked\r\n\r\nc\r\n{"customer":\r\n`

async function start(apps: SmallApps, options: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const server = await startServer({ port: 0, database: await apps.place(), size: smallSize, ...options })
  onTestFinished(server.close)
  return server
}

async function expectToServe({ url }: RunningServer): Promise<void> {
  expect(await (await fetch(`${url}/api/orders?limit=1`)).json()).toHaveProperty('total', smallSize.orders)
}

describe('a request', { timeout: 60_000 }, () => {
  const apps = smallApps()

  test.each([
    ['POST', '/api/orders', sized],
    ['POST', '/api/orders', chunked],
    ['PUT', '/api/orders/B-000001', sized],
    ['PATCH', '/api/orders/B-000001', sized],
    ['PATCH', '/api/cities/1', chunked],
    ['POST', '/api/log-out', sized],
  ])('a body that is broken off is one line: %s %s', async (method, path, rest) => {
    const server = await start(apps)
    const socket = client(server)
    socket.write(`${method} ${path} HTTP/1.1\r\n${rest}`)
    await wait(50)
    socket.destroy()
    await expect.poll(logged, { timeout: 10_000 }).toEqual([`${method} ${path}: the client went away (aborted)`])
    await expectToServe(server)
    expect(logged()).toHaveLength(1)
  })

  test('so is one that is not sent as HTTP has it, and one whose sender half-closes', async () => {
    const server = await start(apps)
    const [malformed, halfClosed] = [client(server), client(server)]
    malformed.write(`POST /api/orders HTTP/1.1\r\n${chunked}`)
    halfClosed.write(`POST /api/cities HTTP/1.1\r\n${sized}`)
    await wait(50)
    malformed.write('no length\r\n')
    halfClosed.end()
    await expect
      .poll(() => logged().toSorted(), { timeout: 10_000 })
      .toEqual(['POST /api/cities: the client went away (aborted)', 'POST /api/orders: the client went away (aborted)'])
    await expectToServe(server)
  })

  test('a client that goes away while its answer is made, or sent, is no line', async () => {
    const server = await start(apps, { latency: 50 })
    const waiting = client(server)
    waiting.write(`GET /api/orders?limit=400 HTTP/1.1\r\n${head}\r\n`)
    await wait(20)
    waiting.destroy()
    const reading = client(server)
    reading.write(`GET /api/orders?limit=400 HTTP/1.1\r\n${head}\r\n`.repeat(50))
    await once(reading, 'data')
    reading.resetAndDestroy()
    await wait(200)
    await expectToServe(server)
    expect(logged()).toEqual([])
  })
})

describe.each(homeKinds)('a stream, %s', { timeout: 60_000 }, (kind) => {
  const apps = smallApps(kind)

  test('a client that goes away in the middle of its streams is no line, however it goes', async () => {
    const server = await start(apps)
    const goings: readonly ((socket: Socket) => unknown)[] = [
      (socket) => socket.destroy(),
      (socket) => socket.resetAndDestroy(),
      (socket) => socket.end(),
    ]
    for (const go of goings) {
      const socket = client(server)
      // The second one waits for the first one's end, which never comes.
      socket.write(`GET /api/orders/events HTTP/1.1\r\n${head}\r\n`.repeat(2))
      await once(socket, 'data')
      await expect.poll(() => server.readers, { timeout: 10_000 }).toBe(2)
      go(socket)
      await expect.poll(() => server.readers, { timeout: 10_000 }).toBe(0)
    }
    await expectToServe(server)
    expect(logged()).toEqual([])
  })

  test('a client that goes away before its stream begins leaves none', async () => {
    const server = await start(apps)
    for (let time = 0; time < 20; time += 1) {
      const socket = client(server)
      await once(socket, 'connect')
      socket.write(`GET /api/orders/events HTTP/1.1\r\n${head}\r\n`, () => socket.destroy())
    }
    await wait(100)
    await expectToServe(server)
    await expect.poll(() => server.readers, { timeout: 10_000 }).toBe(0)
    expect(logged()).toEqual([])
  })

  test('a stream whose log cannot be read ends, and says nothing of why to its reader', async () => {
    const { request, home } = await apps.open()
    const reader = await eventClient(request('/api/orders/events'))
    const first = String(reader.response.headers.get('last-event-id'))
    await home.write((sql) => sql(`UPDATE orders SET notes = 'x' WHERE id = 'B-000001'`))
    const replay = await eventClient(request('/api/orders/events', { headers: { 'last-event-id': first, prefer: 'wait=0' } }))
    await home.write((sql) => sql('ALTER TABLE events RENAME TO away'))
    expect(await replay.block()).toBe(': connected')
    expect(await replay.block()).toBeUndefined()
    expect(logged().join('\n')).toMatch(/no such table|does not exist/)
    await reader.cancel()
  })
})
