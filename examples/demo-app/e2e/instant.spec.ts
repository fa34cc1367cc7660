import { cell, edit, expect, fillInOrder, gridRows, hold, holdAnswers, test } from './fixtures.ts'
import { startStage, type Stage } from './stage.ts'

test.describe('with a server that takes its time', () => {
  let far: Stage
  let near: Stage

  test.beforeAll(async () => {
    ;[far, near] = await Promise.all([startStage({ latency: 500 }), startStage({ latency: 300 })])
  })

  test.afterAll(async () => {
    await Promise.all([far.close(), near.close()])
  })

  test('an edit shows within 100 ms where every answer takes 500 ms', async ({ page }) => {
    await page.goto(`${far.url}/orders`)
    const customer = cell(page, 'B-001990', 'customer')
    await customer.evaluate((element) => {
      const shown = Promise.withResolvers<number>()
      const watch = (since: number): void => {
        if (element.textContent === 'At Once') shown.resolve(performance.now() - since)
        else requestAnimationFrame(() => watch(since))
      }
      addEventListener('keydown', ({ key, timeStamp }) => key === 'Enter' && watch(timeStamp), { capture: true })
      Object.assign(window, { shown: shown.promise })
    })
    await edit(page, 'B-001990', 'customer', 'At Once')
    expect(await page.evaluate<unknown>(() => Reflect.get(window, 'shown'))).toBeLessThan(100)
    await expect(page.getByTestId('writes')).toHaveText('1 write waiting')

    await expect(page.getByTestId('writes')).toHaveText('No writes waiting')
    await expect(customer).toHaveText('At Once')
    expect((await far.order('B-001990')).customer).toBe('At Once')
  })

  test('no rendered frame shows the old value again, though a slow list from before the write comes after it', async ({ page }) => {
    await page.goto(`${near.url}/orders`)
    await expect(page.getByTestId('freshness')).toContainText('Fresh')
    const customer = cell(page, 'B-001990', 'customer')
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
    const { cityId } = await near.order('B-001990')
    await near.insertOrder({ customer: 'Somebody Else', cityId, product: 'bagel', unitPrice: 1 })
    await lists.answered

    const stored = page.waitForResponse((response) => response.request().method() === 'PATCH')
    await edit(page, 'B-001990', 'customer', 'Never Back')
    await (await stored).finished()
    await expect(page.getByTestId('writes')).toHaveText('No writes waiting')
    expect((await near.order('B-001990')).customer).toBe('Never Back')
    await expect(page.getByTestId('freshness')).toContainText('Renewing')

    const [old, renewed] = [page.waitForResponse('**/api/orders?*'), page.waitForResponse('**/api/orders?*')]
    lists.letGo()
    expect(await (await old).text()).not.toContain('Never Back')
    await renewed
    await expect(page.getByTestId('freshness')).toContainText('Fresh')
    await page.getByRole('button', { name: 'Show' }).click()
    await expect(gridRows(page).first()).toContainText('Somebody Else')

    const frames = await page.evaluate<readonly string[]>(() => Reflect.get(window, 'shownInFrames'))
    const mutations = await page.evaluate<readonly string[]>(() => Reflect.get(window, 'shownByMutations'))
    expect(frames).not.toContain(before)
    expect(mutations).not.toContain(before)
    expect(frames.length).toBeGreaterThan(20)
    expect(new Set(frames)).toEqual(new Set(['Never Back']))
    expect(mutations).toContain('Never Back')
  })
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
