import type { Column, Value } from './column.ts'
import type { Entity } from './entity.ts'

/** A condition and the values of its question marks. */
export interface Condition {
  readonly sql: string
  readonly values: readonly (Value | null)[]
}

/** Where two databases differ in their SQL. */
export interface Dialect {
  /** How columns of rows are declared. Text is compared by code point, and numbers as JavaScript has them. */
  readonly columnTypes: Readonly<Record<Column['sqlType'], string>>
  /** A whole number of the server's own. */
  readonly wholeNumber: string
  readonly tableOptions: string
  /** A column has, as a part of its text, what the question mark stands for, whose letters are small ones. */
  contains(column: string): string
  /** The search text of a row has all of these words, wherever in it. */
  hasWords(entity: Entity, words: readonly string[]): readonly Condition[]
  /** Makes `hasWords` quick, besides the table. */
  searchSchema(entity: Entity): readonly string[]
  /** A row could not be deleted because others refer to it. */
  isReferenceViolation(error: unknown): boolean
}

/** A name as it is: PostgreSQL would otherwise turn its letters into small ones. */
export function quoted(name: string): string {
  return `"${name}"`
}
