import { putLast } from '../put-last.ts'
import { compareVersions } from '../table/versions.ts'
import { fieldOf, sameFields } from '../table/row.ts'

/** Of more rows than these it is not known what was last told of them. */
const mostTold = 1_000

/** A row, and when that was told. */
export interface ToldRow<Row> {
  readonly row: Row | undefined
  readonly at: number
  /** The answers to one's own writes are laid over what was read before them as long as they are kept. */
  readonly by: 'answer' | 'stream'
  /** Something was told of the row since, and not what it is now: the same row may be news again. */
  readonly isDoubtful?: boolean
  /** What it was, where it is gone: until the rows are read anew nothing older is to show. */
  readonly was?: Row | undefined
}

/** The rows as they were last told of: by the answer to a write, or by the stream. */
export class ToldRows<Row extends object> {
  readonly #versionField: string | undefined
  readonly #rows = new Map<string, ToldRow<Row>>()

  constructor(versionField: string | undefined) {
    this.#versionField = versionField
  }

  get size(): number {
    return this.#rows.size
  }

  get(key: string): ToldRow<Row> | undefined {
    return this.#rows.get(key)
  }

  /** The key of a row that is not known any more, where there have come to be too many. */
  set(key: string, told: ToldRow<Row>): string | undefined {
    return putLast(this.#rows, key, told, mostTold)
  }

  /** Something has happened to these rows, and it is not known what. */
  doubt(keys: Iterable<string> = this.#rows.keys()): void {
    for (const key of keys) {
      const told = this.#rows.get(key)
      if (told !== undefined) this.#rows.set(key, { ...told, isDoubtful: true })
    }
  }

  clear(): void {
    this.#rows.clear()
  }

  /** Whether what is told now was known: it is what was told last, or older than that. */
  isKnown(key: string, row: Row): boolean {
    const told = this.#rows.get(key)
    if (told?.row === undefined) return false
    const order = this.#compare(row, told.row)
    return order === undefined ? told.isDoubtful !== true && sameFields(row, told.row) : order <= 0
  }

  /** The newer one of a row that was read at that time and what the stream told of it. */
  newer(key: string, row: Row, fetchedAt: number): Row {
    const told = this.#rows.get(key)
    const newest = told?.row ?? told?.was
    if (newest === undefined || told?.by !== 'stream' || told.at <= fetchedAt) return row
    const order = this.#compare(newest, row)
    return order !== undefined && order <= 0 ? row : newest
  }

  isOlder(row: Row, than: Row): boolean {
    return (this.#compare(row, than) ?? 0) < 0
  }

  /** A row was read after it was told of, and is another one. */
  see(key: string, row: Row, fetchedAt: number): void {
    const told = this.#rows.get(key)
    if (told?.row !== undefined && told.isDoubtful !== true && told.at < fetchedAt && !sameFields(told.row, row)) this.doubt([key])
  }

  #compare(a: Row, b: Row): number | undefined {
    const field = this.#versionField
    return field === undefined ? undefined : compareVersions(fieldOf(a, field), fieldOf(b, field))
  }
}
