import { once } from 'node:events'
import { createServer } from 'node:http'
import type { TestProject } from 'vitest/node'
import { startTestPostgres } from './test-postgres.ts'
import type { TestPostgres } from './test-postgres.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Answers with the URL of a PostgreSQL for tests. */
    readonly postgres: string
  }
}

/** One PostgreSQL for all tests of a run. It is started when the first of them asks for it, for most runs need none. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let postgres: Promise<TestPostgres> | undefined
  const server = createServer((_request, response) => {
    postgres ??= startTestPostgres()
    postgres.then(
      ({ url }) => response.end(url),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    )
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('the set-up of PostgreSQL listens on no port')
  project.provide('postgres', `http://127.0.0.1:${address.port}`)

  return async () => {
    server.closeAllConnections()
    server.close()
    // Where it could not be started, the tests have said so.
    const running = await postgres?.catch(() => undefined)
    await running?.stop()
  }
}
