import { ArgumentError } from '../errors.ts'

const tag = /^(W\/)?"[\x21\x23-\x7E\x80-\xFF]*"$/

/** Whether something is an entity tag as it stands in an `ETag` header: `"x"` or `W/"x"`. */
export function isEntityTag(value: unknown): value is string {
  return typeof value === 'string' && tag.test(value)
}

/**
 * A row's version as `If-Match` has it: an entity tag as it is, anything else in double quotes.
 *
 * @throws ArgumentError where the version has characters that an entity tag cannot hold, or is none (promise 20)
 */
export function entityTag(version: unknown): string {
  if (isEntityTag(version)) return version
  if (typeof version === 'string' || (typeof version === 'number' && Number.isFinite(version))) {
    const quoted = `"${version}"`
    if (isEntityTag(quoted)) return quoted
  }
  throw new ArgumentError(
    'version',
    version,
    'text or a finite number that an entity tag can hold: no space, no double quote, only Latin-1',
  )
}
