import { setTimeout as sleep } from 'node:timers/promises'
import type { Workbench } from '../harness/workbench.ts'
import { prove, proveNoRequests, provePainted } from './proof.ts'
import type { Scenario } from './scenario.ts'

/** How long the browser's disk may take to come to rest after it was filled, in ms. */
const rest = 200
/** How long a page may take to ask for what it holds for stale, in ms. */
const patience = 5_000

/** All pages on disk become stale: until a reload no longer serves any of them as fresh. */
export const invalidate: Scenario = {
  name: 'invalidate',
  title: 'Invalidate',
  variants: ['10 pages', '100 pages', '1000 pages'],
  metrics: [{ name: 'durable', title: 'until durable', unit: 'ms', compared: true, due: 1.5 }],

  async measure(bench, contestant, variant) {
    const pages = Number.parseInt(variant, 10)
    const site = `${contestant}-invalidate-${pages}`
    await bench.fill(site, contestant, { pages })
    await sleep(rest)
    bench.server.reset({ latency: 0, held: true })
    const durable = await bench.withTab(site, contestant, { screen: 'grid' }, async (tab) => {
      await tab.call('firstCommit')
      await provePainted(tab, 1)
      proveNoRequests(bench.server.requests('list'))
      return tab.call('invalidate')
    })
    await proveStale(bench, site, contestant, 1)
    await proveStale(bench, site, contestant, pages)
    return { durable }
  },
}

/** Proves that a page is asked for when it is opened. What of it was shown before does not matter. */
async function proveStale(bench: Workbench, site: string, contestant: string, page: number): Promise<void> {
  bench.server.reset({ latency: 0, held: true })
  await bench.withTab(site, contestant, { screen: 'grid', page: String(page) }, async () => {
    const deadline = performance.now() + patience
    const isAskedFor = (): boolean => bench.server.requests('list').some(({ about }) => about === page)
    // oxlint-disable-next-line no-await-in-loop -- until it is seen
    while (!isAskedFor() && performance.now() < deadline) await sleep(5)
    prove(isAskedFor(), `page ${page} is not served as fresh after a reload`)
  })
}
