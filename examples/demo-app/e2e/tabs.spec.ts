import { cell, expect, gapsOf, quantitiesIn, quantitiesOf, streamStatus, test } from './fixtures.ts'
import { startStage, type Stage } from './stage.ts'
import { holderOf, openTab, openTabs, wasReloaded } from './tabs.ts'

// Many more take-overs, and how long they take, are in soak/take-overs.soak.ts.

/** Each of them changes a row of its own, over and over, in one transaction. What was missed of one, no later one makes good. */
const batches = 50
const batchSize = 20
const takeOverCount = 5

let stage: Stage

test.beforeAll(async () => {
  stage = await startStage()
})

test.afterAll(async () => {
  await stage.close()
})

test('promise 13: six tabs hold one connection for each table, and each hears of an update', async ({ context }) => {
  const tabs = await openTabs(context, stage.url, 6, 50)
  await expect.poll(() => stage.readers).toBe(2)
  await stage.patchOrder('B-001990', { customer: 'Told To All' })
  for (const tab of tabs) await expect(cell(tab, 'B-001990', 'customer')).toHaveText('Told To All')
  for (const tab of tabs) await expect(streamStatus(tab)).toHaveText('Live')
  await expect.poll(() => stage.readers).toBe(2)
})

test('promise 13: updates reach all tabs while the holder of the connection is closed again and again, without a gap or a reload', async ({
  context,
}) => {
  const tabs = await openTabs(context, stage.url, 3, batches)
  const ids = (await stage.firstOrders(batches)).map(({ id }) => id)
  let sent = 0
  const sendBatches = async (count: number): Promise<void> => {
    for (let batch = 0; batch < count; batch += 1) {
      const id = ids[sent / batchSize] ?? ''
      await stage.changeOrders(Array.from({ length: batchSize }, () => ({ id, quantity: (sent += 1) })))
    }
  }

  for (let round = 0; round < takeOverCount; round += 1) {
    const holder = await holderOf(tabs)
    tabs.splice(tabs.indexOf(holder), 1)
    // Some come before it is closed, some while it is, and some while the next one takes over.
    await sendBatches(3)
    await Promise.all([holder.close(), sendBatches(4)])
    await sendBatches(3)
    await holderOf(tabs)
    tabs.push(await openTab(context, stage.url, batches))
  }
  expect(sent).toBe(batches * batchSize)

  const expected = quantitiesOf(await stage.firstOrders(batches))
  expect(new Set(expected.map(([, quantity]) => quantity)).size).toBe(batches)
  for (const tab of tabs) await expect.poll(() => quantitiesIn(tab)).toEqual(expected)
  const states = await Promise.all(tabs.map(async (tab) => ({ gaps: await gapsOf(tab), wasReloaded: await wasReloaded(tab) })))
  expect(states).toEqual(tabs.map(() => ({ gaps: 1, wasReloaded: false })))
  await expect.poll(() => stage.readers).toBe(2)
})

test('promise 13: when the holder of the connection crashes, another tab takes it over, and nothing is missed', async ({ context }) => {
  const tabs = await openTabs(context, stage.url, 3, 50)
  const holder = await holderOf(tabs)
  const [watched] = await quantitiesIn(holder)
  const id = watched?.[0] ?? ''

  const session = await context.newCDPSession(holder)
  const crash = holder.waitForEvent('crash')
  session.send('Page.crash').catch(() => undefined)
  await crash
  await stage.patchOrder(id, { quantity: 1_234 })
  const left = tabs.filter((tab) => tab !== holder)
  await holderOf(left)
  for (const tab of left) {
    await expect(cell(tab, id, 'quantity')).toHaveText('1,234')
    await expect(streamStatus(tab)).toHaveText('Live')
    expect(await gapsOf(tab)).toBe(1)
  }
  await expect.poll(() => stage.readers).toBe(2)
})
