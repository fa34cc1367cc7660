import { cell, edit, expect, note, test } from '../fixtures.ts'
import { startStage } from '../stage.ts'

test.use({ isPatient: false })

test('figures: an edit where every answer takes 500 ms', async ({ page }) => {
  const far = await startStage({ latency: 500 })
  await page.goto(`${far.url}/orders`)
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await cell(page, 'B-001990', 'customer').evaluate((element) => {
    const shown = Promise.withResolvers<number>()
    const watch = (since: number): void => {
      if (element.textContent === 'At Once') shown.resolve(performance.now() - since)
      else requestAnimationFrame(() => watch(since))
    }
    addEventListener('keydown', ({ key, timeStamp }) => key === 'Enter' && watch(timeStamp), { capture: true })
    Object.assign(window, { shown: shown.promise })
  })
  await edit(page, 'B-001990', 'customer', 'At Once')
  note(`an edit is shown after ${Math.round(await page.evaluate<number>(() => Reflect.get(window, 'shown')))} ms`)
  await expect(page.getByTestId('writes')).toHaveText('No writes waiting')
  await far.close()
})
