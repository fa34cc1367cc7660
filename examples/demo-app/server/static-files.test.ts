import { expect, test } from 'vitest'
import { staticFiles } from './static-files.ts'
import { builtApp } from './testing/built-app.ts'

test.each([
  ['/', 'text/html; charset=utf-8', 'no-cache', '<title>the app</title>'],
  ['/index.html', 'text/html; charset=utf-8', 'no-cache', '<title>the app</title>'],
  ['/orders/B-000001', 'text/html; charset=utf-8', 'no-cache', '<title>the app</title>'],
  ['/orders/a%2Fb%25', 'text/html; charset=utf-8', 'no-cache', '<title>the app</title>'],
  ['/favicon.svg', 'image/svg+xml; charset=utf-8', 'no-cache', '<svg/>'],
  ['/service-worker.js', 'text/javascript; charset=utf-8', 'no-cache', 'let b'],
  ['/assets/index-abc123.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable', 'let a'],
])('%s', async (path, type, caching, body) => {
  const response = await staticFiles(builtApp()).request(path)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe(type)
  expect(response.headers.get('cache-control')).toBe(caching)
  expect(await response.text()).toBe(body)
})

test('a missing file of a former build is a 404 that nobody keeps', async () => {
  const response = await staticFiles(builtApp()).request('/assets/index-old.js')
  expect(response.status).toBe(404)
  expect(response.headers.get('cache-control')).toBe('no-cache')
})

test.each(['/../secret.txt', '/%2e%2e/secret.txt', '/..%2Fsecret.txt', '/assets/..%2f..%2fsecret.txt', '/..%5Csecret.txt'])(
  'what lies beside the app is not served by %s',
  async (path) => {
    expect(await (await staticFiles(builtApp()).request(path)).text()).not.toBe('secret')
  },
)

test('before the app is built there is a word on how to build it', async () => {
  const response = await staticFiles('/nowhere').request('/')
  expect(response.status).toBe(503)
  expect(await response.text()).toContain('npx -y pnpm@12 demo')
})
