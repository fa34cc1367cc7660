import { setTimeout } from 'node:timers/promises'
import type { DatabaseSync } from 'node:sqlite'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { entities } from './entities/all.ts'
import { eventHub } from './event-hub.ts'
import { RequestError } from './request-error.ts'
import { staticFiles } from './static-files.ts'
import { tableRoutes } from './table-routes.ts'
import { tableStore } from './table-store.ts'
import { writeOnce } from './write-once.ts'

export interface AppOptions {
  readonly database: DatabaseSync
  /** Where the built app lies. */
  readonly staticDir?: string | undefined
  /** How much longer every answer of the API takes, in ms. */
  readonly latency?: number | undefined
}

export interface App {
  readonly fetch: Hono['fetch']
  /** For tests: answers without a server in between. */
  readonly request: Hono['request']
  /** How many event streams are open. */
  readonly readers: number
  /** Ends the event streams, which would keep a server open for ever. */
  close(): void
}

const mostBodyBytes = 64 * 1024

/** The API, an event stream per table and the built app. */
export function createApp({ database, staticDir, latency = 0 }: AppOptions): App {
  const app = new Hono()
  const served = entities.map((entity) => ({ entity, store: tableStore(database, entity), events: eventHub() }))
  const once = writeOnce(database)

  for (const { entity, events } of served) {
    app.get(`/api/${entity.name}/events`, (context) => {
      context.header('content-type', 'text/event-stream')
      context.header('cache-control', 'no-cache')
      // The answer to HEAD is thrown away, and its reader would never go.
      return context.req.method === 'HEAD' ? context.body(null) : context.body(events.open())
    })
  }

  app.use('/api/*', async (context, next) => {
    context.header('cache-control', 'no-store')
    // It must not keep a process alive whose server is closed.
    if (latency > 0) await setTimeout(latency, undefined, { ref: false })
    await next()
  })
  app.use(
    '/api/*',
    bodyLimit({
      maxSize: mostBodyBytes,
      onError: () => {
        throw new RequestError(413, 'body-too-large', `the body is larger than ${mostBodyBytes} bytes`)
      },
    }),
  )
  for (const { entity, store, events } of served) app.route(`/api/${entity.name}`, tableRoutes(entity, store, events, once))
  app.all('/api/*', (context) => {
    throw new RequestError(404, 'no-route', `there is no ${context.req.method} ${context.req.path}`)
  })

  app.route('/', staticFiles(staticDir))

  app.onError((error, context) => {
    if (error instanceof RequestError) {
      const { status, code, message, field } = error
      return context.json({ error: { code, message, field } }, status)
    }
    console.error(error)
    return context.json({ error: { code: 'internal', message: 'the server failed; its terminal says why' } }, 500)
  })

  return {
    fetch: app.fetch,
    request: app.request,
    get readers() {
      return served.reduce((sum, { events }) => sum + events.readers, 0)
    },
    close() {
      for (const { events } of served) events.close()
    },
  }
}
