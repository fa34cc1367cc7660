import { startApi, type Api } from './api.ts'
import { expect, expectStored, gridRows, origin, test } from './fixtures.ts'
import { startFront, type Front } from './front.ts'

let api: Api
let front: Front

test.beforeAll(async () => {
  api = await startApi()
  front = await startFront(api.url)
})

test.afterAll(async () => {
  await front.close()
  await api.close()
})

// A browser reports each request that fails.
test.use({ allowedProblems: /^Failed to load resource/ })

test('a connection that breaks and comes back moves no row under the pointer', async ({ page }) => {
  await page.goto(front.url)
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  const banner = page.getByRole('status').filter({ hasText: 'These rows may be out of date' })
  const before = await gridRows(page).first().boundingBox()

  await api.kill()
  await expect(banner).toBeVisible()
  expect(await gridRows(page).first().boundingBox()).toEqual(before)

  await api.startAgain()
  await expect(banner).toHaveCount(0)
  expect(await gridRows(page).first().boundingBox()).toEqual(before)
})

test('promise 8: a reload with the server gone shows the page all the same, marked stale, beside the error', async ({ page }) => {
  await page.goto(front.url)
  await expect(gridRows(page)).toHaveCount(50)
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(gridRows(page).first()).not.toContainText('…')
  const before = await gridRows(page).first().textContent()
  await expectStored(page)

  await api.kill()
  await page.reload()

  await expect(gridRows(page)).toHaveCount(50)
  await expect(gridRows(page).first()).toHaveText(before ?? '')
  await expect(origin(page)).toContainText('IndexedDB')
  await expect(page.getByTestId('freshness')).toContainText('Stale')
  const banner = page.getByRole('status').filter({ hasText: 'These rows may be out of date' })
  await expect(banner).toContainText('The server could not be reached')
})
