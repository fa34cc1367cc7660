import { writeFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { startApi } from '../api.ts'
import { expect, note, statusBar, test } from '../fixtures.ts'
import { startFront } from '../front.ts'
import { buildScript } from './build-script.ts'
import { brokenSights, brokenWrites } from './check-history.ts'
import { brokenCache, brokenPages, goOnline, pendingWrites, settle } from './check-tabs.ts'
import { press } from './hands.ts'
import { readHistory } from './history.ts'
import { keptWrites } from './kept.ts'
import { keepLedger, type Ledger } from './ledger.ts'
import { makeNetwork } from './network.ts'
import { play } from './play.ts'
import { makePlan } from './soak-plan.ts'
import { leaveDialogs, openTab, type Stand, type Tab } from './tab.ts'
import { watchDraining } from './watch-draining.ts'

/** Without `SOAK_SECONDS` it is the share that the tests play, in which storage and server are waited for: the machine may be busy. */
const isShare = process.env['SOAK_SECONDS'] === undefined
// `SOAK_SECONDS=600` plays for ten minutes, with another seed each time; `SOAK_SEED=…` plays one seed again.
const seconds = Number(process.env['SOAK_SECONDS'] ?? 15)
const seed = Number(process.env['SOAK_SEED'] ?? (isShare ? 6 : Date.now() % 1_000_000))
const tabCount = 3

// A browser reports each request that fails.
test.use({ allowedProblems: /^Failed to load resource/, isPatient: isShare })

test(`a soak of ${tabCount} tabs, with the server killed, the network cut and tabs closed and crashed, ends with all in agreement`, async ({
  context,
}, testInfo) => {
  // As long as writes settle it goes on; a hang is found by itself.
  test.setTimeout((seconds * 1.2 + 1_800) * 1_000)
  note(`SOAK_SEED=${seed} SOAK_SECONDS=${seconds}`)
  // Before anything is played: to build it may keep this process, and the front in it, from anything else for seconds.
  const readerScript = await buildScript('cache-reader.ts', 'soakReader')
  const api = await startApi()
  const plan = makePlan({ seed, seconds, tabCount })
  const front = await startFront(api.url, { delay: plan.delay })
  const ledger = await keepLedger(context)
  const history = readHistory(api.database)
  const broken: string[] = []
  const standings: Standing[] = []
  let isPlayed = false
  try {
    const stand: Stand = { context, url: front.url, ledger, network: makeNetwork(context) }
    const tabs: Tab[] = []
    while (tabs.length < tabCount) tabs.push(await openTab(stand, tabs.length, '/orders'))

    const onKilled = (forgets: boolean): void => {
      history.readOn()
      if (forgets) history.forget()
    }
    await play({ api, front, stand, tabs, plan, duration: seconds * 1_000, onKilled })

    for (const tab of tabs) await leaveDialogs(tab.page)
    for (const tab of tabs) await goOnline(tab)
    const drained = await watchDraining(
      tabs.map((tab) => ({ number: tab.number, pending: () => pendingWrites(tab), record: () => recordOf(tab, ledger) })),
      api.url,
    )
    for (const [tab, { settled, perSecond }] of drained) {
      if (settled > 0) note(`tab ${tab} had ${settled} writes left, and sent ${perSecond.toFixed(1)} a second`)
    }
    for (const tab of tabs) await settle(tab, ledger)
    const [first] = tabs
    if (first !== undefined) await expect.poll(() => keptWrites(first.page)).toBe(0)

    for (const tab of tabs) broken.push(...(await brokenPages(tab, api.url, seconds > 60 ? 12 : 2)))
    const reader = await openReader(stand, readerScript)
    history.readOn()
    const cache = await brokenCache(reader, api.url, [...new Set(history.changes.map(({ id }) => id))])
    broken.push(...cache.broken)
    for (const tab of tabs) standings.push(await standingOf(tab))
    for (const { tab, status } of standings) note(`tab ${tab} ends with: ${status}`)

    const list = await listedOrders(api.url)
    await api.kill()
    history.readOn()
    expect(history.orders(), 'what the server lists is what its database holds').toEqual(list)
    broken.push(...brokenWrites(ledger, history), ...brokenSights(ledger, history))

    const counts = [...ledger.actions].map(([type, { tried, made }]) => `${type} ${made}/${tried}`)
    const sights = [...ledger.shown.values()].reduce((sum, { sightings }) => sum + sightings.length, 0)
    const kept = [...ledger.kept.values()].reduce((sum, { size }) => sum + size, 0)
    note(
      `${history.changes.length} changes; ${kept} writes kept, ${ledger.sent.length} sent; ${sights} texts shown; cached: ${cache.fresh} fresh, ${cache.stale} stale`,
    )
    note(counts.join(', '))
    // A soak in which nothing can be done would find nothing.
    const edits = ledger.actions.get('edit') ?? { tried: 0, made: 0 }
    expect(edits.made).toBeGreaterThan(isShare ? 0 : edits.tried / 2)
    expect(cache.fresh).toBeGreaterThan(0)
    expect(kept).toBeGreaterThan(0)
    isPlayed = true
  } finally {
    await front.close()
    await api.close()
    if (broken.length > 0 || !isPlayed) {
      const file = testInfo.outputPath('soak.json')
      const all = { seed, seconds, broken, standings, ...ledger, shown: [...ledger.shown], changes: history.changes }
      writeFileSync(
        file,
        JSON.stringify(all, (key, value) => (key === 'page' ? undefined : value), 1),
      )
      note(`What was done and seen is in ${file}`)
    }
  }
  expect(broken, `SOAK_SEED=${seed} SOAK_SECONDS=${seconds}`).toEqual([])
})

/** What a tab says of itself when all is settled. */
interface Standing {
  readonly tab: number
  /** Its status bar: whether it is live, stores what it reads, and has sent what was written. */
  readonly status: string
  /** What its tables did last, the newest first. */
  readonly activity: readonly string[]
}

/** The status of a tab that hangs, and the last request it was seen to send. */
async function recordOf(tab: Tab, ledger: Ledger): Promise<object> {
  const sent = ledger.sent.filter(({ page }) => page === tab.page)
  const last = sent.at(-1)
  return {
    ...(await standingOf(tab)),
    lastSent: last && { method: last.method, path: last.path, key: last.key, at: last.at, status: last.status },
    attempts: sent.filter(({ key }) => key === last?.key).length,
  }
}

async function standingOf({ number, page }: Tab): Promise<Standing> {
  await press(page.getByRole('button', { name: 'Activity', exact: true }))
  const activity = await page.getByRole('region', { name: 'Activity' }).getByRole('listitem').allInnerTexts()
  const status = await statusBar(page).innerText()
  return { tab: number, status: status.replaceAll('\n', ' · '), activity: activity.map((text) => text.replaceAll('\n', ' ')) }
}

/** A page that is not the app, and has its cache. */
async function openReader({ context, url }: Stand, script: string): Promise<Page> {
  const address = `${url}/soak-reader`
  await context.route(address, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Reader</title>' }))
  const page = await context.newPage()
  await page.goto(address)
  await page.addScriptTag({ content: script })
  return page
}

async function listedOrders(url: string): Promise<unknown[]> {
  const rows: unknown[] = []
  for (let page = 1; ; page += 1) {
    const response = await fetch(`${url}/api/orders?limit=500&page=${page}`)
    const answer = await response.json()
    rows.push(...answer.rows)
    if (answer.rows.length < 500) return rows
  }
}
