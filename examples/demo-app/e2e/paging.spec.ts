import { cell, expect, gridRows, origin, test } from './fixtures.ts'

test('a page that was seen comes from memory, and after a reload from IndexedDB', async ({ page }) => {
  await page.goto('/orders?size=25')
  await expect(origin(page)).toContainText('network')
  const first = await gridRows(page).first().getAttribute('data-id')

  await page.getByRole('button', { name: 'Last page' }).click()
  await expect(page).toHaveURL(/page=80$/)
  await expect(gridRows(page).first()).not.toHaveAttribute('data-id', first ?? '')
  await expect(origin(page)).toHaveText(/^network/)

  await page.getByRole('button', { name: 'First page' }).click()
  await expect(gridRows(page).first()).toHaveAttribute('data-id', first ?? '')
  await expect(origin(page)).toHaveText(/^memory/)

  await page.reload()
  await expect(gridRows(page).first()).toHaveAttribute('data-id', first ?? '')
  await expect(origin(page)).toHaveText(/^IndexedDB.+network/)
})

test('the next page is in memory before it is asked for', async ({ page }) => {
  await page.goto('/orders')
  await page.getByRole('button', { name: 'Activity' }).click()
  await expect(page.getByRole('listitem').filter({ hasText: 'The server sent page 2 of orders' }).first()).toBeVisible()
  await page.getByRole('button', { name: 'Next page' }).click()
  await expect(page.getByRole('navigation', { name: 'Pages' })).toContainText('51–100 of')
  await expect(origin(page)).toHaveText(/^memory/)
})

test('order, filters, search and page size stand in the address, which a reload and the back button follow', async ({ page }) => {
  await page.goto('/orders')
  await page.getByRole('columnheader', { name: 'Total' }).getByRole('button').click()
  await expect(page).toHaveURL('/orders?sort=total')
  await expect(page.getByRole('columnheader', { name: 'Total' })).toHaveAttribute('aria-sort', 'ascending')
  await page.getByRole('columnheader', { name: 'Total' }).getByRole('button').click()
  await expect(page).toHaveURL('/orders?sort=-total')

  await page.getByRole('combobox', { name: 'Status' }).selectOption('cancelled')
  await page.getByRole('textbox', { name: 'Total from' }).fill('20')
  await expect(page).toHaveURL('/orders?status=cancelled&min=20&sort=-total')
  await expect(page.locator('td[data-field="status"]').first()).toHaveText('Cancelled')

  await page.keyboard.press('Escape')
  await page.getByRole('columnheader', { name: 'Total' }).getByRole('button').focus()
  await page.keyboard.press('/')
  await page.keyboard.type('cheesecake')
  await expect(page).toHaveURL(/q=cheesecake/)
  await expect(page.locator('td[data-field="product"]').filter({ hasNotText: 'Cheesecake' })).toHaveCount(0)
  await page.getByRole('combobox', { name: 'Rows' }).selectOption('25')
  await expect(page).toHaveURL(/size=25/)
  await expect(origin(page)).toHaveText(/^network/)
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(page.locator('td[data-field="cityId"]').filter({ hasText: /^(\d+|…)$/ })).toHaveCount(0)
  const address = page.url()
  const shown = await gridRows(page).allTextContents()
  expect(shown.length).toBeGreaterThan(1)

  await page.reload()
  await expect(gridRows(page)).toHaveText(shown)
  expect(page.url()).toBe(address)

  await page.goBack()
  await page.goBack()
  await expect(page).not.toHaveURL(/q=cheesecake/)
  await expect(page.getByRole('searchbox')).toHaveValue('')
  await page.getByRole('button', { name: 'Clear' }).click()
  await expect(page).toHaveURL('/orders?sort=-total')
  await expect(page.getByRole('navigation', { name: 'Pages' })).toContainText(/1–50 of \d,\d{3}/)
})

test('a search that finds nothing says so, and leads back', async ({ page }) => {
  await page.goto('/cities')
  await page.getByRole('searchbox').fill('no such place anywhere')
  await expect(page.getByText('No city matches')).toBeVisible()
  await page.getByRole('button', { name: 'Clear search and filters' }).click()
  await expect(gridRows(page)).toHaveCount(50)
})

test('a page number can be typed', async ({ page }) => {
  await page.goto('/orders')
  await page.getByRole('spinbutton', { name: 'Page' }).fill('7')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL('/orders?page=7')
  await expect(cell(page, 'B-001690', 'customer')).toBeVisible()
})
