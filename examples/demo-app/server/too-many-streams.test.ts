import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { sseStream } from '@vantage-live/core'
import type { StreamStatus } from '@vantage-live/core'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { startServer } from './server.ts'
import type { RunningServer } from './server.ts'
import { homeKinds, smallApps, smallSize } from './small-app.ts'

const most = 32

function as(user: string): Readonly<Record<string, string>> {
  return user === '' ? {} : { authorization: `Bearer ${user}` }
}

describe.each(homeKinds)('%s', { timeout: 60_000 }, (kind) => {
  const apps = smallApps(kind)

  test('a client gets 32 streams, and for the next one a 429; others get theirs', async () => {
    const { request } = await apps.open()
    for (const user of ['ines', 'mei', '']) {
      const headers = as(user)
      // At once, as they come after a break of the network.
      const streams = await Promise.all(
        Array.from({ length: most + 3 }, async (_, index) => request(`/api/${index % 2 === 0 ? 'orders' : 'cities'}/events`, { headers })),
      )
      expect(streams.filter(({ status }) => status === 200)).toHaveLength(most)
      const refused = streams.filter(({ status }) => status === 429)
      expect(refused).toHaveLength(3)
      expect(refused[0]?.headers.get('retry-after')).toBe('10')
      expect(await refused[0]?.json()).toMatchObject({ error: { code: 'too-many-streams' } })
      // A request of another kind is no stream.
      expect((await request('/api/orders/B-000001', { headers })).status).toBe(200)
      await streams.find(({ status }) => status === 200)?.body?.cancel()
      expect((await request('/api/orders/events', { headers })).status).toBe(200)
      expect((await request('/api/orders/events', { headers })).status).toBe(429)
    }
  })

  test('polls come and go, and HEAD takes no place', async () => {
    const { request } = await apps.open()
    for (let time = 0; time < most + 3; time += 1) {
      expect(await (await request('/api/orders/events', { headers: { prefer: 'wait=0' } })).text()).toContain(': connected')
      expect((await request('/api/orders/events', { method: 'HEAD' })).status).toBe(200)
    }
  })

  test('a stream that cannot be opened takes no place', async () => {
    const report = vi.spyOn(console, 'error').mockReturnValue()
    onTestFinished(() => report.mockRestore())
    const { request, home } = await apps.open()
    await home.write((sql) => sql('ALTER TABLE events RENAME TO away'))
    for (let time = 0; time < most + 3; time += 1) expect((await request('/api/orders/events')).status).toBe(500)
    await home.write((sql) => sql('ALTER TABLE away RENAME TO events'))
    expect((await request('/api/orders/events')).status).toBe(200)
  })
})

describe('over connections', { timeout: 60_000 }, () => {
  const apps = smallApps()

  async function start(): Promise<RunningServer> {
    const server = await startServer({ port: 0, database: await apps.place(), size: smallSize })
    onTestFinished(server.close)
    return server
  }

  /** A connection that has been answered. */
  async function stream(server: RunningServer, user: string): Promise<{ socket: Socket; status: number }> {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => {})
    onTestFinished(() => void socket.destroy())
    const headers = Object.entries({ host: 'localhost', ...as(user) }).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(`GET /api/orders/events HTTP/1.1\r\n${headers.join('')}\r\n`)
    const [first] = await once(socket, 'data')
    return { socket, status: Number(String(first).slice(9, 12)) }
  }

  test('those who have not said who they are share what their address has', async () => {
    const server = await start()
    for (let count = 0; count < most; count += 1) expect((await stream(server, '')).status).toBe(200)
    expect((await stream(server, '')).status).toBe(429)
    expect((await stream(server, 'ines')).status).toBe(200)
  })

  test.each([
    ['closes', (socket: Socket): unknown => socket.destroy()],
    ['is reset', (socket: Socket): unknown => socket.resetAndDestroy()],
    ['is half-closed', (socket: Socket): unknown => socket.end()],
  ])('a connection that %s makes place for another one', async (_how, go) => {
    const server = await start()
    const streams = []
    for (let count = 0; count < most; count += 1) streams.push(await stream(server, 'ines'))
    expect((await stream(server, 'ines')).status).toBe(429)
    streams.slice(0, 3).forEach(({ socket }) => go(socket))
    await expect.poll(() => server.readers, { timeout: 20_000 }).toBe(most - 3)
    for (let count = 0; count < 3; count += 1) expect((await stream(server, 'ines')).status).toBe(200)
    expect((await stream(server, 'ines')).status).toBe(429)
  })

  test('sseStream waits as long as it is told to, and connects once there is place', async () => {
    const server = await start()
    const streams = []
    for (let count = 0; count < most; count += 1) streams.push(await stream(server, 'ines'))
    const requests: number[] = []
    const statuses: StreamStatus[] = []
    const none = (): void => {}
    const counting = (url: string, init: RequestInit): Promise<Response> => {
      requests.push(performance.now())
      return fetch(url, init)
    }
    const events = sseStream(`${server.url}/api/orders/events`, { headers: as('ines'), fetch: counting })
    const disconnect = events.connect({ onEvent: none, onGap: none, onError: none, onStatus: (status) => statuses.push(status) })
    onTestFinished(disconnect)
    await expect.poll(() => statuses.at(-1), { timeout: 20_000 }).toMatchObject({ state: 'closed', reason: 'the server answered 429' })
    streams[0]?.socket.destroy()
    await expect.poll(() => statuses.at(-1), { timeout: 30_000 }).toMatchObject({ state: 'open' })
    expect(requests).toHaveLength(2)
    expect((requests[1] ?? 0) - (requests[0] ?? 0)).toBeGreaterThanOrEqual(10_000 - 1)
  })
})
