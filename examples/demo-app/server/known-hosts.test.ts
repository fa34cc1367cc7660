import { once } from 'node:events'
import { request } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { startServer } from './server.ts'
import type { RunningServer } from './server.ts'
import { smallApps, smallSize } from './small-app.ts'

const apps = smallApps()

async function start(allowedHosts: readonly string[] = []): Promise<RunningServer> {
  const server = await startServer({ port: 0, database: await apps.place(), size: smallSize, allowedHosts })
  onTestFinished(server.close)
  return server
}

/** Sends a request under a name of the sender's choice, as after that name was led to this machine. */
async function ask(
  server: RunningServer,
  host: string,
  path: string,
  method = 'GET',
): Promise<{ status: number | undefined; body: string }> {
  const sent = request({ host: '127.0.0.1', port: new URL(server.url).port, path, method, headers: { host } })
  sent.end()
  const [answer] = await once(sent, 'response')
  const parts: Buffer[] = await answer.toArray()
  return { status: answer.statusCode, body: Buffer.concat(parts).toString() }
}

test.each(['evil.example', 'evil.example:4170', 'localhost.evil.example', '192.168.0.1', '[::2]', 'LOCALHOST.'])(
  'under the name %s nothing can be read or deleted',
  async (host) => {
    const server = await start()
    for (const [method, path] of [
      ['GET', '/api/orders/B-000001'],
      ['GET', '/api/orders/events'],
      ['DELETE', '/api/orders/B-000001'],
      ['DELETE', '/api/orders'],
      ['GET', '/'],
      ['GET', '/service-worker.js'],
    ] as const) {
      const { status, body } = await ask(server, host, path, method)
      expect(status).toBe(421)
      expect(JSON.parse(body)).toMatchObject({ error: { code: 'unknown-host', message: expect.stringContaining('--allowed-host') } })
    }
    expect(server.readers).toBe(0)
    expect((await ask(server, 'localhost', '/api/orders/B-000001')).status).toBe(200)
  },
)

test.each(['localhost', 'localhost:5173', 'LocalHost', '127.0.0.1', '127.0.0.1:4170', '[::1]:4170'])(
  'this machine is %s, too',
  async (host) => {
    expect((await ask(await start(), host, '/api/orders/B-000001')).status).toBe(200)
  },
)

test('names that are allowed are answered for, and no others', async () => {
  const server = await start(['demo.example.com', 'demo.internal'])
  for (const host of ['demo.example.com', 'DEMO.example.com:8080', 'demo.internal', 'localhost']) {
    expect((await ask(server, host, '/api/orders/B-000001')).status).toBe(200)
  }
  for (const host of ['example.com', 'www.demo.example.com', 'demo.example.com.evil.example']) {
    expect((await ask(server, host, '/api/orders/B-000001')).status).toBe(421)
  }
})

test('a name in the request line counts more than the one in the header', async () => {
  const server = await start()
  expect((await ask(server, 'localhost', 'http://evil.example/api/orders/B-000001')).status).toBe(421)
})

test.each(['a b', 'localhost@evil.example', 'localhost/x'])('what is no host (%j) is refused', async (host) => {
  expect((await ask(await start(), host, '/api/orders/B-000001')).status).toBe(400)
})
