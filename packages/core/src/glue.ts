import type { ListResult } from './table/table.ts'

/** Which rows of the whole list make a page. */
export interface Slice {
  readonly page: number
  readonly pageSize: number
}

/** The master's pages that hold a page's rows, at the master's own page size. */
export function masterPages({ page, pageSize }: Slice, masterPageSize: number): number[] {
  const first = Math.floor(((page - 1) * pageSize) / masterPageSize) + 1
  const last = Math.ceil((page * pageSize) / masterPageSize)
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

/** Puts a page together from the master's pages that `masterPages` named (promise 16). */
export function glue<Row>({ page, pageSize }: Slice, masterPageSize: number, parts: readonly ListResult<Row>[]): ListResult<Row> {
  const skip = ((page - 1) * pageSize) % masterPageSize
  const rows = parts.flatMap((part) => part.rows).slice(skip, skip + pageSize)
  const total = parts[0]?.total
  const doubt = parts.find((part) => part.stale === true)
  return {
    rows,
    ...(total === undefined ? {} : { total }),
    ...(doubt === undefined ? {} : { stale: true, error: doubt.error }),
  }
}

/**
 * Whether parts can belong to one state of the list: they agree on the total, no row stands in two of them, and all are
 * full up to the last one that has rows.
 */
export function fitTogether<Row>(parts: readonly ListResult<Row>[], masterPageSize: number, idOf: (row: Row) => string): boolean {
  const ids = parts.flatMap((part) => part.rows.map(idOf))
  const last = parts.map((part) => part.rows.length > 0).lastIndexOf(true)
  return (
    new Set(ids).size === ids.length &&
    parts.every((part, index) => part.total === parts[0]?.total && (index >= last || part.rows.length === masterPageSize))
  )
}
