import { expect, test, vi } from 'vitest'
import { createApp } from './app.ts'
import { smallApps } from './small-app.ts'
import { builtApp } from './testing/built-app.ts'

const apps = smallApps()

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
]

function expectHeaders({ headers }: Response): void {
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
  })
  expect(headers.has('strict-transport-security')).toBe(false)
}

test.each([
  ['a page', 200, '/orders'],
  ['the service worker', 200, '/service-worker.js'],
  ['a file', 200, '/assets/index-abc123.js'],
  ['a file that is missing', 404, '/assets/index-old.js'],
  ['a list', 200, '/api/orders'],
  ['a row', 200, '/api/orders/B-000001'],
  ['a row that is missing', 404, '/api/orders/nothing'],
  ['a parameter that is wrong', 400, '/api/orders?page=0'],
  ['an address that is none', 404, '/api/customers'],
  ['another host', 421, 'http://evil.example/'],
])('%s (%i) has them', async (_what, status, path) => {
  const { request } = await apps.open({ staticDir: builtApp() })
  const response = await request(path)
  expect(response.status).toBe(status)
  expectHeaders(response)
})

test('so have an event stream, a refused body, a foreign origin and an app that is not built', async () => {
  const { request } = await apps.open()
  const stream = await request('/api/orders/events')
  await stream.body?.cancel()
  const refused = await request('/api/orders', { method: 'POST', body: 'x' })
  const foreign = await request('/api/orders', { headers: { origin: 'http://evil.example' } })
  const answers = [stream, refused, foreign, await request('/')]
  expect(answers.map(({ status }) => status)).toEqual([200, 415, 403, 503])
  answers.forEach(expectHeaders)
})

test('so has the answer of a server that fails', async () => {
  const report = vi.spyOn(console, 'error').mockReturnValue()
  const { home } = await apps.open()
  const app = await createApp({ home })
  await home.write((sql) => sql('ALTER TABLE orders RENAME TO away'))
  const response = await app.request('/api/orders')
  app.close()
  expect(response.status).toBe(500)
  expectHeaders(response)
  expect(report).toHaveBeenCalledOnce()
  report.mockRestore()
})
