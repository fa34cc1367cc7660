import { cell, edit, expect, fillInOrder, gridRows, hold, test } from './fixtures.ts'

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
    await edit(page, 'B-001988', 'quantity', '0')
    const refusal = page.getByText('Qty “0” was not saved. Quantity is not a whole number from 1 to 10,000.')
    await expect(refusal).toBeVisible()
    await expect(quantity).toHaveText(before)
    expect((await stage.order('B-001988')).quantity).toBe(Number(before))

    // What is wrong stays wrong, however often it is sent.
    await expect(page.getByRole('button', { name: 'Retry' })).toHaveCount(0)
    await page.getByRole('row').getByRole('button', { name: 'Discard' }).click()
    await expect(refusal).toBeHidden()
    await expect(quantity).toBeFocused()
    await expect(quantity).toHaveText(before)
  })

  test('is explained until it is written anew, in the detail panel as well', async ({ page, stage }) => {
    await page.goto('/orders?row=B-001984')
    const panel = page.getByRole('complementary', { name: 'Details' })
    await edit(page, 'B-001984', 'quantity', 'many')
    const refusal = page.getByText('Qty “many” was not saved. Quantity is not a whole number from 1 to 10,000.')
    await expect(refusal).toHaveCount(2)
    await expect(panel.getByRole('listitem').filter({ has: refusal })).toBeVisible()
    await edit(page, 'B-001984', 'quantity', '17')
    await expect(refusal).toHaveCount(0)
    await expect(panel.getByRole('button', { name: 'Edit Qty' })).toHaveText('Edit Qty: 17')
    await expect.poll(async () => (await stage.order('B-001984')).quantity).toBe(17)
  })

  test('is still explained after a reload', async ({ page }) => {
    await page.goto('/orders')
    await edit(page, 'B-001971', 'quantity', '0')
    await expect(page.getByText('Qty “0” was not saved.')).toBeVisible()
    await page.reload()
    const refusal = page.getByText('Qty “0” was not saved. Quantity is not a whole number from 1 to 10,000.')
    await expect(refusal).toBeVisible()
    await expect(cell(page, 'B-001971', 'quantity')).not.toHaveText('0')
    await page.getByRole('row').getByRole('button', { name: 'Discard' }).click()
    await expect(refusal).toBeHidden()
    await page.reload()
    await expect(page.getByTestId('freshness')).toContainText('Fresh')
    await expect(page.getByRole('button', { name: 'not saved' })).toHaveCount(0)
  })

  test('keeps a new row in its form', async ({ page }) => {
    await page.goto('/orders')
    await page.getByRole('button', { name: 'New order' }).click()
    const dialog = page.getByRole('dialog', { name: 'New order' })
    await expect(dialog.getByRole('textbox', { name: 'Customer' })).toBeFocused()
    await dialog.getByRole('button', { name: 'Add order' }).click()
    await expect(dialog.getByRole('alert')).toContainText('Customer is missing')
    await expect(dialog.getByRole('textbox', { name: 'Customer' })).toHaveAttribute('aria-invalid', 'true')
    // The form has it, and nothing else is to be decided.
    await expect(page.getByRole('button', { name: 'not saved' })).toHaveCount(0)
    await expect(gridRows(page).first()).toHaveAttribute('data-id', /^B-/)
    await page.keyboard.press('Escape')
    await expect(dialog).toBeHidden()
  })

  test('is not deleted: the row goes at once, and is back with the reason beside it', async ({ page }) => {
    await page.goto('/cities')
    await gridRows(page).first().locator('td').first().click()
    const id = (await gridRows(page).first().getAttribute('data-id')) ?? ''
    const { letGo } = await hold(page, `**/api/cities/${id}`)
    await page.getByRole('button', { name: 'Delete city' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await expect(page.getByRole('dialog')).toBeHidden()
    await expect(page.locator(`tr[data-id="${id}"]`)).toHaveCount(0)
    await expect(page.getByTestId('writes')).toHaveText('1 write waiting')

    letGo()
    await expect(page.locator(`tr[data-id="${id}"]`)).toBeVisible()
    const refusal = page.getByRole('row').getByText(/This city was not deleted\. Rows of another table refer to .+; delete those first\./)
    await expect(refusal).toBeVisible()
    await page.getByRole('button', { name: 'Discard' }).click()
    await expect(refusal).toBeHidden()
    await expect(gridRows(page)).toHaveCount(50)
  })

  test('is found in a list where its row is not in sight', async ({ page }) => {
    await page.goto('/orders')
    await edit(page, 'B-001983', 'quantity', '0')
    await expect(page.getByRole('button', { name: '1 not saved' })).toBeVisible()
    await page.getByRole('button', { name: 'Next page' }).click()
    await expect(page).toHaveURL('/orders?page=2')
    await page.getByRole('button', { name: '1 not saved' }).click()
    const list = page.getByRole('dialog', { name: 'Not saved' })
    await expect(list.getByText('Qty “0” of order B-001983 was not saved. Quantity is not a whole number')).toBeVisible()
    await list.getByRole('button', { name: 'Discard' }).click()
    await expect(list).toBeHidden()
    await expect(page.getByRole('button', { name: 'not saved' })).toHaveCount(0)
  })
})

test.describe('what may go better the next time', () => {
  test.use({ allowedProblems: /status of 503/ })

  test('is sent again when the user says so', async ({ page, stage }) => {
    await page.goto('/orders')
    let isBusy = true
    await page.route('**/api/orders/B-001982', (route) => {
      if (route.request().method() !== 'PATCH' || !isBusy) return route.continue()
      const error = { code: 'busy', message: 'the bakery is closed for an hour' }
      return route.fulfill({ status: 503, headers: { 'retry-after': '3600' }, json: { error } })
    })
    const customer = cell(page, 'B-001982', 'customer')
    const before = (await customer.textContent()) ?? ''
    await edit(page, 'B-001982', 'customer', 'Second Try')
    const refusal = page.getByText('Customer “Second Try” was not saved. The bakery is closed for an hour.')
    await expect(refusal).toBeVisible()
    await expect(customer).toHaveText(before)

    isBusy = false
    await page.getByRole('row').getByRole('button', { name: 'Retry' }).click()
    await expect(refusal).toBeHidden()
    await expect(customer).toHaveText('Second Try')
    await expect(page.getByTestId('writes')).toHaveText('No writes waiting')
    expect((await stage.order('B-001982')).customer).toBe('Second Try')
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
    const dialog = await fillInOrder(page, { id: 'ONCE-1', customer: 'Once Only' })
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
  const dialog = await fillInOrder(page, { id, customer: 'Odd Id' })
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
