import type { BrowserContext, Page } from '@playwright/test'
import { test as base, cell, edit, expect, expectStored, gridRows, origin, streamStatus } from './fixtures.ts'
import { startSite, type Site } from './site.ts'
import { changeOrder, firstOrders } from './stage.ts'

const test = base.extend<{ readonly site: Site }>({
  // Playwright reads from the pattern what a fixture needs.
  // oxlint-disable-next-line no-empty-pattern
  site: async ({}, provide) => {
    const site = await startSite()
    await provide(site)
    await site.close()
  },
  baseURL: async ({ site }, provide) => provide(site.url),
})

// A browser reports each request that fails.
test.use({ serviceWorkers: 'allow', allowedProblems: /^Failed to load resource/ })

/** Shows the first page of orders, and waits until a start can do without the server. */
async function visit(page: Page): Promise<void> {
  await page.goto('/orders')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(gridRows(page).first()).not.toContainText('…')
  await page.evaluate(async () => void (await navigator.serviceWorker.ready))
  await expectStored(page)
}

async function disconnect(context: BrowserContext, site: Site): Promise<void> {
  await context.setOffline(true)
  await site.stop()
}

async function reconnect(context: BrowserContext, site: Site): Promise<void> {
  await site.start()
  await context.setOffline(false)
}

/** The addresses of the files that the service worker keeps, without those of index.html. */
function keptFiles(page: Page): Promise<readonly string[]> {
  return page.evaluate(async () => {
    const kept = await (await caches.open('shell')).keys()
    return kept.map(({ url }) => new URL(url).pathname).filter((path) => path !== '/')
  })
}

function scriptOf(page: Page): Promise<string> {
  return page.locator('script[src]').evaluate((script: HTMLScriptElement) => new URL(script.src).pathname)
}

function banner(page: Page): ReturnType<Page['locator']> {
  return page.getByRole('status').filter({ hasText: 'These rows may be out of date' })
}

test('promise 8: without a network and a server the app starts, and says how old its rows are', async ({ page, context, site }) => {
  await visit(page)
  const before = await gridRows(page).allTextContents()
  await disconnect(context, site)
  await page.reload()

  await expect(gridRows(page)).toHaveText(before)
  await expect(origin(page)).toContainText('IndexedDB')
  await expect(page.getByTestId('freshness')).toHaveText(/^Stale, from \d+ (s|min) ago$/)
  await expect(banner(page)).toContainText(/they are from \d+ (s|min) ago\. The server could not be reached\./)
  // The age goes on.
  const age = await banner(page).locator('p').textContent()
  await expect(banner(page).locator('p')).not.toHaveText(age ?? '')

  await gridRows(page).nth(2).locator('td').first().click()
  const details = page.getByRole('complementary', { name: 'Details' })
  await expect(details).toContainText(/As of \d+ (s|min) ago\. The server could not be reached\./)

  // At any address of the app, and in a window that was not open before.
  const another = await context.newPage()
  await another.goto('/orders?row=B-001999')
  await expect(gridRows(another)).toHaveText(before)
  await expect(another.getByRole('complementary', { name: 'Details' })).toContainText('B-001999')

  await reconnect(context, site)
  for (const each of [page, another]) {
    await expect(each.getByTestId('freshness')).toContainText('Fresh')
    await expect(banner(each)).toBeHidden()
    await expect(each.getByText('As of')).toBeHidden()
  }
})

test('a page that starts without a server has the content security policy of the server', async ({ page, context, site }) => {
  await visit(page)
  await disconnect(context, site)
  const answer = await page.reload()
  expect(answer?.fromServiceWorker()).toBe(true)
  expect(answer?.headers()).toMatchObject({ 'content-security-policy': expect.stringContaining("script-src 'self'") })
  await expect(gridRows(page)).toHaveCount(50)
})

test('a server that hangs does not hold up the start for ever', async ({ page, site }) => {
  await visit(page)
  await site.hang()
  await page.reload()
  await expect(gridRows(page)).toHaveCount(50)
  await expect(banner(page)).toContainText(/they are from \d+ (s|min) ago\. There is no word from the server\./)
})

test('where only something before the server answers, the app starts all the same', async ({ page, context }) => {
  await visit(page)
  await context.route('**', (route) => route.fulfill({ status: 503, body: 'No server here' }))
  await page.reload()
  await expect(gridRows(page)).toHaveCount(50)
  await expect(banner(page)).toContainText(/they are from \d+ (s|min) ago\. The server answered 503\./)
})

test('pages that were looked at can be gone through offline; of others it is said that they are not here', async ({
  page,
  context,
  site,
}) => {
  await visit(page)
  await page.getByRole('button', { name: 'Next page' }).click()
  await expect(page.getByRole('navigation', { name: 'Pages' })).toContainText('51–100')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  const second = await gridRows(page).first().getAttribute('data-id')
  await page.getByRole('button', { name: 'First page' }).click()
  await expect(gridRows(page).first()).toHaveAttribute('data-id', 'B-002000')
  await disconnect(context, site)

  await page.getByRole('button', { name: 'Next page' }).click()
  await expect(gridRows(page).first()).toHaveAttribute('data-id', second ?? '')
  await expect(gridRows(page)).toHaveCount(50)
  await expect(banner(page)).toContainText(/they are from \d+ (s|min) ago/)
  await page.getByRole('button', { name: 'Last page' }).click()
  await expect(page.getByRole('heading', { name: 'Nothing to show yet' })).toBeVisible()
  await expect(page.getByRole('alert')).toContainText('The server could not be reached. This page was not looked at before')

  await reconnect(context, site)
  // It comes by itself.
  await expect(gridRows(page).last()).toHaveAttribute('data-id', 'B-000001')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
})

test('an edit without a network shows, waits, survives a start without a network, and is sent once', async ({ page, context, site }) => {
  await visit(page)
  const sent: unknown[] = []
  page.on('request', (request) => void (request.method() === 'PATCH' && sent.push(request.postDataJSON())))
  await disconnect(context, site)
  await edit(page, 'B-001995', 'customer', 'Written Offline')
  await expect(cell(page, 'B-001995', 'customer')).toHaveText('Written Offline')
  await expect(page.getByTestId('writes')).toHaveText('1 write waiting: offline')

  await page.reload()
  await expect(cell(page, 'B-001995', 'customer')).toHaveText('Written Offline')
  await expect(page.locator('tr[data-id="B-001995"]')).toHaveAttribute('aria-busy', 'true')
  await expect(page.getByTestId('writes')).toHaveText('1 write waiting: offline')
  expect(sent).toEqual([])

  await reconnect(context, site)
  await expect(page.getByTestId('writes')).toHaveText('No writes waiting')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(cell(page, 'B-001995', 'customer')).toHaveText('Written Offline')
  await expect(page.locator('tr[data-id="B-001995"]')).toHaveAttribute('aria-busy', 'false')
  expect(sent).toEqual([{ customer: 'Written Offline' }])
  const stored = await firstOrders(site.url, 20)
  expect(stored.find(({ id }) => id === 'B-001995')?.customer).toBe('Written Offline')
})

test('what others change while the network is away shows once it is back, without a reload', async ({ page, context, site }) => {
  await visit(page)
  await expect(streamStatus(page)).toHaveText('Live')
  await page.evaluate(() => Object.assign(window, { isTheSame: true }))
  // The network takes its connections with it.
  await disconnect(context, site)
  await site.start()
  await expect(banner(page)).toContainText(/they are from \d+ (s|min) ago\. There is no word from the server\./)
  await changeOrder(site.url, 'B-001997', { customer: 'Changed Meanwhile' })
  await expect(cell(page, 'B-001997', 'customer')).not.toHaveText('Changed Meanwhile')

  await context.setOffline(false)
  await expect(cell(page, 'B-001997', 'customer')).toHaveText('Changed Meanwhile')
  await expect(streamStatus(page)).toHaveText('Live')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(banner(page)).toBeHidden()
  await changeOrder(site.url, 'B-001997', { customer: 'And Again' })
  await expect(cell(page, 'B-001997', 'customer')).toHaveText('And Again')
  expect(await page.evaluate<unknown>(() => Reflect.get(window, 'isTheSame'))).toBe(true)
})

test('a new version of the app is taken at the next start, and the one that is still open goes on', async ({ page, context, site }) => {
  const version = (target: Page): Promise<string | null> => target.locator('html').getAttribute('data-version')
  // A server that takes longer than two seconds, as on a busy machine, has its version shown at the start after that.
  const expectVersion = (target: Page, name: string): Promise<void> =>
    expect(async () => {
      await target.goto('/orders')
      await expect(gridRows(target)).toHaveCount(50)
      expect(await version(target)).toBe(name)
    }).toPass()
  const load = (target: Page, path: string): Promise<number> => target.evaluate(async (url) => (await fetch(url)).status, path)

  await visit(page)
  const first = await scriptOf(page)
  const styles = expect.stringMatching(/\.css$/)
  expect(await keptFiles(page)).toEqual(expect.arrayContaining([first, styles]))

  await page.evaluate(() => {
    navigator.serviceWorker.addEventListener('controllerchange', () => Object.assign(window, { hasAnotherWorker: true }))
  })
  await site.start('second')
  expect((await fetch(site.url + first)).status).toBe(404)
  const another = await context.newPage()
  await expectVersion(another, 'second')
  await visit(another)
  await expect.poll(() => keptFiles(page)).toContain('/assets/second.js')
  await expect.poll(() => page.evaluate<unknown>(() => Reflect.get(window, 'hasAnotherWorker'))).toBe(true)
  // The former version may still load of its own files, which the server does not have any more.
  expect(await version(page)).toBeNull()
  expect(await load(page, first)).toBe(200)
  await changeOrder(site.url, 'B-001996', { customer: 'Seen By Both' })
  for (const each of [page, another]) {
    await expect(cell(each, 'B-001996', 'customer')).toHaveText('Seen By Both')
  }

  // Without a network no older version comes back.
  await disconnect(context, site)
  await page.reload()
  await expect(gridRows(page)).toHaveCount(50)
  expect(await version(page)).toBe('second')

  await context.setOffline(false)
  await site.start('third')
  await expectVersion(page, 'third')
  await expect.poll(() => keptFiles(page)).not.toContain(first)
  expect(new Set(await keptFiles(page))).toEqual(new Set(['/assets/second.js', '/assets/third.js', await stylesOf(page)]))
})

function stylesOf(page: Page): Promise<string> {
  return page.locator('link[rel="stylesheet"]').evaluate((link: HTMLLinkElement) => new URL(link.href).pathname)
}

test('a version whose files cannot be had is not kept: the one before starts without a network', async ({ page, context, site }) => {
  await visit(page)
  const first = await scriptOf(page)
  let refused = 0
  await context.route('**/assets/second.js', (route) => {
    refused += 1
    return route.abort()
  })
  await site.start('second')
  await page.reload()
  // By the worker that is there, which would keep it, by the new one, and by the page, if the server has answered that in time;
  // whoever would keep it has given up.
  await expect.poll(() => refused).toBeGreaterThanOrEqual(2)
  await page.evaluate(() => navigator.locks.request('shell', () => undefined))
  await disconnect(context, site)
  await page.reload()
  await expect(gridRows(page)).toHaveCount(50)
  expect(await scriptOf(page)).toBe(first)
})

test('the service worker leaves the API alone, and its streams', async ({ page }) => {
  await visit(page)
  const throughWorker: Record<string, boolean> = {}
  page.on('response', (response) => {
    throughWorker[new URL(response.url()).pathname] = response.fromServiceWorker()
  })
  await page.reload()
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(streamStatus(page)).toHaveText('Live')
  expect(throughWorker).toMatchObject({
    '/orders': true,
    [await scriptOf(page)]: true,
    '/api/orders': false,
    '/api/orders/events': false,
  })
})

test.describe('with nothing kept', () => {
  test('an app without rows says that it has none of them, and why', async ({ page, context, site }) => {
    await visit(page)
    await page.goto('about:blank')
    const emptied = await context.newPage()
    await emptied.goto(`${site.url}/api/orders/B-000001`)
    await emptied.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const deleting = indexedDB.deleteDatabase('vantage-live')
          deleting.addEventListener('success', resolve)
          deleting.addEventListener('error', reject)
        }),
    )
    await disconnect(context, site)
    await page.goto('/orders')
    await expect(page.getByRole('heading', { name: 'Nothing to show yet' })).toBeVisible()
    await expect(page.getByRole('alert')).toContainText('The server could not be reached.')
    await expect(page.getByRole('alert')).toContainText('nothing of it is stored here')

    await reconnect(context, site)
    await expect(gridRows(page)).toHaveCount(50)
  })

  test('a page whose script does not come says that the app has not started', async ({ page }) => {
    await page.route('**/assets/*.js', (route) => route.abort())
    await page.goto('/orders')
    await expect(page.getByText('The app has not started')).toBeVisible()
  })
})
