import { expect, test } from 'vitest'
import { logOutRoutes } from './log-out-routes.ts'
import { smallApps } from './small-app.ts'

const apps = smallApps()

test('logging out tells the browser what to delete, but only where it is asked to', async () => {
  const logOut = (body: object): Promise<Response> =>
    Promise.resolve(
      logOutRoutes().request('/', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    )
  expect(await logOut({})).toMatchObject({ status: 204 })
  expect((await logOut({})).headers.has('clear-site-data')).toBe(false)
  expect((await logOut({ clear: true })).headers.get('clear-site-data')).toBe('"cache", "storage"')
})

test('a page of another origin, which cannot send JSON, deletes nothing', async () => {
  const { request } = await apps.shared()
  const response = await request('/api/log-out', { method: 'POST', body: '{"clear":true}' })
  expect(response.status).toBe(415)
  expect(response.headers.has('clear-site-data')).toBe(false)
})
