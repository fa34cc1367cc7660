import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { createApp } from './app.ts'
import type { Home } from './home.ts'
import { openHome } from './open-home.ts'
import type { SeedOptions } from './seed/seed.ts'

export interface ServerOptions extends SeedOptions {
  /** 0 takes any that is free. */
  readonly port: number
  /** A file for SQLite, `:memory:`, or the URL of a PostgreSQL database. */
  readonly database: string
  /** Where the built app lies. */
  readonly staticDir?: string
  /** How much longer every answer of the API takes, in ms. */
  readonly latency?: number
  /** The names under which it is reached, besides those of this machine. */
  readonly allowedHosts?: readonly string[]
}

export interface RunningServer {
  readonly url: string
  /** For changes that no request makes. */
  readonly home: Home
  /** How many event streams are open. */
  readonly readers: number
  /** Resolves once every connection and the database are closed. */
  close(): Promise<void>
}

/** How long a request may still take when the server closes, in ms. */
const grace = 1_000

/** Opens the database, seeding it first where that is needed, and serves it to this machine alone. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { port, database, staticDir, latency, allowedHosts, ...seeding } = options
  const home = await openHome(database, seeding)
  const app = await createApp({ home, staticDir, latency, allowedHosts })
  const listener = getRequestListener(app.fetch)
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing))

  const release = (): Promise<void> => {
    app.close()
    return home.close()
  }
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
  } catch (error) {
    await release()
    throw error
  }

  let closed: Promise<void> | undefined
  return {
    url: `http://localhost:${portOf(server)}`,
    home,
    get readers() {
      return app.readers
    },
    close: () => {
      closed ??= closeServer(server, () => app.close()).then(release)
      return closed
    },
  }
}

async function closeServer(server: Server, endStreams: () => void): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  endStreams()
  // A connection that was busy when the server closed stays open once it is idle, in case there is another request.
  const sweep = setInterval(() => server.closeIdleConnections(), 20)
  const late = setTimeout(() => server.closeAllConnections(), grace)
  await closed
  clearInterval(sweep)
  clearTimeout(late)
}

/** Of a server that listens. */
export function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('the server listens on no port')
  return address.port
}
