import { Hono } from 'hono'
import { jsonBody } from './json-body.ts'

/** Where a server that knows its users would end a session. This one has none; it tells the browser what to delete, where it is asked to. */
export function logOutRoutes(): Hono {
  return new Hono().post('/', async (context) => {
    const body = await jsonBody(context.req)
    const clears = typeof body === 'object' && body !== null && 'clear' in body && body.clear === true
    if (clears) context.header('clear-site-data', '"cache", "storage"')
    return context.body(null, 204)
  })
}
