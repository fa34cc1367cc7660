import { expect, test } from 'vitest'
import { KnownRows } from './known-rows.ts'

interface Row {
  readonly id: number
  readonly name: string
}

test('it knows a row as it was last seen', () => {
  const known = new KnownRows<Row>()
  expect(known.get('1')).toBeUndefined()
  const [older, newer] = [
    { id: 1, name: 'older' },
    { id: 1, name: 'newer' },
  ] as const
  known.see('1', older, 10)
  expect(known.get('1')).toBe(older)
  known.see('1', newer, 20)
  expect(known.get('1')).toBe(newer)
  expect(known.get('2')).toBeUndefined()
})

test('an older row is passed over, also when it comes later; of two from one time the later one counts', () => {
  const known = new KnownRows<Row>()
  known.see('1', { id: 1, name: 'newer' }, 20)
  known.see('1', { id: 1, name: 'older' }, 10)
  expect(known.get('1')?.name).toBe('newer')
  known.see('1', { id: 1, name: 'as new' }, 20)
  expect(known.get('1')?.name).toBe('as new')
})

test('a row that the master has no longer is gone, and no older answer brings it back', () => {
  const known = new KnownRows<Row>()
  known.see('1', { id: 1, name: 'a' }, 10)
  known.see('1', undefined, 20)
  known.see('1', { id: 1, name: 'older' }, 15)
  expect([known.get('1'), known.isGone('1'), known.isGone('2')]).toEqual([undefined, true, false])
  known.see('1', { id: 1, name: 'anew' }, 30)
  expect([known.get('1')?.name, known.isGone('1')]).toEqual(['anew', false])
})

test('when all are gone each is, until it is seen later', () => {
  const known = new KnownRows<Row>()
  for (const id of [1, 2]) known.see(String(id), { id, name: 'a' }, 10)
  expect(known.isGone('3')).toBe(false)
  known.clear(20)
  known.see('1', { id: 1, name: 'older' }, 15)
  known.see('2', { id: 2, name: 'later' }, 25)
  expect(['1', '2', '3'].map((key) => [known.get(key)?.name, known.isGone(key)])).toEqual([
    [undefined, true],
    ['later', false],
    [undefined, true],
  ])
})

test('5,000 rows are known for certain, and never twice as many; those go first that were not seen for the longest time', () => {
  const known = new KnownRows<Row>()
  for (let id = 0; id < 9_999; id += 1) known.see(String(id), { id, name: 'a' }, id)
  known.see('0', { id: 0, name: 'seen again' }, 10_000)
  known.see('9999', { id: 9_999, name: 'a' }, 10_001)
  expect(known.get('0')?.name).toBe('seen again')
  expect(known.get('1')).toBeUndefined()
  expect(known.get('5000')).toBeUndefined()
  expect(known.get('5001')?.id).toBe(5_001)
  expect(known.get('9999')?.id).toBe(9_999)
})

// Where each of them took the longer the more there were before, this would take for ever.
test('of a million rows that are seen the last ones are known', () => {
  const known = new KnownRows<Row>()
  const row = { id: 0, name: 'a' }
  for (let id = 0; id < 1_000_000; id += 1) known.see(String(id), row, id)
  expect(known.get('995000')).toBe(row)
  expect(known.get('0')).toBeUndefined()
})
