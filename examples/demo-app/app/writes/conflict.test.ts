import { ConflictError, RestoredError } from '@vantage-live/core'
import { expect, test } from 'vitest'
import type { Row } from '../screen.ts'
import { isConflict, theirChanges } from './conflict.ts'

const base: Row = { id: 'B-1', customer: 'Ada', quantity: 1, version: 'a' }
const theirs: Row = { ...base, customer: 'Grace', version: 'b' }
const names = ['customer', 'quantity']

function conflict(met: { readonly theirs?: Row; readonly base?: Row }): ConflictError<Row> {
  const resolve = (): Promise<Row> => Promise.reject(new Error('nobody resolves it here'))
  return new ConflictError<Row>('orders', 'B-1', { mine: { quantity: 2 }, theirs: met.theirs, base: met.base, resolve }, undefined)
}

test('what somebody else has changed is told by the row that was edited, of the fields that are shown', () => {
  expect(theirChanges(conflict({ theirs, base }), names)).toEqual({ customer: 'Grace' })
})

test('where that row is not known, the fields that were to be written are told', () => {
  expect(theirChanges(conflict({ theirs }), names)).toEqual({ quantity: 1 })
})

test('nothing is told of a row that is gone, of a conflict from before a reload and of other errors', () => {
  expect(theirChanges(conflict({ base }), names)).toEqual({})
  expect(theirChanges(new RestoredError({ message: 'it was changed', code: 'conflict', status: 412, body: undefined }), names)).toEqual({})
  expect(theirChanges(new Error('other'), names)).toEqual({})
})

test('a conflict from before a reload is one all the same', () => {
  expect(isConflict(conflict({ theirs, base }))).toBe(true)
  expect(isConflict(new RestoredError({ message: 'it was changed', code: 'conflict', status: 412, body: undefined }))).toBe(true)
  expect(isConflict(new RestoredError({ message: 'it was refused', code: 'http', status: 422, body: undefined }))).toBe(false)
})
