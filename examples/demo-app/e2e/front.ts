import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { portOf } from '../server/server.ts'
import { staticFiles } from '../server/static-files.ts'

/** A server for the app's files before a real one, which has the API and may go, or be replaced by another. */
export interface Front {
  readonly url: string
  /** Cuts what is under way, and passes requests on to another server from now on. */
  moveTo(apiUrl: string): void
  close(): Promise<void>
}

export interface FrontOptions {
  /** How long an answer of the API is held back, in ms; asked for each. */
  readonly delay?: () => number
}

const home = join(import.meta.dirname, '..')

export async function startFront(apiUrl: string, { delay = () => 0 }: FrontOptions = {}): Promise<Front> {
  let target = apiUrl
  const serveFile = getRequestListener(staticFiles(join(home, 'dist')).fetch)
  const server = createServer((incoming, outgoing) => {
    if (!incoming.url?.startsWith('/api')) return void serveFile(incoming, outgoing)
    const passedOn = httpRequest(`${target}${incoming.url}`, { method: incoming.method, headers: incoming.headers }, (answer) => {
      answer.on('error', () => outgoing.destroy())
      const passOn = (): void => {
        if (outgoing.destroyed) return
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      }
      const held = delay()
      if (held > 0) setTimeout(passOn, held)
      else passOn()
    })
    passedOn.on('error', () => outgoing.destroy())
    outgoing.on('close', () => passedOn.destroy())
    return incoming.pipe(passedOn)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `http://localhost:${portOf(server)}`,
    moveTo(next) {
      target = next
      server.closeAllConnections()
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
