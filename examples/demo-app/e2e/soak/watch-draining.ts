import { setTimeout as wait } from 'node:timers/promises'
import { note } from '../fixtures.ts'
import { drainingOf, type Draining, type Look } from './draining.ts'

/** In ms. */
const interval = 1_000
/** How many looks go by until the next word on how it stands. */
const noteEvery = 20

/** A tab with writes to send. */
export interface DrainingTab {
  readonly number: number
  readonly pending: () => Promise<number>
  /** All that the tab tells of itself, for a message. */
  readonly record: () => Promise<unknown>
}

/**
 * Waits until no tab has a write to send, for as long as writes settle.
 *
 * @throws Error if a tab hangs, with its record
 */
export async function watchDraining(tabs: readonly DrainingTab[], api: string): Promise<ReadonlyMap<number, Draining>> {
  const looks = new Map<number, Look[]>(tabs.map(({ number }) => [number, []]))
  for (let round = 0; ; round += 1) {
    const isAnswering = await answers(api)
    const states = new Map<number, Draining>()
    for (const tab of tabs) {
      const seen = looks.get(tab.number) ?? []
      seen.push({ at: performance.now(), pending: await tab.pending(), isAnswering })
      const draining = drainingOf(seen)
      if (draining.state === 'hanging') {
        const record = { tab: tab.number, ...draining, looks: seen.slice(-20), ...Object(await tab.record()) }
        throw new Error(`tab ${tab.number} hangs: ${JSON.stringify(record, undefined, 1)}`)
      }
      states.set(tab.number, draining)
    }
    if ([...states.values()].every(({ state }) => state === 'drained')) return states
    if (round % noteEvery === noteEvery - 1)
      note(`still waiting: ${tabs.map(({ number }) => looks.get(number)?.at(-1)?.pending).join(', ')}`)
    await wait(interval)
  }
}

async function answers(api: string): Promise<boolean> {
  try {
    const response = await fetch(`${api}/api/orders?limit=1`, { signal: AbortSignal.timeout(10_000) })
    return response.ok
  } catch {
    return false
  }
}
