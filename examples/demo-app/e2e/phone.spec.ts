import { cell, expect, gridRows, test } from './fixtures.ts'

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })

test('on a phone the grid has fewer columns, nothing is wider than the screen, and a tap opens the row to edit it', async ({
  page,
  stage,
}) => {
  const isTooWide = (): Promise<boolean> => page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
  await page.goto('/orders')
  await expect(gridRows(page)).toHaveCount(50)
  await expect(page.getByRole('columnheader')).toHaveCount(3)
  expect(await isTooWide()).toBe(false)

  await cell(page, 'B-001997', 'summary').tap()
  const sheet = page.getByRole('dialog')
  await expect(sheet.getByText('B-001997')).toBeVisible()
  expect(await isTooWide()).toBe(false)
  await sheet.getByRole('button', { name: 'Edit Qty' }).tap()
  await page.keyboard.type('42')
  await page.keyboard.press('Enter')
  await expect(sheet.getByRole('button', { name: 'Edit Qty' })).toHaveText('Edit Qty: 42')
  await expect.poll(async () => (await stage.order('B-001997')).quantity).toBe(42)

  await page.goBack()
  await expect(sheet).toBeHidden()
  await expect(cell(page, 'B-001997', 'summary')).toContainText('42 ×')

  await page.getByRole('button', { name: 'Filters' }).tap()
  await page.getByRole('combobox', { name: 'Status' }).selectOption('ready')
  await expect(page.getByRole('button', { name: 'Filters, 1 in use' })).toBeVisible()
  await page.getByRole('link', { name: 'Cities' }).tap()
  await expect(gridRows(page).first()).toContainText('Shanghai')
  expect(await isTooWide()).toBe(false)
})

test('on a phone without a network a row that was never opened is opened and edited all the same', async ({ page, stage }) => {
  await page.goto('/orders')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await page.getByRole('button', { name: 'Go offline' }).tap()
  await cell(page, 'B-001972', 'summary').tap()
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('button', { name: 'Edit Qty' }).tap()
  await page.keyboard.type('43')
  await page.keyboard.press('Enter')
  await expect(sheet.getByRole('button', { name: 'Edit Qty' })).toHaveText('Edit Qty: 43')
  await sheet.getByRole('button', { name: 'Close' }).tap()
  await expect(page.getByTestId('writes')).toHaveText('1 write waiting: offline')
  await page.getByRole('button', { name: 'Go online' }).tap()
  await expect.poll(async () => (await stage.order('B-001972')).quantity).toBe(43)
  await expect(cell(page, 'B-001972', 'summary')).toContainText('43 ×')
})
