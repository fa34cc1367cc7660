import type { BrowserContext, Page } from '@playwright/test'
import { cell, edit, expect, expectStored, fillInOrder, gridRows, origin, test } from './fixtures.ts'

// A browser reports each request that fails.
test.use({ allowedProblems: /^Failed to load resource/ })

test('ten edits without a server survive a reload, and all arrive once and in order when it is back', async ({ page, stage }) => {
  const ids = ['B-001978', 'B-001977', 'B-001976', 'B-001975', 'B-001974']
  const edits = ['First', 'Second'].flatMap((round) => ids.map((id) => ({ id, text: `${round} of ${id}` })))
  await page.goto('/orders')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(gridRows(page).first()).not.toContainText('…')
  await expectStored(page)

  await page.route('**/api/**', (route) => route.abort())
  for (const { id, text } of edits) await edit(page, id, 'customer', text)
  await expect(page.getByTestId('writes')).toHaveText('10 writes waiting: the server is not reached, trying again')

  await page.reload()
  await expect(origin(page)).toHaveText(/^IndexedDB/)
  for (const id of ids) {
    await expect(cell(page, id, 'customer')).toHaveText(`Second of ${id}`)
    await expect(page.locator(`tr[data-id="${id}"]`)).toHaveAttribute('aria-busy', 'true')
  }
  await expect(page.getByTestId('writes')).toHaveText('10 writes waiting: the server is not reached, trying again')
  for (const id of ids) expect((await stage.order(id)).customer).not.toMatch(/of B-/)

  const changes = await stage.followOrders()
  const answered: { readonly id: string | undefined; readonly text: unknown }[] = []
  page.on('response', (response) => {
    const request = response.request()
    if (request.method() !== 'PATCH') return
    answered.push({ id: request.url().split('/').at(-1), text: request.postDataJSON()?.customer })
  })
  await page.unroute('**/api/**')

  // It finds out by itself.
  await expect(page.getByTestId('writes')).toHaveText('No writes waiting')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  expect(answered).toEqual(edits)
  await expect.poll(() => changes.seen).toHaveLength(10)
  expect(changes.seen).toEqual(edits.map(({ id }) => ({ type: 'updated', id })))
  for (const id of ids) {
    expect((await stage.order(id)).customer).toBe(`Second of ${id}`)
    await expect(cell(page, id, 'customer')).toHaveText(`Second of ${id}`)
    await expect(page.locator(`tr[data-id="${id}"]`)).toHaveAttribute('aria-busy', 'false')
  }
  await expect(page.getByRole('button', { name: 'not saved' })).toHaveCount(0)
  changes.stop()
})

test('a server that does not allow writes gets no more of them, until the user says so', async ({ page, stage }) => {
  let isAllowed = false
  let asked = 0
  await page.route('**/api/orders/B-*', (route) => {
    if (route.request().method() !== 'PATCH') return route.continue()
    asked += 1
    return isAllowed ? route.continue() : route.fulfill({ status: 401 })
  })
  await page.goto('/orders')
  await edit(page, 'B-001973', 'customer', 'Allowed Later')
  await expect(page.getByTestId('writes')).toHaveText('1 write waiting: the server does not allow them')
  await edit(page, 'B-001973', 'notes', 'and this')
  await expect(page.getByTestId('writes')).toHaveText('2 writes waiting: the server does not allow them')
  await expect(cell(page, 'B-001973', 'customer')).toHaveText('Allowed Later')
  expect(asked).toBe(1)

  isAllowed = true
  await page.getByRole('button', { name: 'Try now' }).click()
  await expect(page.getByTestId('writes')).toHaveText('No writes waiting')
  expect(asked).toBe(3)
  expect(await stage.order('B-001973')).toMatchObject({ customer: 'Allowed Later', notes: 'and this' })
})

const endings: Readonly<Record<string, (page: Page, context: BrowserContext) => Promise<void>>> = {
  closed: (page) => page.close(),
  crashed: async (page, context) => {
    const session = await context.newCDPSession(page)
    const crash = page.waitForEvent('crash')
    session.send('Page.crash').catch(() => undefined)
    await crash
  },
}

for (const [index, [ending, end]] of Object.entries(endings).entries()) {
  test(`a tab that is ${ending} between the server’s commit and its answer has written once, and loses nothing`, async ({
    page,
    context,
    stage,
  }) => {
    const [sent, waiting] = [`B-00197${index}`, `B-00196${index}`]
    const changes = await stage.followOrders()
    const committed = Promise.withResolvers<void>()
    const keys: (string | undefined)[] = []
    await context.route('**/api/orders/B-*', async (route) => {
      const request = route.request()
      if (request.method() !== 'PATCH') return route.continue()
      keys.push(request.headers()['idempotency-key'])
      if (keys.length > 1) return route.continue()
      await route.fetch()
      return committed.resolve()
    })
    await page.goto('/orders')
    await expect(page.getByTestId('freshness')).toContainText('Fresh')
    await edit(page, sent, 'customer', 'Written Once')
    await edit(page, waiting, 'customer', 'Not Lost')
    await expect(page.getByTestId('writes')).toHaveText('2 writes waiting')
    await committed.promise
    expect((await stage.order(sent)).customer).toBe('Written Once')
    await end(page, context)
    expect((await stage.order(waiting)).customer).not.toBe('Not Lost')

    // Were the first one applied again, this would be overwritten.
    await stage.patchOrder(sent, { customer: 'Somebody Later' })

    const again = await context.newPage()
    await again.goto('/orders')
    await expect(again.getByTestId('freshness')).toContainText('Fresh')
    await expect(cell(again, sent, 'customer')).toHaveText('Somebody Later')
    await expect(cell(again, waiting, 'customer')).toHaveText('Not Lost')
    await expect(again.getByRole('button', { name: 'not saved' })).toHaveCount(0)
    // It may be found, and shown, before it is sent.
    await expect.poll(() => keys).toHaveLength(3)
    await expect(again.getByTestId('writes')).toHaveText('No writes waiting')
    expect(keys[1]).toBe(keys[0])
    expect(keys[0]).toMatch(/./)
    await expect.poll(() => changes.seen).toHaveLength(3)
    expect(changes.seen).toEqual([sent, sent, waiting].map((id) => ({ type: 'updated', id })))
    expect((await stage.order(waiting)).customer).toBe('Not Lost')
    changes.stop()
  })
}

test.describe('a new order without a server', () => {
  test('can be left waiting and edited meanwhile; it gets its id when the server is back', async ({ page, stage }) => {
    await page.goto('/orders')
    await expect(page.getByTestId('freshness')).toContainText('Fresh')
    const dialog = await fillInOrder(page, { customer: 'Left Waiting' })
    await page.getByRole('button', { name: 'Go offline' }).evaluate((button: HTMLElement) => button.click())
    await dialog.getByRole('button', { name: 'Add order' }).click()
    await expect(dialog.getByRole('status')).toContainText('Not sent yet: offline')
    await dialog.getByRole('button', { name: 'Leave it waiting' }).click()
    await expect(dialog).toBeHidden()

    const row = gridRows(page).filter({ hasText: 'Left Waiting' })
    await row.locator('td[data-field="notes"]').dblclick()
    await page.keyboard.type('Edited before it had an id')
    await page.keyboard.press('Enter')
    await expect(page.getByTestId('writes')).toHaveText('2 writes waiting: offline')
    await page.reload()
    await expect(row).toContainText('Edited before it had an id')
    await expect(row).toHaveAttribute('aria-busy', 'true')

    await page.getByRole('button', { name: 'Go online' }).click()
    await expect(page.getByTestId('writes')).toHaveText('No writes waiting')
    await expect(row).toHaveAttribute('data-id', /^B-/)
    const id = (await row.getAttribute('data-id')) ?? ''
    expect(await stage.order(id)).toMatchObject({ customer: 'Left Waiting', notes: 'Edited before it had an id' })
    await page.request.delete(`/api/orders/${id}`)
  })

  test('can be taken back while it waits', async ({ page }) => {
    await page.goto('/orders')
    const dialog = await fillInOrder(page, { customer: 'Taken Back' })
    await page.getByRole('button', { name: 'Go offline' }).evaluate((button: HTMLElement) => button.click())
    await dialog.getByRole('button', { name: 'Add order' }).click()
    await expect(gridRows(page).filter({ hasText: 'Taken Back' })).toHaveCount(1)
    await expect(dialog.getByRole('status')).toContainText('Not sent yet: offline')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await expect(gridRows(page).filter({ hasText: 'Taken Back' })).toHaveCount(0)
    await expect(page.getByTestId('writes')).toHaveText('No writes waiting')
    await expect(page.getByRole('button', { name: 'not saved' })).toHaveCount(0)
  })
})
