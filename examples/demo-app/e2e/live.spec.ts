import { cell, edit, expect, gridRows, origin, statusBar, test } from './fixtures.ts'

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

test('offline, the rows stay with their age, an edit waits, over a reload too, and coming back sends it and brings what was missed', async ({
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
  await edit(page, 'B-001996', 'customer', 'Sent Later')
  await expect(page.getByTestId('writes')).toHaveText('1 write waiting: offline')
  await expect(customer).toHaveText('Sent Later')

  await page.reload()
  await expect(gridRows(page)).toHaveCount(50)
  await expect(origin(page)).toHaveText(/^IndexedDB/)
  await expect(page.getByTestId('freshness')).toContainText('Stale')
  await expect(cell(page, 'B-001995', 'customer')).not.toHaveText('Missed Meanwhile')
  await expect(customer).toHaveText('Sent Later')
  await expect(page.getByTestId('writes')).toHaveText('1 write waiting: offline')

  await page.getByRole('button', { name: 'Go online' }).click()
  await expect(cell(page, 'B-001995', 'customer')).toHaveText('Missed Meanwhile')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(page.getByText('These rows may be out of date')).toBeHidden()
  await expect(page.getByTestId('writes')).toHaveText('No writes waiting')
  await expect(customer).toHaveText('Sent Later')
  expect((await stage.order('B-001996')).customer).toBe('Sent Later')
})
