import type { Page } from '@playwright/test'
import { cell, edit, expect, fillInOrder, gridRows, test } from './fixtures.ts'

// A browser reports each request that fails.
test.use({ allowedProblems: /^Failed to load resource/ })

/** The directives that the page has violated. */
async function watchViolations(page: Page): Promise<() => Promise<readonly string[]>> {
  await page.addInitScript(() => {
    const violations: string[] = []
    addEventListener('securitypolicyviolation', ({ effectiveDirective }) => violations.push(effectiveDirective))
    Object.assign(window, { violations })
  })
  return () => page.evaluate(() => Reflect.get(window, 'violations'))
}

test('the app does all it can without a word from the content security policy', async ({ page, stage }) => {
  const violations = await watchViolations(page)
  const answer = await page.goto('/orders')
  expect(answer?.headers()['content-security-policy']).toContain("script-src 'self'; style-src 'self'")
  await expect(gridRows(page)).toHaveCount(50)

  await gridRows(page).nth(3).locator('td').first().click()
  await expect(page.getByRole('complementary').getByRole('region', { name: 'city' })).toBeVisible()
  await edit(page, 'B-001962', 'customer', 'Under The Policy')
  await expect.poll(async () => (await stage.order('B-001962')).customer).toBe('Under The Policy')
  // Refused by the server, so that its dialog is shown.
  await edit(page, 'B-001963', 'quantity', '0')
  await expect(page.getByText(/not saved/).first()).toBeVisible()
  await expect(cell(page, 'B-001963', 'quantity')).not.toHaveText('0')
  const dialog = await fillInOrder(page, { customer: 'New Under The Policy' })
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await expect(dialog).toBeHidden()
  await page.getByRole('button', { name: 'Activity' }).click()
  await expect(page.getByRole('region', { name: 'Activity' })).toBeVisible()
  await page.getByRole('link', { name: 'Cities' }).click()
  await expect(page).toHaveURL(/\/cities/)
  await expect(gridRows(page)).toHaveCount(50)
  await page.getByRole('button', { name: 'Go offline' }).click()
  await page.getByRole('button', { name: 'Go online' }).click()
  await page.getByRole('button', { name: 'Log out', exact: true }).click()
  await page
    .getByRole('dialog', { name: 'Log out' })
    .getByRole('button', { name: /log out/i })
    .click()
  await expect(page.getByRole('heading', { name: 'Who is there?' })).toBeVisible()
  expect(await violations()).toEqual([])
})

test.describe('a page into which somebody has got something', () => {
  // The browser reports each violation.
  test.use({ allowedProblems: /Content Security Policy/ })

  test('runs no script of theirs, takes none of their styles and sends them nothing', async ({ page }) => {
    const violations = await watchViolations(page)
    await page.goto('/orders')
    await expect(gridRows(page)).toHaveCount(50)
    const sent = await page.evaluate(async () => {
      document.body.insertAdjacentHTML('beforeend', '<img src="/nothing" onerror="isTheirs = true"><style>body { display: none }</style>')
      const script = document.createElement('script')
      script.textContent = 'isTheirs = true'
      const base = document.createElement('base')
      base.href = 'http://evil.example/'
      document.head.append(script, base)
      return fetch('http://evil.example/').then(
        () => 'sent',
        () => 'blocked',
      )
    })
    expect(sent).toBe('blocked')
    await expect
      .poll(violations)
      .toEqual(expect.arrayContaining(['script-src-elem', 'script-src-attr', 'style-src-elem', 'base-uri', 'connect-src']))
    expect(await page.evaluate(() => Reflect.has(window, 'isTheirs'))).toBe(false)
    await expect(gridRows(page).first()).toBeVisible()
    expect(await page.evaluate(() => document.baseURI)).toContain('/orders')
  })
})
