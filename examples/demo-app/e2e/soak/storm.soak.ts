import { setTimeout as wait } from 'node:timers/promises'
import type { BrowserContext, Page } from '@playwright/test'
import { startApi } from '../api.ts'
import { expect, note, test } from '../fixtures.ts'
import { startFront } from '../front.ts'
import { random } from '../../server/seed/random.ts'
import { buildScript } from './build-script.ts'
import { readHistory } from './history.ts'
import { keptWrites } from './kept.ts'
import { keepLedger } from './ledger.ts'
import { makeNetwork } from './network.ts'
import { play } from './play.ts'
import { makePlan } from './soak-plan.ts'
import type { StormRecord } from './storm-page.ts'
import { watchDraining } from './watch-draining.ts'

// `STORM_TABS` and `STORM_WRITES` make it larger or smaller; `SOAK_SECONDS`, here up to 60, and `SOAK_SEED` are as in the soak.
const seconds = Math.min(60, Number(process.env['SOAK_SECONDS'] ?? 60))
const seed = Number(process.env['SOAK_SEED'] ?? Date.now() % 1_000_000)
const tabCount = Number(process.env['STORM_TABS'] ?? 7)
/** How many writes one tab makes at once, in the middle and at the end. */
const burst = Number(process.env['STORM_WRITES'] ?? 1_100)

test.use({ allowedProblems: /^Failed to load resource/, isPatient: false })

test(`a storm of ${tabCount} tabs with three views each and ${burst} writes at once drains, however slowly, after the last fault`, async ({
  context,
}) => {
  // As long as writes settle it goes on; a hang is found by itself.
  test.setTimeout((seconds + 3_600) * 1_000)
  note(`SOAK_SEED=${seed} SOAK_SECONDS=${seconds} STORM_TABS=${tabCount} STORM_WRITES=${burst}`)
  const script = await buildScript('storm-page.ts', 'storm')
  const api = await startApi()
  const plan = makePlan({ seed, seconds, tabCount: 0 })
  const front = await startFront(api.url)
  const ledger = await keepLedger(context)
  const network = makeNetwork(context)
  const history = readHistory(api.database)
  try {
    const address = `${front.url}/storm`
    // An inline script ends at the first end tag, wherever that stands.
    const body = `<!doctype html><title>Storm</title><body><script>${script.replaceAll('</script', '<\\/script')}</script>`
    await context.route(address, (route) => route.fulfill({ contentType: 'text/html', body }))
    const tabs: Page[] = []
    while (tabs.length < tabCount) tabs.push(await openStormTab(context, address))

    const next = random(seed)
    const below = (count: number): number => Math.floor(next() * count)
    const idsOf = (count: number): string[] => Array.from({ length: count }, () => `B-${String(2_000 - below(60)).padStart(6, '0')}`)
    const end = Date.now() + seconds * 1_000
    let bursts = 0
    const write = async (tab: number, count: number): Promise<void> => {
      bursts += 1
      await tabs[tab]?.evaluate(([ids, text]) => Reflect.get(window, 'storm').write(ids, text), [idsOf(count), `s${bursts}`] as const)
    }
    const storm = async (): Promise<void> => {
      await write(0, burst)
      while (Date.now() < end) {
        const tab = below(tabCount)
        if (below(8) > 0) await write(tab, 1 + below(40))
        else {
          // Its writes are for another tab to take over.
          await network.online()
          await network.unchanged(async () => tabs[tab]?.close())
          tabs[tab] = await openStormTab(context, address, () => network.online())
        }
        await wait(500 + below(1_500))
      }
    }
    const stand = { context, url: front.url, ledger, network }
    await Promise.all([play({ api, front, stand, tabs: [], plan, duration: seconds * 1_000, onKilled: () => history.readOn() }), storm()])
    await write(tabCount - 1, burst)

    const all = <Told>(ask: (tab: Page) => Promise<Told>): Promise<readonly Told[]> => Promise.all(tabs.map(ask))
    const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
    const requestsOf = (tab: Page): Promise<StormRecord['requests']> => tab.evaluate(() => Reflect.get(window, 'storm').requestCounts())
    const before = await all(requestsOf)
    const waiting = await all((tab) => tab.evaluate(() => Reflect.get(window, 'storm').pendingCount()))
    note(`after the last fault ${waiting.join(', ')} writes wait`)
    const drainedFrom = Date.now()
    const states = await watchDraining(
      tabs.map((page, number) => ({
        number,
        pending: () => page.evaluate(() => Reflect.get(window, 'storm').pendingCount()),
        record: () => page.evaluate(() => Reflect.get(window, 'storm').record()),
      })),
      api.url,
    )
    const took = (Date.now() - drainedFrom) / 1_000
    const settled = sum([...states.values()].map((state) => state.settled))
    const after = await all(requestsOf)
    const spent = (kind: 'writes' | 'lists', what: 'count' | 'time'): number =>
      sum(after.map((each) => each[kind][what])) - sum(before.map((each) => each[kind][what]))
    const answered = (kind: 'writes' | 'lists'): string => `${(spent(kind, 'time') / spent(kind, 'count')).toFixed(0)} ms`
    note(
      `${settled} writes settled in ${took.toFixed(0)} s, ${(settled / took).toFixed(1)} a second, ` +
        `${(spent('lists', 'count') / settled).toFixed(1)} list requests for each in all tabs; ` +
        `a write was answered after ${answered('writes')}, a list after ${answered('lists')}; ` +
        [...states].map(([tab, state]) => `tab ${tab}: ${state.settled} at ${state.perSecond.toFixed(1)} a second`).join(', '),
    )

    for (const tab of tabs) {
      await expect(async () => {
        const shown: readonly { readonly address: string; readonly rows: readonly string[] }[] = await tab.evaluate(() =>
          Reflect.get(window, 'storm').shown(),
        )
        expect(shown).toHaveLength(3)
        for (const view of shown) expect(view.rows).toEqual(await listedRows(api.url, view.address))
      }).toPass({ timeout: 60_000 })
    }
    const failed = sum(await all((tab) => tab.evaluate(() => Reflect.get(window, 'storm').record().failed)))
    const [first] = tabs
    // What was refused is kept until somebody decides.
    if (first !== undefined) await expect.poll(() => keptWrites(first)).toBe(failed)
  } finally {
    await front.close()
    await api.close()
  }
})

async function openStormTab(context: BrowserContext, address: string, online = async (): Promise<void> => undefined): Promise<Page> {
  const page = await context.newPage()
  for (;;) {
    await online()
    try {
      await page.goto(address)
      await page.waitForFunction(() => document.querySelectorAll('table').length === 3)
      return page
    } catch (error) {
      if (!String(error).includes('net::ERR_')) throw error
    }
  }
}

async function listedRows(url: string, address: string): Promise<string[]> {
  const response = await fetch(`${url}/api/orders?page=1&${address}`)
  const { rows }: { readonly rows: readonly { readonly id: string; readonly notes: string }[] } = await response.json()
  return rows.map(({ id, notes }) => `${id} ${notes}`)
}
