import { setTimeout as wait } from 'node:timers/promises'
import type { BrowserContext, Page } from '@playwright/test'
import { eventProbe, probeEvents } from './event-probe.ts'
import { cell, expect, gapsOf, gridRows, note, quantitiesIn, quantitiesOf, streamStatus, test } from './fixtures.ts'
import { startStage, type Stage } from './stage.ts'

const tabCount = 6
const handOvers = 20
/** Each of them changes a row of its own, over and over, in one transaction. What was missed of one, no later one makes good. */
const batches = 200
const batchSize = 50

let stage: Stage

test.beforeAll(async () => {
  stage = await startStage()
})

test.afterAll(async () => {
  await stage.close()
})

test('promise 13: six tabs hold one connection for each table, and each hears of an update', async ({ context }) => {
  const tabs = await openTabs(context, tabCount)
  await expect.poll(() => stage.readers).toBe(2)
  await stage.patchOrder('B-001990', { customer: 'Told To All' })
  for (const tab of tabs) await expect(cell(tab, 'B-001990', 'customer')).toHaveText('Told To All')
  for (const tab of tabs) await expect(streamStatus(tab)).toHaveText('Live')
  expect(stage.readers).toBe(2)
})

test('promise 13: 10,000 updates reach six tabs while the holder of the connection is closed 20 times, without a gap or a reload', async ({
  context,
}) => {
  test.setTimeout(90_000)
  const tabs = await openTabs(context, tabCount)
  const ids = (await stage.firstOrders(batches)).map(({ id }) => id)

  let sent = 0
  const sendBatch = async (): Promise<void> => {
    const id = ids[sent / batchSize] ?? ''
    await stage.changeOrders(Array.from({ length: batchSize }, () => ({ id, quantity: (sent += 1) })))
  }

  const takeOvers: number[] = []
  for (let round = 0; round < handOvers; round += 1) {
    const sending = (async () => {
      for (let batch = 0; batch < batches / handOvers; batch += 1) {
        await sendBatch()
        await wait(30)
      }
    })()
    const holder = await holderOf(tabs)
    expect(await gapsOf(holder)).toBe(1)
    const closedAt = Date.now()
    await holder.close()
    tabs.splice(tabs.indexOf(holder), 1)
    takeOvers.push(Math.round((await takeOverOf(tabs)) - closedAt))
    tabs.push(await openTab(context))
    await sending
  }
  expect(sent).toBe(batches * batchSize)

  const expected = quantitiesOf(await stage.firstOrders(batches))
  expect(new Set(expected.map(([, quantity]) => quantity)).size).toBe(batches)
  for (const tab of tabs) await expect.poll(() => quantitiesIn(tab)).toEqual(expected)
  const stateOfTabs = await Promise.all(tabs.map(async (tab) => ({ gaps: await gapsOf(tab), wasReloaded: await wasReloaded(tab) })))
  takeOvers.sort((a, b) => a - b)
  note(`taken over after ${takeOvers[0]} to ${takeOvers.at(-1)} ms, in the middle ${takeOvers[handOvers / 2]} ms`)
  note(`gaps of the tabs: ${stateOfTabs.map(({ gaps }) => gaps).join(', ')}`)
  expect(stateOfTabs).toEqual(tabs.map(() => ({ gaps: 1, wasReloaded: false })))
  expect(takeOvers.at(-1)).toBeLessThan(1_500)
  await expect.poll(() => stage.readers).toBe(2)
})

test('promise 13: when the holder of the connection crashes, another tab takes it over, and nothing is missed', async ({ context }) => {
  const tabs = await openTabs(context, 3)
  const holder = await holderOf(tabs)
  const [watched] = await quantitiesIn(holder)
  const id = watched?.[0] ?? ''

  const session = await context.newCDPSession(holder)
  const crash = holder.waitForEvent('crash')
  const crashedAt = Date.now()
  session.send('Page.crash').catch(() => undefined)
  await crash
  await stage.patchOrder(id, { quantity: 1_234 })
  const left = tabs.filter((tab) => tab !== holder)
  note(`taken over ${Math.round((await takeOverOf(left)) - crashedAt)} ms after the crash`)
  for (const tab of left) {
    await expect(cell(tab, id, 'quantity')).toHaveText('1,234')
    await expect(streamStatus(tab)).toHaveText('Live')
    expect(await gapsOf(tab)).toBe(1)
  }
  await expect.poll(() => stage.readers).toBe(2)
})

async function openTabs(context: BrowserContext, count: number): Promise<Page[]> {
  await probeEvents(context)
  const tabs: Page[] = []
  while (tabs.length < count) tabs.push(await openTab(context))
  return tabs
}

async function openTab(context: BrowserContext): Promise<Page> {
  const tab = await context.newPage()
  await tab.goto(`${stage.url}/orders?size=${batches}`)
  await expect(streamStatus(tab)).toHaveText('Live')
  await expect(gridRows(tab)).toHaveCount(batches)
  await expect(tab.getByTestId('freshness')).toContainText('Fresh')
  await tab.evaluate(() => Object.assign(window, { wasNotReloaded: true }))
  return tab
}

function wasReloaded(tab: Page): Promise<boolean> {
  return tab.evaluate(() => !('wasNotReloaded' in window))
}

/** The tab that has the connection over which all hear of orders. */
async function holderOf(tabs: readonly Page[]): Promise<Page> {
  const probes = await Promise.all(tabs.map((tab) => eventProbe(tab, 'orders')))
  const holders = tabs.filter((_, index) => (probes[index]?.open ?? 0) > 0)
  const [holder] = holders
  if (holder === undefined || holders.length > 1) throw new Error(`${holders.length} of ${tabs.length} tabs hold the connection`)
  return holder
}

/** When one of these tabs has opened the connection, in ms since 1970. */
async function takeOverOf(tabs: readonly Page[]): Promise<number> {
  await expect
    .poll(
      () =>
        holderOf(tabs).then(
          () => true,
          () => false,
        ),
      { intervals: [20] },
    )
    .toBe(true)
  return (await eventProbe(await holderOf(tabs), 'orders')).openedAt
}
