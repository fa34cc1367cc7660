import { cell, expect, fillInOrder, gridRows, test } from './fixtures.ts'
import { startStage, type Stage } from './stage.ts'

let stage: Stage

test.beforeAll(async () => {
  stage = await startStage()
})

test.afterAll(async () => {
  await stage.close()
})

test('what others insert waits until it is asked for, and the rows stay where they are; what they change in these shows at once', async ({
  page,
}) => {
  await page.goto(`${stage.url}/orders`)
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(page.locator('td[data-field="cityId"]').filter({ hasText: /^(\d+|…)$/ })).toHaveCount(0)
  const ids = ['B-001968', 'B-001967', 'B-001966']
  const { cityId } = await stage.order('B-001968')
  const shown = await gridRows(page).evaluateAll((rows) => rows.map((row) => row.getAttribute('data-id')))

  const places = async (): Promise<unknown> => Promise.all(ids.map((id) => cell(page, id, 'customer').boundingBox()))
  const before = await places()

  for (const [index, customer] of ['First Guest', 'Second Guest', 'Third Guest'].entries()) {
    await stage.insertOrder({ customer, cityId, product: 'bagel', unitPrice: 1 })
    await expect(page.getByText(`${index + 1} new`)).toBeVisible()
  }
  await stage.patchOrder('B-001967', { customer: 'Changed Meanwhile' })
  await expect(cell(page, 'B-001967', 'customer')).toHaveText('Changed Meanwhile')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(page.getByText('3 new')).toBeVisible()
  expect(await places()).toEqual(before)
  expect(await gridRows(page).evaluateAll((rows) => rows.map((row) => row.getAttribute('data-id')))).toEqual(shown)

  await page.getByRole('button', { name: 'Show' }).click()
  await expect(page.getByText('3 new')).toBeHidden()
  await expect(gridRows(page).locator('td[data-field="customer"]').nth(0)).toHaveText('Third Guest')
  await expect(gridRows(page).locator('td[data-field="customer"]').nth(1)).toHaveText('Second Guest')
  await expect(gridRows(page).locator('td[data-field="customer"]').nth(2)).toHaveText('First Guest')
  await expect(gridRows(page)).toHaveCount(50)
  await expect(cell(page, 'B-001967', 'customer')).toHaveText('Changed Meanwhile')
})

test('what one inserts oneself shows at once, while what others insert goes on waiting', async ({ page }) => {
  await page.goto(`${stage.url}/orders`)
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  const { cityId } = await stage.order('B-001968')
  await stage.insertOrder({ customer: 'Waiting Guest', cityId, product: 'bagel', unitPrice: 1 })
  await expect(page.getByText('1 new')).toBeVisible()

  const dialog = await fillInOrder(page, { customer: 'My Own' })
  await dialog.getByRole('button', { name: 'Add order' }).click()
  await expect(gridRows(page).first()).toContainText('My Own')
  await expect(dialog).toBeHidden()
  await expect(page.getByTestId('writes')).toHaveText('No writes waiting')
  await expect(gridRows(page).filter({ hasText: 'My Own' })).toHaveCount(1)
  await expect(gridRows(page).filter({ hasText: 'Waiting Guest' })).toHaveCount(0)
  await expect(page.getByText('1 new')).toBeVisible()

  await page.getByRole('button', { name: 'Show' }).click()
  await expect(gridRows(page).filter({ hasText: 'Waiting Guest' })).toHaveCount(1)
  await expect(gridRows(page).first()).toContainText('My Own')
})
