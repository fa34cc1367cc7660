import type { Dialect } from './dialect.ts'
import type { Sql } from './home.ts'
import { schema } from './schema.ts'
import { seedStamp } from './seed/seed.ts'
import type { SeedSize } from './seed/seed.ts'
import { answersSchema } from './write-once.ts'

/**
 * Makes a database of an earlier version one of this version, with all that it holds. To be called in a transaction.
 *
 * @returns whether the database is of this version now; if not, it is as it was
 */
export async function upgrade(sql: Sql, dialect: Dialect, size: SeedSize): Promise<boolean> {
  const [seeded] = await sql('SELECT stamp FROM seeded')
  const stamp = seedStamp(size, schema(dialect))
  if (seeded?.['stamp'] === stamp) return true
  if (seeded?.['stamp'] !== seedStamp(size, formerSchema(dialect))) return false
  await sql('ALTER TABLE answers RENAME TO former_answers')
  await sql(answersSchema(dialect))
  // Nobody knows any more whose they were.
  await sql('INSERT INTO answers (number, "user", key, request, "row") SELECT number, NULL, key, request, "row" FROM former_answers')
  await sql('DROP TABLE former_answers')
  await sql('UPDATE seeded SET stamp = ?', stamp)
  return true
}

/** The tables as they were before answers had a user. */
function formerSchema(dialect: Dialect): string[] {
  const present = answersSchema(dialect)
  return schema(dialect).map((statement) => (statement === present ? formerAnswersSchema(dialect) : statement))
}

/** To the letter, for the stamp of a database has it. */
function formerAnswersSchema({ wholeNumber, tableOptions }: Dialect): string {
  return `
    CREATE TABLE answers (
      number ${wholeNumber} PRIMARY KEY,
      key TEXT NOT NULL UNIQUE,
      request TEXT NOT NULL,
      "row" TEXT
    ) ${tableOptions}
  `
}
