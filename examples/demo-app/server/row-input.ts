import type { Column, Row, Value } from './column.ts'
import { columnOf } from './entity.ts'
import type { Entity } from './entity.ts'
import { RequestError } from './request-error.ts'

/**
 * A new row from what was sent; the id may be missing.
 *
 * @throws RequestError at the first column that is unknown, missing or wrong; so do the others here
 */
export function newRow(entity: Entity, body: unknown): Row {
  const sent = sentValues(entity, body)
  const row: Record<string, Value> = {}
  for (const [name, column] of ownColumns(entity)) {
    const value = sent[name] ?? column.initial?.()
    if (value !== undefined) row[name] = value
    else if (name !== 'id') throw missing(name, column)
  }
  return row
}

/** A whole row in place of the one with this id. */
export function replacement(entity: Entity, id: Value, body: unknown): Row {
  const sent = sentValues(entity, withoutId(id, body))
  const row: Record<string, Value> = {}
  for (const [name, column] of ownColumns(entity)) {
    const value = name === 'id' ? id : sent[name]
    if (value === undefined) throw missing(name, column)
    row[name] = value
  }
  return row
}

/** The columns of the row with this id that change. */
export function changes(entity: Entity, id: Value, body: unknown): Row {
  return sentValues(entity, withoutId(id, body))
}

function sentValues(entity: Entity, body: unknown): Row {
  if (!isObject(body)) throw new RequestError(422, 'invalid-value', 'the body is no JSON object')
  const sent: Record<string, Value> = {}
  for (const [name, value] of Object.entries(body)) {
    // A client that sends back a row as it came sends this too, and the computed columns.
    if (name === 'version') continue
    const column = columnOf(entity, name)
    if (column === undefined) {
      throw new RequestError(422, 'unknown-column', `${entity.name} has no column ${JSON.stringify(name)}`, name)
    }
    if (column.computed !== undefined) continue
    const accepted = column.accept(value)
    if (accepted === undefined) throw new RequestError(422, 'invalid-value', `${name} is not ${column.expected}`, name)
    sent[name] = accepted
  }
  return sent
}

function ownColumns(entity: Entity): [string, Column][] {
  return Object.entries(entity.columns).filter(([, column]) => column.computed === undefined)
}

/** A row may repeat its id, as a number or as text, and keeps it. */
function withoutId(id: Value, body: unknown): unknown {
  if (!isObject(body) || !('id' in body)) return body
  const { id: sent, ...rest } = body
  if (String(sent) !== String(id)) throw new RequestError(422, 'id-mismatch', 'id is not the one in the address; a row keeps its id', 'id')
  return rest
}

function missing(name: string, column: Column): RequestError {
  return new RequestError(422, 'required', `${name} is missing; expected ${column.expected}`, name)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
