import { ArgumentError } from '../errors.ts'
import type { CanonicalListQuery, PlainScalar } from './query.ts'

/** How a server is told which page: by its number, or by how many rows to skip. */
export type Paging = 'page' | 'offset'

const ownParameters: readonly string[] = ['page', 'offset', 'limit', 'sort', 'q']

/**
 * A query as `restTable` writes it where it is told nothing else:
 *
 * - `page=3&limit=50`, or `offset=100&limit=50`.
 * - `status=open` where a field equals a value, and `total[gte]=10` for the other operators. `in` repeats its
 *   parameter, `status[in]=open&status[in]=paid`, so that a value may hold a comma.
 * - `page[eq]=7` for a field that is named like one of the table's own parameters (`page`, `offset`, `limit`, `sort`,
 *   `q`) or like a parameter in `taken`, or that has a bracket in its name.
 * - `status=null` where the value is null. The text `null` is in double quotes, and has one pair more than it had
 *   where it stood in some: `status="null"`. `contains` takes text only, and never adds quotes.
 * - `sort=-placedAt,name`, where `-` is descending.
 * - `q=muffin` for the search.
 *
 * @throws ArgumentError where a name in an order or a text cannot be written (promise 20)
 */
export function restParameters(query: CanonicalListQuery, paging: Paging, taken: Iterable<string> = []): URLSearchParams {
  const { where, orderBy, search, page, pageSize } = query
  const reserved = new Set([...ownParameters, ...taken])
  const parameters = new URLSearchParams()
  const append = (name: string, text: string): void => parameters.append(checkText('parameter', name), checkText(name, text))

  for (const { field, operator, value } of where) {
    const isBare = operator === 'eq' && !reserved.has(field) && !/[[\]]/.test(field)
    const name = isBare ? field : `${field}[${operator}]`
    if (operator === 'in') for (const each of value) append(name, valueText(each))
    else append(name, operator === 'contains' ? String(value) : valueText(value))
  }
  if (orderBy.length > 0) append('sort', orderBy.map(({ field, direction }) => sortText(field, direction)).join(','))
  if (search !== '') append('q', search)
  append(paging, String(paging === 'page' ? page : (page - 1) * pageSize))
  append('limit', String(pageSize))
  return parameters
}

/**
 * Text that is to be part of a url.
 *
 * @throws ArgumentError where it has half of a surrogate pair, for which a url has no way to write it (promise 20)
 */
export function checkText(argument: string, text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new ArgumentError(argument, text, 'text without halves of surrogate pairs')
  return text
}

function valueText(value: PlainScalar): string {
  return typeof value === 'string' && /^("*)null\1$/.test(value) ? `"${value}"` : String(value)
}

function sortText(field: string, direction: 'asc' | 'desc'): string {
  if (/^-|,/.test(field)) {
    throw new ArgumentError('orderBy', field, 'a field with no comma in its name and no - before it; write such an order with `params`')
  }
  return direction === 'desc' ? `-${field}` : field
}
