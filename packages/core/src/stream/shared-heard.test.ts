import { describe, expect, test } from 'vitest'
import { Heard } from './shared-heard.ts'

describe('Heard', () => {
  test('it stands where it began, and nowhere where it began with nothing', () => {
    expect(new Heard('a').position).toBe('a')
    expect(new Heard(undefined).position).toBeUndefined()
    expect(new Heard(undefined).isAhead).toBe(false)
  })

  test('what follows an earlier position was heard before, until the last one is reached again', () => {
    const heard = heardOf('a', 'b', 'c')
    expect(heard.goTo('a')).toBe(true)
    expect([heard.position, heard.isAhead]).toEqual(['a', true])
    expect(heard.reach('b')).toBe(true)
    expect([heard.position, heard.isAhead]).toEqual(['b', true])
    expect(heard.reach('c')).toBe(true)
    expect([heard.position, heard.isAhead]).toEqual(['c', false])
    expect(heard.reach('d')).toBe(true)
    expect(heard.goTo('b')).toBe(true)
  })

  test('a position that is told again, or with others left out, is no new one', () => {
    const heard = heardOf('a', 'b', 'c')
    heard.goTo('a')
    expect(heard.reach('a')).toBe(true)
    expect([heard.position, heard.isAhead]).toEqual(['a', true])
    expect(heard.reach('c')).toBe(true)
    expect([heard.position, heard.isAhead]).toEqual(['c', false])
  })

  test('a position that is not known, or none, does not follow on what was heard', () => {
    const heard = heardOf('a', 'b')
    expect(heard.goTo('z')).toBe(false)
    expect(heard.goTo(undefined)).toBe(false)
    expect(heard.position).toBe('b')
  })

  test('a repetition that comes to a new position was none: something was left out, and what comes next is new', () => {
    const heard = heardOf('a', 'b', 'c')
    heard.goTo('a')
    expect(heard.reach('other')).toBe(false)
    expect([heard.position, heard.isAhead]).toEqual(['other', false])
    expect(heard.goTo('c')).toBe(false)
    expect(heard.goTo('a')).toBe(true)
  })

  test('what does not repeat is new, and leaves nothing out', () => {
    const heard = heardOf('a', 'b', 'c')
    heard.goTo('a')
    heard.stopRepeating()
    expect([heard.position, heard.isAhead]).toEqual(['a', false])
    expect(heard.reach('other')).toBe(true)
  })

  test('it forgets what was before, where it restarts', () => {
    const heard = heardOf('a', 'b')
    heard.restart('z')
    expect([heard.position, heard.isAhead]).toEqual(['z', false])
    expect(heard.goTo('a')).toBe(false)
    heard.restart(undefined)
    expect(heard.position).toBeUndefined()
  })

  test('it keeps the last 1,000 positions', () => {
    const heard = new Heard(undefined)
    for (let number = 1; number <= 1_500; number += 1) heard.reach(`${number}`)
    expect([heard.position, heard.isAhead]).toEqual(['1500', false])
    expect(heard.goTo('500')).toBe(false)
    expect(heard.goTo('501')).toBe(true)
    for (let number = 502; number <= 1_500; number += 1) expect(heard.reach(`${number}`)).toBe(true)
    expect([heard.position, heard.isAhead]).toEqual(['1500', false])
  })
})

function heardOf(...positions: readonly string[]): Heard {
  const heard = new Heard(undefined)
  for (const position of positions) heard.reach(position)
  return heard
}
