import { expect, test } from 'vitest'
import { drainingOf, type Look } from './draining.ts'

const patience = 10_000

/** A look each second; a pending number below zero was seen while the server did not answer. */
function looks(...pending: readonly number[]): Look[] {
  return pending.map((count, second) => ({ at: 5_000 + second * 1_000, pending: Math.abs(count), isAnswering: count >= 0 }))
}

test('a tab without writes is drained', () => {
  expect(drainingOf(looks(0), patience)).toEqual({ state: 'drained', settled: 0, perSecond: 0, stillFor: 0 })
})

test('a tab that was not looked at is draining', () => {
  expect(drainingOf([], patience).state).toBe('draining')
})

test('a tab whose writes settle is draining, however slowly, and its rate is told', () => {
  const slow = looks(...Array.from({ length: 60 }, (_, second) => 100 - Math.floor(second / 9)))
  expect(drainingOf(slow, patience)).toMatchObject({ state: 'draining', settled: 6, stillFor: 5_000 })
  expect(drainingOf(slow, patience).perSecond).toBeCloseTo(6 / 54)
})

test('a tab of which nothing settles while the server answers hangs, once the patience is over', () => {
  const still = looks(20, 19, ...Array.from({ length: 10 }, () => 19))
  expect(drainingOf(still.slice(0, -1), patience)).toMatchObject({ state: 'draining', stillFor: 9_000 })
  expect(drainingOf(still, patience)).toMatchObject({ state: 'hanging', settled: 1, stillFor: 10_000 })
})

test('time in which the server does not answer does not count', () => {
  const away = looks(...Array.from({ length: 60 }, () => -19))
  expect(drainingOf(away, patience)).toMatchObject({ state: 'draining', stillFor: 0 })
})

test('writes that a tab takes over are no progress, and count when they settle', () => {
  const overTaking = looks(5, 8, ...Array.from({ length: 9 }, () => 8))
  expect(drainingOf(overTaking, patience).state).toBe('hanging')
  expect(drainingOf([...overTaking, ...looks(0).map((look) => ({ ...look, at: 16_000 }))], patience)).toMatchObject({
    state: 'drained',
    settled: 8,
  })
})
