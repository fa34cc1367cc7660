import { KnownRows } from '../known-rows.ts'
import type { CanonicalQuery } from '../table/query.ts'
import { fieldOf, holdsAll } from '../table/row.ts'
import type { AffectedRows, ListResult } from '../table/table.ts'
import { layOver, layOverRow, writesSince, type Based, type LaidWrite, type Listing } from './lay-over.ts'
import { NewIds } from './new-ids.ts'
import { ToldRows, type ToldRow } from './told-rows.ts'

/** Of more rows than these it is not kept what the master stored; a stale page may then show an older one for a moment. */
const mostSettled = 1_000

/** A write that is laid over the rows until it is settled and, of rows that were read before that, beyond. */
export interface OverlaidWrite<Row> extends LaidWrite<Row> {
  base: Row | undefined
  isGone: boolean
  settled: LaidWrite<Row>['settled']
  /** Whether it has left this tab: the master may have applied it. */
  isSent: boolean
}

/**
 * The writes of this tab, laid over the rows as the master last gave them.
 *
 * A write shows from its call on. What the master answered holds over all rows that it gave before that, so that no value
 * comes back that has been overwritten; a write that failed is taken out, and nothing else is done (promise 3).
 */
export class Overlay<Row extends object> {
  readonly #idField: string
  readonly #ids = new NewIds()
  readonly #known = new KnownRows<Row>()
  readonly #told: ToldRows<Row>
  /** In the order in which the master applies them. */
  readonly #writes = new Set<OverlaidWrite<Row>>()
  readonly #settled = new Set<OverlaidWrite<Row>>()
  readonly #onRecognized: () => void
  /** Made when a row is asked for: many are, one after the other. */
  #byKey: Map<string | undefined, OverlaidWrite<Row>[]> | undefined

  /** @param onRecognized called when the id of a row turns out that is known here by another name */
  constructor(idField: string, onRecognized: () => void = () => undefined, versionField?: string) {
    this.#idField = idField
    this.#told = new ToldRows(versionField)
    this.#onRecognized = onRecognized
  }

  /** A name for a row that is inserted without an id. */
  newId(): string {
    return this.#ids.make()
  }

  /** What a row is known by in this tab, also after the master has given it an id of its own. */
  keyOf(id: string): string {
    return this.#ids.keyOf(id)
  }

  /** The id by which the master knows a row; what was given, where it knows it by that. */
  idOf(key: string): string {
    return this.#ids.idOf(key)
  }

  /** The id that the row has where it is shown: the master's, also where it is only guessed. */
  shownIdOf(key: string): string {
    return this.#ids.shownIdOf(key)
  }

  /** The key of a row where it is shown. */
  shownKeyOf(id: string): string {
    return this.#ids.shownKeyOf(id)
  }

  /** The row as the master last gave it to this tab. */
  knownRow(key: string): Row | undefined {
    return this.#known.get(key)
  }

  /** Whether the master is known to have the row no longer. */
  isGone(key: string): boolean {
    return this.#known.isGone(key)
  }

  /** The master gave these rows when it was asked at that time. */
  see(rows: readonly Row[], { fetchedAt }: Based): void {
    for (const row of rows) {
      this.#recognize(row)
      this.#known.see(this.#rowKey(row), row, fetchedAt)
      this.#told.see(this.#rowKey(row), row, fetchedAt)
    }
  }

  /**
   * The stream has told of a row, which holds over all that was read before. False where that was known: one's own write comes
   * back, or the news is older than what is known.
   */
  tell(row: Row, at: number): boolean {
    this.#recognize(row)
    const key = this.#rowKey(row)
    if (this.#told.isKnown(key, row)) return false
    const known = this.#known.get(key)
    if (known === undefined || !this.#told.isOlder(row, known)) this.#known.see(key, row, at)
    this.#setTold(key, { row, at, by: 'stream' })
    return true
  }

  /** The stream has told that a row was deleted. Whatever is told of it next is news, also where its versions start anew. */
  tellGone(id: string, at: number): void {
    const key = this.keyOf(id)
    const told = this.#told.get(key)
    this.#setTold(key, { row: undefined, at, by: 'stream', was: told?.row ?? told?.was })
  }

  /** Something has happened to these rows, by `String(id)`, and it was not told what. */
  doubt(rows: AffectedRows): void {
    this.#told.doubt(rows === 'all' ? undefined : rows.map((id) => this.keyOf(id)))
  }

  /** Whether what is told of a row is known, or older than what is known. */
  isKnown(row: Row): boolean {
    return this.#told.isKnown(this.#rowKey(row), row)
  }

  /** Whether a row was told of, or read, after that time. */
  wasToldSince(id: string, at: number): boolean {
    const key = this.keyOf(id)
    return Math.max(this.#told.get(key)?.at ?? 0, this.#known.seenAt(key)) > at
  }

  /** The answer to a write, or what was read or told of the row since it was applied, where versions say so: an answer may be a repeated one. */
  newest(answer: Row): Row {
    const key = this.#rowKey(answer)
    return [this.#told.get(key)?.row, this.#known.get(key)].reduce<Row>(
      (newest, row) => (row !== undefined && this.#told.isOlder(newest, row) ? row : newest),
      answer,
    )
  }

  /** Whether the stream has told of a row since the last write to it was answered. */
  wasToldByStream(id: string): boolean {
    return this.#told.get(this.keyOf(id))?.by === 'stream'
  }

  /** Whether the row is known here only: no master has given it an id yet. */
  isNew(key: string): boolean {
    return this.#ids.isNew(key)
  }

  add(write: OverlaidWrite<Row>): void {
    this.#byKey = undefined
    this.#writes.add(write)
  }

  /** Rows that another tab has inserted without an id are known here by the same names. */
  adoptIds(writes: readonly OverlaidWrite<Row>[]): void {
    for (const { change } of writes) {
      if (change.type === 'insert' && change.newId !== undefined) this.#ids.adopt(change.newId)
    }
  }

  /** Lays these over all others, in their order: what is still to be sent, in which writes of another tab may have come to be. */
  arrange(writes: readonly OverlaidWrite<Row>[]): void {
    this.#byKey = undefined
    for (const write of writes) {
      this.#writes.delete(write)
      this.#writes.add(write)
    }
  }

  remove(write: OverlaidWrite<Row>): void {
    this.#byKey = undefined
    this.#writes.delete(write)
    this.#settled.delete(write)
    const { change, settled } = write
    if (change.type === 'insert' && change.newId !== undefined && settled === undefined) this.#ids.forget(change.newId)
  }

  /** The master has answered, with this row where there is one. */
  settle(write: OverlaidWrite<Row>, at: number, row: Row | undefined): void {
    const { key } = write
    write.settled = { at, row }
    this.#byKey = undefined
    if (key === undefined) {
      this.#known.clear(at)
      this.#told.clear()
    } else if (row === undefined) {
      this.#known.see(key, row, at)
      this.#setTold(key, { row, at, by: 'answer' })
    } else {
      const id = String(fieldOf(row, this.#idField))
      // The name that the app gave may be that of another row, which is then not to be lost.
      const isName = write.change.type === 'insert' && (write.change.newId !== undefined || this.#known.get(key) === undefined)
      if (isName && id !== key) this.#ids.settle(key, id)
      this.#known.see(key, row, at)
      this.#setTold(this.keyOf(id), { row, at, by: 'answer' })
    }
    // Earlier ones of the same row stay: in which views it was before them is told by them alone.
    this.#settled.add(write)
    const [oldest] = this.#settled
    if (this.#settled.size > mostSettled && oldest !== undefined) this.remove(oldest)
  }

  list<Base extends ListResult<Row> & Based>(base: Base, view: CanonicalQuery, slice: NonNullable<Listing['slice']>): Base {
    const read = this.#withTold(base)
    const writes = this.#shownSince(base)
    if (writes.length === 0) return read
    return { ...read, ...layOver(read, writes, { view, slice }, this.#keys) }
  }

  row(base: Row | undefined, id: string, age: Based): Row | undefined {
    const key = this.keyOf(id)
    this.#byKey ??= this.#writesByKey()
    const own = this.#byKey.has(undefined)
      ? [...this.#writes].filter((write) => write.key === undefined || this.keyOf(write.key) === key)
      : (this.#byKey.get(key) ?? [])
    const read = base && this.#told.newer(key, base, age.fetchedAt)
    return own.length === 0 ? read : layOverRow(read, this.#afterTold(writesSince(own, age)), this.#idField)
  }

  count(total: number, view: CanonicalQuery, age: Based): number {
    return layOver({ rows: [], total }, this.#shownSince(age), { view, slice: undefined }, this.#keys).total ?? total
  }

  #writesByKey(): Map<string | undefined, OverlaidWrite<Row>[]> {
    const byKey = new Map<string | undefined, OverlaidWrite<Row>[]>()
    for (const write of this.#writes) {
      const key = write.key && this.keyOf(write.key)
      const ofKey = byKey.get(key)
      if (ofKey === undefined) byKey.set(key, [write])
      else ofKey.push(write)
    }
    return byKey
  }

  /**
   * A row may be read, or told of by the stream, before the answer to its own insert is here. Then it is known here already, and
   * must not show twice.
   */
  #recognize(row: Row): void {
    const id = String(fieldOf(row, this.#idField))
    if (this.shownKeyOf(id) !== id || this.#known.get(id) !== undefined) return
    for (const { change, settled, isSent } of this.#writes) {
      if (change.type !== 'insert' || change.newId === undefined || settled !== undefined || !isSent) continue
      if (this.shownIdOf(change.newId) !== change.newId || !holdsAll(row, { ...change.row, [this.#idField]: undefined })) continue
      this.#ids.guess(change.newId, id)
      this.#onRecognized()
      // Of several equal ones each is another row.
      return
    }
  }

  /** A row may have been written to by its id before it was known to be one that was inserted here. */
  #shownSince(age: Based): LaidWrite<Row>[] {
    return this.#afterTold(writesSince(this.#writes, age)).map((write) => {
      const key = write.key && this.shownKeyOf(write.key)
      return key === write.key ? write : { ...write, key }
    })
  }

  /** What was told of a row since it was written holds in place of the answer. */
  #afterTold(writes: readonly LaidWrite<Row>[]): readonly LaidWrite<Row>[] {
    if (this.#told.size === 0) return writes
    return writes.map((write) => {
      const told = write.key === undefined || write.settled?.row === undefined ? undefined : this.#told.get(this.keyOf(write.key))
      const row = told?.row ?? told?.was
      const isNews = told !== undefined && row !== undefined && write.settled !== undefined && told.at > write.settled.at
      return isNews ? { ...write, settled: { at: told.at, row } } : write
    })
  }

  #withTold<Base extends ListResult<Row> & Based>(base: Base): Base {
    if (this.#told.size === 0) return base
    const rows = base.rows.map((row) => this.#told.newer(this.#rowKey(row), row, base.fetchedAt))
    return rows.every((row, index) => row === base.rows[index]) ? base : { ...base, rows }
  }

  #setTold(key: string, told: ToldRow<Row>): void {
    const forgotten = this.#told.set(key, told)
    // Older answers must not come back in its place.
    if (forgotten === undefined) return
    for (const write of this.#settled) if (write.key !== undefined && this.keyOf(write.key) === forgotten) this.remove(write)
  }

  get #keys(): { readonly idField: string; readonly keyOf: (row: Row) => string } {
    return { idField: this.#idField, keyOf: (row) => this.shownKeyOf(String(fieldOf(row, this.#idField))) }
  }

  #rowKey(row: Row): string {
    return this.keyOf(String(fieldOf(row, this.#idField)))
  }
}
