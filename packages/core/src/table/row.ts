import { isObject } from './is-object.ts'
import { ArgumentError } from '../errors.ts'
import { idText } from './query.ts'
import { readArgument } from './read-argument.ts'
import type { RowId } from './table.ts'

/** What a row holds in a field of its own; undefined where it has none of that name. */
export function fieldOf(row: object, field: string): unknown {
  return Object.hasOwn(row, field) ? Reflect.get(row, field) : undefined
}

/** Whether a row has all of these fields, and at least one, compared as they stand in JSON. */
export function holdsAll(row: object, fields: object): boolean {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  return given.length > 0 && given.every(([field, value]) => sameJson(fieldOf(row, field), value))
}

/** Whether two values are equal as they stand in JSON; what cannot stand there equals nothing. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a === b
  try {
    return JSON.stringify(a) === JSON.stringify(b)
  } catch {
    return false
  }
}

/** Whether two rows are equal, as they stand in JSON. */
export function sameFields(a: object, b: object): boolean {
  return holdsAll(a, b) && holdsAll(b, a)
}

/**
 * The id that a row to be written brings along, in the form in which ids are compared; undefined where it brings none.
 *
 * @throws ArgumentError where the row is no object, or its id can be none (promise 20)
 */
export function givenId(argument: string, row: unknown, idField: string): string | undefined {
  const id = readArgument(argument, row, () => {
    if (!isObject(row)) throw new ArgumentError(argument, row, 'an object of fields')
    return fieldOf(row, idField) ?? undefined
  })
  return id === undefined ? undefined : idText(id, `${argument}.${idField}`)
}

/**
 * The id of the row to write, in the form in which ids are compared.
 *
 * @throws ArgumentError where it can be none, or what is to be written carries another one (promise 20)
 */
export function writtenId(id: RowId, argument: string, row: unknown, idField: string): string {
  const text = idText(id)
  const given = givenId(argument, row, idField)
  if (given === undefined || given === text) return text
  throw new ArgumentError(`${argument}.${idField}`, given, `${text}, the id of the row that is written`)
}
