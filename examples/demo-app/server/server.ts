import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { createApp } from './app.ts'
import { openDatabase } from './database.ts'
import type { DatabaseOptions } from './database.ts'

export interface ServerOptions extends DatabaseOptions {
  /** 0 takes any that is free. */
  readonly port: number
  /** A path, or `:memory:`. */
  readonly databaseFile: string
  /** Where the built app lies. */
  readonly staticDir?: string
  /** How much longer every answer of the API takes, in ms. */
  readonly latency?: number
}

export interface RunningServer {
  readonly url: string
  /** Resolves once every connection and the database are closed. */
  close(): Promise<void>
}

/** How long a request may still take when the server closes, in ms. */
const grace = 1_000

/** Opens the database, seeding it first where that is needed, and serves it to this machine alone. */
export async function startServer({ port, databaseFile, staticDir, latency, ...seeding }: ServerOptions): Promise<RunningServer> {
  const database = await openDatabase(databaseFile, seeding)
  const app = createApp({ database, staticDir, latency })
  const listener = getRequestListener(app.fetch)
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing))

  const release = (): void => {
    app.close()
    database.close()
  }
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
  } catch (error) {
    release()
    throw error
  }

  let closed: Promise<void> | undefined
  return {
    url: `http://localhost:${portOf(server)}`,
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
