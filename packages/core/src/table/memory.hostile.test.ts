import { describe, expect, test } from 'vitest'
import { thrower, throwing } from '../testing/thrower.ts'
import { memoryTable } from './memory.ts'

interface Row {
  readonly id: number
  readonly name?: string
}

const firstPage = { page: 1, pageSize: 2 }

describe('arguments that throw when they are read', () => {
  test.each<readonly [name: string, argument: string, call: (table: ReturnType<typeof memoryTable<Row>>, hostile: never) => unknown]>([
    ['the query of list', 'query', (table, hostile) => table.list(hostile)],
    ['the filter of list', 'query', (table, where) => table.list({ ...firstPage, where })],
    ['the options of list', 'options', (table, hostile) => table.list(firstPage, hostile)],
    ['the signal of list', 'options', (table, signal) => table.list(firstPage, { signal })],
    ['the query of count', 'query', (table, hostile) => table.count(hostile)],
    ['the options of count', 'options', (table, hostile) => table.count({}, hostile)],
    ['the options of get', 'options', (table, hostile) => table.get(1, hostile)],
    ['the row of insert', 'row', (table, hostile) => table.insert(hostile)],
    ['a field in the row of insert', 'row', (table) => table.insert(throwing({ id: 2, name: 'x' }, 'name'))],
    ['the options of insert', 'options', (table, hostile) => table.insert({}, hostile)],
    ['the row of replace', 'row', (table, hostile) => table.replace(1, hostile)],
    ['the options of replace', 'options', (table, hostile) => table.replace(1, { id: 1 }, hostile)],
    ['the fields of patch', 'partial', (table, hostile) => table.patch(1, hostile)],
    ['a field of patch', 'partial', (table) => table.patch(1, throwing({ name: 'x' }, 'name'))],
    ['the options of patch', 'options', (table, hostile) => table.patch(1, {}, hostile)],
    ['the options of delete', 'options', (table, hostile) => table.delete(1, hostile)],
    ['the options of deleteAll', 'options', (table, hostile) => table.deleteAll(hostile)],
  ])('promise 20: %s is an ArgumentError that names %s, and nothing is changed', async (_, argument, call) => {
    const table = memoryTable<Row>([{ id: 1 }])
    await expect((async () => call(table, thrower() as never))()).rejects.toMatchObject({
      name: 'ArgumentError',
      argument,
      cause: new Error('do not look'),
    })
    expect((await table.list(firstPage)).rows).toEqual([{ id: 1 }])
  })

  test.each<readonly [string, () => unknown]>([
    ['rows', () => memoryTable(thrower() as never)],
    ['rows', () => memoryTable(new Proxy([{ id: 1 }], thrower()))],
    ['rows[1]', () => memoryTable([{ id: 1 }, throwing({ id: 2, name: 'x' }, 'name')])],
    ['options', () => memoryTable([], thrower())],
  ])('promise 20: %s are refused at once', (argument, make) => {
    expect(make).toThrow(expect.objectContaining({ name: 'ArgumentError', argument }))
  })

  test('promise 20: a row that cannot be copied is refused', async () => {
    await expect(memoryTable<object>([]).insert({ name: () => 'x' })).rejects.toMatchObject({ name: 'ArgumentError', argument: 'row' })
  })
})
