import { setTimeout as sleep } from 'node:timers/promises'
import type { Workbench } from '../harness/workbench.ts'
import { prove, provePainted } from './proof.ts'
import type { Scenario } from './scenario.ts'

const latency = 100
const burst = { updates: 2_000, duration: 1_000 }
/** Nothing has happened for this long, in ms: the page has come to rest. */
const rest = 2 * latency
/** Rows that are not right by then, in ms after the last update, never will be. */
const patience = 5_000

/** What the events carry, and of how many one concerns a row of the mounted page. */
const variants: Readonly<Record<string, { readonly live: 'ids' | 'rows'; readonly onFirstPage: number }>> = {
  'events without rows': { live: 'ids', onFirstPage: 1 },
  'events with rows': { live: 'rows', onFirstPage: 1 },
  'events without rows, three of four about rows that are not shown': { live: 'ids', onFirstPage: 4 },
  'events with rows, three of four about rows that are not shown': { live: 'rows', onFirstPage: 4 },
}

/** 2,000 updates in a second, as a live stream tells them; answers take 100 ms. */
export const liveBurst: Scenario = {
  name: 'burst',
  title: 'Burst of 2,000 updates in 1 s',
  variants: Object.keys(variants),
  metrics: [
    { name: 'requests', title: 'list requests', unit: 'count', compared: false },
    { name: 'longTasks', title: 'long tasks', unit: 'ms', compared: false },
    { name: 'scripting', title: 'scripting', unit: 'ms', compared: true },
    { name: 'commits', title: 'commits', unit: 'count', compared: false },
    { name: 'right', title: 'last event to the right rows', unit: 'ms', compared: false },
  ],

  async measure(bench, contestant, variant) {
    const site = `${contestant}-burst`
    await bench.clear(site)
    bench.server.reset({ latency, held: false })
    const { live, onFirstPage } = variants[variant] ?? unknown(variant)
    return bench.withTab(site, contestant, { screen: 'grid', live }, async (tab) => {
      await tab.call('firstCommit')
      await atRest(bench)
      prove(bench.server.listeners === 1, `one connection listens; there are ${bench.server.listeners}`)
      bench.server.forgetRequests()

      const before = await tab.effort()
      await tab.call('watch')
      const lastSent = await bench.server.burst({ ...burst, onFirstPage })
      const rightAt = await tab.call('showsVersions', bench.server.versions, patience)
      if (rightAt !== undefined) await atRest(bench)
      const { commits, longTasks } = await tab.call('watched')
      const after = await tab.effort()

      const { versions } = bench.server
      prove(versions.reduce((sum, version) => sum + version) === burst.updates / onFirstPage, 'all updates were sent')
      if (rightAt !== undefined) await provePainted(tab, 1, (id) => versions[id - 1] ?? 0)
      return {
        requests: bench.server.requests('list').length,
        longTasks: longTasks.reduce((sum, duration) => sum + duration, 0),
        scripting: after.scripting - before.scripting,
        commits,
        right: rightAt === undefined ? Infinity : Math.max(0, rightAt - lastSent),
      }
    })
  },
}

function unknown(variant: string): never {
  throw new Error(`the variant is ${variant}; expected one of ${Object.keys(variants).join('; ')}`)
}

/** Resolves when no request has come for a while and all are answered. */
async function atRest({ server }: Workbench): Promise<void> {
  let seen = -1
  for (;;) {
    const requests = server.requests('list')
    if (requests.length === seen) return
    seen = requests.length
    // oxlint-disable-next-line no-await-in-loop -- until it is quiet
    await sleep(rest)
  }
}
