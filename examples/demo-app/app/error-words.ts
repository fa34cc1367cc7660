import { HttpError, MissingRowError, NetworkError, RestoredError } from '@vantage-live/core'
import { isConflict } from './writes/conflict.ts'

/** What an error says to a person, and the field that it is about where it is about one. */
export interface ErrorWords {
  readonly message: string
  readonly field: string | undefined
}

export function errorWords(error: unknown): ErrorWords {
  const said = error instanceof HttpError || error instanceof RestoredError ? bodyWords(error.body) : undefined
  return said ?? { message: message(error), field: undefined }
}

function message(error: unknown): string {
  if (error instanceof NetworkError) return 'The server could not be reached.'
  if (error instanceof MissingRowError) return 'There is no such row any more.'
  if (isConflict(error)) return 'Somebody else has changed this row meanwhile.'
  if ((error instanceof HttpError || error instanceof RestoredError) && error.status !== undefined)
    return `The server answered ${error.status}.`
  return error instanceof Error ? error.message : String(error)
}

/** The server's own words: `{ error: { code, message, field? } }`. */
function bodyWords(body: unknown): ErrorWords | undefined {
  const error = property(body, 'error')
  const text = property(error, 'message')
  const field = property(error, 'field')
  if (typeof text !== 'string') return undefined
  return { message: sentence(text), field: typeof field === 'string' ? field : undefined }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
