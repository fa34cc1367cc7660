import { Pool } from 'pg'
import type { ClientBase, PoolClient } from 'pg'
import type { Home, Sql } from './home.ts'
import { line } from './line.ts'
import { postgresDialect } from './postgres-dialect.ts'
import { commitListener } from './postgres-listener.ts'
import { seed, wholeSize } from './seed/seed.ts'
import type { SeedOptions } from './seed/seed.ts'
import { upgrade } from './upgrade.ts'

/** Tables of its own beside whatever else the database holds. */
const schemaName = 'vantage_live_demo'
/** Any number that nobody else takes in this database. */
const seedingLock = 4_170

/** A PostgreSQL database, in UTF-8 and with ICU's collations, for any number of processes. */
export async function postgresHome(url: string, options: SeedOptions = {}): Promise<Home> {
  const listeners = new Set<() => void>()
  const pool = new Pool({ connectionString: url, options: `-c search_path=${schemaName}` })
  // A connection that is lost fails what was asked on it, and the next question gets another one.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  // Writes of this process wait here, and not each with a connection that reads need.
  const inLine = line()

  const transaction = async <Result>(begin: string, work: (client: PoolClient) => Promise<Result>, commit: string): Promise<Result> => {
    const client = await pool.connect()
    try {
      await client.query(begin)
      const result = await work(client)
      await client.query(commit)
      client.release()
      return result
    } catch (error) {
      // One that cannot be rolled back is closed, which does the same.
      await client.query('ROLLBACK').then(
        () => client.release(),
        () => client.release(true),
      )
      throw error
    }
  }

  try {
    await transaction('BEGIN', (client) => makeTables(client, nameOf(url), options), 'COMMIT')
  } catch (error) {
    await pool.end()
    throw error
  }
  const listener = commitListener(url, schemaName, () => {
    for (const each of listeners) each()
  })

  return {
    name: nameOf(url),
    dialect: postgresDialect,
    read: (work) => transaction('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', (client) => work(sqlOf(client)), 'COMMIT'),
    // The lock on the log's counter is held until the commit: this is what makes all processes write one after the other.
    write: (work) =>
      inLine(() =>
        transaction(
          `BEGIN ISOLATION LEVEL READ COMMITTED; SELECT FROM counters WHERE name = 'position' FOR UPDATE`,
          (client) => work(sqlOf(client)),
          `NOTIFY ${schemaName}; COMMIT`,
        ),
      ),
    onCommit(each) {
      listeners.add(each)
      return () => listeners.delete(each)
    },
    async close() {
      await listener.close()
      await pool.end()
    },
  }
}

function sqlOf(client: ClientBase): Sql {
  return async (statement, ...values) => {
    let number = 0
    const numbered = statement.replaceAll('?', () => `$${(number += 1)}`)
    const { rows } = await client.query<Record<string, unknown>>(numbered, [...values])
    return rows
  }
}

async function makeTables(client: ClientBase, name: string, { size = wholeSize, onProgress, signal }: SeedOptions): Promise<void> {
  const sql = sqlOf(client)
  // Of two processes that start at once the second one waits, and finds what the first one has made.
  await sql('SELECT pg_advisory_xact_lock(?)', seedingLock)
  const [made] = await sql('SELECT to_regclass(?) AS seeded', `${schemaName}.seeded`)
  if (made?.['seeded'] === null) {
    await sql(`CREATE SCHEMA ${schemaName}`)
    for await (const progress of seed(sql, postgresDialect, size)) {
      onProgress?.(progress)
      signal?.throwIfAborted()
    }
    return
  }
  // Others may be at work with it, so it is not for this process to throw it away. Those of the version before can go on.
  if (!(await upgrade(sql, postgresDialect, size))) {
    throw new Error(
      `The schema ${schemaName} of ${name} is of another version of this server. To have it made anew: DROP SCHEMA ${schemaName} CASCADE`,
    )
  }
}

/** Without the password. */
function nameOf(url: string): string {
  const { hostname, port, pathname } = new URL(url)
  return `PostgreSQL, ${hostname}${port === '' ? '' : `:${port}`}${pathname}`
}
