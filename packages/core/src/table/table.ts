/** A row's id. `42` and `'42'` name the same row. */
export type RowId = string | number

/** What a column can be compared with. */
export type Scalar = string | number | boolean | Date | null

/** Comparisons with one field; all of them must hold. */
export interface Condition<Value = Scalar> {
  readonly eq?: Value
  readonly ne?: Value
  readonly gt?: Value
  readonly gte?: Value
  readonly lt?: Value
  readonly lte?: Value
  /** The field equals one of these. */
  readonly in?: readonly Value[]
  /** The field's text contains this text, whatever its case. */
  readonly contains?: string
}

/** Which rows: a value each field equals, or a condition it meets; all of them must hold. */
export type Where<Row> = {
  readonly [Field in keyof Row]?: Extract<Row[Field], Scalar> | Condition<Extract<Row[Field], Scalar>>
}

/** One key of an order; the next ones decide between rows that are equal here. */
export interface OrderBy<Row> {
  readonly field: keyof Row & string
  readonly direction: 'asc' | 'desc'
}

/** A filter, an order and a search: what makes a view. */
export interface ViewQuery<Row> {
  readonly where?: Where<Row>
  readonly orderBy?: readonly OrderBy<Row>[]
  /** Free text; what it is compared with is the master's business. */
  readonly search?: string
}

/** One page of a view. */
export interface ListQuery<Row> extends ViewQuery<Row> {
  /** Counted from 1. */
  readonly page: number
  /** How many rows make a page. */
  readonly pageSize: number
}

/** What is counted: an order changes no count. */
export type CountQuery<Row> = Omit<ViewQuery<Row>, 'orderBy'>

/** Whose slots an invalidation makes stale, beside all pages and counts: these rows' (by `String(id)`), or everybody's. */
export type AffectedRows = 'all' | readonly string[]

/** What every read takes. */
export interface ReadOptions {
  /** Ends the caller's interest in the answer; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /**
   * False: the rows as the master last gave them, without the pending writes that a `LiveTable` lays over them. For those who
   * keep what they read, and lay writes over it themselves with `overlay`.
   */
  readonly overlay?: boolean | undefined
}

/** A master's answer to `list`. */
export interface ListResult<Row> {
  readonly rows: readonly Row[]
  /** How many rows the whole view has, where the master knows it. */
  readonly total?: number
  /** The master itself could only answer with rows that may be out of date; they are cached as such. */
  readonly stale?: boolean
  /** Why they are, where that is because something failed. */
  readonly error?: unknown
}

/** What a generic grid needs to know of a column. */
export interface Column {
  readonly name: string
  /** What to show above it; the name where it is left out. */
  readonly label?: string
  readonly type?: 'text' | 'number' | 'boolean' | 'date'
}

/** A field that holds the id of a row in another table. */
export interface Reference {
  readonly field: string
  /** A function, so that tables can refer to each other in circles. */
  readonly table: () => Table<object>
}

/** What a table tells of itself. A `LiveTable` passes its master's on. */
export interface TableMetadata {
  readonly name: string
  /** The field that holds the row's id. */
  readonly idField: string
  /** The fields that name a row to a person. */
  readonly titleFields?: readonly string[] | undefined
  readonly columns?: readonly Column[] | undefined
  readonly references?: Readonly<Record<string, Reference>> | undefined
  /**
   * Whether a write that comes twice under one idempotency key is applied once. Where it is not, which is the default, no
   * insert is sent a second time, but by a durable queue whose tab has died.
   */
  readonly honoursIdempotencyKeys?: boolean | undefined
  /**
   * The field that holds the row's version, where rows have one: a string or a number that each change of the row changes. Where
   * it grows with each (a number, a text of digits, or a moment in ISO 8601 in UTC), an older live event never overwrites a newer row.
   */
  readonly versionField?: string | undefined
  /**
   * The order of a list that asks for none. Where it is left out it is taken to be one in which a row that is changed stays
   * where it is, such as that of the ids; name it where it is another, such as the time of the last change.
   */
  readonly defaultOrder?: readonly OrderBy<Record<string, unknown>>[] | undefined
}

/**
 * A remote table: what a `LiveTable` wraps, and what it is itself.
 *
 * Implement it for your own API and run `describeTable` from `@vantage-live/core/contract` against it.
 * `subscribe` and `count` are what a table may do besides.
 */
export interface Table<Row extends object> extends TableMetadata {
  list(query: ListQuery<Row>, options?: ReadOptions): Promise<ListResult<Row>>
  /** The row, or undefined where there is none. */
  get(id: RowId, options?: ReadOptions): Promise<Row | undefined>
  count?(query: CountQuery<Row>, options?: ReadOptions): Promise<number>
  /** Resolves with the stored row, with the id the master gave it. */
  insert(row: Partial<Row>, options?: SendOptions): Promise<Row>
  /** Rejects where there is no such row. */
  replace(id: RowId, row: Row, options?: ChangeOptions): Promise<Row>
  /** Rejects where there is no such row. */
  patch(id: RowId, partial: Partial<Row>, options?: ChangeOptions): Promise<Row>
  /** Resolves also where there was no such row. */
  delete(id: RowId, options?: SendOptions): Promise<void>
  deleteAll(options?: SendOptions): Promise<void>
  /** A table that knows when its rows change (a `LiveTable` does) tells whoever wraps it. */
  subscribe?(listener: (change: TableChange) => void): () => void
}

/** What goes along with a write to a table. */
export interface SendOptions {
  /**
   * Names the write, not the row: a table that has applied a write of this name already answers as it did then and changes
   * nothing. A write that is sent again, because its answer was lost, has the same one.
   */
  readonly idempotencyKey?: string | undefined
  /** Cancels the write for as long as it waits, where a table has writes wait; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** What goes along with a change of one row. */
export interface ChangeOptions extends SendOptions {
  /**
   * The version of the row that the change was made against. A table whose row has another one by now rejects with a
   * `VersionError`, or an error whose `status` is 409 or 412, and changes nothing.
   */
  readonly version?: string | number | undefined
}

/** Pages, counts and these rows (or all of them) may no longer be shown as fresh. */
export interface Invalidation {
  readonly type: 'invalidated'
  readonly rows: AffectedRows
  /** Where all that happened is that one row was changed, and none came or went. */
  readonly update?: RowUpdate | undefined
}

/** A change of one row. */
export interface RowUpdate {
  /** By `String(id)`. */
  readonly id: string
  /** The whole row as it is now, if that is known. */
  readonly row: object | undefined
  /** All fields that have another value now, if they are known. */
  readonly fields?: readonly string[] | undefined
}

/** What a table tells those who subscribed. */
export type TableChange =
  | Invalidation
  /** Writes were queued, settled, held aside or held up: what is `pending`, `failed` or `paused` changed. */
  | { readonly type: 'writes' }
  /** Something of `streamStatus` changed, be it only the time of the last event, or of `storageStatus`. */
  | { readonly type: 'status' }
  /** The table was purged: it has no rows any more, and nobody is to show any. */
  | { readonly type: 'purged' }
