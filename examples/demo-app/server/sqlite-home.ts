import { basename } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Home, Sql } from './home.ts'
import { line } from './line.ts'
import type { SeedOptions } from './seed/seed.ts'
import { openSqliteDatabase, sqliteSql } from './sqlite-database.ts'
import { sqliteDialect } from './sqlite-dialect.ts'

/** A database in a file, or in `:memory:`, for one process. */
export async function sqliteHome(file: string, options: SeedOptions = {}): Promise<Home> {
  const database = await openSqliteDatabase(file, options)
  const sql = sqliteSql(database)
  const listeners = new Set<() => void>()
  // There is one connection: whatever is asked while a write is under way would see half of it.
  const inLine = line()
  // Writes wait here, so that a read waits for one of them at most.
  const writes = line()

  const transaction = async <Result>(work: (sql: Sql) => Promise<Result>): Promise<Result> => {
    database.exec('BEGIN IMMEDIATE')
    try {
      const result = await work(sql)
      database.exec('COMMIT')
      return result
    } catch (error) {
      // Some errors have ended it already.
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }

  return {
    name: file === ':memory:' ? 'SQLite in memory' : `SQLite, ${basename(file)}`,
    dialect: sqliteDialect,

    read: (work) => inLine(() => work(sql)),

    async write(work) {
      const result = await writes(() => inLine(() => transaction(work)))
      for (const listener of listeners) listener()
      // SQLite never waits: a thousand writes in a row would else be one task, in which nothing is sent and nothing received.
      void writes(() => setImmediate())
      return result
    },

    onCommit(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    close: () =>
      inLine(() => {
        database.close()
        return Promise.resolve()
      }),
  }
}
