import type { Value } from './column.ts'
import type { Dialect } from './dialect.ts'

export type SqlRow = Readonly<Record<string, unknown>>

/** Asks the database one statement, in which question marks stand for the values. */
export type Sql = (statement: string, ...values: readonly (Value | null)[]) => Promise<readonly SqlRow[]>

/** A database in which rows, the log of their changes, and answers are kept. */
export interface Home {
  /** What it is, for the person at the terminal. */
  readonly name: string
  readonly dialect: Dialect
  /** Sees the database as it was at one moment. */
  read<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>
  /**
   * Does all of the work, or nothing where it throws. Of all processes that write here, one does at a time: whatever the
   * work has looked up stays so until it is through, and what it counts becomes visible in the order of the counting.
   */
  write<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>
  /**
   * Calls back when something was committed, by this process or, where the database tells of it, by others. It may call
   * for nothing, and may miss a commit: what was committed is to be found in the log. Returns what ends it.
   */
  onCommit(listener: () => void): () => void
  close(): Promise<void>
}
