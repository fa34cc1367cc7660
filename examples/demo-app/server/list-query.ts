import type { Column, Value } from './column.ts'
import { quoted } from './dialect.ts'
import type { Condition, Dialect } from './dialect.ts'
import { columnOf } from './entity.ts'
import type { Entity } from './entity.ts'
import { RequestError } from './request-error.ts'
import { searchWords } from './search-text.ts'

/** A list's query parameters as parts of SQL. Names in it come from the entity, and every value is bound. */
export interface ListQuery {
  /** Empty, or with its `WHERE`. */
  readonly where: string
  readonly values: readonly (Value | null)[]
  readonly orderBy: string
  readonly limit: number
  readonly offset: number
}

// A list costs what its parameters ask for, and SQLite does nothing else meanwhile. So each of them has a bound: of 100,000 rows, the
// most expensive list takes a few tenths of a second.
const mostRows = 500
const mostListed = 100
const mostFilters = 12
const mostWords = 8
const longestText = 1_000

const comparisons: ReadonlyMap<string, string> = new Map([
  ['eq', '='],
  ['ne', '<>'],
  ['gt', '>'],
  ['gte', '>='],
  ['lt', '<'],
  ['lte', '<='],
])
const operators = [...comparisons.keys(), 'contains', 'in'].join(', ')

/**
 * Reads `page`, `limit`, `sort`, `q` and the filters of a list.
 *
 * @throws RequestError if one of them is unknown, has no value that it can have, or asks for too much
 */
export function listQuery(dialect: Dialect, entity: Entity, parameters: URLSearchParams): ListQuery {
  const names = [...new Set(parameters.keys())]
  if (names.filter(isFilter).length > mostFilters) {
    throw new RequestError(400, 'too-many-filters', `the list has more than ${mostFilters} filters`)
  }
  const conditions = names.flatMap((name) => parameterConditions(dialect, entity, name, parameters.getAll(name)))
  const limit = countFrom(parameters, 'limit', 50, mostRows)
  const offset = (countFrom(parameters, 'page', 1, Math.floor(Number.MAX_SAFE_INTEGER / mostRows)) - 1) * limit
  return {
    where: conditions.length === 0 ? '' : `WHERE ${conditions.map((each) => each.sql).join(' AND ')}`,
    values: conditions.flatMap((each) => each.values),
    orderBy: orderBy(entity, parameters.get('sort') ?? entity.defaultSort),
    limit,
    offset,
  }
}

function isFilter(name: string): boolean {
  return name !== 'page' && name !== 'limit' && name !== 'sort' && name !== 'q'
}

function parameterConditions(dialect: Dialect, entity: Entity, name: string, texts: readonly string[]): readonly Condition[] {
  const [, columnName = '', operator = 'eq'] = /^(\w+)(?:\[(\w*)\])?$/.exec(name) ?? []
  if (texts.length > 1 && operator !== 'in') throw invalid(name, 'is given more than once')
  const [text = ''] = texts
  if (text.length > longestText) throw invalid(name, `is longer than ${longestText} characters`)
  // PostgreSQL takes no such text at all.
  if (text.includes('\0')) throw invalid(name, 'has a zero character')
  if (name === 'q') return searchConditions(dialect, entity, text)
  if (!isFilter(name)) return []

  const column = columnOf(entity, columnName)
  if (column === undefined) throw new RequestError(400, 'unknown-column', `${entity.name} has no column for the parameter ${name}`, name)
  if (operator === 'contains') return containsConditions(dialect, entity, columnName, column, text)
  if (operator === 'in') return [inCondition(columnName, column, texts)]
  const comparison = comparisons.get(operator)
  if (comparison === undefined) throw new RequestError(400, 'unknown-operator', `${name} has none of the operators ${operators}`, name)
  const value = filterValue(name, column, text)
  return [value === null ? nullCondition(columnName, operator) : { sql: `${quoted(columnName)} ${comparison} ?`, values: [value] }]
}

/** In SQL nothing is equal to null, and nothing is unequal to it. */
function nullCondition(name: string, operator: string): Condition {
  const sql = operator === 'eq' ? 'IS NULL' : operator === 'ne' ? 'IS NOT NULL' : '= NULL'
  return { sql: `${quoted(name)} ${sql}`, values: [] }
}

/** Rows that have every word of the text, wherever in it. */
function searchConditions(dialect: Dialect, entity: Entity, text: string): readonly Condition[] {
  const words = searchWords(text)
  if (words.length > mostWords) throw invalid('q', `has ${words.length} different words; expected at most ${mostWords}`)
  return dialect.hasWords(entity, words)
}

function containsConditions(dialect: Dialect, entity: Entity, name: string, column: Column, text: string): readonly Condition[] {
  // Every text has the empty one in it.
  if (text === '') return []
  const exactly = { sql: dialect.contains(quoted(name)), values: [text.toLowerCase()] }
  const [longest] = searchWords(text).toSorted((a, b) => b.length - a.length)
  if (!column.searched || longest === undefined) return [exactly]
  // The search may have an index, which leaves few rows to look at closely.
  return [...dialect.hasWords(entity, [longest]), exactly]
}

function inCondition(name: string, column: Column, texts: readonly string[]): Condition {
  if (texts.length > mostListed) throw invalid(`${name}[in]`, `is given more than ${mostListed} times`)
  const values = texts.map((text) => filterValue(`${name}[in]`, column, text))
  return { sql: `${quoted(name)} IN (${values.map(() => '?').join(', ')})`, values }
}

/** A bare `null` is no value, which no row has here; the text is written in double quotes, and with one pair more if it has some. */
function filterValue(parameter: string, column: Column, text: string): Value | null {
  if (text === 'null') return null
  const value = column.parse(/^("+)null\1$/.test(text) ? text.slice(1, -1) : text)
  if (value === undefined) throw invalid(parameter, `is ${JSON.stringify(text)}; expected ${column.expected}`)
  return value
}

/** Ends with the row's number, so that rows which are equal otherwise stand in one order on every page. */
function orderBy(entity: Entity, sort: string): string {
  const keys = new Map<string, 'ASC' | 'DESC'>()
  for (const key of sort.split(',')) {
    const name = key.replace(/^-/, '')
    if (columnOf(entity, name) === undefined) {
      throw new RequestError(400, 'unknown-column', `sort names ${JSON.stringify(name)}, which is no column of ${entity.name}`, 'sort')
    }
    // Rows that are equal in a column are equal in it the second time, too.
    if (!keys.has(name)) keys.set(name, key === name ? 'ASC' : 'DESC')
  }
  // In the same direction as the last key an index serves both.
  return [...keys, ['rowNumber', [...keys.values()].at(-1) ?? 'ASC'] as const]
    .map(([name, direction]) => `${quoted(name)} ${direction}`)
    .join(', ')
}

function countFrom(parameters: URLSearchParams, name: string, absent: number, most: number): number {
  const text = parameters.get(name)
  if (text === null) return absent
  const count = /^\d+$/.test(text) ? Number(text) : 0
  if (count < 1 || count > most) throw invalid(name, `is ${JSON.stringify(text)}; expected a whole number from 1 to ${most}`)
  return count
}

function invalid(parameter: string, what: string): RequestError {
  return new RequestError(400, 'invalid-value', `${parameter} ${what}`, parameter)
}
