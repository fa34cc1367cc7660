import { cell, edit, expect, hold, test } from './fixtures.ts'

test.use({ allowedProblems: /status of 412/ })

test('who edits what somebody else has changed meanwhile sees both values, and decides', async ({ page, stage }) => {
  // Without its stream the page does not hear of it.
  await hold(page, '**/api/orders/events')
  await page.goto('/orders')
  const mine = cell(page, 'B-001981', 'customer')
  const theirs = cell(page, 'B-001979', 'customer')
  await expect(mine).toBeVisible()
  await stage.patchOrder('B-001981', { customer: 'Theirs', quantity: 77 })

  await edit(page, 'B-001981', 'customer', 'Mine')
  const first = page.getByRole('listitem').filter({ hasText: 'Customer “Mine” was not saved.' })
  await expect(first).toContainText('Somebody else has changed this row meanwhile: Customer is now “Theirs”, Qty is now “77”.')
  await expect(mine).toHaveText('Theirs')
  expect((await stage.order('B-001981')).customer).toBe('Theirs')

  await expect(page.getByTestId('freshness')).toContainText('Not confirmed')
  await stage.patchOrder('B-001979', { customer: 'Theirs Too' })
  await edit(page, 'B-001979', 'customer', 'Mine Too')
  const second = page.getByRole('listitem').filter({ hasText: 'Customer “Mine Too” was not saved.' })
  await expect(second).toContainText('Customer is now “Theirs Too”.')
  await second.getByRole('button', { name: 'Take theirs' }).click()
  await expect(second).toHaveCount(0)
  await expect(theirs).toHaveText('Theirs Too')

  await first.getByRole('button', { name: 'Keep mine' }).click()
  await expect(first).toHaveCount(0)
  await expect(mine).toHaveText('Mine')
  await expect(page.getByTestId('writes')).toHaveText('No writes waiting')
  expect(await stage.order('B-001981')).toMatchObject({ customer: 'Mine', quantity: 77 })
  expect((await stage.order('B-001979')).customer).toBe('Theirs Too')
})

test('of two windows, one that was offline meets what was written in the other', async ({ page, context, stage }) => {
  const other = await context.newPage()
  await Promise.all([page.goto('/orders'), other.goto('/orders')])
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await page.getByRole('button', { name: 'Go offline' }).click()
  await edit(page, 'B-001980', 'customer', 'Written Offline')
  await expect(page.getByTestId('writes')).toHaveText('1 write waiting: offline')
  await edit(other, 'B-001980', 'customer', 'Written Online')
  await expect(other.getByTestId('writes')).toHaveText('No writes waiting')

  await page.getByRole('button', { name: 'Go online' }).click()
  const conflict = page.getByRole('listitem').filter({ hasText: 'Customer “Written Offline” was not saved.' })
  await expect(conflict).toContainText('Somebody else has changed this row meanwhile: Customer is now “Written Online”.')
  await conflict.getByRole('button', { name: 'Keep mine' }).click()
  await expect(cell(other, 'B-001980', 'customer')).toHaveText('Written Offline')
  await expect(page.getByTestId('writes')).toHaveText('No writes waiting')
  expect((await stage.order('B-001980')).customer).toBe('Written Offline')
})
