import { describe, expect, onTestFinished, test } from 'vitest'
import { Listeners } from './listeners.ts'
import { settle } from './testing/deferred.ts'

describe('Listeners', () => {
  test('all are told, in the order they came, until they go', () => {
    const listeners = new Listeners<number>()
    const heard: string[] = []
    const leaveFirst = listeners.add((event) => heard.push(`first ${event}`))
    listeners.add((event) => heard.push(`second ${event}`))
    listeners.tell(1)
    leaveFirst()
    listeners.tell(2)
    expect(heard).toEqual(['first 1', 'second 1', 'second 2'])
  })

  test('each subscription is its own, also with the same function, and ends once', () => {
    const listeners = new Listeners<number>()
    const heard: number[] = []
    const listener = (event: number): void => void heard.push(event)
    const leave = listeners.add(listener)
    listeners.add(listener)
    expect(listeners.size).toBe(2)
    listeners.tell(1)
    leave()
    leave()
    expect(listeners.size).toBe(1)
    listeners.tell(2)
    expect(heard).toEqual([1, 1, 2])
  })

  test('one that leaves while it is told is not told again, and one that another removes is not told at all', () => {
    const listeners = new Listeners<number>()
    const heard: string[] = []
    const leave = listeners.add((event) => {
      heard.push(`leaving ${event}`)
      leave()
      leaveOther()
    })
    const leaveOther = listeners.add((event) => heard.push(`other ${event}`))
    listeners.tell(1)
    listeners.tell(2)
    expect(heard).toEqual(['leaving 1'])
  })

  test('what one throws is an uncaught error, and the others are told all the same', async () => {
    const uncaught = uncaughtErrors()
    const listeners = new Listeners<number>()
    const heard: number[] = []
    const error = new Error('the app failed')
    listeners.add(() => {
      throw error
    })
    listeners.add((event) => heard.push(event))
    listeners.tell(1)
    expect(heard).toEqual([1])
    await settle()
    expect(uncaught).toEqual([error])
  })

  test('after clear nobody is told', () => {
    const listeners = new Listeners<number>()
    const heard: number[] = []
    listeners.add((event) => heard.push(event))
    listeners.clear()
    listeners.tell(1)
    expect(heard).toEqual([])
  })
})

/** Catches, for one test, what nobody else does. */
function uncaughtErrors(): readonly unknown[] {
  const errors: unknown[] = []
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => errors.push(error))
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException')
    for (const other of others) process.on('uncaughtException', other)
  })
  return errors
}
