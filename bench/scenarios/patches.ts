import { setTimeout as sleep } from 'node:timers/promises'
import { prove, provePainted } from './proof.ts'
import type { Scenario } from './scenario.ts'

const patches = 1_000
const latency = 5
/** How long the page has to come to rest afterwards, in ms. */
const rest = 200

/** 1,000 changes of the mounted page's rows, all called at once; each takes the server 5 ms. */
export const patchQueue: Scenario = {
  name: 'patches',
  title: '1,000 patches',
  variants: [''],
  metrics: [
    { name: 'shown', title: 'all shown', unit: 'ms', compared: true },
    { name: 'settled', title: 'last settled', unit: 'ms', compared: true },
    { name: 'commits', title: 'commits', unit: 'count', compared: false },
    { name: 'frames', title: 'frames', unit: 'count', compared: false },
    { name: 'renders', title: 'row renders', unit: 'count', compared: false },
    { name: 'longestTask', title: 'longest task, where over 50 ms', unit: 'ms', compared: false },
  ],

  async measure(bench, contestant) {
    const site = `${contestant}-patches`
    await bench.clear(site)
    bench.server.reset({ latency, held: false })
    return bench.withTab(site, contestant, { screen: 'grid' }, async (tab) => {
      await tab.call('firstCommit')
      await sleep(rest)
      await tab.call('watch')
      const { shown, settled } = await tab.call('patchRows', patches)
      await sleep(rest)
      const { commits, frames, rowRenders, longTasks } = await tab.call('watched')

      const order = bench.server.requests('patch').map(({ version }) => version)
      prove(
        order.length === patches && order.every((version, index) => version === index + 1),
        'the server saw every patch once, in the order of the calls',
      )
      const { versions } = bench.server
      await provePainted(tab, 1, (id) => versions[id - 1] ?? 0)
      return { shown, settled, commits, frames, renders: rowRenders, longestTask: Math.max(0, ...longTasks) }
    })
  },
}
