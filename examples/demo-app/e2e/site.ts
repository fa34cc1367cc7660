import { once } from 'node:events'
import { appendFileSync, cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from '../server/server.ts'

/** The real server with the app's files, over a small database, at an address of its own at which it comes and goes. */
export interface Site {
  readonly url: string
  /** Nothing listens any more. */
  stop(): Promise<void>
  /** What listens takes every connection and never answers. */
  hang(): Promise<void>
  /** The server is there again, with the same rows, and with this version of the app where one is named. */
  start(version?: string): Promise<void>
  close(): Promise<void>
}

const built = join(import.meta.dirname, '..', 'dist')

export async function startSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'demo-app-'))
  let staticDir = built
  const serve = async (port: number): ReturnType<typeof startServer> =>
    startServer({ port, database: join(folder, 'demo.db'), staticDir, size: { cities: 500, orders: 2_000 } })

  const { url, close } = await serve(0)
  const port = Number(new URL(url).port)
  let stop = close
  return {
    url,
    stop: () => stop(),
    async hang() {
      await stop()
      stop = await listenInSilence(port)
    },
    async start(version) {
      await stop()
      if (version !== undefined) staticDir = anotherBuild(join(folder, version), version)
      stop = (await serve(port)).close
    },
    async close() {
      await stop()
      rmSync(folder, { recursive: true })
    },
  }
}

/** The app as it is built, with a script of another name that marks its page with the version. The former script is gone. */
function anotherBuild(folder: string, version: string): string {
  cpSync(built, folder, { recursive: true })
  const index = readFileSync(join(folder, 'index.html'), 'utf8')
  const [, script = ''] = /"\/assets\/([^"]+\.js)"/.exec(index) ?? []
  writeFileSync(join(folder, 'index.html'), index.replace(script, `${version}.js`))
  const renamed = join(folder, 'assets', `${version}.js`)
  renameSync(join(folder, 'assets', script), renamed)
  writeFileSync(renamed, `document.documentElement.dataset.version = '${version}'\n${readFileSync(renamed, 'utf8')}`)
  // Another service worker, too.
  appendFileSync(join(folder, 'service-worker.js'), `\n// ${version}\n`)
  return folder
}

/** @returns what ends it */
async function listenInSilence(port: number): Promise<() => Promise<void>> {
  const stopping = new AbortController()
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    stopping.signal.addEventListener('abort', () => socket.destroy())
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return async () => {
    if (stopping.signal.aborted) return
    const closed = once(server, 'close')
    server.close()
    stopping.abort()
    await closed
  }
}
