import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../harness/statistics.ts'
import { proveNoRequests, provePainted } from './proof.ts'
import type { Scenario } from './scenario.ts'

const reloads = 3
/** Before each reload, in ms: the page has come to rest. */
const rest = 50

/** A reload with pages on disk: until the first of them is on screen again, without the server. */
export const warmReload: Scenario = {
  name: 'warm-reload',
  title: 'Warm reload',
  variants: ['10 pages', '100 pages', '1000 pages'],
  metrics: [
    { name: 'commit', title: 'script start to first commit', unit: 'ms', compared: true, due: 1.05 },
    { name: 'heap', title: 'heap', unit: 'MB', compared: true },
  ],

  prepare: (bench, contestant, variant) => bench.fill(siteOf(contestant, variant), contestant, { pages: pagesOf(variant) }),

  measure: (bench, contestant, variant) =>
    bench.withTab(siteOf(contestant, variant), contestant, { screen: 'grid' }, async (tab) => {
      bench.server.reset({ latency: 0, held: true })
      await tab.call('firstCommit')
      const commits: number[] = []
      while (commits.length < reloads) {
        /* oxlint-disable no-await-in-loop -- one after the other */
        await sleep(rest)
        await tab.reload()
        commits.push(await tab.call('firstCommit'))
        await provePainted(tab, 1)
        /* oxlint-enable no-await-in-loop */
      }
      const heap = (await tab.heap()) / 1e6
      proveNoRequests(bench.server.requests('list'))
      return { commit: median(commits), heap }
    }),
}

function siteOf(contestant: string, variant: string): string {
  return `${contestant}-reload-${pagesOf(variant)}`
}

function pagesOf(variant: string): number {
  return Number.parseInt(variant, 10)
}
