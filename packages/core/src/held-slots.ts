import { isListResult } from './answers.ts'
import type { Renewal, Slot } from './cache/cache.ts'
import { putLast } from './put-last.ts'
import { listAfter, rowAfter, type RowFields } from './row-update.ts'
import { rowTag, type Placing } from './slots.ts'
import { isObject } from './table/is-object.ts'
import { fieldOf } from './table/row.ts'
import type { RowUpdate } from './table/table.ts'

/** Of more than these an update is not carried on to the cache: they go stale by it. */
const mostPages = 200
const mostRows = 2_000

/** A page that is cached, and the tags of its rows. */
interface HeldPage {
  readonly slot: Slot
  readonly view: Placing
  readonly rowTags: readonly string[]
}

/**
 * Which slots this tab has read, and which rows stand on them: what an update of one row changes in the cache, and what of that
 * is known without the master (promise 17).
 */
export class HeldSlots {
  readonly #fields: RowFields
  readonly #pages = new Map<string, HeldPage>()
  readonly #rows = new Map<string, Slot>()

  constructor(fields: RowFields) {
    this.#fields = fields
  }

  /** The tags of these rows, on which a page hangs that shows them. */
  rowTags(rows: readonly object[]): string[] {
    return rows.map((row) => rowTag(String(fieldOf(row, this.#fields.idField))))
  }

  /** The tags of the rows that a page showed when it was last read. */
  rowTagsOf({ key }: Slot): readonly string[] {
    return this.#pages.get(key)?.rowTags ?? []
  }

  seePage(slot: Slot, view: Placing, rows: readonly object[]): void {
    putLast(this.#pages, slot.key, { slot, view, rowTags: this.rowTags(rows) }, mostPages)
  }

  seeRow(id: string, slot: Slot): void {
    putLast(this.#rows, id, slot, mostRows)
  }

  /** What becomes of what is cached by an update, where that can be told. */
  renewals(update: RowUpdate): Renewal[] {
    const { id, row } = update
    if (row === undefined) return []
    const tag = rowTag(id)
    const pages = [...this.#pages.values()].filter(({ rowTags }) => rowTags.includes(tag))
    const slot = this.#rows.get(id)
    return [
      ...pages.map(({ slot: page, view, rowTags }) => ({
        slot: page,
        tags: [...page.tags, ...rowTags],
        renew: (value: unknown) => (isListResult(value) ? listAfter(value, update, view, this.#fields) : undefined),
      })),
      ...(slot === undefined
        ? []
        : [{ slot, tags: slot.tags, renew: (held: unknown) => (isObject(held) ? rowAfter(held, row, this.#fields) : undefined) }]),
    ]
  }
}
