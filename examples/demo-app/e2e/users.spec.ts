import type { Locator, Page } from '@playwright/test'
import { users, type User } from '../app/session/users.ts'
import { browserData } from './browser-data.ts'
import { cell, edit, expect, expectStored, gridRows, hold, holdAnswers, origin, storedSlots, test } from './fixtures.ts'

const [first, second] = users

// A browser reports each request that fails.
test.use({ allowedProblems: /^Failed to load resource/ })

function signInScreen(page: Page): Locator {
  return page.getByRole('heading', { name: 'Who is there?' })
}

/** Shows the first page of orders, and waits until the browser has stored what it shows. */
async function visit(page: Page): Promise<void> {
  await page.goto('/orders')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(gridRows(page).first()).not.toContainText('…')
  await expectStored(page)
}

async function signIn(page: Page, { name }: User): Promise<void> {
  await page.getByRole('button', { name }).click()
  await expect(page.getByRole('banner')).toContainText(name)
}

function logOut(page: Page): Promise<void> {
  return page.getByRole('button', { name: 'Log out', exact: true }).click()
}

function dialog(page: Page): Locator {
  return page.getByRole('dialog', { name: 'Log out' })
}

/** What every stored row of the first page has in it. */
const rowText = /B-0019\d\d/

/** The requests that change something, from now on. */
function changesSent(page: Page): readonly string[] {
  const sent: string[] = []
  page.context().on('request', (request) => {
    if (!['GET', 'HEAD'].includes(request.method())) sent.push(`${request.method()} ${request.url()}`)
  })
  return sent
}

test('promise 14: after logging out nothing of the user is on screen, in the address or in any database, in any tab, and the next user finds nothing', async ({
  page,
  context,
}) => {
  await visit(page)
  await page.getByRole('searchbox').fill('muffin')
  await expect(page).toHaveURL(/q=muffin/)
  const other = await context.newPage()
  await other.goto('/cities')
  await expect(other.getByTestId('freshness')).toContainText('Fresh')
  await gridRows(other).first().locator('td').first().click()
  await expect(other).toHaveURL(/row=/)
  expect(await browserData(page)).toMatch(rowText)

  await logOut(page)
  for (const tab of [page, other]) {
    await expect(signInScreen(tab)).toBeVisible()
    await expect(gridRows(tab)).toHaveCount(0)
    await expect(tab.locator('body')).toHaveText(/^\s*Bakehouse\s*Who is there\?/)
    expect(new URL(tab.url()).search).toBe('')
  }
  await expect.poll(() => browserData(page)).not.toMatch(rowText)
  await expect.poll(() => browserData(page)).not.toContain(first.id)
  await page.reload()
  await expect(signInScreen(page)).toBeVisible()

  await context.route('**/api/**', (route) => route.abort())
  await signIn(page, second)
  await expect(page.getByRole('heading', { name: 'Nothing to show yet' })).toBeVisible()
  // The other tab is the same user’s now.
  await expect(other.getByRole('banner')).toContainText(second.name)
  await context.unroute('**/api/**')
  await expect(gridRows(page)).toHaveCount(50)
  await expectStored(page, { user: second.id })
  expect((await storedSlots(page)).filter((slot) => slot.includes(first.id))).toEqual([])
})

test('a user who logs in again starts with nothing that was cached', async ({ page, context }) => {
  await visit(page)
  await logOut(page)
  await expect(signInScreen(page)).toBeVisible()
  await context.route('**/api/**', (route) => route.abort())
  await signIn(page, first)
  await expect(page.getByRole('heading', { name: 'Nothing to show yet' })).toBeVisible()
  await context.unroute('**/api/**')
  await expect(origin(page)).toContainText('network')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
})

test('whoever logs out may wait until what was changed offline is sent, or give up waiting and stay', async ({ page, stage }) => {
  await visit(page)
  await page.getByRole('button', { name: 'Go offline' }).click()
  await edit(page, 'B-001955', 'customer', 'Sent Before')
  await expect(page.getByTestId('writes')).toHaveText('1 write waiting: offline')

  await logOut(page)
  await expect(dialog(page)).toContainText('1 change of yours waits to be sent: offline.')
  await dialog(page).getByRole('button', { name: 'Send first' }).click()
  await expect(dialog(page)).toContainText('You are logged out as soon as nothing waits.')
  await dialog(page).getByRole('button', { name: 'Stay' }).click()
  await expect(dialog(page)).toBeHidden()
  await expect(cell(page, 'B-001955', 'customer')).toHaveText('Sent Before')
  await expect(page.getByTestId('writes')).toHaveText('1 write waiting: offline')

  await logOut(page)
  await dialog(page).getByRole('button', { name: 'Send first' }).click()
  expect((await stage.order('B-001955')).customer).not.toBe('Sent Before')
  await dialog(page).getByRole('button', { name: 'Go online' }).click()
  await expect(signInScreen(page)).toBeVisible()
  expect((await stage.order('B-001955')).customer).toBe('Sent Before')
  expect(await browserData(page)).not.toMatch(rowText)
})

test('promise 14: changes that are discarded are never sent, not by the next user either', async ({ page, stage }) => {
  await visit(page)
  await page.getByRole('button', { name: 'Go offline' }).click()
  await edit(page, 'B-001954', 'customer', 'Never Sent')
  await expect(page.getByTestId('writes')).toHaveText('1 write waiting: offline')
  await expect.poll(() => browserData(page)).toContain('Never Sent')

  const sent = changesSent(page)
  await logOut(page)
  await dialog(page).getByRole('button', { name: 'Discard and log out' }).click()
  await expect(signInScreen(page)).toBeVisible()
  await expect(page.locator('body')).not.toContainText('Never Sent')
  await expect.poll(() => browserData(page)).not.toContain('Never Sent')

  await signIn(page, second)
  await page.getByRole('button', { name: 'Go online' }).click()
  await expect(page.getByTestId('writes')).toHaveText('No writes waiting')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await page.reload()
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(cell(page, 'B-001954', 'customer')).not.toHaveText('Never Sent')
  expect(sent).toEqual([])
  expect((await stage.order('B-001954')).customer).not.toBe('Never Sent')
})

test('what waits in another window is waited for, too, unless the user decides otherwise', async ({ page, context, stage }) => {
  await visit(page)
  const other = await context.newPage()
  await other.goto('/orders')
  await expect(other.getByTestId('freshness')).toContainText('Fresh')
  await other.getByRole('button', { name: 'Go offline' }).click()
  await edit(other, 'B-001953', 'customer', 'From The Other Window')
  await expect(other.getByTestId('writes')).toHaveText('1 write waiting: offline')

  await logOut(page)
  await expect(dialog(page)).toContainText('A change waits in another window of yours.')
  await other.getByRole('button', { name: 'Go online' }).click()
  for (const tab of [page, other]) await expect(signInScreen(tab)).toBeVisible()
  expect((await stage.order('B-001953')).customer).toBe('From The Other Window')
  expect(await browserData(page)).not.toMatch(rowText)
})

test('promise 14: answers that come only after logging out show nothing and leave nothing', async ({ page, stage }) => {
  await visit(page)
  const lists = await holdAnswers(page, '**/api/orders?*')
  const rows = await holdAnswers(page, '**/api/orders/B-*')
  await page.getByRole('columnheader', { name: 'Customer' }).getByRole('button').click()
  await lists.answered
  await edit(page, 'B-001952', 'customer', 'Answered Too Late')
  await rows.answered

  await logOut(page)
  await dialog(page).getByRole('button', { name: 'Discard and log out' }).click()
  await expect(signInScreen(page)).toBeVisible()
  await lists.letGo()
  await rows.letGo()
  // It was on its way.
  expect((await stage.order('B-001952')).customer).toBe('Answered Too Late')
  // What came before this answer has been heard by then, and what it led to was asked of the database before the test asks.
  await page.evaluate(async () => void (await (await fetch('/')).text()))
  await expect(page.locator('body')).toHaveText(/^\s*Bakehouse\s*Who is there\?/)
  const data = await browserData(page)
  expect(data).not.toMatch(rowText)
  expect(data).not.toContain('Answered Too Late')

  await page.route('**/api/**', (route) => route.abort())
  await signIn(page, second)
  await expect(page.getByRole('heading', { name: 'Nothing to show yet' })).toBeVisible()
  await expect(page.locator('body')).not.toContainText('Answered Too Late')
})

test('a tab that was put aside while the user logged out elsewhere does not show their rows when it is shown again', async ({ page }) => {
  await visit(page)
  // As another tab does it, while this one hears of nothing.
  await page.evaluate(() => {
    localStorage.setItem('demo-signed-in', 'nobody')
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
  })
  await expect(signInScreen(page)).toBeVisible()
  await expect(gridRows(page)).toHaveCount(0)
})

test('a tab that slept while its user logged out and in again leaves the new session alone', async ({ page, context, stage }) => {
  await visit(page)
  const other = await context.newPage()
  await other.goto('/orders')
  await expect(other.getByTestId('freshness')).toContainText('Fresh')
  const { letGo } = await hold(other, '**/sleep')
  // Nothing else happens in a page until such a request has its answer.
  const slept = other.evaluate(() => {
    const request = new XMLHttpRequest()
    request.open('GET', '/sleep', false)
    request.send()
  })
  await logOut(page)
  await signIn(page, first)
  await expect(gridRows(page)).toHaveCount(50)
  await page.getByRole('button', { name: 'Go offline' }).click()
  await edit(page, 'B-001956', 'customer', 'Of The New Session')
  await expect.poll(() => browserData(page)).toContain('Of The New Session')

  letGo()
  await slept
  await expect(other.getByTestId('freshness')).toContainText('Fresh')
  await expect(other.getByRole('banner')).toContainText(first.name)
  await expect(page.getByTestId('writes')).toHaveText('1 write waiting: offline')
  // What the other tab has asked of the databases is done before what it asks now.
  expect(await browserData(other)).toContain('Of The New Session')
  expect((await stage.order('B-001956')).customer).not.toBe('Of The New Session')
  // Whichever of the two sends it.
  await page.reload()
  await page.getByRole('button', { name: 'Go online' }).click()
  await expect.poll(async () => (await stage.order('B-001956')).customer).toBe('Of The New Session')
})

test('a running app survives that its site data are cleared: it goes on showing, reading, writing and caching', async ({ page, stage }) => {
  await visit(page)
  const status = await page.evaluate(async () => {
    const answer = await fetch('/api/log-out', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ clear: true }),
    })
    return answer.status
  })
  expect(status).toBe(204)
  await expect.poll(() => storedSlots(page)).toEqual([])
  await expect(gridRows(page)).toHaveCount(50)

  await edit(page, 'B-001951', 'customer', 'After The Clearing')
  await expect.poll(async () => (await stage.order('B-001951')).customer).toBe('After The Clearing')
  await page.getByRole('columnheader', { name: 'Customer' }).getByRole('button').click()
  await expect(page).toHaveURL(/sort=customer/)
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect.poll(() => storedSlots(page)).toContainEqual(expect.stringContaining('"customer","asc"'))
  await expect(page.getByTestId('storage')).toHaveCount(0)
})

test.describe('where the browser', () => {
  test('allows no storage, the app says so, and works without', async ({ page }) => {
    await page.addInitScript(() => {
      const denied = (): never => {
        throw new DOMException('The user denied permission to access the database.', 'SecurityError')
      }
      IDBFactory.prototype.open = denied
      Object.defineProperty(window, 'localStorage', { get: denied })
      Object.defineProperty(window, 'sessionStorage', { get: denied })
    })
    await page.goto('/orders')
    await expect(page.getByTestId('storage')).toHaveText('Kept in memory only: the browser does not allow storage')
    await expect(page.getByTestId('freshness')).toContainText('Fresh')
    await logOut(page)
    await signIn(page, second)
    await expect(gridRows(page)).toHaveCount(50)
  })

  test('has no more room, the app says so, and works all the same', async ({ page }) => {
    await page.addInitScript(() => {
      const { put } = IDBObjectStore.prototype
      IDBObjectStore.prototype.put = function (...row) {
        if (Reflect.get(window, 'isFull') === true) throw new DOMException('There is no more room.', 'QuotaExceededError')
        return put.apply(this, row)
      }
    })
    await visit(page)
    await page.evaluate(() => Object.assign(window, { isFull: true }))
    await page.getByRole('button', { name: 'Last page' }).click()
    await expect(gridRows(page).last()).toHaveAttribute('data-id', 'B-000001')
    await expect(page.getByTestId('storage')).toHaveText('Cache off: the disk is full')
    await page.getByRole('button', { name: 'Activity' }).click()
    const troubles = page.getByRole('region', { name: 'Activity' }).getByRole('listitem').filter({ hasText: 'Cache off: the disk is full' })
    // Each table tells once.
    await expect(troubles).toHaveCount(2)

    await page.evaluate(() => Object.assign(window, { isFull: false }))
    await page.getByRole('button', { name: 'First page' }).click()
    await page.getByRole('columnheader', { name: 'Customer' }).getByRole('button').click()
    await expect(page.getByTestId('storage')).toHaveCount(0)
  })
})
