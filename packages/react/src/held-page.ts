import { replaceEqualDeep } from '@tanstack/react-query'
import type { LiveRow, LiveTable, Page, PendingWrite } from '@vantage-live/core'
import type { LivePageKey } from './live-keys.ts'

/** What is known of a page by now. */
export interface KnownPage<Row extends object> {
  readonly table: LiveTable<Row>
  readonly queryKey: LivePageKey
  /** As the master gave it last. */
  readonly base: Page<Row>
  /** The same with the table's writes laid over. */
  readonly shown: Page<Row>
  readonly pending: readonly PendingWrite<Row>[]
}

/** A page that keeps its rows and their order until what has come since is applied. */
export interface HeldPage<Row extends object> extends KnownPage<Row> {
  /** As the master gave it when it was last applied. Where that is not `base`, rows would jump. */
  readonly applied: Page<Row>
  /** The next base is applied, whatever it brings. */
  readonly takesNext: boolean
  /** The rows that are shown, as the master gave them last where that was after `applied`; by key. */
  readonly seen: ReadonlyMap<string, LiveRow<Row>>
  /** The keys of rows that were written here, and of which `applied` may not know that. */
  readonly own: ReadonlySet<string>
  /** What is to be shown. */
  readonly page: Page<Row>
  /** How many rows the page has by now that are not shown. */
  readonly newCount: number
}

/**
 * What is to be shown of a page, after what was shown of it before; the same object where nothing has changed.
 *
 * A new base is applied where no row of others would jump by it, and before the page has been fresh once. Otherwise its values
 * are shown in the rows that stay, and the reader's own writes are laid over the base that was applied last. Where the master
 * has put a row that was written here is no jump: it shows there, as everywhere else.
 */
export function nextPage<Row extends object>(former: HeldPage<Row> | undefined, known: KnownPage<Row>): HeldPage<Row> {
  const { table, base, shown, pending } = known
  if (former === undefined || former.queryKey[3] !== known.queryKey[3] || former.table.root !== table.root) {
    return applyPage(known, base.stale, new Set(writtenKeys(known)))
  }
  if (former.base === base && former.shown === shown && former.pending === pending) return former

  const isNew = base !== former.base
  const own = new Set([...former.own, ...writtenKeys(known)])
  // One that was answered since the last look may have been too late for this base; what an answer has overtaken is stale.
  const ownSince = base.fetchedAt > former.base.fetchedAt && !base.stale ? new Set([...writtenKeys(former), ...writtenKeys(known)]) : own
  // What an event has made of the former base is no answer.
  if (isNew && former.takesNext) return applyPage(known, base.stale || base.fetchedAt === former.base.fetchedAt, ownSince)
  if (base === former.applied) return applyPage(known, former.takesNext, own)

  const { applied } = former
  const [held, news] = [table.overlay(applied), table.overlay(base)]
  const [heldRows, newRows, appliedRows] = [byKey(table, held), byKey(table, news), byKey(table, applied)]
  // Also one whose answer came before it was seen to wait.
  const isOwn = (key: string): boolean =>
    own.has(key) || (heldRows.has(key) ? !appliedRows.has(key) : key !== idOf(table, newRows.get(key)))
  const ofOthers = (rows: ReadonlyMap<string, Row>): string[] => [...rows.keys()].filter((key) => !isOwn(key))
  const newKeys = ofOthers(newRows)
  if (fits(ofOthers(heldRows), newKeys, isFull(applied), isFull(news))) return applyPage(known, former.takesNext, ownSince)

  const seen = isNew ? seeRows(former.seen, byKey(table, base), heldRows, base) : former.seen
  const [formerRows, queryRows] = [byKey(table, former.page), byKey(table, shown)]
  const rows = [...heldRows].map(([key, row]) => {
    const last = seen.get(key)
    const value = (last && table.overlayRow(idOf(table, row), last).row) ?? row
    return replaceEqualDeep(formerRows.get(key) ?? queryRows.get(key), value)
  })
  return {
    ...known,
    applied,
    takesNext: former.takesNext,
    seen,
    own,
    page: sharePage(former.page, { ...held, rows, stale: base.stale }),
    newCount: newKeys.filter((key) => !heldRows.has(key)).length,
  }
}

function applyPage<Row extends object>(known: KnownPage<Row>, takesNext: boolean, own: ReadonlySet<string>): HeldPage<Row> {
  return { ...known, applied: known.base, takesNext, seen: new Map(), own, page: known.shown, newCount: 0 }
}

/**
 * Whether no row moves, comes or goes, but at the end of a page: where rows were deleted here others move up, and where rows were
 * inserted here others leave it.
 */
function fits(held: readonly string[], next: readonly string[], wasFull: boolean, isFullNow: boolean): boolean {
  const length = Math.min(held.length, next.length)
  if ((next.length > length && !wasFull) || (held.length > length && !isFullNow)) return false
  return held.slice(0, length).every((key, index) => key === next[index])
}

function isFull({ rows, pageSize }: Page<object>): boolean {
  return rows.length >= pageSize
}

/** Of the rows that are held, those as the master gives them now, and as it gave them last where it does no longer. */
function seeRows<Row extends object>(
  seen: ReadonlyMap<string, LiveRow<Row>>,
  rows: ReadonlyMap<string, Row>,
  held: ReadonlyMap<string, Row>,
  { fetchedAt, stale }: Page<Row>,
): ReadonlyMap<string, LiveRow<Row>> {
  const next = new Map([...seen].filter(([key]) => held.has(key)))
  for (const [key, row] of rows) if (held.has(key)) next.set(key, { row, fetchedAt, stale })
  return next
}

/** By position, for what has moved is another object already if it is not the same (promise 18). */
function sharePage<Row extends object>(former: Page<Row>, next: Page<Row>): Page<Row> {
  const isSame = next.rows.length === former.rows.length && next.rows.every((row, index) => row === former.rows[index])
  return isSame ? replaceEqualDeep(former, next) : next
}

function writtenKeys<Row extends object>({ table, pending }: KnownPage<Row>): string[] {
  return pending.flatMap(({ id }) => (id === undefined ? [] : table.rowKey(id)))
}

function byKey<Row extends object>(table: LiveTable<Row>, { rows }: Page<Row>): Map<string, Row> {
  return new Map(rows.map((row) => [table.rowKey(idOf(table, row)), row]))
}

function idOf<Row extends object>(table: LiveTable<Row>, row: Row | undefined): string {
  return String(row && Reflect.get(row, table.idField))
}
