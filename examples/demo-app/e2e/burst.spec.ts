import type { Page } from '@playwright/test'
import { eventProbe, probeEvents } from './event-probe.ts'
import { cell, expect, gridRows, holdEach, quantitiesIn, quantitiesOf, test, watchTexts } from './fixtures.ts'
import { startStage, type Stage } from './stage.ts'

// The figures of such bursts are measured in soak/burst.soak.ts.

const rowCount = 50
/** For a reader that is further behind the server keeps no events: the page would have to ask for its rows. */
const mostAhead = 1_000

let stage: Stage

test.beforeAll(async () => {
  stage = await startStage()
})

test.afterAll(async () => {
  await stage.close()
})

test('promise 12: a burst of updates that carry their rows shows while it lasts, without a request', async ({ page }) => {
  await probeEvents(page)
  const burst = await openPage(page)
  const requests = listRequests(page)
  const shown = await watchTexts(cell(page, burst.watched, 'quantity'))
  // It does not end before the page has shown some of it.
  for (let rounds = 0; rounds < 40 || (await shown()).length < 3; rounds += 1) await burst.round()

  await expect.poll(() => quantitiesIn(page)).toEqual(quantitiesOf(await stage.firstOrders(rowCount)))
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  expect(requests).toEqual([])
})

test('promise 12: a burst of updates of which only the ids are told costs one request at a time and one after the last', async ({
  page,
}) => {
  await probeEvents(page, { withoutRows: true })
  const burst = await openPage(page)
  const requests = listRequests(page)
  const held = await holdEach(page, '**/api/orders?*')
  for (const flight of [1, 2]) {
    for (let round = 0; round < 20; round += 1) await burst.round()
    await burst.arrived()
    await expect.poll(() => held.length).toBe(flight)
    held.at(-1)?.()
  }
  await expect.poll(() => held.length).toBe(3)
  held.at(-1)?.()

  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect.poll(() => quantitiesIn(page)).toEqual(quantitiesOf(await stage.firstOrders(rowCount)))
  expect(requests).toHaveLength(3)
})

interface Burst {
  /** The id of a row that is changed. */
  readonly watched: string
  /** Changes each row of the page once, to a quantity that it has not had. */
  readonly round: () => Promise<void>
  /** Resolves when the page has been told of all changes. */
  readonly arrived: () => Promise<void>
}

/** Shows the first page of orders, and waits until it asks for nothing more by itself. */
async function openPage(page: Page): Promise<Burst> {
  // The app asks for it in advance, in its own time.
  const nextPage = page.waitForResponse(/\/api\/orders\?.*page=2/)
  await page.goto(`${stage.url}/orders`)
  await nextPage
  await expect(gridRows(page)).toHaveCount(rowCount)
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  const ids = (await stage.firstOrders(rowCount)).map(({ id }) => id)
  let sent = 0
  const heard = async (): Promise<number> => (await eventProbe(page, 'orders')).events
  return {
    watched: ids[rowCount / 2] ?? '',
    async round() {
      const quantity = 100 + sent / rowCount
      await stage.changeOrders(ids.map((id) => ({ id, quantity })))
      sent += rowCount
      await expect.poll(heard).toBeGreaterThan(sent - mostAhead)
    },
    async arrived() {
      await expect.poll(heard).toBe(sent)
    },
  }
}

/** The lists of orders that a page asks for from now on. */
function listRequests(page: Page): readonly string[] {
  const asked: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/api/orders?')) asked.push(request.url())
  })
  return asked
}
