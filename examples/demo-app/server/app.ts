import { setTimeout } from 'node:timers/promises'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { entities } from './entities/all.ts'
import { eventFeed } from './event-feed.ts'
import { eventRoutes } from './event-routes.ts'
import { eventStreams } from './event-streams.ts'
import type { Home } from './home.ts'
import { knownHosts } from './known-hosts.ts'
import { logOutRoutes } from './log-out-routes.ts'
import { RequestError } from './request-error.ts'
import { sameOrigin } from './same-origin.ts'
import { securityHeaders } from './security-headers.ts'
import { staticFiles } from './static-files.ts'
import { tableRoutes } from './table-routes.ts'

export interface AppOptions {
  readonly home: Home
  /** Where the built app lies. */
  readonly staticDir?: string | undefined
  /** How much longer every answer of the API takes, in ms. */
  readonly latency?: number | undefined
  /** The names under which it is reached, besides those of this machine. */
  readonly allowedHosts?: readonly string[] | undefined
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
export async function createApp({ home, staticDir, latency = 0, allowedHosts = [] }: AppOptions): Promise<App> {
  const app = new Hono()
  const feed = await eventFeed(home)
  const streams = eventStreams(home, feed)

  app.use(securityHeaders())
  app.use(knownHosts(allowedHosts))
  app.use('/api/*', sameOrigin)

  // Before the latency, which is not theirs.
  for (const entity of entities) app.route(`/api/${entity.name}`, eventRoutes(entity, streams))

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
  for (const entity of entities) app.route(`/api/${entity.name}`, tableRoutes(home, entity))
  app.route('/api/log-out', logOutRoutes())
  app.all('/api/*', (context) => {
    throw new RequestError(404, 'no-route', `there is no ${context.req.method} ${context.req.path}`)
  })

  app.route('/', staticFiles(staticDir))

  app.onError((error, context) => {
    if (error instanceof RequestError) {
      const { status, code, message, field, headers } = error
      return context.json({ error: { code, message, field } }, status, headers)
    }
    const { method, path, raw } = context.req
    // Its body broke off, which is no fault of the server. Nobody hears the answer.
    if (raw.signal.aborted) {
      console.warn(`${method} ${path}: the client went away (${error.message})`)
      return context.body(null, 400)
    }
    console.error(error)
    return context.json({ error: { code: 'internal', message: 'the server failed; its terminal says why' } }, 500)
  })

  return {
    fetch: app.fetch,
    request: app.request,
    get readers() {
      return streams.readers
    },
    close() {
      streams.close()
      feed.close()
    },
  }
}
