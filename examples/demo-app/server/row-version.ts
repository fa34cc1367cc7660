import type { Row } from './column.ts'
import { RequestError } from './request-error.ts'

/** A row as it is answered. */
export type VersionedRow = Row & { readonly version: string }

/** Adds the version: the position of the row's last change. As text, for no JSON parser cuts that down. */
export function versioned(row: Row, version: number): VersionedRow {
  return { ...row, version: String(version) }
}

/** The version as the headers `ETag` and `If-Match` have it. */
export function entityTag({ version }: VersionedRow): string {
  return `"${version}"`
}

/**
 * Holds a row against the `If-Match` header of who wants to change it.
 *
 * @throws RequestError where none of its tags is the row's. A weak one, `W/"…"`, never is.
 */
export function checkVersion(row: VersionedRow, table: string, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch === '*') return
  const tag = entityTag(row)
  if (ifMatch.split(',').some((each) => each.trim() === tag)) return
  const message = `If-Match is ${ifMatch}; row ${JSON.stringify(row['id'])} of ${table} has the version ${tag}`
  throw new RequestError(412, 'version-mismatch', message)
}
