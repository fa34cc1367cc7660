import { EventError } from '../errors.ts'
import type { LiveEvent } from './stream.ts'

/**
 * What somebody sent as a live event, checked.
 *
 * @throws EventError where it is none (promise 20)
 */
export function toLiveEvent(value: unknown): LiveEvent {
  if (typeof value !== 'object' || value === null || !('type' in value)) throw new EventError(value, 'an object with a type')
  const { type } = value
  const made = writeOf(value)
  if (type === 'changed') return { type, ...made }
  if (type !== 'inserted' && type !== 'updated' && type !== 'deleted') {
    throw new EventError(value, "a type of 'changed', 'inserted', 'updated' or 'deleted'")
  }
  const id = 'id' in value ? value.id : undefined
  if ((typeof id !== 'string' || id === '') && (typeof id !== 'number' || !Number.isFinite(id))) {
    throw new EventError(value, 'an id that is a string or a number')
  }
  if (type === 'deleted') return { type, id, ...made }
  const row = rowOf(value)
  return type === 'inserted' ? { type, id, ...row, ...made } : { type, id, ...row, ...fieldsOf(value), ...made }
}

function rowOf(value: object): { readonly row?: object } {
  if (!('row' in value) || value.row === undefined) return {}
  if (typeof value.row === 'object' && value.row !== null && !Array.isArray(value.row)) return { row: value.row }
  throw new EventError(value, 'a row that is an object')
}

function fieldsOf(value: object): { readonly fields?: readonly string[] } {
  if (!('fields' in value) || value.fields === undefined) return {}
  if (Array.isArray(value.fields) && value.fields.every((field): field is string => typeof field === 'string'))
    return { fields: value.fields }
  throw new EventError(value, 'fields that are an array of names')
}

function writeOf(value: object): { readonly write?: string } {
  if (!('write' in value) || value.write === undefined || value.write === null) return {}
  if (typeof value.write !== 'string') throw new EventError(value, 'a write that is a string')
  return { write: value.write }
}
