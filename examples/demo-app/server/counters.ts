import { quoted } from './dialect.ts'
import type { Dialect } from './dialect.ts'
import type { Sql } from './home.ts'

/** Numbers that go on from one write to the next. */
export function countersSchema(dialect: Dialect): string {
  return `CREATE TABLE counters (name TEXT PRIMARY KEY, ${quoted('last')} ${dialect.wholeNumber} NOT NULL) ${dialect.tableOptions}`
}

export async function startCounter(sql: Sql, name: string, last: number): Promise<void> {
  await sql('INSERT INTO counters (name, "last") VALUES (?, ?)', name, last)
}

/** Counts on by one. A write that is rolled back takes its numbers back, so that none is left out. */
export async function nextNumber(sql: Sql, name: string): Promise<number> {
  const [counter] = await sql('UPDATE counters SET "last" = "last" + 1 WHERE name = ? RETURNING "last"', name)
  if (counter === undefined) throw new TypeError(`the database has no counter ${name}`)
  return Number(counter['last'])
}
