import { clip, describe } from './describe.ts'

/** What went wrong, by kind; the class of the error and its fields tell the rest. */
export type LiveErrorCode =
  | 'argument'
  | 'answer'
  | 'http'
  | 'network'
  | 'missing-row'
  | 'version'
  | 'conflict'
  | 'restored'
  | 'unsupported'
  | 'event'
  | 'closed'
  | 'purged'
  | 'storage'
  | 'timeout'
  | 'not-cached'

/** In characters. */
const longestMessage = 1_000

/** The base of every error this library makes. */
export abstract class LiveError extends Error {
  abstract readonly code: LiveErrorCode

  constructor(message: string, options?: ErrorOptions) {
    // Names and addresses may hold a text of any length. The error's own fields have them in full.
    super(clip(message, longestMessage), options)
  }
}

/** The caller passed something that cannot work (promise 20). Nothing was done. If it threw when it was read, `cause` is what it threw. */
export class ArgumentError extends LiveError {
  override readonly name = 'ArgumentError'
  readonly code = 'argument'
  readonly argument: string
  readonly value: unknown
  readonly expected: string

  constructor(argument: string, value: unknown, expected: string, options?: ErrorOptions) {
    super(`${argument} is ${describe(value)}; expected ${expected}`, options)
    this.argument = argument
    this.value = value
    this.expected = expected
  }
}

/** A table answered something other than it should have. A write that got such an answer may have been applied. */
export class AnswerError extends LiveError {
  override readonly name = 'AnswerError'
  readonly code = 'answer'
  readonly table: string
  readonly value: unknown
  readonly expected: string

  constructor(table: string, what: string, value: unknown, expected: string, options?: ErrorOptions) {
    super(`table ${describe(table)}: ${what} is ${describe(value)}; expected ${expected}`, options)
    this.table = table
    this.value = value
    this.expected = expected
  }
}

/** The server answered with a status outside 200–299. */
export class HttpError extends LiveError {
  override readonly name = 'HttpError'
  readonly code = 'http'
  readonly status: number
  readonly method: string
  readonly url: string
  /** The parsed JSON body, or the text where it is not JSON. */
  readonly body: unknown
  readonly headers: Headers

  constructor(method: string, url: string, response: Response, body: unknown) {
    super(`${method} ${url}: ${response.status} ${response.statusText}`.trimEnd())
    this.status = response.status
    this.method = method
    this.url = url
    this.body = body
    this.headers = response.headers
  }
}

/** The server could not be reached, or the connection broke. `cause` has the browser's own error. */
export class NetworkError extends LiveError {
  override readonly name = 'NetworkError'
  readonly code = 'network'
  readonly method: string
  readonly url: string

  constructor(method: string, url: string, cause: unknown) {
    super(`${method} ${url}: the server could not be reached`, { cause })
    this.method = method
    this.url = url
  }
}

/** A write names a row that the table does not have. */
export class MissingRowError extends LiveError {
  override readonly name = 'MissingRowError'
  readonly code = 'missing-row'
  readonly table: string
  readonly id: string

  constructor(table: string, id: string) {
    super(`table ${describe(table)} has no row ${describe(id)}`)
    this.table = table
    this.id = id
  }
}

/** A change was made against a version of the row that it no longer has. A `LiveTable` makes a `ConflictError` of it. */
export class VersionError extends LiveError {
  override readonly name = 'VersionError'
  readonly code = 'version'
  readonly table: string
  readonly id: string
  /** The version that the change was made against. */
  readonly version: unknown
  /** The version that the row has. */
  readonly found: unknown

  constructor(table: string, id: string, version: unknown, found: unknown) {
    super(`table ${describe(table)}: row ${describe(id)} has version ${describe(found)}; expected ${describe(version)}`)
    this.table = table
    this.id = id
    this.version = version
    this.found = found
  }
}

/** What met in a conflict. */
export interface Conflict<Row> {
  /** What was to be written: the fields of a patch, or the row of a replacement. */
  readonly mine: Partial<Row>
  /** The row as the master has it now; undefined where it has none, or could not be asked. */
  readonly theirs: Row | undefined
  /** The row that the change was made against, where that is known. */
  readonly base: Row | undefined
  /** Sends what was made of both, against the version that the master has now. */
  readonly resolve: (merged: Partial<Row>) => Promise<Row>
}

/**
 * Somebody else has changed the row since the version that a patch or a replacement was made against (409, 412, or a
 * `VersionError`, which is the `cause`). Nothing was changed.
 */
export class ConflictError<Row extends object = object> extends LiveError implements Conflict<Row> {
  override readonly name = 'ConflictError'
  readonly code = 'conflict'
  readonly table: string
  readonly id: string
  readonly mine: Partial<Row>
  readonly theirs: Row | undefined
  readonly base: Row | undefined
  readonly resolve: (merged: Partial<Row>) => Promise<Row>

  constructor(table: string, id: string, { mine, theirs, base, resolve }: Conflict<Row>, cause: unknown) {
    super(`table ${describe(table)}: row ${describe(id)} was changed by somebody else`, { cause })
    this.table = table
    this.id = id
    this.mine = mine
    this.theirs = theirs
    this.base = base
    this.resolve = resolve
  }
}

/** Why a write failed that was kept over a reload: the error itself cannot be kept, so this is what was known of it. */
export class RestoredError extends LiveError {
  override readonly name = 'RestoredError'
  readonly code = 'restored'
  /** The `code` of the error, where it had one. */
  readonly originalCode: string | undefined
  /** The status that the server answered with, where it did. */
  readonly status: number | undefined
  /** What the server said, where the error had it. */
  readonly body: unknown

  constructor({ message, code, status, body }: { message: string; code: string | undefined; status: number | undefined; body: unknown }) {
    super(message)
    this.originalCode = code
    this.status = status
    this.body = body
  }
}

/** The table behind this one cannot do what was asked. */
export class UnsupportedError extends LiveError {
  override readonly name = 'UnsupportedError'
  readonly code = 'unsupported'

  constructor(table: string, what: string) {
    super(`table ${describe(table)}: ${what}`)
  }
}

/** A message of a live stream that is no live event. It is reported and skipped. */
export class EventError extends LiveError {
  override readonly name = 'EventError'
  readonly code = 'event'
  readonly value: unknown

  constructor(value: unknown, expected: string, options?: ErrorOptions) {
    super(`the live event is ${describe(value)}; expected ${expected}`, options)
    this.value = value
  }
}

/** The table was closed before, or while, the call was waiting. A write that rejects with this never reached the master. */
export class ClosedError extends LiveError {
  override readonly name = 'ClosedError'
  readonly code = 'closed'

  constructor(cacheKey: string) {
    super(`the live table ${describe(cacheKey)} is closed`)
  }
}

/** The table's scope was purged, here or in another tab, before or while the call was waiting. A write that rejects with this was discarded. */
export class PurgedError extends LiveError {
  override readonly name = 'PurgedError'
  readonly code = 'purged'

  constructor(cacheKey: string) {
    super(`the scope of the live table ${describe(cacheKey)} was purged; make a new table`)
  }
}

/**
 * Why a storage does not do what it is there for: the runtime has none (`missing`), it is not granted to this page (`denied`), there is
 * no room (`full`), its connection was closed (`closed`), another tab keeps it from being opened (`blocked`), it does not answer
 * (`silent`), there is another database in its place, or a newer one (`foreign`), or anything else (`failed`).
 */
export type StorageReason = 'missing' | 'denied' | 'full' | 'closed' | 'blocked' | 'silent' | 'foreign' | 'failed'

/** A database cannot be used. `cause` has the browser's own error, where there is one. */
export class StorageError extends LiveError {
  override readonly name = 'StorageError'
  readonly code = 'storage'
  readonly reason: StorageReason

  constructor(database: string, reason: StorageReason, what: string, options?: ErrorOptions) {
    super(`the database ${describe(database)} ${what}`, options)
    this.reason = reason
  }
}

/** Something did not answer within its bound. */
export class TimeoutError extends LiveError {
  override readonly name = 'TimeoutError'
  readonly code = 'timeout'
  /** In ms. */
  readonly bound: number

  constructor(what: string, bound: number) {
    super(`${what} did not answer within ${bound} ms`)
    this.bound = bound
  }
}

/** Only what is cached was asked for, and that is nothing. */
export class NotCachedError extends LiveError {
  override readonly name = 'NotCachedError'
  readonly code = 'not-cached'
  readonly slot: string

  constructor(slot: string) {
    super(`nothing is cached in ${slot}`)
    this.slot = slot
  }
}
