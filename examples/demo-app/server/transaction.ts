import type { DatabaseSync } from 'node:sqlite'

/** Does all of the work or none of it. */
export function transaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    // Some errors have ended it already.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
