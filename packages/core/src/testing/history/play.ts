import { setImmediate } from 'node:timers/promises'
import { vi } from 'vitest'
import { perform, type History } from './commands.ts'
import { invariants } from './invariants.ts'
import type { RealmModules } from './realm-modules.ts'
import type { Commit } from './server.ts'
import { World, type Asked } from './world.ts'

const timers = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const

/** Each history has a scope of its own: tables of the others may still be in memory. */
let played = 0

/** Of what the master and the tabs have been through, so much is told. */
const longest = 150

/** How often each promise had something to hold against. */
export type Tally = Map<number, number>

/** Plays a history until it breaks a promise, and tells which one, how, and what the master had been through. */
export async function play(modules: readonly RealmModules[], { setup, screens, turns }: History, tally: Tally): Promise<readonly string[]> {
  // All clocks begin anew, or it would not be played again as it was.
  vi.useFakeTimers({ now: 1_800_000_000_000, toFake: [...timers, 'Date', 'performance'] })
  const world = new World(setup, modules, `user ${(played += 1)}`)
  world.browser.install()
  const random = vi.spyOn(Math, 'random').mockImplementation(() => world.chances('random'))
  const names = vi.spyOn(crypto, 'getRandomValues').mockImplementation((array) => {
    if (array instanceof Uint32Array) array.forEach((_, index) => (array[index] = 2 ** 32 * world.chances('name')))
    return array
  })
  const looked = new Set<Asked>()

  async function look(isAtRest: boolean): Promise<readonly string[]> {
    const ended = world.asked.filter((asked) => asked.outcome !== undefined && !looked.has(asked))
    for (const asked of ended) looked.add(asked)
    const breaches: string[] = []
    for (const { promise, says, holds } of invariants) {
      const broken = (how: string): void => void breaches.push(`promise ${promise}, ${says}: ${how}`)
      const seen = (): void => void tally.set(promise, (tally.get(promise) ?? 0) + 1)
      await holds({ world, ended, isAtRest, broken, seen })
    }
    return breaches.length === 0
      ? breaches
      : [...breaches, ...world.server.log.map(describe).slice(-longest), ...world.steps.taken.slice(-longest)]
  }

  try {
    for (const screen of screens.slice(0, setup.tabs)) world.openTab(screen)
    for (const { command, steps: count, pause } of turns) {
      perform(world, command)
      await world.take(count)
      await world.pass(pause)
      const breaches = await look(false)
      if (breaches.length > 0) return breaches
    }
    const restless = await world.rest()
    if (restless.length > 0) return ['it never comes to rest', ...restless]
    return await look(true)
  } finally {
    for (const own of world.tables) own.isClosed = true
    for (const { realm, own, other } of world.tabs) {
      world.browser.run(realm, () => {
        own.live.close()
        other.live.close()
      })
    }
    await setImmediate()
    random.mockRestore()
    names.mockRestore()
    vi.unstubAllGlobals()
    vi.useRealTimers()
  }
}

function describe({ author, event, rows }: Commit, index: number): string {
  const row = event.type === 'changed' ? undefined : rows.find(({ id }) => id === event.id)
  return `change ${index}: ${author.name} ${event.type} ${JSON.stringify(row ?? event)}`
}
