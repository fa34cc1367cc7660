import { expect, test } from '@playwright/test'
import { engines, type Engine } from '../../../scripts/browsers/engine.ts'
import { launchBrowser, type BrowserWindow } from '../../../scripts/browsers/browser-window.ts'
import { users } from '../app/session/users.ts'
import { browserData } from './browser-data.ts'
import { startSite } from './site.ts'
import { firstOrders } from './stage.ts'

// A user's day in the browser of each engine as it was installed: what Playwright drives here is Chromium only.

const titles: Readonly<Record<Engine, string>> = { chromium: 'Chromium', firefox: 'Firefox', webkit: 'WebKit' }

for (const engine of engines) {
  test(`pages, edits, a second window, a server that goes away, and log-out in ${titles[engine]}`, async () => {
    const site = await startSite()
    const browser = await launchBrowser(engine)
    try {
      const window = await browser.newWindow()

      await test.step('the first page loads', async () => {
        await window.open(`${site.url}/orders`)
        // If it fails, the text says why.
        await expect.poll(() => textOf(window)).toContain('Fresh')
        await expect.poll(() => rowIds(window)).toHaveLength(50)
      })
      const [id = ''] = await rowIds(window)

      await test.step('another page, and back', async () => {
        await window.click(button('Next page'))
        await expect.poll(() => rowIds(window)).not.toContain(id)
        await window.click(button('Previous page'))
        await expect.poll(() => rowIds(window)).toContain(id)
      })

      await test.step('an edit is live in a second window', async () => {
        const other = await browser.newWindow()
        await other.open(`${site.url}/orders`)
        await expect.poll(() => rowIds(other)).toContain(id)
        await edit(window, id, 'Seen By Others')
        await expect.poll(() => textOf(other)).toContain('Seen By Others')
        expect((await orderAt(site.url, id))?.customer).toBe('Seen By Others')
      })

      await test.step('an edit without a server arrives when it is back', async () => {
        await site.stop()
        await edit(window, id, 'Written Offline')
        await expect.poll(() => textOf(window)).toContain('1 write waiting')
        expect(await textOf(window)).toContain('Written Offline')
        await site.start()
        await expect.poll(() => textOf(window)).toContain('No writes waiting')
        expect((await orderAt(site.url, id))?.customer).toBe('Written Offline')
      })

      await test.step('log-out leaves nothing', async () => {
        expect(await browserData(window)).toContain(id)
        await window.click(button('Log out'))
        await expect.poll(() => textOf(window)).toContain('Who is there?')
        await expect.poll(() => browserData(window)).not.toContain(id)
        await expect.poll(() => browserData(window)).not.toContain(users[0].id)
      })
    } finally {
      await browser.close()
      await site.close()
    }
  })
}

function button(name: string): string {
  return `//button[@aria-label=${JSON.stringify(name)} or normalize-space()=${JSON.stringify(name)}]`
}

/** Types into the customer of an order in place of what is in it. */
async function edit(window: BrowserWindow, id: string, customer: string): Promise<void> {
  await window.doubleClick(`//tr[@data-id=${JSON.stringify(id)}]/td[@data-field="customer"]`)
  await window.typeAndEnter(customer)
}

function rowIds(window: BrowserWindow): Promise<readonly string[]> {
  return window.evaluate(() => [...document.querySelectorAll('tr[data-id]')].map((row) => row.getAttribute('data-id') ?? ''))
}

function textOf(window: BrowserWindow): Promise<string> {
  return window.evaluate(() => document.body.textContent)
}

async function orderAt(url: string, id: string): Promise<{ readonly customer: string } | undefined> {
  const orders = await firstOrders(url, 50)
  return orders.find((order) => order.id === id)
}
