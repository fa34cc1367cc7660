import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import type { Sql } from './home.ts'
import { seed, wholeSize } from './seed/seed.ts'
import type { SeedOptions, SeedSize } from './seed/seed.ts'
import { sqliteDialect } from './sqlite-dialect.ts'
import { upgrade } from './upgrade.ts'

/**
 * Opens the database in a file, or in `:memory:`. If there is none, or one of which this version can make nothing, it is made first.
 */
export async function openSqliteDatabase(file: string, { size = wholeSize, onProgress, signal }: SeedOptions = {}): Promise<DatabaseSync> {
  const fill = async (database: DatabaseSync): Promise<void> => {
    database.exec('BEGIN')
    for await (const progress of seed(sqliteSql(database), sqliteDialect, size)) {
      onProgress?.(progress)
      // Lets a Ctrl-C in.
      await setImmediate()
      signal?.throwIfAborted()
    }
    database.exec('COMMIT')
  }

  if (file !== ':memory:' && !(await isCurrent(file, size))) await makeFile(file, fill)
  const database = new DatabaseSync(file)
  if (file === ':memory:') await fill(database)
  // A reader never waits for a writer, and a commit need not wait for the disk: this is a demo.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -65536')
  // SQLite's own knows no letters but those of ASCII.
  database.function('lowercase', { deterministic: true }, (value) => String(value).toLowerCase())
  return database
}

const mostStatements = 500

export function sqliteSql(database: DatabaseSync): Sql {
  const statements = new Map<string, StatementSync>()

  const prepared = (text: string): StatementSync => {
    const known = statements.get(text)
    if (known !== undefined) return known
    const statement = database.prepare(text)
    // Lists are asked for in ever new ways.
    if (statements.size === mostStatements) statements.clear()
    statements.set(text, statement)
    return statement
  }

  // In a promise, which turns what it throws into a rejection.
  return (text, ...values) => new Promise((resolve) => resolve(prepared(text).all(...values)))
}

/** Whether the file holds a database of this version. One of an earlier version becomes one. */
async function isCurrent(file: string, size: SeedSize): Promise<boolean> {
  if (!existsSync(file)) return false
  const database = new DatabaseSync(file)
  try {
    if (!isSeeded(database)) return false
    database.exec('PRAGMA busy_timeout = 5000; BEGIN')
    const isUpgraded = await upgrade(sqliteSql(database), sqliteDialect, size)
    database.exec('COMMIT')
    return isUpgraded
  } finally {
    // Rolls back an upgrade that has failed.
    database.close()
  }
}

function isSeeded(database: DatabaseSync): boolean {
  try {
    return database.prepare('SELECT stamp FROM seeded').get() !== undefined
  } catch {
    // No table of that name, or no database at all.
    return false
  }
}

/** Under another name until it is whole, so that a half-made one is never taken for a database. */
async function makeFile(file: string, fill: (database: DatabaseSync) => Promise<void>): Promise<void> {
  mkdirSync(dirname(file), { recursive: true })
  removeParts(file)
  const part = `${file}.${process.pid}.part`
  const database = new DatabaseSync(part)
  try {
    // The file is thrown away if anything goes wrong, so nothing of it has to be safe on the disk before it is whole.
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF')
    await fill(database)
    database.close()
  } catch (error) {
    database.close()
    rmSync(part, { force: true })
    throw error
  }
  // What is left of the former one would be taken for the new one's.
  for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true })
  renameSync(part, file)
}

/** What a start left behind that was killed before it was through. */
function removeParts(file: string): void {
  const folder = dirname(file)
  for (const name of readdirSync(folder)) {
    if (name.startsWith(`${basename(file)}.`) && name.endsWith('.part')) rmSync(join(folder, name), { force: true })
  }
}
