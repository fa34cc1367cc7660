import { performance } from 'node:perf_hooks'
import { expect, onTestFinished, test } from 'vitest'
import { startServer } from './server.ts'
import type { RunningServer, ServerOptions } from './server.ts'
import { smallApps, smallSize } from './small-app.ts'

const apps = smallApps()

async function start(options: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const server = await startServer({ port: 0, database: await apps.place(), size: smallSize, ...options })
  onTestFinished(server.close)
  return server
}

test('it serves at the address that it gives', async () => {
  const { url } = await start()
  expect(await (await fetch(`${url}/api/orders?limit=1`)).json()).toMatchObject({ total: smallSize.orders, rows: [{}] })
})

test('an id with a slash, a percent sign and an emoji comes through the whole way', async () => {
  const { url } = await start()
  const row = { id: 'a/b%🥐', customer: 'Ada', cityId: 1_796_236, product: 'bagel', unitPrice: 2 }
  await fetch(`${url}/api/orders`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(row) })
  expect(await (await fetch(`${url}/api/orders/${encodeURIComponent(row.id)}`)).json()).toMatchObject(row)
})

test('a port that is taken is an error, and leaves nothing running', async () => {
  const { url } = await start()
  await expect(start({ port: Number(new URL(url).port) })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

test('the latency makes the API slower, and opens streams as fast as ever', async () => {
  const { url } = await start({ latency: 300 })
  const began = performance.now()
  const row = fetch(`${url}/api/orders/B-000001`).then(() => 'row')
  const stream = fetch(`${url}/api/orders/events`).then(() => 'stream')
  expect(await Promise.race([row, stream])).toBe('stream')
  await row
  expect(performance.now() - began).toBeGreaterThanOrEqual(299)
})

test('closing waits for a request that is under way, and can be called twice', async () => {
  const { url, close } = await start({ latency: 100 })
  const answer = fetch(`${url}/api/orders/B-000001`)
  await new Promise((resolve) => setTimeout(resolve, 30))
  const began = performance.now()
  const closing = close()
  expect(close()).toBe(closing)
  await closing
  // And no longer: the connection, which is idle by then, is not waited for.
  expect(performance.now() - began).toBeLessThan(900)
  expect((await answer).status).toBe(200)
})

test('closing does not wait for ever', async () => {
  const { url, close } = await start({ latency: 60_000 })
  const answer = fetch(`${url}/api/orders/B-000001`).catch((error: unknown) => error)
  await new Promise((resolve) => setTimeout(resolve, 30))
  await close()
  expect(await answer).toBeInstanceOf(TypeError)
})
