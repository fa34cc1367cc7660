import { setTimeout as wait } from 'node:timers/promises'
import type { Browser, Page } from '@playwright/test'
import { eventProbe, probeEvents } from '../event-probe.ts'
import { cell, expect, gridRows, note, test } from '../fixtures.ts'
import { startStage, type Stage } from '../stage.ts'

// Measures; burst.spec.ts tests. The figures say something on a machine that has nothing else to do.

const count = 2_000
const perSecond = 2_000
const rowCount = 50
const latency = 100

test.use({ isPatient: false })

let stage: Stage

test.beforeAll(async () => {
  stage = await startStage({ latency })
})

test.afterAll(async () => {
  await stage.close()
})

test('figures: 2,000 updates a second that carry their rows', async ({ page, browser }) => {
  await probeEvents(page)
  await measureBurst(page, browser, 100)
})

test('figures: 2,000 updates a second of which only the ids are told', async ({ page, browser }) => {
  await probeEvents(page, { withoutRows: true })
  await measureBurst(page, browser, 500)
})

/** Of a request for the list; in ms since 1970. */
interface Flight {
  readonly start: number
  readonly end: number
}

interface Figures {
  /** How long it took to make the changes, in ms. */
  readonly duration: number
  readonly requests: readonly Flight[]
  /** The tasks that kept the page's thread at work for longer than 50 ms, and how long; what else the machine did meanwhile does not count. */
  readonly longTasks: readonly number[]
  /** How many new values of one cell were in rendered frames before the last change was made. */
  readonly shownValues: number
  /** When the page was told of the last change, in ms since 1970. */
  readonly lastEventAt: number
  /** How long after it was told of the last change every row was right, in ms. */
  readonly rightAfter: number
}

/** Changes the rows of a page in turn, and watches what becomes of it. The quantities are none that the rows had before. */
async function measureBurst(page: Page, browser: Browser, firstQuantity: number): Promise<void> {
  const nextPage = page.waitForResponse(/\/api\/orders\?.*page=2/)
  await page.goto(`${stage.url}/orders`)
  await nextPage
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  await expect(gridRows(page)).toHaveCount(rowCount)
  await expect(page.locator('td[data-field="cityId"]').filter({ hasText: /^(\d+|…)$/ })).toHaveCount(0)
  const ids = (await stage.firstOrders(rowCount)).map(({ id }) => id)
  const changes = Array.from({ length: count }, (_, index) => ({
    id: ids[index % rowCount] ?? '',
    quantity: firstQuantity + Math.floor(index / rowCount),
  }))
  const last = Object.fromEntries(changes.slice(-rowCount).map(({ id, quantity }) => [id, String(quantity)]))
  const watched = ids[rowCount / 2] ?? ''
  await page.evaluate(watchPage, { watched, last })

  await browser.startTracing(page, { categories: ['toplevel'] })

  const start = Date.now()
  for (const [index, change] of changes.entries()) {
    const early = start + (index * 1_000) / perSecond - Date.now()
    if (early >= 1) await wait(early)
    await stage.changeOrders([change])
  }
  const end = Date.now()

  const seen = await page.evaluate<Seen>(() => Reflect.get(window, 'seen'))
  const longTasks = longTasksIn(await browser.stopTracing())
  const rows = await stage.firstOrders(rowCount)
  for (const { id, quantity, total } of rows) {
    expect(String(quantity)).toBe(last[id])
    await expect(cell(page, id, 'quantity')).toHaveText(String(quantity))
    await expect(cell(page, id, 'total')).toContainText(total.toFixed(2).replace(/\B(?=(\d{3})+\.)/, ','))
  }
  const { lastEventAt } = await eventProbe(page, 'orders')
  report({
    duration: end - start,
    requests: seen.requests,
    longTasks,
    shownValues: seen.values.slice(1).filter(({ at }) => at <= end).length,
    lastEventAt,
    rightAfter: Math.round(seen.rightAt - lastEventAt),
  })
}

interface Seen {
  readonly requests: readonly Flight[]
  readonly values: readonly { readonly text: string; readonly at: number }[]
  readonly rightAt: number
}

/** Runs in the page. Has what it saw when all rows are right, and nothing more happens. */
function watchPage({ watched, last }: { readonly watched: string; readonly last: Readonly<Record<string, string>> }): void {
  const quantityOf = (id: string): Element | null => document.querySelector(`tr[data-id="${id}"] > td[data-field="quantity"]`)
  const cells = Object.entries(last).map(([id, text]) => ({ element: quantityOf(id), text }))
  const watchedCell = quantityOf(watched)
  const values: { text: string; at: number }[] = []
  performance.setResourceTimingBufferSize(1_000)
  performance.clearResourceTimings()

  const requests = (): Flight[] =>
    performance
      .getEntriesByType('resource')
      .filter(({ name }) => name.includes('/api/orders?'))
      .map(({ startTime, duration }) => ({
        start: performance.timeOrigin + startTime,
        end: performance.timeOrigin + startTime + duration,
      }))

  const seen = new Promise<Seen>((resolve) => {
    const eachFrame = (): void => {
      const text = watchedCell?.textContent ?? ''
      if (values.at(-1)?.text !== text) values.push({ text, at: Date.now() })
      if (cells.every(({ element, text: wanted }) => element?.textContent === wanted)) {
        const rightAt = performance.timeOrigin + performance.now()
        // Requests that are under way end meanwhile.
        setTimeout(() => resolve({ requests: requests(), values, rightAt }), 1_000)
      } else requestAnimationFrame(eachFrame)
    }
    requestAnimationFrame(eachFrame)
  })
  Object.assign(window, { seen })
}

interface TraceEvent {
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly args: { readonly name?: string }
  /** How long its thread was at work, in µs. */
  readonly tdur?: number
}

function longTasksIn(trace: Buffer): number[] {
  const { traceEvents }: { readonly traceEvents: readonly TraceEvent[] } = JSON.parse(trace.toString())
  const isMain = ({ pid, tid }: TraceEvent): boolean =>
    traceEvents.some((other) => other.args.name === 'CrRendererMain' && other.pid === pid && other.tid === tid)
  const tasks = traceEvents.filter(({ name, tdur = 0 }) => name.endsWith('RunTask') && tdur > 50_000)
  return tasks.filter(isMain).map(({ tdur = 0 }) => Math.round(tdur / 1_000))
}

function mostAtOnce(flights: readonly Flight[]): number {
  return Math.max(0, ...flights.map(({ start }) => flights.filter((other) => other.start <= start && start < other.end).length))
}

function report({ duration, requests, longTasks, shownValues, lastEventAt, rightAfter }: Figures): void {
  const flights = requests.map(({ start, end }) => Math.round(end - start))
  const after = requests.filter(({ start }) => start >= lastEventAt).length
  note(
    `${count} updates in ${duration} ms: ${requests.length} list requests of ${flights.join(', ') || 'no'} ms, ` +
      `at most ${mostAtOnce(requests)} at once, ${after} after the last event; ${shownValues} new values of one cell shown meanwhile; ` +
      `${longTasks.length === 0 ? 'no' : longTasks.join(', ')} ms of long tasks; right ${rightAfter} ms after the last event`,
  )
}
