import { isCovered } from './change.ts'
import type { FailedWrite } from './pending-write.ts'
import type { Write } from './write.ts'

/** More failed writes than these are not held aside; the oldest go. */
const mostFailed = 256

/** What can be decided about a write that failed. */
export type Decisions<Row extends object> = Pick<FailedWrite<Row>, 'retry' | 'edit' | 'discard'>

/** The writes that failed for good, held aside until somebody decides. They hold nothing up. */
export class FailedWrites<Row extends object> {
  readonly #all = new Map<Write<Row>, FailedWrite<Row>>()
  #list: readonly FailedWrite<Row>[] | undefined

  /** In the order in which they failed. The same array until that changes. */
  get list(): readonly FailedWrite<Row>[] {
    return (this.#list ??= [...this.#all.values()])
  }

  get(write: Write<Row>): FailedWrite<Row> | undefined {
    return this.#all.get(write)
  }

  /** Gives those that are held no longer for it. */
  add(write: Write<Row>, error: unknown, failedAt: number, decisions: Decisions<Row>): readonly Write<Row>[] {
    const { shown } = write
    this.#list = undefined
    this.#all.set(write, {
      ...shown,
      get id() {
        return shown.id
      },
      error,
      failedAt,
      ...decisions,
    })
    return this.remove([...this.#all.keys()].slice(0, Math.max(0, this.#all.size - mostFailed)))
  }

  /** Those about a row; about any, where there is none. */
  of(key: string | undefined): readonly Write<Row>[] {
    return [...this.#all.keys()].filter((write) => key === undefined || write.key === key)
  }

  /** Takes out those that are of no interest any more once this is written: all that they wrote is written by a later call. */
  removeCoveredBy({ key, change, firstOrder }: Write<Row>): readonly Write<Row>[] {
    return this.remove(this.of(key).filter((write) => write.firstOrder < firstOrder && isCovered(write.change, change)))
  }

  clear(): void {
    this.#list = undefined
    this.#all.clear()
  }

  /** Gives those of them that were held. */
  remove(writes: readonly Write<Row>[]): readonly Write<Row>[] {
    this.#list = undefined
    return writes.filter((write) => this.#all.delete(write))
  }
}
