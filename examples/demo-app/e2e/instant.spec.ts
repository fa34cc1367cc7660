import { cell, edit, expect, fillInOrder, gridRows, hold, holdAnswers, test } from './fixtures.ts'

test('an edit shows before the server has answered', async ({ page, stage }) => {
  await page.goto('/orders')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  const writes = await hold(page, '**/api/orders/B-001993')
  await edit(page, 'B-001993', 'customer', 'At Once')
  const customer = cell(page, 'B-001993', 'customer')
  await expect(customer).toHaveText('At Once')
  await expect(page.getByTestId('writes')).toHaveText('1 write waiting')
  expect((await stage.order('B-001993')).customer).not.toBe('At Once')

  writes.letGo()
  await expect(page.getByTestId('writes')).toHaveText('No writes waiting')
  await expect(customer).toHaveText('At Once')
  expect((await stage.order('B-001993')).customer).toBe('At Once')
})

test('no rendered frame shows the old value again, though a slow list from before the write comes after it', async ({ page, stage }) => {
  await page.goto('/orders')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  const customer = cell(page, 'B-001992', 'customer')
  const before = (await customer.textContent()) ?? ''
  await customer.evaluate((element) => {
    const frames: (string | null)[] = []
    const mutations: (string | null)[] = []
    const eachFrame = (): void => {
      frames.push(element.textContent)
      requestAnimationFrame(eachFrame)
    }
    const observer = new MutationObserver(() => mutations.push(element.textContent))
    const begin = (): void => {
      observer.observe(element, { subtree: true, childList: true, characterData: true })
      requestAnimationFrame(eachFrame)
    }
    addEventListener('keydown', ({ key }) => key === 'Enter' && begin(), { capture: true })
    Object.assign(window, { shownInFrames: frames, shownByMutations: mutations })
  })

  // A new order makes the page ask for the list, and the server answers with the rows as they are before the write.
  const lists = await holdAnswers(page, '**/api/orders?*')
  const { cityId } = await stage.order('B-001992')
  await stage.insertOrder({ id: 'somebody', customer: 'Somebody Else', cityId, product: 'bagel', unitPrice: 1 })
  await lists.answered

  const stored = page.waitForResponse((response) => response.request().method() === 'PATCH')
  await edit(page, 'B-001992', 'customer', 'Never Back')
  await (await stored).finished()
  await expect(page.getByTestId('writes')).toHaveText('No writes waiting')
  expect((await stage.order('B-001992')).customer).toBe('Never Back')
  await expect(page.getByTestId('freshness')).toContainText('Renewing')

  const [old, renewed] = [page.waitForResponse('**/api/orders?*'), page.waitForResponse('**/api/orders?*')]
  await lists.letGo()
  expect(await (await old).text()).not.toContain('Never Back')
  await renewed
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await page.getByRole('button', { name: 'Show' }).click()
  await expect(gridRows(page).first()).toContainText('Somebody Else')

  const frames = await page.evaluate<readonly string[]>(() => Reflect.get(window, 'shownInFrames'))
  const mutations = await page.evaluate<readonly string[]>(() => Reflect.get(window, 'shownByMutations'))
  expect(mutations).not.toContain(before)
  expect(mutations).toContain('Never Back')
  expect(new Set(frames)).toEqual(new Set(['Never Back']))
  await page.request.delete('/api/orders/somebody')
})

test('a new row shows at once, and stays the same element when the server has given it its id', async ({ page, stage }) => {
  await page.goto('/orders')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  const writes = await hold(page, '**/api/orders')
  const dialog = await fillInOrder(page, { customer: 'Brand New' })
  await dialog.getByRole('button', { name: 'Add order' }).click()

  const row = gridRows(page).filter({ hasText: 'Brand New' })
  await expect(row).toHaveAttribute('aria-busy', 'true')
  await expect(row.locator('td[data-field="id"]')).toHaveText('New')
  await expect(row.locator('td[data-field="cityId"]')).toHaveText('Tokyo')
  await expect(row.locator('td[data-field="total"]')).toHaveText('…')
  await expect(gridRows(page).first()).toContainText('Brand New')
  await expect(dialog.getByRole('button', { name: 'Adding…' })).toBeVisible()
  const element = await row.elementHandle()

  writes.letGo()
  await expect(dialog).toBeHidden()
  await expect(row).toHaveAttribute('data-id', /^B-/)
  await expect(row).toHaveAttribute('aria-busy', 'false')
  await expect(row).toHaveCount(1)
  expect(await row.evaluate((present, former) => present === former, element)).toBe(true)

  const id = (await row.getAttribute('data-id')) ?? ''
  await expect(page).toHaveURL(`/orders?row=${id}`)
  await expect(page.getByRole('complementary', { name: 'Details' }).getByRole('heading', { name: 'Brand New' })).toBeVisible()
  expect((await stage.order(id)).customer).toBe('Brand New')
  await page.request.delete(`/api/orders/${id}`)
})
