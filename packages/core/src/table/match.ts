import { compareText, type CanonicalQuery, type Comparison } from './query.ts'
import { fieldOf } from './row.ts'

/**
 * The rows that a query asks for, in its order.
 *
 * - Values are compared as they stand in JSON: a `Date` is its ISO text, a missing field is null.
 * - Types are not mixed: `'10'` neither equals nor exceeds `9`. Text is ordered by code unit, as in every locale.
 * - `ne` is the opposite of `eq`, also for null. Nothing is greater or less than null, or than a value of another type.
 * - `contains` and the search look into text and numbers, whatever the case; the search at every field.
 * - In an order nulls come first (last where it descends); rows that are equal in it keep the order they came in.
 */
export function matchingRows<Row extends object>(rows: readonly Row[], { where, orderBy, search }: CanonicalQuery): Row[] {
  const isFound = (row: Row): boolean => search === '' || Object.values(row).some((value) => containsText(plain(value), search))
  return rows.filter((row) => where.every((comparison) => holds(row, comparison)) && isFound(row)).sort(byOrder(orderBy))
}

/** Whether a row meets one comparison of a filter. */
export function holds(row: object, comparison: Comparison): boolean {
  return isMet(plain(fieldOf(row, comparison.field)), comparison)
}

/** Compares rows as an order does; 0 where they are equal in it. */
export function byOrder(orderBy: CanonicalQuery['orderBy']): (a: object, b: object) => number {
  return (a, b) => {
    for (const { field, direction } of orderBy) {
      const difference = compare(plain(fieldOf(a, field)), plain(fieldOf(b, field)))
      if (difference !== 0) return direction === 'asc' ? difference : -difference
    }
    return 0
  }
}

function isMet(held: unknown, comparison: Comparison): boolean {
  const { operator, value } = comparison
  switch (operator) {
    case 'eq':
      return held === value
    case 'ne':
      return held !== value
    case 'gt':
      return areComparable(held, value) && compare(held, value) > 0
    case 'gte':
      return areComparable(held, value) && compare(held, value) >= 0
    case 'lt':
      return areComparable(held, value) && compare(held, value) < 0
    case 'lte':
      return areComparable(held, value) && compare(held, value) <= 0
    case 'in':
      return value.some((each) => each === held)
    case 'contains':
      return typeof value === 'string' && containsText(held, value)
  }
}

/** A value as it stands in JSON, which has neither a date nor a number that is none. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return Number.isFinite(value.getTime()) ? value.toISOString() : null
  if (value === undefined || (typeof value === 'number' && !Number.isFinite(value))) return null
  return value
}

function areComparable(a: unknown, b: unknown): boolean {
  return typeof a === typeof b && rank(a) !== rank(null)
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  if ((typeof a === 'number' && typeof b === 'number') || (typeof a === 'boolean' && typeof b === 'boolean')) return Number(a) - Number(b)
  return rank(a) - rank(b)
}

/** Where a type stands in an order. */
function rank(value: unknown): number {
  return value === null ? 0 : ['boolean', 'number', 'string', 'object'].indexOf(typeof value) + 1
}

function containsText(held: unknown, text: string): boolean {
  return (typeof held === 'string' || typeof held === 'number') && foldCase(String(held)).includes(foldCase(text))
}

/** Both ways, for some letters have two small forms and some two capital ones. */
function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase()
}
