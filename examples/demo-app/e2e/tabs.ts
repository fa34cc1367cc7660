import type { BrowserContext, Page } from '@playwright/test'
import { eventProbe, probeEvents } from './event-probe.ts'
import { expect, gridRows, streamStatus } from './fixtures.ts'

/** Opens tabs, one after the other, each of which shows so many orders, live. */
export async function openTabs(context: BrowserContext, url: string, count: number, rows: number): Promise<Page[]> {
  await probeEvents(context)
  const tabs: Page[] = []
  while (tabs.length < count) tabs.push(await openTab(context, url, rows))
  return tabs
}

export async function openTab(context: BrowserContext, url: string, rows: number): Promise<Page> {
  const tab = await context.newPage()
  await tab.goto(`${url}/orders?size=${rows}`)
  await expect(streamStatus(tab)).toHaveText('Live')
  await expect(gridRows(tab)).toHaveCount(rows)
  await expect(tab.getByTestId('freshness')).toContainText('Fresh')
  await tab.evaluate(() => Object.assign(window, { wasNotReloaded: true }))
  return tab
}

export function wasReloaded(tab: Page): Promise<boolean> {
  return tab.evaluate(() => !('wasNotReloaded' in window))
}

/** The tab that has the connection over which all hear of orders, once there is one. */
export async function holderOf(tabs: readonly Page[]): Promise<Page> {
  let holders: readonly Page[] = []
  await expect
    .poll(
      async () => {
        const probes = await Promise.all(tabs.map((tab) => eventProbe(tab, 'orders')))
        holders = tabs.filter((_, index) => (probes[index]?.open ?? 0) > 0)
        return holders.length
      },
      { intervals: [20] },
    )
    .toBe(1)
  const [holder] = holders
  if (holder === undefined) throw new Error('no tab holds the connection')
  return holder
}

/** When one of these tabs has opened the connection, in ms since 1970. */
export async function takeOverOf(tabs: readonly Page[]): Promise<number> {
  return (await eventProbe(await holderOf(tabs), 'orders')).openedAt
}
