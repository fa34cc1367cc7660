import { randomName } from '../table/random-name.ts'

/**
 * The names of rows that were inserted here without an id, and the ids that the master gave them.
 *
 * A row's *key* is its id, or the name it was first known by: it stays the same when the master answers, so that a row on
 * screen keeps its place and its open editor, and writes to either name are writes to one row.
 */
export class NewIds {
  readonly #idOf = new Map<string, string>()
  readonly #keyOf = new Map<string, string>()
  readonly #new = new Set<string>()

  /** A name for a row that no other row has. */
  make(): string {
    const name = `new-${randomName()}`
    this.#new.add(name)
    return name
  }

  /** A row that another tab has given this name to. */
  adopt(name: string): void {
    this.#new.add(name)
  }

  /** Whether the master has not given it an id yet. */
  isNew(key: string): boolean {
    return this.#new.has(key)
  }

  /** The master has given the row an id of its own. */
  settle(key: string, id: string): void {
    this.#new.delete(key)
    this.forget(key)
    this.guess(key, id)
  }

  /** This seems to be the row, though the master has not said so: it is shown as that row, and is not written to as that. */
  guess(key: string, id: string): void {
    const former = this.#keyOf.get(id)
    if (former !== undefined) this.#idOf.delete(former)
    this.#idOf.set(key, id)
    this.#keyOf.set(id, key)
  }

  /** It was not, or is to be said anew. */
  forget(key: string): void {
    const id = this.#idOf.get(key)
    this.#idOf.delete(key)
    if (id !== undefined) this.#keyOf.delete(id)
  }

  /** The id by which the master knows a row, where it is known here by another one. */
  idOf(key: string): string {
    return this.isNew(key) ? key : this.shownIdOf(key)
  }

  keyOf(id: string): string {
    const key = this.shownKeyOf(id)
    return this.isNew(key) ? id : key
  }

  /** As `idOf`, and by guesses too. */
  shownIdOf(key: string): string {
    return this.#idOf.get(key) ?? key
  }

  /** As `keyOf`, and by guesses too. */
  shownKeyOf(id: string): string {
    return this.#keyOf.get(id) ?? id
  }
}
