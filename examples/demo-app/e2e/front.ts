import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { staticFiles } from '../server/static-files.ts'

/** A server for the app's files before the real one, which has the API and can be killed. */
export interface Front {
  readonly url: string
  /** Kills the process of the real server. */
  killApi(): Promise<void>
  close(): Promise<void>
}

const home = join(import.meta.dirname, '..')

export async function startFront(): Promise<Front> {
  const folder = mkdtempSync(join(tmpdir(), 'demo-app-'))
  const api = fork(join(import.meta.dirname, 'api-process.ts'), [join(folder, 'demo.db')])
  const [apiUrl] = await once(api, 'message')

  const serveFile = getRequestListener(staticFiles(join(home, 'dist')).fetch)
  const server = createServer((incoming, outgoing) => {
    if (!incoming.url?.startsWith('/api')) return void serveFile(incoming, outgoing)
    const passedOn = httpRequest(`${apiUrl}${incoming.url}`, { method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
      answer.on('error', () => outgoing.destroy())
    })
    passedOn.on('error', () => outgoing.destroy())
    outgoing.on('close', () => passedOn.destroy())
    return incoming.pipe(passedOn)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('the front server listens on no port')

  const killApi = async (): Promise<void> => {
    if (api.exitCode !== null || api.signalCode !== null) return
    api.kill('SIGKILL')
    await once(api, 'exit')
  }

  return {
    url: `http://localhost:${address.port}`,
    killApi,
    async close() {
      await killApi()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      rmSync(folder, { recursive: true })
    },
  }
}
