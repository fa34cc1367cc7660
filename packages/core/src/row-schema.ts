import { clip, describe } from './describe.ts'
import { ArgumentError } from './errors.ts'
import { readArgument } from './table/read-argument.ts'

/** More reasons than these are only counted. */
const mostReasons = 3

/**
 * A schema for rows: what zod, valibot, arktype and others have in common (https://standardschema.dev), as far as it is used here.
 *
 * `StandardSchemaV1<Row>` checks rows as they are. A schema that makes something else of what it is given, as one with a transform,
 * a default or a brand does, is none for the rows that come out of it: rows are checked, and never changed.
 */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
    /** For the compiler only. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

type StandardResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] }

interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** @throws ArgumentError unless it is a Standard Schema (promise 20) */
export function checkSchema(schema: unknown): void {
  readArgument('schema', schema, () => {
    // A schema of arktype is a function.
    const standard: unknown =
      (typeof schema === 'object' && schema !== null) || typeof schema === 'function' ? Reflect.get(schema, '~standard') : undefined
    if (typeof standard === 'object' && standard !== null && typeof Reflect.get(standard, 'validate') === 'function') return
    throw new ArgumentError('schema', schema, 'a Standard Schema, such as one of zod, valibot or arktype')
  })
}

/**
 * Why a row does not fit a schema, in short; undefined where it does. A schema that throws is one that it does not fit.
 *
 * @throws ArgumentError where the schema answers with a promise (promise 20)
 */
export function rowProblem(schema: StandardSchemaV1, row: unknown): string | undefined {
  try {
    const result = schema['~standard'].validate(row)
    if (!(result instanceof Promise)) return result.issues && reasons(result.issues)
    result.catch(() => undefined)
  } catch (error) {
    return error instanceof Error ? clip(error.message) : describe(error)
  }
  throw new ArgumentError('schema', schema, 'a schema that answers at once, and not with a promise')
}

function reasons(issues: readonly StandardIssue[]): string {
  const shown = issues.slice(0, mostReasons).map(reason).join('; ') || 'no reason given'
  return issues.length > mostReasons ? `${shown}; and ${issues.length - mostReasons} more` : shown
}

function reason({ message, path = [] }: StandardIssue): string {
  const field = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  // Some name the field in the message.
  return clip(field === '' || message.startsWith(field) ? message : `${field}: ${message}`)
}
