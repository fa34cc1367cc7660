import { expect, test } from 'vitest'
import { streamPlaces } from './stream-places.ts'

test('each client has so many places, and gets one again that it has given back', () => {
  const { take } = streamPlaces(2)
  const first = take('a')
  expect(take('a')).toBeTypeOf('function')
  expect(take('a')).toBeUndefined()
  expect(take('b')).toBeTypeOf('function')
  first?.()
  expect(take('a')).toBeTypeOf('function')
  expect(take('a')).toBeUndefined()
})

test('a place is given back once', () => {
  const { take } = streamPlaces(2)
  const first = take('a')
  take('a')
  first?.()
  first?.()
  expect(take('a')).toBeTypeOf('function')
  expect(take('a')).toBeUndefined()
})
