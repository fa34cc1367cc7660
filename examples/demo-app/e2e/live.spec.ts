import { cell, expect, gridRows, origin, statusBar, test } from './fixtures.ts'

test('an edit in one window appears in another', async ({ browser, page, stage }) => {
  const otherContext = await browser.newContext({ baseURL: stage.url })
  const other = await otherContext.newPage()
  await Promise.all([page.goto('/orders'), other.goto('/orders')])
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(other.getByTestId('freshness')).toContainText('Fresh')

  await cell(page, 'B-001999', 'customer').dblclick()
  await page.keyboard.type('Somebody New')
  await page.keyboard.press('Enter')
  await expect(cell(other, 'B-001999', 'customer')).toHaveText('Somebody New')
  await otherContext.close()
})

test('what somebody else edits comes over the stream', async ({ page }) => {
  await page.goto('/orders')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await page.getByRole('button', { name: 'Somebody else edits' }).click()
  const notice = page.getByRole('listitem').filter({ hasText: 'Somebody else edited order' })
  const [, id = '', status = ''] = /order (\S+): status is (\w+)/.exec((await notice.textContent()) ?? '') ?? []
  await expect(cell(page, id, 'status')).toHaveText(new RegExp(status, 'i'))
  await expect(statusBar(page)).toContainText(`Row ${id} was updated`)
})

test('offline, the rows stay with their age, a write is sent again and then fails visibly, and coming back brings what was missed', async ({
  page,
  stage,
}) => {
  await page.goto('/orders')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await page.getByRole('button', { name: 'Go offline' }).click()
  await expect(page.getByText('Not live: offline')).toBeVisible()
  await expect(page.getByText(/These rows may be out of date: they are from .+\. The app is offline/)).toBeVisible()

  await stage.patchOrder('B-001995', { customer: 'Missed Meanwhile' })
  const customer = cell(page, 'B-001996', 'customer')
  const before = (await customer.textContent()) ?? ''
  await customer.dblclick()
  await page.keyboard.type('Never Sent')
  await page.keyboard.press('Enter')
  await expect(statusBar(page)).toContainText('1 write waiting')
  const refusal = page.getByText('Customer “Never Sent” was not saved. The server could not be reached.')
  await expect(refusal).toBeVisible({ timeout: 20_000 })
  await expect(customer).toHaveText(before)

  await page.reload()
  await expect(gridRows(page)).toHaveCount(50)
  await expect(origin(page)).toHaveText(/^IndexedDB/)
  await expect(page.getByTestId('freshness')).toContainText('Stale')
  await expect(cell(page, 'B-001995', 'customer')).not.toHaveText('Missed Meanwhile')

  await page.getByRole('button', { name: 'Go online' }).click()
  await expect(cell(page, 'B-001995', 'customer')).toHaveText('Missed Meanwhile')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(page.getByText('These rows may be out of date')).toBeHidden()
})
