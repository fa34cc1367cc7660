import { setTimeout as wait } from 'node:timers/promises'
import { startApi, type Api } from './api.ts'
import { cell, edit, expect, quantitiesIn, quantitiesOf, streamStatus, test } from './fixtures.ts'
import { startFront, type Front } from './front.ts'
import { changeOrder, firstOrders } from './stage.ts'

let api: Api
let front: Front

test.beforeAll(async () => {
  api = await startApi()
  front = await startFront(api.url)
})

test.afterAll(async () => {
  await front.close()
  await api.close()
})

// A browser reports each request that fails.
test.use({ allowedProblems: /^Failed to load resource/ })

test('a server that is killed and started again amid a burst leaves no tab stale, and an edit that it had not answered is stored once', async ({
  context,
}) => {
  const keys: (string | undefined)[] = []
  const isStored = Promise.withResolvers<void>()
  const isGone = Promise.withResolvers<void>()
  // The server commits the first one, and is gone before it answers.
  await context.route('**/api/orders/B-*', async (route) => {
    const request = route.request()
    if (request.method() === 'PATCH') keys.push(request.headers()['idempotency-key'])
    if (keys.length !== 1) return route.continue()
    await route.fetch()
    isStored.resolve()
    await isGone.promise
    return route.abort()
  })
  const tabs = [await context.newPage(), await context.newPage()] as const
  for (const tab of tabs) {
    await tab.goto(`${front.url}/orders`)
    await expect(streamStatus(tab)).toHaveText('Live')
    await expect(tab.getByTestId('freshness')).toContainText('Fresh')
  }
  const ids = (await firstOrders(api.url, 50)).map(({ id }) => id)
  const [edited = '', ...others] = ids

  const over = new AbortController()
  let sent = 0
  let stored = 0
  const burst = (async () => {
    while (!over.signal.aborted) {
      // Some of them come to nothing, for there is no server.
      const outcomes = await Promise.allSettled(
        Array.from({ length: 10 }, () => {
          sent += 1
          return changeOrder(api.url, others[sent % others.length] ?? '', { quantity: (sent % 9_999) + 1 })
        }),
      )
      stored += outcomes.filter(({ status }) => status === 'fulfilled').length
      await wait(10)
    }
  })()
  await expect.poll(() => stored).toBeGreaterThan(100)
  await edit(tabs[0], edited, 'customer', 'Not Answered')
  await isStored.promise
  await api.kill()
  isGone.resolve()
  const storedBefore = stored
  for (const tab of tabs) await expect(streamStatus(tab)).not.toHaveText('Live')
  await api.startAgain()
  await expect.poll(() => stored).toBeGreaterThan(storedBefore + 300)
  over.abort()
  await burst

  for (const tab of tabs) await expect(streamStatus(tab)).toHaveText('Live')
  await expect(tabs[0].getByTestId('writes')).toHaveText('No writes waiting')
  const rows = await firstOrders(api.url, 50)
  expect(rows.map(({ id }) => id)).toEqual(ids)
  expect(rows[0]?.customer).toBe('Not Answered')
  for (const tab of tabs) {
    await expect(tab.getByTestId('freshness')).toContainText('Fresh')
    await expect.poll(() => quantitiesIn(tab)).toEqual(quantitiesOf(rows))
    await expect(cell(tab, edited, 'customer')).toHaveText('Not Answered')
    await expect(tab.getByRole('button', { name: 'not saved' })).toHaveCount(0)
  }
  // It was sent again as what it was, so that the server knew it.
  expect(keys.length).toBeGreaterThan(1)
  expect(new Set(keys).size).toBe(1)
  expect(keys[0]).toMatch(/./)
})
