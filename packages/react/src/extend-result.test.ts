/// <reference types="node" />
import { inspect } from 'node:util'
import { QueryClient, QueryObserver, type QueryObserverResult } from '@tanstack/react-query'
import { expect, test } from 'vitest'
import { extendResult } from './extend-result.ts'

const page = { rows: ['a', 'b'] }

/** A result as TanStack Query hands it out, extended as `useLivePage` does it, and what was read of it. */
function makeExtended() {
  const read: string[] = []
  const client = new QueryClient()
  client.setQueryData(['page'], page)
  const observer = new QueryObserver(client, { queryKey: ['page'], queryFn: () => Promise.resolve(page), staleTime: Infinity })
  const plain: QueryObserverResult<typeof page> = observer.getCurrentResult()
  const result = observer.trackResult(plain, (key) => read.push(key))
  const extras = {
    get data() {
      return result.data?.rows.length
    },
    get rows() {
      return result.data?.rows
    },
    pendingIds: new Set(['1']),
  }
  const extended = extendResult(result, extras) as Omit<typeof plain, 'data'> & typeof extras
  return { extended, plain, read }
}

test('has the properties of both; of two with one name, the added one', () => {
  const { extended, plain } = makeExtended()
  expect(extended.rows).toBe(page.rows)
  expect(extended.pendingIds).toEqual(new Set(['1']))
  expect(extended.data).toBe(2)
  expect(extended.status).toBe('success')
  expect(extended.refetch).toBe(plain.refetch)
  expect(Reflect.get(extended, 'nonsense')).toBeUndefined()
  expect(Object.prototype.toString.call(extended)).toBe('[object Object]')
})

test('nothing counts as read before it is', () => {
  const { extended, read } = makeExtended()
  expect(read).toEqual([])
  expect(extended.pendingIds.size).toBe(1)
  expect(read).toEqual([])
  expect(extended.isFetching).toBe(false)
  expect(read).toEqual(['isFetching'])
  expect(extended.rows).toHaveLength(2)
  expect(read).toEqual(['isFetching', 'data'])
})

test('to ask for names reads no value', () => {
  const { extended, plain, read } = makeExtended()
  expect(Object.keys(extended)).toEqual([...Object.keys(plain), 'rows', 'pendingIds'])
  expect(Reflect.ownKeys(extended)).toEqual(Object.keys(extended))
  expect(['data', 'rows', 'isFetching', 'nonsense'].map((key) => key in extended)).toEqual([true, true, true, false])
  expect(['data', 'rows', 'isFetching', 'toString'].map((key) => Object.hasOwn(extended, key))).toEqual([true, true, true, false])
  expect(Object.getOwnPropertyDescriptor(extended, 'rows')).toMatchObject({ enumerable: true, configurable: true })
  const named: string[] = []
  for (const key in extended) named.push(key)
  expect(named).toEqual(Object.keys(extended))
  expect(read).toEqual([])
})

test('a spread and an assign are whole and plain copies', () => {
  const { extended, plain } = makeExtended()
  const expected = { ...plain, data: 2, rows: page.rows, pendingIds: new Set(['1']) }
  expect({ ...extended }).toEqual(expected)
  expect(Object.assign({}, extended)).toEqual(expected)
  expect(Object.fromEntries(Object.entries(extended))).toEqual(expected)
})

test('taking apart reads what is named, and the rest has all but that', () => {
  const { extended, plain, read } = makeExtended()
  const { rows, isFetching } = extended
  expect([rows, isFetching, read]).toEqual([page.rows, false, ['data', 'isFetching']])
  const { data, pendingIds, ...rest } = extended
  expect([data, pendingIds.size]).toEqual([2, 1])
  const { data: _, ...others } = plain
  expect(rest).toEqual({ ...others, rows: page.rows })
})

test('JSON has both', () => {
  const { extended } = makeExtended()
  expect(JSON.parse(JSON.stringify(extended))).toMatchObject({
    status: 'success',
    error: null,
    data: 2,
    rows: ['a', 'b'],
    isFetching: false,
  })
})

test('a console can show it, and that counts as reading nothing', () => {
  const { extended, plain, read } = makeExtended()
  expect(inspect(extended)).toContain("status: 'success'")
  expect(read.filter((key) => key in plain)).toEqual([])
})

test('the result it was made of stays as it was', () => {
  const { extended, plain } = makeExtended()
  const before = { ...plain }
  expect(extended.rows).toHaveLength(2)
  expect({ ...extended }).toHaveProperty('rows')
  expect(plain).toEqual(before)
  expect('rows' in plain).toBe(false)
})

test('a result without any of the names, or an empty one, can be extended too', () => {
  expect({ ...extendResult({}, { rows: 1 }) }).toEqual({ rows: 1 })
  expect({ ...extendResult({ status: 'pending' }, {}) }).toEqual({ status: 'pending' })
})
