import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../harness/statistics.ts'
import type { Tab } from '../harness/tab.ts'
import { proveNoRequests, provePainted } from './proof.ts'
import type { Scenario } from './scenario.ts'

const flips = 20
/** Between two flips, in ms: the page has come to rest, and nothing of the one weighs on the next. */
const pause = 10

/** To the next page and back, without the server: pages that are on disk only, pages that were shown before, and prefetched ones. */
export const pageFlip: Scenario = {
  name: 'page-flip',
  title: 'Page flip',
  variants: [''],
  metrics: [
    { name: 'disk', title: 'disk-warm, median', unit: 'ms', compared: true, due: 1.1 },
    { name: 'diskWorst', title: 'disk-warm, worst of 20', unit: 'ms', compared: true },
    { name: 'memory', title: 'memory-warm, median', unit: 'ms', compared: true, due: 1.1 },
    { name: 'memoryWorst', title: 'memory-warm, worst of 20', unit: 'ms', compared: true },
    { name: 'prefetched', title: 'disk-warm and prefetched, median', unit: 'ms', compared: true },
  ],

  prepare: (bench, contestant) => bench.fill(siteOf(contestant), contestant, { pages: flips + 5 }),

  async measure(bench, contestant) {
    bench.server.reset({ latency: 0, held: true })
    const { disk, memory } = await bench.withTab(siteOf(contestant), contestant, { screen: 'grid' }, async (tab) => {
      await tab.call('firstCommit')
      return { disk: await flip(tab, forward), memory: await flip(tab, back) }
    })
    const prefetched = await bench.withTab(siteOf(contestant), contestant, { screen: 'grid' }, async (tab) => {
      await tab.call('firstCommit')
      return (await tab.call('canPrefetch')) ? flip(tab, forward, (page) => tab.call('prefetch', page)) : undefined
    })
    proveNoRequests(bench.server.requests('list'))
    return {
      disk: median(disk),
      diskWorst: Math.max(...disk),
      memory: median(memory),
      memoryWorst: Math.max(...memory),
      prefetched: prefetched && median(prefetched),
    }
  },
}

type Prepare = (page: number) => Promise<void>

const forward = Array.from({ length: flips }, (_, index) => index + 2)
const back = Array.from({ length: flips }, (_, index) => flips - index)

async function flip(tab: Tab, pages: readonly number[], before: Prepare = () => Promise.resolve()): Promise<number[]> {
  const times: number[] = []
  for (const page of pages) {
    /* oxlint-disable no-await-in-loop -- one flip after the other */
    await before(page)
    await sleep(pause)
    times.push(await tab.call('flipTo', page))
    await provePainted(tab, page)
    /* oxlint-enable no-await-in-loop */
  }
  return times
}

function siteOf(contestant: string): string {
  return `${contestant}-flip`
}
