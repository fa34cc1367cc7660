import { byOrder, holds } from '../table/match.ts'
import type { CanonicalQuery } from '../table/query.ts'
import { fieldOf } from '../table/row.ts'
import type { ListResult } from '../table/table.ts'
import type { Change } from './change.ts'

/** A write, as far as it shows. */
export interface LaidWrite<Row> {
  readonly change: Change<Row>
  /** The key of the row it is about; undefined where that is all of them. */
  readonly key: string | undefined
  /** The row as the master had it when the write was called, where that is known. */
  readonly base: Row | undefined
  /** Whether the master is known to have had no such row then. */
  readonly isGone: boolean
  /** When the master answered, and with which row; undefined while the write is pending. */
  readonly settled: { readonly at: number; readonly row: Row | undefined } | undefined
}

/** What a table's rows are known by. */
export interface Keys<Row> {
  readonly idField: string
  readonly keyOf: (row: Row) => string
}

/** Which rows a list has: all that a view has, or one page of it. */
export interface Listing {
  readonly view: CanonicalQuery
  readonly slice: { readonly page: number; readonly pageSize: number } | undefined
}

/** Rows as the master gave them, and when it was asked for them. */
export interface Based {
  readonly fetchedAt: number
}

/** The writes that rows from that time do not have in them for certain. A row that was stored holds until it was read anew. */
export function writesSince<Row>(writes: Iterable<LaidWrite<Row>>, { fetchedAt }: Based): LaidWrite<Row>[] {
  return [...writes].filter(({ settled }) => settled === undefined || settled.at > fetchedAt)
}

/**
 * A row with these writes to it laid over, in their order: what the master would give if it applied them, as far as that
 * can be known.
 */
export function layOverRow<Row extends object>(base: Row | undefined, writes: readonly LaidWrite<Row>[], idField: string): Row | undefined {
  return writes.reduce((row, write) => rowAfter(row, write, idField), base)
}

/**
 * A list with writes laid over, in their order: what the master would give if it applied them, as far as that can be known.
 *
 * - A row that is on the page stays where it is, also where the order would move it, until the page is read anew.
 * - A row leaves the page, and the total, where what was changed no longer meets the view's filter.
 * - A row that comes to the view counts. It stands where the order puts it, if that is on this page for certain. Where the view
 *   has no order an inserted one stands first on the first page, and any other one last, on a page that has all of the view. In
 *   a view with a search it does not show: what is found is the master's business.
 *
 * To take a write back is to leave it out (promise 3).
 */
export function layOver<Row extends object>(
  base: ListResult<Row>,
  writes: readonly LaidWrite<Row>[],
  { view, slice }: Listing,
  { idField, keyOf }: Keys<Row>,
): Pick<ListResult<Row>, 'rows' | 'total'> {
  if (writes.length === 0) return base
  const shown = new Map(base.rows.map((row) => [keyOf(row), row]))
  /** Where rows stand, by what put them there. One that is shown no longer keeps its place, should it come back. */
  let places = [...shown]
  /** What is known of rows that are not shown. */
  const elsewhere = new Map<string, Row | undefined>()
  let total = base.total ?? totalOf(base.rows, slice)
  let isEmptied = false

  /** What is not on it is not in the view, whatever was known when it was written to. */
  const isComplete = base.rows.length === base.total
  const isWhole = view.search === '' && view.where.length === 0
  const meets = (row: Row): boolean => view.search === '' && view.where.every((comparison) => holds(row, comparison))

  const show = (row: Row, key: string, isNew: boolean): void => {
    if (!places.some(([placed]) => placed === key)) {
      const index = placeOf(row, isNew)
      if (index === undefined) return
      places.splice(index, 0, [key, row])
    }
    shown.set(key, row)
  }

  const placeOf = (row: Row, isNew: boolean): number | undefined => {
    if (slice === undefined) return undefined
    const { page, pageSize } = slice
    const end = total <= page * pageSize ? places.length : undefined
    if (view.orderBy.length === 0) return page > 1 ? undefined : isNew ? 0 : end
    const compare = byOrder(view.orderBy)
    const next = places.findIndex(([, placed]) => compare(row, placed) < 0)
    // A row is not the last one if it comes before a row of another page.
    const isLast = (): boolean =>
      ![...elsewhere].some(([key, other]) => other !== undefined && !shown.has(key) && meets(other) && compare(row, other) < 0)
    const place = next >= 0 ? next : isLast() ? end : undefined
    // What comes before all of a later page may be of the page before; so is all, where that has room.
    const isEarlier = page > 1 && (place === 0 || total <= (page - 1) * pageSize)
    return isEarlier ? undefined : place
  }

  for (const write of writes) {
    const { key, change } = write
    if (key === undefined) {
      shown.clear()
      elsewhere.clear()
      places = []
      total = 0
      isEmptied = true
      continue
    }
    const former = shown.get(key)
    if (former !== undefined) {
      const after = rowAfter(former, write, idField)
      if (after !== undefined && stillMeets(former, after, view)) {
        shown.set(key, after)
      } else {
        shown.delete(key)
        elsewhere.set(key, after)
        total -= 1
      }
      continue
    }
    const isTouched = isEmptied || elsewhere.has(key)
    const isKnown = change.type === 'insert' || isTouched || write.isGone || (isWhole && isComplete)
    const before = isKnown ? elsewhere.get(key) : write.base
    // Who replaces a row that nobody here knows knows it.
    const known = isKnown || change.type !== 'replace' ? before : (before ?? withId(change.row, idField, change.id))
    const after = rowAfter(known, write, idField)
    // What a patch makes of a row that nobody knows, nobody knows.
    if (isKnown || before !== undefined || after !== undefined || change.type === 'delete') elsewhere.set(key, after)
    if (!isKnown && before === undefined) {
      // Whoever deletes a row has seen it.
      if (change.type === 'delete' && isWhole) total -= 1
      continue
    }
    const was = before !== undefined && (isTouched || !isComplete) && meets(before)
    // It is in the view as far as was known when it was written to, and yet not there: somebody has taken it out since.
    const isTakenOut = !isKnown && before !== undefined && isComplete && meets(before)
    const is = after !== undefined && meets(after) && (!isTakenOut || decides(change, view))
    total += Number(is) - Number(was)
    if (is && !was) show(after, key, change.type === 'insert')
  }

  const rows = places.flatMap(([key]) => shown.get(key) ?? []).slice(0, slice?.pageSize)
  return { rows, ...(base.total === undefined ? {} : { total: Math.max(0, total) }) }
}

/** A page that has room is the last one. */
function totalOf(rows: readonly unknown[], slice: Listing['slice']): number {
  return slice === undefined || rows.length >= slice.pageSize ? Number.NaN : (slice.page - 1) * slice.pageSize + rows.length
}

/** The row after one write. */
function rowAfter<Row extends object>(before: Row | undefined, { change, key, settled }: LaidWrite<Row>, idField: string): Row | undefined {
  if (settled !== undefined) return settled.row
  switch (change.type) {
    case 'insert':
      return withId({ ...before, ...change.row }, idField, fieldOf(before ?? change.row, idField) ?? key)
    case 'replace':
      return before && withId(change.row, idField, fieldOf(before, idField))
    case 'patch':
      return before && withId({ ...before, ...defined(change.partial) }, idField, fieldOf(before, idField))
    case 'delete':
    case 'deleteAll':
      return undefined
  }
}

function withId<Row extends object>(row: Partial<Row>, idField: string, id: unknown): Row {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- which fields the master will add to an inserted row nobody here knows
  return { ...row, [idField]: id } as Row
}

/** As on its way through JSON, a field that is undefined is none. */
function defined<Fields extends object>(fields: Fields): Fields {
  if (!Object.values(fields).includes(undefined)) return fields
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is left out is optional, or it could not be undefined
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields
}

/** Whether it says of each field that the view filters by what it is to be. */
function decides<Row extends object>(change: Change<Row>, { where }: CanonicalQuery): boolean {
  return change.type === 'replace' || (change.type === 'patch' && where.every(({ field }) => field in change.partial))
}

/** The master had it in the view, whatever we make of the filter; so only what was changed is looked at. */
function stillMeets(before: object, after: object, { where }: CanonicalQuery): boolean {
  return where.every((comparison) => fieldOf(before, comparison.field) === fieldOf(after, comparison.field) || holds(after, comparison))
}
