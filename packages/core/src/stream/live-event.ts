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
  if (type === 'changed') return { type }
  if (type !== 'inserted' && type !== 'updated' && type !== 'deleted') {
    throw new EventError(value, "a type of 'changed', 'inserted', 'updated' or 'deleted'")
  }
  const id = 'id' in value ? value.id : undefined
  if ((typeof id !== 'string' || id === '') && (typeof id !== 'number' || !Number.isFinite(id))) {
    throw new EventError(value, 'an id that is a string or a number')
  }
  if (type === 'deleted' || !('row' in value) || value.row === undefined) return { type, id }
  if (typeof value.row !== 'object' || value.row === null || Array.isArray(value.row))
    throw new EventError(value, 'a row that is an object')
  return { type, id, row: value.row }
}
