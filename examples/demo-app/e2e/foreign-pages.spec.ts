import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Page } from '@playwright/test'
import { browserArgs, findHeadlessChromium } from '../../../scripts/browsers/find-browser.ts'
import { portOf } from '../server/server.ts'
import { expect, test } from './fixtures.ts'

/** A name whose owner makes it lead to this machine, as in DNS rebinding. */
const rebound = 'rebound.example'

test.use({
  launchOptions: { executablePath: findHeadlessChromium(), args: [...browserArgs, `--host-resolver-rules=MAP ${rebound} 127.0.0.1`] },
  // A browser reports what it does not let a page do, and each request that fails.
  allowedProblems: /./,
})

interface Sent {
  readonly method?: string
  readonly mode?: RequestMode
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Sends a request from a page; resolves with the status and the body, or with the error. */
function send(page: Page, url: string, init: Sent = {}): Promise<string> {
  return page.evaluate(
    async (request) => {
      try {
        const answer = await fetch(request.url, request.init)
        return `${answer.type} ${answer.status} ${await answer.text()}`
      } catch (error) {
        return String(error)
      }
    },
    { url, init },
  )
}

test('a page whose name was led to this machine reads nothing and changes nothing', async ({ page, stage }) => {
  const url = stage.url.replace('localhost', rebound)
  expect((await page.goto(`${url}/orders`))?.status()).toBe(421)
  for (const init of [
    {},
    { method: 'DELETE' },
    { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: '{"quantity":7}' },
  ]) {
    expect(await send(page, '/api/orders/B-001970', init)).toMatch(/^basic 421 .*unknown-host/)
  }
  expect(await send(page, '/api/orders/events')).toMatch(/^basic 421 /)
  expect((await stage.order('B-001970')).id).toBe('B-001970')
})

test('a page of another origin changes nothing, holds no stream open and cannot frame the app', async ({ page, stage }) => {
  const site = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><iframe src="${stage.url}/orders"></iframe>`)
  })
  await once(site.listen(0, '127.0.0.1'), 'listening')
  await page.goto(`http://127.0.0.1:${portOf(site)}/`)
  await expect.poll(() => page.frames()[1]?.url()).toBe('chrome-error://chromewebdata/')

  const before = await stage.firstOrders(50)
  const { readers } = stage
  for (const init of [
    { method: 'DELETE' },
    { mode: 'no-cors' },
    { method: 'POST', mode: 'no-cors', body: '{"id":"theirs","customer":"Them","cityId":1796236,"product":"bagel","unitPrice":2}' },
  ] as const) {
    expect(await send(page, `${stage.url}/api/orders`, init)).toMatch(/^TypeError: Failed to fetch|^opaque 0 $/)
  }
  expect(await send(page, `${stage.url}/api/orders/events`, { mode: 'no-cors' })).toMatch(/^TypeError: Failed to fetch|^opaque 0 $/)
  expect(stage.readers).toBe(readers)
  expect(await stage.firstOrders(50)).toEqual(before)
  site.close()
  site.closeAllConnections()
})
