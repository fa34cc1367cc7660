import { checkListResult, checkRow, isCount, isPageOf, isRowOf, rowIdText, totalOf, type RowShape } from './answers.ts'
import { AnswerError, ArgumentError, UnsupportedError } from './errors.ts'
import { fitTogether, glue, masterPages, type Slice } from './glue.ts'
import { HeldSlots } from './held-slots.ts'
import { ReadThrough, type Answer, type CachedReadOptions, type Read, type ReadThroughOptions } from './read-through.ts'
import type { StandardSchemaV1 } from './row-schema.ts'
import { countSlot, pageSlot, placingFields, rowSlot, type Placing, type SlotTable } from './slots.ts'
import type { CanonicalQuery } from './table/query.ts'
import type { ListResult, ReadOptions, RowId, Table, ViewQuery } from './table/table.ts'

/** A page is put together from so many of the master's at most: each is a request. */
const mostParts = 10_000

/** A view's query, as the caller wrote it and in its canonical form. */
export interface View<Row> {
  readonly query: ViewQuery<Row>
  readonly canonical: CanonicalQuery
}

/** What reads need to know of the table. */
export interface ReadsOptions<Row extends object> extends ReadThroughOptions {
  readonly master: Table<Row>
  readonly table: SlotTable
  /** What rows have to fit, wherever they come from. */
  readonly schema: StandardSchemaV1<Row> | undefined
  readonly masterPageSize: number | undefined
  /** Where the master is a view itself: what decides there which rows it has. */
  readonly within: Pick<Placing, 'where' | 'search'> | undefined
}

/** Reads pages, rows and counts of a master through the cache. */
export class Reads<Row extends object> {
  readonly #master: Table<Row>
  readonly #table: SlotTable
  readonly #shape: RowShape
  readonly #masterPageSize: number | undefined
  readonly #pages: ReadThrough<ListResult<Row>>
  readonly #rows: ReadThrough<Row>
  readonly #counts: ReadThrough<number>
  readonly #within: Pick<Placing, 'where' | 'search'> | undefined
  /** What an update of one row can be carried on to. */
  readonly held: HeldSlots

  constructor({ master, table, schema, masterPageSize, within, ...options }: ReadsOptions<Row>) {
    this.#within = within
    this.#master = master
    this.#table = table
    this.#shape = { name: master.name, idField: master.idField, schema }
    this.#masterPageSize = masterPageSize
    this.held = new HeldSlots({ idField: master.idField, versionField: master.versionField })
    // That what is cached under a key is what the app cached there is the caller's word: the cache key is its own.
    this.#pages = new ReadThrough(
      options,
      (value): value is ListResult<Row> => isPageOf(this.#shape, value),
      ({ rows }) => this.held.rowTags(rows),
    )
    this.#rows = new ReadThrough(options, (value): value is Row => isRowOf(this.#shape, value))
    this.#counts = new ReadThrough(options, isCount)
  }

  async page(view: View<Row>, slice: Slice, options?: CachedReadOptions): Promise<Read<ListResult<Row>>> {
    const placing = this.placing(view.canonical)
    const slot = pageSlot(this.#table, view.canonical, slice.page, slice.pageSize, placingFields(placing))
    const ask = async (signal: AbortSignal) => {
      const { rows, total, stale = false, error } = await this.#askForPage(view.query, slice, asTheyAre(signal))
      // Not of each part, for parts of one list are to agree on it.
      return { value: { rows, ...(total === undefined ? {} : { total: totalOf(total, rows, slice) }) }, stale, error }
    }
    const read = await this.#pages.read(slot, ask, options, this.held.rowTagsOf(slot))
    if (read.value !== undefined) this.held.seePage(slot, { ...placing, isGlued: this.isGlued(slice) }, read.value.rows)
    return read
  }

  /** Whether a page is put together from several of the master's. */
  isGlued({ pageSize }: Pick<Slice, 'pageSize'>): boolean {
    return pageSize > (this.#masterPageSize ?? Infinity)
  }

  /** A view with what is the master's of it: the order in which that lists it where it has none of its own, and a view's query. */
  placing({ where, search, orderBy }: CanonicalQuery): Placing {
    const { where: outer = [], search: outerSearch = '' } = this.#within ?? {}
    return {
      where: [...outer, ...where],
      search: search === '' ? outerSearch : search,
      orderBy: orderBy.length > 0 ? orderBy : (this.#master.defaultOrder ?? []),
    }
  }

  async row(id: RowId, options?: CachedReadOptions): Promise<Read<Row>> {
    const ask = async (signal: AbortSignal) => {
      const row = await this.#master.get(id, asTheyAre(signal))
      return { value: row === undefined ? undefined : checkRow(this.#shape, row, id) }
    }
    const slot = rowSlot(this.#table, String(id))
    const read = await this.#rows.read(slot, ask, options)
    this.held.seeRow(String(id), slot)
    return read
  }

  count(view: View<Row>, options?: CachedReadOptions): Promise<Read<number>> {
    const ask = (signal: AbortSignal) => this.#askForCount(view.query, asTheyAre(signal))
    const placing = placingFields({ ...this.placing(view.canonical), orderBy: [] })
    return this.#counts.read(countSlot(this.#table, view.canonical, placing), ask, options)
  }

  async #askForPage(query: ViewQuery<Row>, slice: Slice, options: ReadOptions): Promise<ListResult<Row>> {
    const masterPageSize = this.#masterPageSize
    if (masterPageSize === undefined || slice.pageSize <= masterPageSize) return this.#askMaster(query, slice, options)
    return this.#askForParts(query, slice, masterPageSize, options)
  }

  /** The list may change between two parts of a page; then they are asked for again, and at last handed out as stale. */
  async #askForParts(query: ViewQuery<Row>, slice: Slice, masterPageSize: number, options: ReadOptions): Promise<ListResult<Row>> {
    if (slice.pageSize > mostParts * masterPageSize) {
      throw new ArgumentError('pageSize', slice.pageSize, `at most ${mostParts} times the masterPageSize`)
    }
    const pages = masterPages(slice, masterPageSize)
    const askForAll = () => Promise.all(pages.map((page) => this.#askMaster(query, { page, pageSize: masterPageSize }, options)))
    let parts = await askForAll()
    const fit = (): boolean => fitTogether(parts, masterPageSize, (row) => rowIdText(this.#master, row))
    for (let again = 0; again < 2 && !fit(); again += 1) {
      // oxlint-disable-next-line no-await-in-loop -- each try depends on the outcome of the one before
      parts = await askForAll()
    }
    const glued = glue(slice, masterPageSize, parts)
    if (fit()) return glued
    const expected = `parts of one list; it changed while they were read, or the master's pages are smaller than ${masterPageSize}`
    const error = new AnswerError(this.#master.name, 'the page', glued.rows, expected)
    return { ...glued, rows: this.#withoutDoubles(glued.rows), stale: true, error }
  }

  #withoutDoubles(rows: readonly Row[]): Row[] {
    return [...new Map(rows.map((row) => [rowIdText(this.#master, row), row])).values()]
  }

  async #askMaster(query: ViewQuery<Row>, slice: Slice, options: ReadOptions): Promise<ListResult<Row>> {
    return checkListResult(this.#shape, await this.#master.list({ ...query, ...slice }, options), slice.pageSize)
  }

  async #askForCount({ where, search }: ViewQuery<Row>, options: ReadOptions): Promise<Answer<number>> {
    const query = { ...(where === undefined ? {} : { where }), ...(search === undefined ? {} : { search }) }
    if (this.#master.count === undefined) return this.#totalOfFirstPage(query, options)
    const value = await this.#master.count(query, options)
    if (!isCount(value)) throw new AnswerError(this.#master.name, 'the count', value, 'a whole number from 0 on')
    return { value }
  }

  async #totalOfFirstPage(query: ViewQuery<Row>, options: ReadOptions): Promise<Answer<number>> {
    const { total: value, stale = false, error } = await this.#askMaster(query, { page: 1, pageSize: 1 }, options)
    if (value === undefined) throw new UnsupportedError(this.#master.name, 'it cannot count: it has no count() and list() gives no total')
    return { value, stale, error }
  }
}

/** Where the master is a `LiveTable`, what it has laid over its rows may yet be taken back, and is not to be cached. */
function asTheyAre(signal: AbortSignal): ReadOptions {
  return { signal, overlay: false }
}
