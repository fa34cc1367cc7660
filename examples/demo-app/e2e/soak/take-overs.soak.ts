import { setTimeout as wait } from 'node:timers/promises'
import { expect, gapsOf, note, quantitiesIn, quantitiesOf, test } from '../fixtures.ts'
import { startStage, type Stage } from '../stage.ts'
import { holderOf, openTab, openTabs, takeOverOf, wasReloaded } from '../tabs.ts'

const tabCount = 6
const takeOverCount = 20
/** Each of them changes a row of its own, over and over, in one transaction. What was missed of one, no later one makes good. */
const batches = 200
const batchSize = 50

test.use({ isPatient: false })

let stage: Stage

test.beforeAll(async () => {
  stage = await startStage()
})

test.afterAll(async () => {
  await stage.close()
})

test('promise 13: 10,000 updates reach six tabs while the holder of the connection is closed 20 times, without a gap or a reload', async ({
  context,
}) => {
  test.setTimeout(600_000)
  const tabs = await openTabs(context, stage.url, tabCount, batches)
  const ids = (await stage.firstOrders(batches)).map(({ id }) => id)

  let sent = 0
  const sendBatch = async (): Promise<void> => {
    const id = ids[sent / batchSize] ?? ''
    await stage.changeOrders(Array.from({ length: batchSize }, () => ({ id, quantity: (sent += 1) })))
  }

  const takeOvers: number[] = []
  for (let round = 0; round < takeOverCount; round += 1) {
    const sending = (async () => {
      for (let batch = 0; batch < batches / takeOverCount; batch += 1) {
        await sendBatch()
        await wait(30)
      }
    })()
    const holder = await holderOf(tabs)
    const closedAt = Date.now()
    await holder.close()
    tabs.splice(tabs.indexOf(holder), 1)
    takeOvers.push(Math.round((await takeOverOf(tabs)) - closedAt))
    tabs.push(await openTab(context, stage.url, batches))
    await sending
  }
  expect(sent).toBe(batches * batchSize)

  const expected = quantitiesOf(await stage.firstOrders(batches))
  expect(new Set(expected.map(([, quantity]) => quantity)).size).toBe(batches)
  for (const tab of tabs) await expect.poll(() => quantitiesIn(tab)).toEqual(expected)
  takeOvers.sort((a, b) => a - b)
  note(`taken over after ${takeOvers[0]} to ${takeOvers.at(-1)} ms, in the middle ${takeOvers[takeOverCount / 2]} ms`)
  const states = await Promise.all(tabs.map(async (tab) => ({ gaps: await gapsOf(tab), wasReloaded: await wasReloaded(tab) })))
  expect(states).toEqual(tabs.map(() => ({ gaps: 1, wasReloaded: false })))
  await expect.poll(() => stage.readers).toBe(2)
})

test('figures: a tab that crashes', async ({ context }) => {
  const tabs = await openTabs(context, stage.url, 3, 50)
  const holder = await holderOf(tabs)
  const session = await context.newCDPSession(holder)
  const crash = holder.waitForEvent('crash')
  const crashedAt = Date.now()
  session.send('Page.crash').catch(() => undefined)
  await crash
  note(`taken over ${Math.round((await takeOverOf(tabs.filter((tab) => tab !== holder))) - crashedAt)} ms after the crash`)
})
