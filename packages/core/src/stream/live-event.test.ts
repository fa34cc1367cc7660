import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EventError } from '../errors.ts'
import { toLiveEvent } from './live-event.ts'
import type { LiveEvent } from './stream.ts'

const id = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
)

const anyEvent: fc.Arbitrary<LiveEvent> = fc.oneof(
  fc.constant<LiveEvent>({ type: 'changed' }),
  fc.record({ type: fc.constant('deleted' as const), id }),
  fc.record(
    { type: fc.constantFrom('inserted' as const, 'updated' as const), id, row: fc.dictionary(fc.string(), fc.jsonValue()) },
    { requiredKeys: ['type', 'id'] },
  ),
)

describe('toLiveEvent', () => {
  test('every live event passes as it is, also by way of JSON', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        expect(toLiveEvent(event)).toEqual(event)
        const sent: unknown = JSON.parse(JSON.stringify(event))
        expect(toLiveEvent(sent)).toEqual(sent)
      }),
    )
  })

  test('what an event has besides is left out', () => {
    expect(toLiveEvent({ type: 'changed', id: 1, by: 'Ada' })).toEqual({ type: 'changed' })
    expect(toLiveEvent({ type: 'deleted', id: 1, row: { id: 1 } })).toEqual({ type: 'deleted', id: 1 })
    expect(toLiveEvent({ type: 'updated', id: 1, row: undefined })).toEqual({ type: 'updated', id: 1 })
  })

  test('promise 20: anything else is an EventError, whatever it is', () => {
    const outcome = (value: unknown): unknown => {
      try {
        return toLiveEvent(value)
      } catch (error) {
        return error
      }
    }
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(outcome(value)).toBeInstanceOf(EventError)
      }),
    )
  })

  test.each([
    [null, 'the live event is null; expected an object with a type'],
    ['changed', 'the live event is "changed"; expected an object with a type'],
    [['changed'], 'the live event is an array of 1; expected an object with a type'],
    [
      { type: 'renamed', id: 1 },
      `the live event is {"type":"renamed","id":1}; expected a type of 'changed', 'inserted', 'updated' or 'deleted'`,
    ],
    [{ type: 'updated' }, 'the live event is {"type":"updated"}; expected an id that is a string or a number'],
    [{ type: 'deleted', id: '' }, 'the live event is {"type":"deleted","id":""}; expected an id that is a string or a number'],
    [{ type: 'deleted', id: Number.NaN }, 'the live event is {"type":"deleted","id":null}; expected an id that is a string or a number'],
    [{ type: 'updated', id: 1, row: null }, 'the live event is {"type":"updated","id":1,"row":null}; expected a row that is an object'],
    [{ type: 'updated', id: 1, row: [] }, 'the live event is {"type":"updated","id":1,"row":[]}; expected a row that is an object'],
  ])('promise 20: %j says what it is and what was expected', (value, message) => {
    expect(() => toLiveEvent(value)).toThrow(message)
  })
})
