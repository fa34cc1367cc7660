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
   * Whether an insert that comes twice under one idempotency key is stored once. Where it is not, which is the default, no
   * insert is sent a second time.
   */
  readonly honoursIdempotencyKeys?: boolean | undefined
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
  insert(row: Partial<Row>, options?: InsertOptions): Promise<Row>
  /** Rejects where there is no such row. */
  replace(id: RowId, row: Row): Promise<Row>
  /** Rejects where there is no such row. */
  patch(id: RowId, partial: Partial<Row>): Promise<Row>
  /** Resolves also where there was no such row. */
  delete(id: RowId): Promise<void>
  deleteAll(): Promise<void>
  /** A table that knows when its rows change (a `LiveTable` does) tells whoever wraps it. */
  subscribe?(listener: (change: TableChange) => void): () => void
}

/** Options of `insert`. */
export interface InsertOptions {
  /**
   * Names the insert, not the row: a table that has stored a row under this name already answers with that row and stores
   * nothing. An insert that is sent again, because its answer was lost, has the same one.
   */
  readonly idempotencyKey?: string | undefined
}

/** What a table tells those who subscribed. */
export type TableChange =
  /** Pages, counts and these rows (or all of them) may no longer be shown as fresh. */
  | { readonly type: 'invalidated'; readonly rows: AffectedRows }
  /** Writes were queued or settled: `pendingIds` changed. */
  | { readonly type: 'writes' }
  /** `streamStatus` changed. */
  | { readonly type: 'status' }
