import { expect, test } from 'vitest'
import { ArgumentError } from '../errors.ts'
import { readArgument, readOptions } from './read-argument.ts'

test('options are copied with what they inherit', () => {
  const defaults = { timeout: 1, version: 2 }
  const options: { timeout: number; version: number } = Object.assign(Object.create(defaults), { version: 3 })
  const copy = readOptions(options)
  options.version = 4
  expect(copy).toEqual({ timeout: 1, version: 3 })
})

test('options that are left out are none', () => {
  expect(readOptions(undefined)).toEqual({})
})

test('options that throw when they are read are an ArgumentError with its cause', () => {
  const cause = new Error('no')
  const options = {
    get timeout(): number {
      throw cause
    },
  }
  expect(() => readOptions(options)).toThrow(expect.objectContaining({ name: 'ArgumentError', argument: 'options', cause }))
})

test('an ArgumentError passes as it is', () => {
  const error = new ArgumentError('id', 1, 'a string')
  const read = (): never => {
    throw error
  }
  expect(() => readArgument('row', {}, read)).toThrow(error)
})
