import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'

/** The built app, or a word on how to build it. */
export function staticFiles(folder: string | undefined): Hono {
  const routes = new Hono()
  if (folder === undefined || !existsSync(join(folder, 'index.html'))) {
    return routes.get('*', (context) =>
      context.text('The app is not built yet. `npx -y pnpm@12 demo` builds it; the API is at /api.\n', 503),
    )
  }
  return (
    routes
      // A built file's name changes with its content, and a missing one is no page of the app.
      .get('/assets/*', async (context, next) => {
        context.header('cache-control', 'public, max-age=31536000, immutable')
        await next()
      })
      .get('/assets/*', serveStatic({ root: folder }))
      .get('/assets/*', (context) => context.text('Not found\n', 404, { 'cache-control': 'no-cache' }))
      .use(async (context, next) => {
        context.header('cache-control', 'no-cache')
        await next()
      })
      .get('*', serveStatic({ root: folder }))
      // Every other address is a page that the app shows.
      .get('*', serveStatic({ root: folder, path: 'index.html' }))
  )
}
