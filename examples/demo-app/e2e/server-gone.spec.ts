import { expect, gridRows, origin, storedSlots, test } from './fixtures.ts'
import { startFront, type Front } from './front.ts'

let front: Front

test.beforeAll(async () => {
  front = await startFront()
})

test.afterAll(async () => {
  await front.close()
})

// A browser reports each request that fails.
test.use({ allowedProblems: /^Failed to load resource/ })

test('promise 8: a reload with the server gone shows the page all the same, marked stale, beside the error', async ({ page }) => {
  await page.goto(front.url)
  await expect(gridRows(page)).toHaveCount(50)
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(gridRows(page).first()).not.toContainText('…')
  const before = await gridRows(page).first().textContent()
  await expect
    .poll(() => storedSlots(page))
    .toEqual(expect.arrayContaining([expect.stringMatching(/^\["orders"/), expect.stringMatching(/^\["cities"/)]))

  await front.killApi()
  await page.reload()

  await expect(gridRows(page)).toHaveCount(50)
  await expect(gridRows(page).first()).toHaveText(before ?? '')
  await expect(origin(page)).toContainText('IndexedDB')
  await expect(page.getByTestId('freshness')).toContainText('Stale')
  await expect(page.getByText('These rows may be out of date')).toBeVisible()
  await expect(page.getByText('The server could not be reached')).toBeVisible()
})
