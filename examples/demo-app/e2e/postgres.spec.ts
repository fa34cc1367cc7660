import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { startTestPostgres, type TestPostgres } from '../server/testing/test-postgres.ts'
import { cell, edit, expect, gapsOf, gridRows, quantitiesIn, quantitiesOf, streamStatus, test, watchTexts } from './fixtures.ts'
import { startFront } from './front.ts'
import { startStage, type Stage } from './stage.ts'

let postgres: TestPostgres
let databases: Client
const name = `vantage_live_test_${randomUUID().replaceAll('-', '')}`
let one: Stage
let two: Stage

test.beforeAll(async () => {
  postgres = await startTestPostgres()
  databases = new Client({ connectionString: postgres.url })
  await databases.connect()
  await databases.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`)
  const database = new URL(postgres.url)
  database.pathname = `/${name}`
  one = await startStage({ database: database.href })
  two = await startStage({ database: database.href })
})

test.afterAll(async () => {
  await two.close()
  await one.close()
  await databases.query(`DROP DATABASE ${name}`)
  await databases.end()
  await postgres.stop()
})

// A browser reports each request that fails.
test.use({ allowedProblems: /^Failed to load resource/ })

test('two servers on one PostgreSQL show each other’s writes', async ({ page, browser }) => {
  const otherContext = await browser.newContext()
  const other = await otherContext.newPage()
  await Promise.all([page.goto(`${one.url}/orders`), other.goto(`${two.url}/orders`)])
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(other.getByTestId('freshness')).toContainText('Fresh')

  await edit(page, 'B-001990', 'customer', 'Of The First')
  await expect(cell(other, 'B-001990', 'customer')).toHaveText('Of The First')
  await edit(other, 'B-001991', 'customer', 'Of The Second')
  await expect(cell(page, 'B-001991', 'customer')).toHaveText('Of The Second')
  expect(await one.order('B-001991')).toEqual(await two.order('B-001991'))
  await otherContext.close()
})

test('promise 11: a client that is moved from one server to the other goes on without a gap and without asking for its rows', async ({
  page,
}) => {
  const front = await startFront(one.url)
  // The app asks for it in advance, in its own time.
  const nextPage = page.waitForResponse(/\/api\/orders\?.*page=2/)
  await page.goto(`${front.url}/orders`)
  await nextPage
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(gridRows(page)).toHaveCount(50)
  await one.patchOrder('B-001985', { quantity: 11 })
  await expect(cell(page, 'B-001985', 'quantity')).toHaveText('11')
  expect(await gapsOf(page)).toBe(1)
  const lists: string[] = []
  page.on('request', (request) => {
    if (/\/api\/orders(\?|\/B-)/.test(request.url())) lists.push(request.url())
  })

  const statuses = await watchTexts(streamStatus(page))
  front.moveTo(two.url)
  await expect.poll(statuses).toContainEqual(expect.not.stringMatching(/^Live$/))
  await one.patchOrder('B-001984', { quantity: 22 })
  await two.patchOrder('B-001983', { quantity: 33 })
  await expect(streamStatus(page)).toHaveText('Live')
  await two.patchOrder('B-001982', { quantity: 44 })
  await one.patchOrder('B-001981', { quantity: 55 })

  await expect.poll(async () => quantitiesIn(page)).toEqual(quantitiesOf(await two.firstOrders(50)))
  for (const [id, quantity] of Object.entries({ 'B-001984': 22, 'B-001983': 33, 'B-001982': 44, 'B-001981': 55 })) {
    await expect(cell(page, id, 'quantity')).toHaveText(String(quantity))
  }
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  expect(await gapsOf(page)).toBe(1)
  expect(lists).toEqual([])
  // Each table's stream comes back in its own time.
  await expect.poll(() => [one.readers, two.readers]).toEqual([0, 2])
  await page.close()
  await front.close()
})
