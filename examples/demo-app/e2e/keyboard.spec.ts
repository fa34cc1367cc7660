import { cell, expect, gridRows, test } from './fixtures.ts'

test('the grid is walked through, sorted, edited and left with the keyboard alone', async ({ page, stage }) => {
  await page.goto('/orders')
  await expect(gridRows(page)).toHaveCount(50)
  await page.keyboard.press('/')
  await expect(page.getByRole('searchbox')).toBeFocused()

  // One stop of the Tab key is the whole grid.
  const firstCell = cell(page, 'B-002000', 'id')
  for (let presses = 0; presses < 12 && !(await firstCell.evaluate((element) => element === document.activeElement)); presses += 1) {
    await page.keyboard.press('Tab')
  }
  await expect(firstCell).toBeFocused()

  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  const customer = cell(page, 'B-001999', 'customer')
  await expect(customer).toBeFocused()

  const before = (await customer.textContent()) ?? ''
  await page.keyboard.press('F2')
  await page.keyboard.type('Given Up')
  await page.keyboard.press('Escape')
  await expect(customer).toBeFocused()
  await expect(customer).toHaveText(before)

  await page.keyboard.press('Enter')
  await page.keyboard.type('Typed Only')
  await page.keyboard.press('Tab')
  await expect(customer).toHaveText('Typed Only')
  await expect(cell(page, 'B-001999', 'cityId')).toBeFocused()
  await expect.poll(async () => (await stage.order('B-001999')).customer).toBe('Typed Only')

  // Space opens the row beside the grid, Escape leads back to the cell.
  await page.keyboard.press(' ')
  const panel = page.getByRole('complementary', { name: 'Details' })
  await expect(panel.getByRole('heading', { name: 'Typed Only' })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(panel).toBeHidden()
  await expect(cell(page, 'B-001999', 'cityId')).toBeFocused()

  // The header is the row above the first.
  await page.keyboard.press('Control+Home')
  await expect(page.getByRole('columnheader', { name: 'Order' }).getByRole('button')).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL('/orders?sort=id')
  await expect(cell(page, 'B-000001', 'id')).toBeVisible()
  await page.keyboard.press('Control+End')
  await expect(cell(page, 'B-000050', 'notes')).toBeFocused()
})

test('the Delete key asks first; Escape keeps the row, and after a deletion the focus is on the next one', async ({ page }) => {
  await page.goto('/orders')
  const customer = cell(page, 'B-001998', 'customer')
  await customer.click()
  await page.keyboard.press('Delete')
  const dialog = page.getByRole('dialog', { name: 'Delete order B-001998?' })
  await expect(dialog.getByRole('button', { name: 'Keep it' })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  await expect(customer).toBeFocused()

  await page.keyboard.press('Delete')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(customer).toHaveCount(0)
  await expect(cell(page, 'B-001997', 'customer')).toBeFocused()
})

test('the focus and an editor stay with their row when rows come and go above it', async ({ page, stage }) => {
  await page.goto('/orders')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  const notes = cell(page, 'B-001985', 'notes')
  await notes.dblclick()
  await page.keyboard.type('Typed while')
  const editor = page.getByRole('textbox', { name: 'Notes of B-001985' })
  await expect(editor).toBeFocused()

  await stage.insertOrder({
    id: 'newest',
    customer: 'Came Meanwhile',
    cityId: (await stage.order('B-001985')).cityId,
    product: 'bagel',
    unitPrice: 1,
  })
  await expect(page.getByText('1 new')).toBeVisible()
  await expect(cell(page, 'newest', 'customer')).toHaveCount(0)
  await expect(editor).toBeFocused()
  await page.keyboard.type(' rows came')
  await page.keyboard.press('Enter')
  await expect(notes).toHaveText('Typed while rows came')
  await expect(notes).toBeFocused()

  await page.getByRole('button', { name: 'Show' }).press('Enter')
  await expect(cell(page, 'newest', 'customer')).toBeVisible()
  await expect(notes).toBeFocused()
  await page.keyboard.press('ArrowUp')
  await expect(cell(page, 'B-001986', 'notes')).toBeFocused()
  await page.request.delete('/api/orders/newest')
})
