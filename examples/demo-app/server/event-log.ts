import { randomInt } from 'node:crypto'
import type { Value } from './column.ts'
import { nextNumber, startCounter } from './counters.ts'
import type { Dialect } from './dialect.ts'
import type { Sql } from './home.ts'
import type { VersionedRow } from './row-version.ts'

/** What somebody changed in a table. */
export type TableEvent = (
  | { readonly type: 'inserted'; readonly id: Value; readonly row: VersionedRow }
  | { readonly type: 'updated'; readonly id: Value; readonly row: VersionedRow; readonly fields: readonly string[] }
  | { readonly type: 'deleted'; readonly id: Value }
  | { readonly type: 'changed' }
) & {
  /** The `Idempotency-Key` of the request that made the change. */
  readonly write?: string | undefined
}

export interface LoggedEvent {
  readonly position: number
  readonly table: string
  /** As JSON. */
  readonly event: string
}

/** A part of the log. */
export interface LogPage {
  readonly events: readonly LoggedEvent[]
  /** Up to this position these events are all that there were. */
  readonly end: number
  /** The position of the last change. */
  readonly last: number
  /** The log has all events after this position. */
  readonly knownFrom: number
}

/** How many events are kept. */
const mostEvents = 10_000
/** It is looked for more than these as often, in events. */
const trimmedEach = 64
const pageSize = 500

export function eventLogSchema({ wholeNumber, tableOptions }: Dialect): string {
  return `CREATE TABLE events (position ${wholeNumber} PRIMARY KEY, "table" TEXT NOT NULL, event TEXT NOT NULL) ${tableOptions}`
}

/** To be called once, when the tables are made. */
export async function startEventLog(sql: Sql): Promise<number> {
  await startCounter(sql, 'position', 0)
  return goOnWithEventLog(sql)
}

/**
 * To be called whenever a process starts: goes on at the present time, in microseconds. So a log that starts anew, or that has
 * lost its end, because of a power cut or since its file was put back, goes on above what it was: no position is given
 * twice, and versions, which are positions, go on growing. What was lost is not in the log, so nobody resumes after it.
 */
export async function goOnWithEventLog(sql: Sql): Promise<number> {
  const present = Date.now() * 1_000 + randomInt(1_000)
  await sql(`UPDATE counters SET "last" = ? WHERE name = 'position' AND "last" < ?`, present, present)
  const position = await nextPosition(sql)
  // Who connects before the first change gets this position, and is to find it again.
  await sql(`INSERT INTO events (position, "table", event) VALUES (?, '', '')`, position)
  return position
}

/**
 * The position of the next change, which is the version of the row that it makes. Since one process writes at a time,
 * until its commit, positions grow in the order in which changes become visible.
 */
export function nextPosition(sql: Sql): Promise<number> {
  return nextNumber(sql, 'position')
}

/** To be called in the transaction of the change, so that neither is ever there without the other. */
export async function logEvent(sql: Sql, position: number, table: string, event: TableEvent): Promise<void> {
  await sql('INSERT INTO events (position, "table", event) VALUES (?, ?, ?)', position, table, JSON.stringify(event))
  // Positions have holes, so they are to be counted, which is not done for each.
  if (position % trimmedEach > 0) return
  await sql(`DELETE FROM events WHERE position <= (SELECT position FROM events ORDER BY position DESC LIMIT 1 OFFSET ${mostEvents})`)
}

/** Whether the log has this position, and so all that came after it. */
export async function isLogged(sql: Sql, position: number): Promise<boolean> {
  return (await sql('SELECT 1 FROM events WHERE position = ?', position)).length > 0
}

/** The first events after a position, of one table or of all. */
export async function readLog(sql: Sql, after: number, table?: string): Promise<LogPage> {
  // In one statement, which sees one moment of the log.
  const rows = await sql(
    `SELECT counters."last", (SELECT min(position) FROM events) AS first, page.position, page."table", page.event
      FROM counters LEFT JOIN (
        SELECT * FROM events WHERE position > ? ${table === undefined ? '' : 'AND "table" = ?'} ORDER BY position LIMIT ${pageSize}
      ) AS page ON true
      WHERE counters.name = 'position' ORDER BY page.position`,
    after,
    ...(table === undefined ? [] : [table]),
  )
  const last = Number(rows[0]?.['last'])
  const first = rows[0]?.['first'] ?? null
  const events = rows
    .filter((row) => row['position'] !== null)
    .map((row) => ({ position: Number(row['position']), table: String(row['table']), event: String(row['event']) }))
  return {
    events,
    end: events.length < pageSize ? last : (events.at(-1)?.position ?? last),
    last,
    knownFrom: first === null ? last : Number(first) - 1,
  }
}
