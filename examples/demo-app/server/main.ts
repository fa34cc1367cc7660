import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isPostgresUrl } from './open-home.ts'
import { progressBar } from './progress-bar.ts'
import { startServer } from './server.ts'
import type { RunningServer, ServerOptions } from './server.ts'
import { stopSignal } from './stop-signal.ts'

const home = join(import.meta.dirname, '..')
const usualPort = 4170
const portsToTry = 10

const usage = `
  --port <number>      where to listen; ${usualPort}, or the next free one, by default (also PORT in the environment)
  --latency <ms>       how much longer every answer of the API takes; 0 by default
  --allowed-host <name>
                       a name under which it is reached besides localhost, such as that of a proxy in front; may be repeated

  With DATABASE_URL in the environment, such as postgres://user:password@localhost/demo, the rows are kept in that PostgreSQL
  database, and several servers may share it; without, in data/demo.db, by SQLite.
`

/** What was asked for on the command line. */
export interface Settings {
  /** Undefined takes the usual one, or the next one that is free. */
  readonly port: number | undefined
  readonly latency: number
  /** The names under which it is reached, besides those of this machine. */
  readonly allowedHosts: readonly string[]
  /** The URL of a PostgreSQL database; undefined takes the file of the demo. */
  readonly databaseUrl: string | undefined
}

/** Throws an error whose message is for the person at the terminal. */
export function readSettings(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: { port: { type: 'string' }, latency: { type: 'string' }, 'allowed-host': { type: 'string', multiple: true } },
  })
  const port = values.port ?? environment['PORT']
  return {
    port: port === undefined ? undefined : wholeNumber('port', port, 65_535),
    latency: wholeNumber('latency', values.latency ?? '0', 60_000),
    allowedHosts: (values['allowed-host'] ?? []).map(hostName),
    databaseUrl: readDatabaseUrl(environment['DATABASE_URL']),
  }
}

/** Serves the demo until it is asked to stop. */
async function main(args: readonly string[], stop: AbortSignal): Promise<void> {
  try {
    const { port, latency, allowedHosts, databaseUrl } = readSettings(args, process.env)
    const server = await startOn(port ?? usualPort, port ?? usualPort + portsToTry - 1, {
      database: databaseUrl ?? join(home, 'data', 'demo.db'),
      staticDir: join(home, 'dist'),
      latency,
      allowedHosts,
      onProgress: progressBar(process.stdout, 'Making the database'),
      signal: stop,
    })
    console.log(`\n  The demo runs at ${server.url}, on ${server.home.name}\n  Ctrl-C stops it.\n`)
    if (!stop.aborted) await once(stop, 'abort')
    await server.close()
  } catch (error) {
    if (stop.aborted) return
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}

/** On the first free one of these ports. */
async function startOn(port: number, last: number, options: Omit<ServerOptions, 'port'>): Promise<RunningServer> {
  try {
    return await startServer({ ...options, port })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    if (port === last) throw new Error(`Port ${port} is taken. Choose another one with --port.`, { cause: error })
    console.log(`Port ${port} is taken, trying the next one.`)
    return startOn(port + 1, last, options)
  }
}

function readDatabaseUrl(url: string | undefined): string | undefined {
  if (url === undefined || url === '' || (isPostgresUrl(url) && URL.canParse(url))) return url || undefined
  throw new Error(`DATABASE_URL is no URL of a PostgreSQL database; expected postgres://user:password@host/database.\n${usage}`)
}

function hostName(text: string): string {
  const name = text.toLowerCase()
  // With a port, a scheme or a path it would not be the same.
  if (URL.canParse(`http://${name}`) && new URL(`http://${name}`).hostname === name) return name
  throw new Error(`allowed-host is ${JSON.stringify(text)}; expected a name without a port, such as demo.example.com.\n${usage}`)
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value <= most) return value
  throw new Error(`${name} is ${JSON.stringify(text)}; expected a whole number from 0 to ${most}.\n${usage}`)
}

if (import.meta.main) await main(process.argv.slice(2), stopSignal())
