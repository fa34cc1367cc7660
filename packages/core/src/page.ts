import type { ViewQuery } from './table/table.ts'

/** Which page of a `LiveTable`. */
export interface LiveListQuery<Row> extends ViewQuery<Row> {
  /** Counted from 1. */
  readonly page: number
  /** The table's own page size by default. */
  readonly pageSize?: number
}

/** One page of rows, and what is known of its age. */
export interface Page<Row> {
  readonly rows: readonly Row[]
  readonly page: number
  readonly pageSize: number
  /** How many rows the whole view has, where the master knows it. */
  readonly total?: number
  /** When the master was asked for it, in ms since 1970: the rows are no older than this. */
  readonly fetchedAt: number
  /** The rows may be out of date. Without an `error`, asking again brings newer ones. */
  readonly stale: boolean
  /** Why the rows are stale, where that is because the master failed (promise 8). */
  readonly error?: unknown
}

/** One row, and what is known of its age. */
export interface LiveRow<Row> {
  /** Undefined where the master has no such row. */
  readonly row: Row | undefined
  /** When the master was asked for it, in ms since 1970. */
  readonly fetchedAt: number
  /** As in `Page`. */
  readonly stale: boolean
  /** As in `Page`. */
  readonly error?: unknown
}
