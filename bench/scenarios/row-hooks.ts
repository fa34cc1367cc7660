import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../harness/statistics.ts'
import type { RowChange } from '../page/bench-page.ts'
import { makeOrder } from '../page/orders.ts'
import { prove, proveNoRequests } from './proof.ts'
import type { Scenario } from './scenario.ts'

const rows = 500
const changes = 20
/** Between two steps, in ms: the page has come to rest. */
const pause = 50

/** 500 components that each read a row: all of them mounted from disk, mounted again, and one of their rows changed: without the row, and with it. */
export const rowHooks: Scenario = {
  name: 'row-hooks',
  title: '500 row hooks',
  variants: [''],
  metrics: [
    { name: 'commit', title: 'one row changed: row in hand to commit, median of 20', unit: 'ms', compared: true, due: 1.3 },
    { name: 'renders', title: 'rows rendered by one change', unit: 'count', compared: false, due: 1 },
    { name: 'broughtCommit', title: 'one row changed, which its event brings: event to commit, median of 20', unit: 'ms', compared: true },
    { name: 'broughtRenders', title: 'rows rendered by such an event', unit: 'count', compared: false, due: 1 },
    { name: 'mount', title: 'mount from disk', unit: 'ms', compared: true, due: 1.3 },
    { name: 'remount', title: 'mount again', unit: 'ms', compared: true },
  ],

  async measure(bench, contestant) {
    const site = `${contestant}-rows`
    await bench.fill(site, contestant, { rows })
    await sleep(pause)
    bench.server.reset({ latency: 0, held: true })
    return bench.withTab(site, contestant, { screen: 'rows' }, async (tab) => {
      await sleep(pause)
      const mount = await tab.call('mountRows', rows)
      const items = await tab.items()
      prove(
        items.length === rows && items.every((text, index) => text.startsWith(`${index + 1} ${makeOrder(index + 1, 0).customer},`)),
        'all rows are painted',
      )
      await tab.call('unmountRows')
      await sleep(pause)
      const remount = await tab.call('mountRows', rows)
      proveNoRequests(bench.server.requests('row'))

      bench.server.become({ latency: 0, held: false })
      const seen: RowChange[] = []
      for (let change = 0; change < changes; change += 1) {
        const id = 1 + change * Math.floor(rows / changes)
        bench.server.setVersion(id, 1)
        // oxlint-disable-next-line no-await-in-loop -- one change after the other
        seen.push(await tab.call('changeRow', id, 1))
      }
      const asked = bench.server.requests('row').map(({ about }) => about)
      prove(
        asked.length === changes && new Set(asked).size === changes,
        `each changed row is asked for once; asked for were ${asked.join(', ')}`,
      )
      prove((await tab.items()).filter((text) => text.endsWith('version 1')).length === changes, 'each changed row is painted')

      bench.server.become({ latency: 0, held: true })
      const brought: RowChange[] = []
      for (let change = 0; change < changes; change += 1) {
        const id = 2 + change * Math.floor(rows / changes)
        // oxlint-disable-next-line no-await-in-loop -- one change after the other
        brought.push(await tab.call('bringRow', id, 1))
      }
      prove(bench.server.requests('row').length === changes, 'no row is asked for that its event brings')
      prove((await tab.items()).filter((text) => text.endsWith('version 1')).length === 2 * changes, 'each brought row is painted')
      return {
        commit: median(seen.map(({ commit }) => commit)),
        renders: Math.max(...seen.map(({ renders }) => renders)),
        broughtCommit: median(brought.map(({ commit }) => commit)),
        broughtRenders: Math.max(...brought.map(({ renders }) => renders)),
        mount,
        remount,
      }
    })
  },
}
