import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { TableEvent } from './event-hub.ts'
import { RequestError } from './request-error.ts'
import type { VersionedRow } from './row-version.ts'
import { transaction } from './transaction.ts'

/** What a write came to. */
export interface Written {
  /** The row that is answered; nothing after a delete. */
  readonly row?: VersionedRow
  /** What is to be published; nothing where the write was done before. */
  readonly event?: TableEvent
}

/**
 * Does a write, all of it or nothing, and under each `Idempotency-Key` once: a request that is sent again, because its
 * answer was lost on the way, gets the answer of the first one. The answer is stored in the transaction of the change, so
 * that neither is ever there without the other. A write that throws has changed nothing, and may be tried again.
 *
 * `request` is its method and path, from which an answer's status follows.
 *
 * @throws RequestError where the key was that of another request, and what `write` throws
 */
export type WriteOnce = (key: string | undefined, request: string, write: () => Written) => Written

/** How many answers are remembered: far more than a client has under way, be it back after hours offline. */
const mostAnswers = 10_000

/** Apart from the tables that are seeded: a database that is older than this table goes on, and gets it. */
export const answersSchema = `
  CREATE TABLE IF NOT EXISTS answers (
    number INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    request TEXT NOT NULL,
    row TEXT
  ) STRICT
`

export function writeOnce(database: DatabaseSync): WriteOnce {
  const find = database.prepare('SELECT request, row FROM answers WHERE key = ?')
  const remember = database.prepare('INSERT INTO answers (key, request, row) VALUES (?, ?, ?)')
  const forget = database.prepare('DELETE FROM answers WHERE number <= ?')

  const doOnce = (key: string, request: string, write: () => Written): Written => {
    const known = find.get(key)
    if (known === undefined) {
      const written = write()
      const { lastInsertRowid } = remember.run(key, request, written.row === undefined ? null : JSON.stringify(written.row))
      forget.run(Number(lastInsertRowid) - mostAnswers)
      return written
    }
    if (known['request'] === request) return answered(known['row'])
    throw new RequestError(422, 'key-reused', `Idempotency-Key is ${key}, which was that of ${String(known['request'])} before`)
  }

  return (key, request, write) => transaction(database, () => (key === undefined || key === '' ? write() : doOnce(key, request, write)))
}

function answered(json: SQLOutputValue | undefined): Written {
  if (typeof json !== 'string') return {}
  const row: unknown = JSON.parse(json)
  if (isVersioned(row)) return { row }
  throw new TypeError(`the database remembers an answer that is no row: ${json}`)
}

function isVersioned(row: unknown): row is VersionedRow {
  return typeof row === 'object' && row !== null && 'version' in row && typeof row.version === 'string'
}
