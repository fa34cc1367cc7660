import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { seed, seedStamp, wholeSize } from './seed/seed.ts'
import type { SeedProgress, SeedSize } from './seed/seed.ts'
import { answersSchema } from './write-once.ts'

export interface DatabaseOptions {
  /** Everything by default. */
  readonly size?: SeedSize | undefined
  readonly onProgress?: ((progress: SeedProgress) => void) | undefined
  /** Ends the seeding; nothing is left of it. */
  readonly signal?: AbortSignal | undefined
}

/** Opens the database in a file, or in `:memory:`; where there is none, or one of another version, it is made first. */
export async function openDatabase(file: string, { size = wholeSize, onProgress, signal }: DatabaseOptions = {}): Promise<DatabaseSync> {
  const fill = async (database: DatabaseSync): Promise<void> => {
    for await (const progress of seed(database, size)) {
      onProgress?.(progress)
      // Lets a Ctrl-C in.
      await setImmediate()
      signal?.throwIfAborted()
    }
  }

  if (file !== ':memory:' && !isCurrent(file, size)) await makeFile(file, fill)
  const database = new DatabaseSync(file)
  if (file === ':memory:') await fill(database)
  // A reader never waits for a writer, and a commit need not wait for the disk: this is a demo.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -65536')
  database.exec(answersSchema)
  // SQLite's own knows no letters but those of ASCII.
  database.function('lowercase', { deterministic: true }, (value) => String(value).toLowerCase())
  return database
}

function isCurrent(file: string, size: SeedSize): boolean {
  if (!existsSync(file)) return false
  const database = new DatabaseSync(file)
  try {
    return database.prepare('SELECT stamp FROM seeded').get()?.['stamp'] === seedStamp(size)
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
