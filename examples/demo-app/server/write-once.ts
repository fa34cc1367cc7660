import { nextNumber, startCounter } from './counters.ts'
import type { Dialect } from './dialect.ts'
import type { Home, Sql } from './home.ts'
import { RequestError } from './request-error.ts'
import type { VersionedRow } from './row-version.ts'

/** A write, and the row that it is answered with; nothing after a delete. */
export type Write = (sql: Sql) => Promise<VersionedRow | undefined>

/** How many answers are remembered: far more than a client has under way, be it back after hours offline. */
const mostAnswers = 10_000
/** In characters. A key is kept with its answer, and told to everybody who listens. */
const longestKey = 255

/** Which write it is: all of these have to be the same for it to be the same write. */
export interface WriteName {
  readonly user: string
  /** The `Idempotency-Key`. Without one, or with an empty one, each write is another. */
  readonly key: string | undefined
  /** Its method and path, from which an answer's status follows. */
  readonly request: string
}

export function answersSchema({ wholeNumber, tableOptions }: Dialect): string {
  return `
    CREATE TABLE answers (
      number ${wholeNumber} PRIMARY KEY,
      "user" TEXT,
      key TEXT NOT NULL,
      request TEXT NOT NULL,
      "row" TEXT,
      UNIQUE (key, "user")
    ) ${tableOptions}
  `
}

export function startAnswers(sql: Sql): Promise<void> {
  return startCounter(sql, 'answers', 0)
}

/**
 * Does a write, all of it or nothing, and under each `Idempotency-Key` of a user once: a request that is sent again, because its
 * answer was lost on the way, gets the answer of the first one. Nobody else does, though everybody who listens hears of the key. The
 * answer is stored in the transaction of the change, so that neither is ever there without the other. A write that throws has
 * changed nothing, and may be tried again.
 *
 * @throws RequestError if the key is too long or was that of another request of the user, and what `write` throws
 */
export function writeOnce(home: Home, { user, key, request }: WriteName, write: Write): Promise<VersionedRow | undefined> {
  return home.write(async (sql) => {
    if (key === undefined || key === '') return write(sql)
    if (key.length > longestKey) {
      throw new RequestError(400, 'invalid-key', `Idempotency-Key has ${key.length} characters; expected at most ${longestKey}`)
    }
    // An answer without a user is from before answers had one (`upgrade.ts`). It may be anybody's, and to do its write twice is worse
    // than to tell it.
    const [known] = await sql(
      'SELECT request, "row" FROM answers WHERE key = ? AND ("user" = ? OR "user" IS NULL) ORDER BY "user" IS NULL',
      key,
      user,
    )
    if (known === undefined) {
      const row = await write(sql)
      const number = await nextNumber(sql, 'answers')
      await sql(
        'INSERT INTO answers (number, "user", key, request, "row") VALUES (?, ?, ?, ?, ?)',
        number,
        user,
        key,
        request,
        row === undefined ? null : JSON.stringify(row),
      )
      await sql('DELETE FROM answers WHERE number <= ?', number - mostAnswers)
      return row
    }
    if (known['request'] === request) return answered(known['row'])
    throw new RequestError(422, 'key-reused', `Idempotency-Key is ${key}, which was that of ${String(known['request'])} before`)
  })
}

function answered(json: unknown): VersionedRow | undefined {
  if (typeof json !== 'string') return undefined
  const row: unknown = JSON.parse(json)
  if (isVersioned(row)) return row
  throw new TypeError(`the database remembers an answer that is no row: ${json}`)
}

function isVersioned(row: unknown): row is VersionedRow {
  return typeof row === 'object' && row !== null && 'version' in row && typeof row.version === 'string'
}
