import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import type { Sql } from './home.ts'
import { seed, seedStamp, wholeSize } from './seed/seed.ts'
import type { SeedOptions, SeedSize } from './seed/seed.ts'
import { sqliteDialect } from './sqlite-dialect.ts'

/** Opens the database in a file, or in `:memory:`; where there is none, or one of another version, it is made first. */
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

  if (file !== ':memory:' && !isCurrent(file, size)) await makeFile(file, fill)
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

function isCurrent(file: string, size: SeedSize): boolean {
  if (!existsSync(file)) return false
  const database = new DatabaseSync(file)
  try {
    return database.prepare('SELECT stamp FROM seeded').get()?.['stamp'] === seedStamp(sqliteDialect, size)
  } catch {
    // No table of that name, or no database at all: it is made anew.
    return false
  } finally {
    database.close()
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
