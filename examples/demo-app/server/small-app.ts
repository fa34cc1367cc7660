import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { createApp } from './app.ts'
import type { App, AppOptions } from './app.ts'
import type { Row } from './column.ts'
import { openDatabase } from './database.ts'

export const smallSize = { cities: 300, orders: 400 }

export interface SmallApp extends App {
  readonly database: DatabaseSync
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

/** For a test file: a small database that is seeded once, and an app of its own on a copy of it for each test. */
export function smallApps(): { file(): string; open(options?: Omit<AppOptions, 'database'>): Promise<SmallApp> } {
  let folder: string
  let copies = 0

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'demo-app-'))
    const database = await openDatabase(join(folder, 'seeded.db'), { size: smallSize })
    database.close()
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const file = (): string => {
    const copy = join(folder, `${(copies += 1)}.db`)
    copyFileSync(join(folder, 'seeded.db'), copy)
    return copy
  }

  return {
    file,
    async open(options = {}) {
      const database = await openDatabase(file(), { size: smallSize })
      const app = createApp({ ...options, database })
      onTestFinished(() => {
        app.close()
        database.close()
      })
      return {
        fetch: app.fetch,
        request: app.request,
        get readers() {
          return app.readers
        },
        close: () => app.close(),
        database,
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
    },
  }
}

function isList(body: unknown): body is List {
  return typeof body === 'object' && body !== null && 'rows' in body && Array.isArray(body.rows) && 'total' in body
}
