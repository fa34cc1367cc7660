import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { performance } from 'node:perf_hooks'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
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
  const near = await start({ latency: 300 })
  const began = performance.now()
  await fetch(`${near.url}/api/orders/B-000001`)
  expect(performance.now() - began).toBeGreaterThanOrEqual(299)

  const far = await start({ latency: 600_000 })
  const row = fetch(`${far.url}/api/orders/B-000001`).catch(() => undefined)
  const stream = await fetch(`${far.url}/api/orders/events`)
  expect(stream.status).toBe(200)
  await far.close()
  expect(await row).toBeUndefined()
})

describe('closing', () => {
  beforeEach(() => {
    // The time after which it waits no longer.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('waits for a request that is under way, not for the connection that is idle then, and can be called twice', async () => {
    const { url, close } = await start({ latency: 100 })
    const { answer } = await underWay(`${url}/api/orders/B-000001`)
    const closing = close()
    expect(close()).toBe(closing)
    await closing
    expect(await answer).toBe(200)
  })

  test('does not wait for ever', async () => {
    const { url, close } = await start({ latency: 600_000 })
    const { answer } = await underWay(`${url}/api/orders/B-000001`)
    const closing = close()
    await vi.advanceTimersByTimeAsync(1_000)
    await closing
    expect(await answer).toMatchObject({ code: 'ECONNRESET' })
  })
})

/** Changes a row; resolves when the server has the request, with the status of the answer that is to come, or the error. */
async function underWay(url: string): Promise<{ readonly answer: Promise<unknown> }> {
  const body = JSON.stringify({ notes: 'under way' })
  // A server that is told so says when it has the head of a request.
  const headers = { expect: '100-continue', 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const sent = request(url, { method: 'PATCH', headers, agent: new Agent({ keepAlive: true }) })
  const answer = once(sent, 'response').then(
    ([{ statusCode }]) => statusCode,
    (error: unknown) => error,
  )
  sent.flushHeaders()
  await once(sent, 'continue')
  sent.end(body)
  return { answer }
}
