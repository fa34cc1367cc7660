import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import type { SeedOptions } from './seed/seed.ts'
import { openSqliteDatabase } from './sqlite-database.ts'

const size = { cities: 20, orders: 30 }
let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'demo-app-database-'))
  file = join(folder, 'data', 'demo.db')
  return () => rmSync(folder, { recursive: true })
})

async function open(options: SeedOptions = {}): Promise<DatabaseSync> {
  const database = await openSqliteDatabase(file, { size, ...options })
  onTestFinished(() => {
    if (database.isOpen) database.close()
  })
  return database
}

function count(database: DatabaseSync, table: string): unknown {
  return database.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.['rows']
}

test('a first start makes the database and tells how far it is', async () => {
  const progress: number[] = []
  const database = await open({ onProgress: ({ done }) => progress.push(done) })
  expect(count(database, 'cities')).toBe(20)
  expect(count(database, 'orders')).toBe(30)
  expect(progress).toEqual(progress.toSorted((a, b) => a - b))
  expect([progress[0], progress.at(-1)]).toEqual([0, 1])
})

test('the next start finds it as it was left', async () => {
  const first = await open()
  first.exec("UPDATE orders SET customer = 'me' WHERE id = 'B-000001'")
  first.close()
  const second = await open({ onProgress: () => expect.fail('it was seeded again') })
  expect(second.prepare("SELECT customer FROM orders WHERE id = 'B-000001'").get()).toMatchObject({ customer: 'me' })
})

test('one of another version, or of another size, is made anew', async () => {
  const first = await open()
  first.exec("UPDATE seeded SET stamp = 'another version'; DELETE FROM orders")
  first.close()
  const second = await open()
  expect(count(second, 'orders')).toBe(30)
  second.close()
  expect(count(await open({ size: { cities: 20, orders: 31 } }), 'orders')).toBe(31)
})

test('one of another version is replaced under a process that still has it open', async () => {
  const first = await open()
  first.exec("UPDATE seeded SET stamp = 'another version'; UPDATE orders SET customer = 'old'")
  const second = await open()
  expect(second.prepare('PRAGMA integrity_check').get()).toMatchObject({ integrity_check: 'ok' })
  expect(second.prepare("SELECT count(*) AS rows FROM orders WHERE customer = 'old'").get()).toMatchObject({ rows: 0 })
})

test('a file that is no database is replaced by one, and what a killed start left is removed', async () => {
  ;(await open()).close()
  writeFileSync(file, 'not a database at all')
  writeFileSync(`${file}-wal`, 'old')
  writeFileSync(`${file}.1.part`, 'half')
  const database = await open()
  expect(count(database, 'orders')).toBe(30)
  database.close()
  expect(readdirSync(join(folder, 'data'))).toEqual(['demo.db'])
})

test('nothing is left of a start that is stopped midway', async () => {
  const controller = new AbortController()
  const reason = new Error('stopped')
  const opened = openSqliteDatabase(file, {
    size,
    signal: controller.signal,
    onProgress: ({ label }) => {
      if (label !== 'indexes') return
      expect(readdirSync(join(folder, 'data'))).toHaveLength(1)
      controller.abort(reason)
    },
  })
  await expect(opened).rejects.toBe(reason)
  expect(readdirSync(join(folder, 'data'))).toEqual([])
})

test('the rows are the same each time', async () => {
  const rows = async (): Promise<unknown> => {
    const database = await openSqliteDatabase(':memory:', { size })
    onTestFinished(() => database.close())
    return database
      .prepare('SELECT * FROM orders ORDER BY id')
      .all()
      .map((row) => ({ ...row, version: undefined }))
  }
  expect(await rows()).toEqual(await rows())
})
