import { expect, gridRows, statusBar, test } from './fixtures.ts'

test('the first load shows the first page, from the network, and follows it live', async ({ page }) => {
  await page.goto('/')
  await expect(gridRows(page)).toHaveCount(50)
  await expect(page.getByRole('navigation', { name: 'Pages' })).toContainText('1–50 of 2,000')
  await expect(page.getByTestId('origin')).toContainText('network')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(statusBar(page)).toContainText('Live')
})

test('an order leads to its city, and the city to its orders', async ({ page }) => {
  await page.goto('/orders')
  await gridRows(page).first().locator('td').first().click()
  const city = page.getByRole('complementary').getByRole('region', { name: 'city' }).getByRole('link')
  const name = await city.innerText()
  await city.click()
  await expect(page).toHaveURL(/\/cities\?row=\d+$/)
  await expect(page.getByRole('complementary').getByRole('heading', { name, level: 2 })).toBeVisible()
  await expect(page.getByRole('complementary').getByRole('region', { name: 'Latest orders' }).getByRole('listitem').first()).toBeVisible()
  await page.goBack()
  await expect(page).toHaveURL(/\/orders\?row=/)
})

test('the activity drawer says in plain words what the table does', async ({ page }) => {
  await page.goto('/orders')
  await expect(gridRows(page)).toHaveCount(50)
  await page.getByRole('button', { name: 'Activity' }).click()
  const activity = page.getByRole('region', { name: 'Activity' }).getByRole('listitem')
  await expect(activity.filter({ hasText: 'Page 1 of orders (50 rows, sorted by placedAt) was not in IndexedDB' }).first()).toBeVisible()
  await page.getByRole('button', { name: 'Clear' }).click()
  await expect(activity).toHaveCount(0)
})

test('a wrong address is put right, and a page beyond the end says so', async ({ page }) => {
  await page.goto('/orders?page=-3&size=7&sort=nonsense&status=none&min=abc')
  await expect(gridRows(page)).toHaveCount(50)
  await page.goto('/orders?page=99999')
  await expect(page.getByText('This page is beyond the end')).toBeVisible()
  await page.getByRole('button', { name: 'Go to the last page' }).click()
  await expect(page).toHaveURL(/page=40$/)
  await expect(gridRows(page)).toHaveCount(50)
})

test('the names of the cities are there however many rows a page has', async ({ page }) => {
  await page.goto('/orders?size=200')
  await expect(gridRows(page)).toHaveCount(200)
  await expect(page.locator('td[data-field="cityId"]').filter({ hasText: /^(\d+|…)$/ })).toHaveCount(0)
})
