import type { Change } from './change.ts'

/** What is kept of the error of a write that was held aside. */
export interface StoredFailure {
  readonly message: string
  readonly code: string | undefined
  readonly status: number | undefined
  /** What the server said, where the error has it. */
  readonly body: unknown
  /** In ms since 1970. */
  readonly failedAt: number
}

/** A write as it is kept: plain data. */
export interface StoredWrite {
  /** Writes of one table are kept and found in the order of this. */
  readonly order: number
  readonly change: Change<object>
  /** The key of the row that it is about. */
  readonly key: string | undefined
  readonly idempotencyKey: string | undefined
  /** The row that it was made against, where that is known. */
  readonly base: object | undefined
  readonly version: string | number | undefined
  /** In ms since 1970. */
  readonly calledAt: number
  /** Why it was held aside; undefined while it waits. */
  readonly failure: StoredFailure | undefined
}

/** Where a table keeps the writes that wait, so that they survive a reload. */
export interface WriteStorage {
  /** Whose writes it keeps, such as a user's id; of the same scope is what is cached of a table with it. */
  readonly scope: string
  /**
   * Forgets the writes of the scope, of whatever table and tab (promise 14), and keeps nothing more through its connections. It
   * does not hang for ever, and may reject.
   *
   * @param before those that were called until then, in ms since 1970; all by default
   */
  purge(before?: number): Promise<void>
  /**
   * Begins to keep the writes of a table, and takes over those that were left behind: each is told to one table only, in
   * order.
   */
  connect(cacheKey: string, onFound: (writes: readonly StoredWrite[]) => void): WriteStorageConnection
}

/** A table's connection to what keeps its writes. None of its promises hangs for ever; any may reject. */
export interface WriteStorageConnection {
  /** Resolves when all that had been left behind by then has been told. */
  readonly ready: Promise<void>
  /** An order that comes after all that were given before. */
  nextOrder(): number
  /** Keeps these, in place of what has the same order, and forgets those; all of it or nothing. */
  update(put: readonly StoredWrite[], forget: readonly number[]): Promise<void>
  /** What is kept stays, for whoever takes it over. */
  close(): void
}
