import { cell, expect, gridRows, hold, test } from './fixtures.ts'

test('a saved cell shows the new value at once, and never the old one again, however late the page is', async ({ page, stage }) => {
  await page.goto('/orders')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  const customer = cell(page, 'B-001990', 'customer')
  const before = await customer.textContent()
  await customer.evaluate((element) => {
    const shown: (string | null)[] = []
    Object.assign(window, { shown })
    new MutationObserver(() => shown.push(element.textContent)).observe(element, { subtree: true, childList: true, characterData: true })
  })
  const pages = await hold(page, '**/api/orders?*')
  const stored = page.waitForResponse((response) => response.request().method() === 'PATCH')

  await customer.dblclick()
  await page.keyboard.type('Quick Change')
  await page.keyboard.press('Enter')
  await (await stored).finished()
  expect((await stage.order('B-001990')).customer).toBe('Quick Change')
  await expect(page.getByTestId('writes')).toHaveText('No writes waiting')
  await expect(page.getByTestId('freshness')).toContainText('Renewing')
  await expect(customer).toHaveText('Quick Change')

  pages.letGo()
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(customer).toHaveText('Quick Change')
  const shown = await page.evaluate<unknown>(() => Reflect.get(window, 'shown'))
  expect(shown).toContain('Quick Change')
  expect(shown).not.toContain(before)
})

test('a row is marked while its write is under way', async ({ page }) => {
  const writes = await hold(page, '**/api/orders/B-001989')
  await page.goto('/orders')
  await cell(page, 'B-001989', 'status').dblclick()
  await page.getByRole('combobox', { name: 'Status of B-001989' }).selectOption('cancelled')
  const row = page.locator('tr[data-id="B-001989"]')
  await expect(row).toHaveAttribute('aria-busy', 'true')
  await expect(page.getByTestId('writes')).toHaveText('1 write waiting')
  await expect(cell(page, 'B-001989', 'status')).toHaveText('Cancelled')
  writes.letGo()
  await expect(row).toHaveAttribute('aria-busy', 'false')
  await expect(cell(page, 'B-001989', 'status')).toHaveText('Cancelled')
})

test.describe('what the server refuses', () => {
  test.use({ allowedProblems: /status of 4\d\d/ })

  test('goes back to what is stored, with the reason beside it', async ({ page, stage }) => {
    await page.goto('/orders')
    const quantity = cell(page, 'B-001988', 'quantity')
    const before = (await quantity.textContent()) ?? ''
    await quantity.dblclick()
    await page.keyboard.type('0')
    await page.keyboard.press('Enter')
    const refusal = page.getByText('Qty “0” was not saved. Quantity is not a whole number from 1 to 10,000.')
    await expect(refusal).toBeVisible()
    await expect(quantity).toHaveText(before)
    expect((await stage.order('B-001988')).quantity).toBe(Number(before))

    await page.getByRole('row').getByRole('button', { name: 'Dismiss' }).click()
    await expect(refusal).toBeHidden()
  })

  test('keeps a new row in its form', async ({ page }) => {
    await page.goto('/orders')
    await page.getByRole('button', { name: 'New order' }).click()
    const dialog = page.getByRole('dialog', { name: 'New order' })
    await expect(dialog.getByRole('textbox', { name: 'Customer' })).toBeFocused()
    await dialog.getByRole('button', { name: 'Add order' }).click()
    await expect(dialog.getByRole('alert')).toContainText('Customer is missing')
    await expect(dialog.getByRole('textbox', { name: 'Customer' })).toHaveAttribute('aria-invalid', 'true')
    await page.keyboard.press('Escape')
    await expect(dialog).toBeHidden()
  })

  test('is not deleted', async ({ page }) => {
    await page.goto('/cities')
    await gridRows(page).first().locator('td').first().click()
    await page.getByRole('button', { name: 'Delete city' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await expect(dialog.getByRole('alert')).toContainText('refer to')
    await dialog.getByRole('button', { name: 'Keep it' }).click()
    await expect(gridRows(page)).toHaveCount(50)
  })
})

test.describe('a new row', () => {
  test.use({ allowedProblems: /ERR_CONNECTION_RESET$/ })

  test('is added once, though the connection breaks after the server has stored it', async ({ page, stage }) => {
    let isBroken = false
    await page.route('**/api/orders', async (route) => {
      if (route.request().method() !== 'POST' || isBroken) return route.continue()
      isBroken = true
      await route.fetch()
      return route.abort('connectionreset')
    })
    await page.goto('/orders')
    await page.getByRole('button', { name: 'New order' }).click()
    const dialog = page.getByRole('dialog', { name: 'New order' })
    await dialog.getByRole('textbox', { name: 'Order' }).fill('ONCE-1')
    await dialog.getByRole('textbox', { name: 'Customer' }).fill('Once Only')
    await dialog.getByRole('combobox', { name: 'City' }).fill('tokyo')
    await dialog.getByRole('option', { name: 'Tokyo' }).click()
    await dialog.getByRole('combobox', { name: 'Product' }).selectOption('brioche')
    await dialog.getByRole('button', { name: 'Add order' }).click()
    await expect(dialog).toBeHidden()
    expect(isBroken).toBe(true)
    // A second insert would have been refused, for the id is taken.
    await expect(page.getByRole('complementary', { name: 'Details' }).getByRole('heading', { name: 'Once Only' })).toBeVisible()
    expect((await stage.order('ONCE-1')).customer).toBe('Once Only')
    await page.request.delete('/api/orders/ONCE-1')
  })
})

test('a row whose id has /, % and an emoji is added, found, edited and deleted', async ({ page, stage }) => {
  const id = 'a/b %2F?#&=+ "🥐"'
  await page.goto('/orders')
  await page.getByRole('button', { name: 'New order' }).click()
  const dialog = page.getByRole('dialog', { name: 'New order' })
  await dialog.getByRole('textbox', { name: 'Order' }).fill(id)
  await dialog.getByRole('textbox', { name: 'Customer' }).fill('Odd Id')
  await dialog.getByRole('combobox', { name: 'City' }).fill('tokyo')
  await dialog.getByRole('option', { name: 'Tokyo' }).click()
  await dialog.getByRole('combobox', { name: 'Product' }).selectOption('brioche')
  await dialog.getByRole('button', { name: 'Add order' }).click()
  await expect(dialog).toBeHidden()

  const panel = page.getByRole('complementary', { name: 'Details' })
  await expect(panel.getByRole('heading', { name: 'Odd Id' })).toBeVisible()
  await expect(panel).toContainText(id)
  await expect(panel.getByRole('button', { name: 'Edit City' })).toHaveText('Edit City: Tokyo')
  await page.reload()
  await expect(panel.getByRole('heading', { name: 'Odd Id' })).toBeVisible()

  await cell(page, id, 'notes').dblclick()
  await page.keyboard.type('With / and %')
  await page.keyboard.press('Enter')
  await expect(panel.getByRole('button', { name: 'Edit Notes' })).toHaveText('Edit Notes: With / and %')
  await expect.poll(async () => (await stage.order(id)).notes).toBe('With / and %')

  await panel.getByRole('button', { name: 'Edit Product' }).click()
  await panel.getByRole('combobox', { name: 'Product' }).selectOption('bagel')
  await expect(cell(page, id, 'product')).toHaveText('Bagel')

  await panel.getByRole('button', { name: 'Delete order' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(panel).toBeHidden()
  await expect(cell(page, id, 'customer')).toHaveCount(0)
  await expect(page).toHaveURL('/orders')
})
