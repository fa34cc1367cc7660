import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A PostgreSQL for tests, of whose databases none is of use to anybody else. */
export interface TestPostgres {
  /** Of a database from which others can be made. */
  readonly url: string
  stop(): Promise<void>
}

/** Starts the PostgreSQL that comes with the packages; where the environment has a `DATABASE_URL`, takes that instead. */
export async function startTestPostgres(): Promise<TestPostgres> {
  const given = process.env['DATABASE_URL']
  if (given !== undefined && given !== '') return { url: given, stop: () => Promise.resolve() }

  const child = fork(join(import.meta.dirname, 'postgres-process.ts'))
  const ended = once(child, 'exit')
  const message: unknown = await Promise.race([
    once(child, 'message').then(([first]) => first),
    ended.then(([code]) => ({ error: `it ended with ${code}` })),
  ])
  if (isUrl(message)) {
    return {
      url: message.url,
      async stop() {
        if (child.connected) child.disconnect()
        await ended
      },
    }
  }
  throw new Error(
    `These tests need a PostgreSQL, and none could be started: ${isError(message) ? message.error : String(message)}. ` +
      'The other way is one that runs already: its URL in DATABASE_URL, with a user that may make databases.',
  )
}

function isUrl(message: unknown): message is { readonly url: string } {
  return typeof message === 'object' && message !== null && 'url' in message && typeof message.url === 'string'
}

function isError(message: unknown): message is { readonly error: string } {
  return typeof message === 'object' && message !== null && 'error' in message && typeof message.error === 'string'
}
