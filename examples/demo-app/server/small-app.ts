import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { createApp } from './app.ts'
import type { App, AppOptions } from './app.ts'
import type { Row } from './column.ts'
import type { Home } from './home.ts'
import { openHome } from './open-home.ts'
import { testDatabases } from './testing/test-database.ts'

export const smallSize = { cities: 300, orders: 400 }

export type HomeKind = 'SQLite' | 'PostgreSQL'

export const homeKinds: readonly HomeKind[] = ['SQLite', 'PostgreSQL']

export interface SmallApp extends Omit<App, 'close'> {
  readonly home: Home
  /** The app and its home, as they are at the end of the test by themselves. */
  close(): Promise<void>
  /** Sends JSON where there is a body. */
  send(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number; readonly body: unknown }>
  /** Fails where the answer is none. */
  list(path: string): Promise<List>
}

interface List {
  readonly rows: readonly Row[]
  readonly total: number
}

/** Small databases for the tests of a file, each of them a copy of one that is seeded once. */
export interface SmallApps {
  /** The place of a new one, as `openHome` takes it. It is gone after the test. */
  place(): Promise<string>
  /** An app on a new one. */
  open(options?: Omit<AppOptions, 'home'>): Promise<SmallApp>
  /** One for all tests that only read. */
  shared(): Promise<SmallApp>
  /** An app beside others, of which one is on the same database. */
  openOn(place: string, options?: Omit<AppOptions, 'home'>): Promise<SmallApp>
}

export function smallApps(kind: HomeKind = 'SQLite'): SmallApps {
  let places: Places
  let common: Promise<SmallApp> | undefined

  beforeAll(async () => {
    places = await (kind === 'SQLite' ? files() : databases())
    const home = await openHome(places.seeded, { size: smallSize })
    await home.close()
    // A PostgreSQL may have to be started first.
  }, 60_000)
  afterAll(async () => {
    await (await common)?.close()
    await places.close()
  })

  const place = async (): Promise<string> => {
    const copy = await places.copy()
    onTestFinished(() => places.remove(copy))
    return copy
  }

  return {
    place,
    openOn,
    open: async (options) => openOn(await place(), options),
    shared() {
      common ??= places.copy().then((copy) => smallApp(copy, {}))
      return common
    },
  }
}

async function openOn(at: string, options: Omit<AppOptions, 'home'> = {}): Promise<SmallApp> {
  const app = await smallApp(at, options)
  onTestFinished(() => app.close())
  return app
}

async function smallApp(at: string, options: Omit<AppOptions, 'home'>): Promise<SmallApp> {
  const home = await openHome(at, { size: smallSize })
  const app = await createApp({ ...options, home })
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    app.close()
    closed ??= home.close()
    return closed
  }
  return {
    fetch: app.fetch,
    request: app.request,
    get readers() {
      return app.readers
    },
    close,
    home,
    async send(method, path, body, headers = {}) {
      const json =
        body === undefined ? { headers } : { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }
      const response = await app.request(path, { method, ...json })
      return { status: response.status, body: response.status === 204 ? undefined : await response.json() }
    },
    async list(path) {
      const response = await app.request(path)
      const body: unknown = await response.json()
      if (isList(body)) return body
      throw new Error(`${path} is answered with ${response.status} and ${JSON.stringify(body)}`)
    },
  }
}

/** Where copies of a seeded database can be made. */
interface Places {
  readonly seeded: string
  copy(): Promise<string>
  remove(copy: string): Promise<void>
  close(): Promise<void>
}

function files(): Promise<Places> {
  const folder = mkdtempSync(join(tmpdir(), 'demo-app-'))
  const seeded = join(folder, 'seeded.db')
  let copies = 0
  return Promise.resolve({
    seeded,
    copy: () => {
      const copy = join(folder, `${(copies += 1)}.db`)
      copyFileSync(seeded, copy)
      return Promise.resolve(copy)
    },
    remove: () => Promise.resolve(),
    close: () => Promise.resolve(rmSync(folder, { recursive: true })),
  })
}

async function databases(): Promise<Places> {
  const made = await testDatabases()
  const seeded = await made.create()
  return { seeded, copy: () => made.create(seeded), remove: (copy) => made.drop(copy), close: () => made.close() }
}

function isList(body: unknown): body is List {
  return typeof body === 'object' && body !== null && 'rows' in body && Array.isArray(body.rows) && 'total' in body
}
