import { expect, test } from 'vitest'
import { smallApps, smallSize } from './small-app.ts'

const apps = smallApps()

const own = 'http://localhost:4170'

test.each([
  { origin: 'http://evil.example' },
  { origin: 'http://localhost:5173' },
  { origin: 'http://127.0.0.1:4170' },
  { origin: 'http://localhost.evil.example:4170' },
  { origin: 'null' },
  { origin: 'not a url' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'cross-site', origin: own },
  { 'sec-fetch-site': 'unheard-of' },
])('a page with %j neither reads, nor listens, nor changes anything', async (headers) => {
  const app = await apps.open()
  for (const [method, path] of [
    ['GET', '/api/orders'],
    ['GET', '/api/orders/events'],
    ['POST', '/api/orders'],
    ['PATCH', '/api/orders/B-000001'],
    ['DELETE', '/api/orders/B-000001'],
    ['DELETE', '/api/orders'],
    ['OPTIONS', '/api/orders'],
    ['POST', '/api/log-out'],
  ] as const) {
    const response = await app.request(`${own}${path}`, { method, headers: { 'content-type': 'application/json', ...headers } })
    expect(response.status).toBe(403)
    expect(await response.json()).toEqual({ error: { code: 'foreign-origin', message: expect.any(String) } })
    expect(response.headers.has('access-control-allow-origin')).toBe(false)
  }
  expect(app.readers).toBe(0)
  expect(await app.list('/api/orders')).toHaveProperty('total', smallSize.orders)
})

test.each([
  {},
  { origin: own },
  { origin: 'https://localhost:4170' },
  { 'sec-fetch-site': 'same-origin' },
  { 'sec-fetch-site': 'none' },
  // A proxy that gives requests another host, such as one for development.
  { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:5173' },
])('with %j it is no page, or one of this origin', async (headers: Readonly<Record<string, string>>) => {
  const app = await apps.open()
  expect((await app.request(`${own}/api/orders`, { headers })).status).toBe(200)
  expect((await app.request(`${own}/api/orders/B-000001`, { method: 'DELETE', headers })).status).toBe(204)
})

test('the app itself can be opened by a link from anywhere', async () => {
  const { request } = await apps.open()
  expect((await request('/', { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' } })).status).not.toBe(403)
})
