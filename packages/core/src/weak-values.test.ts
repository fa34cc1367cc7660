import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { WeakValues } from './weak-values.ts'

describe('WeakValues', () => {
  test('there is one value per key, for as long as somebody holds it', () => {
    const values = new WeakValues<{ readonly name: string }>()
    const first = values.getOrMake('a', () => ({ name: 'first' }))
    expect(values.getOrMake('a', () => ({ name: 'second' }))).toBe(first)
    expect(values.getOrMake('b', () => ({ name: 'third' }))).toEqual({ name: 'third' })
    expect(first).toEqual({ name: 'first' })
  })

  test('a value that nobody holds any more is made again', async () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage: unknown = runInNewContext('gc')
    const values = new WeakValues<{ readonly made: number }>()
    let made = 0
    const make = () => ({ made: (made += 1) })
    values.getOrMake('a', make)
    await expect
      .poll(async () => {
        // What a WeakRef has given out stays at least until the task ends.
        await setImmediate()
        if (typeof collectGarbage === 'function') collectGarbage()
        await setImmediate()
        return values.getOrMake('a', make).made
      })
      .toBeGreaterThan(1)
  })
})
