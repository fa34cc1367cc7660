import { HttpError, NetworkError } from '@vantage-live/core'

/** What an error says to a person, and the field that it is about where it is about one. */
export interface ErrorWords {
  readonly message: string
  readonly field: string | undefined
}

export function errorWords(error: unknown): ErrorWords {
  if (error instanceof NetworkError) return { message: 'The server could not be reached.', field: undefined }
  if (error instanceof HttpError) return bodyWords(error.body) ?? { message: `The server answered ${error.status}.`, field: undefined }
  return { message: error instanceof Error ? error.message : String(error), field: undefined }
}

/** The server's own words: `{ error: { code, message, field? } }`. */
function bodyWords(body: unknown): ErrorWords | undefined {
  const error = property(body, 'error')
  const message = property(error, 'message')
  const field = property(error, 'field')
  if (typeof message !== 'string') return undefined
  return { message: sentence(message), field: typeof field === 'string' ? field : undefined }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
