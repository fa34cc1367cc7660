import { isObject } from './is-object.ts'
import { fieldOf } from './row.ts'

/** What a body of a list holds. */
export interface RestRows {
  readonly rows: readonly unknown[]
  readonly total?: number | undefined
}

const rowsFields = ['rows', 'data', 'items', 'results']
const totalFields = ['total', 'totalCount', 'count']
const rowFields = ['data', 'row', 'item']

/** Rows as most APIs give them: bare, or wrapped; the total beside them, or in the header `X-Total-Count`. */
export function findRows(body: unknown, response: Response): RestRows | undefined {
  const held = isObject(body) ? rowsFields.map((field) => fieldOf(body, field)).find((value) => Array.isArray(value)) : body
  if (!Array.isArray(held)) return undefined
  const inBody = isObject(body) ? totalFields.map((field) => fieldOf(body, field)) : []
  return { rows: held, total: [...inBody, response.headers.get('x-total-count')].map(wholeNumber).find((total) => total !== undefined) }
}

/** What page a body says it is, and which one was asked for. */
export interface WrongPage {
  readonly parameter: string
  readonly said: number
  readonly asked: number
}

/** The page or offset that the body of a list says it is, where another one was asked for by the parameter of that name. */
export function wrongPage(body: unknown, asked: URLSearchParams): WrongPage | undefined {
  if (!isObject(body)) return undefined
  const pairs = ['page', 'offset'].map((name) => [name, wholeNumber(fieldOf(body, name)), wholeNumber(asked.get(name))] as const)
  for (const [parameter, said, wanted] of pairs) {
    if (said !== undefined && wanted !== undefined && said !== wanted) return { parameter, said, asked: wanted }
  }
  return undefined
}

/** A row as most APIs give it: bare, or as the `data`, `row` or `item` of a body that is no row itself. */
export function findRow<Row>(body: unknown, isRow: (value: unknown) => value is Row): Row | undefined {
  if (isRow(body)) return body
  return isObject(body) ? rowFields.map((field) => fieldOf(body, field)).find(isRow) : undefined
}

/** A count, or undefined where it is none; some servers write it as text. */
export function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined
}
