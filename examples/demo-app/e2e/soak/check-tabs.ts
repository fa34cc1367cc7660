import type { Page } from '@playwright/test'
import { expect, gridRows } from '../fixtures.ts'
import type { Cached, CachedPageQuery } from './cache-reader.ts'
import type { StoredOrder } from './history.ts'
import { press } from './hands.ts'
import { addresses } from './soak-plan.ts'
import { decide, showNews, type Tab } from './tab.ts'
import type { Ledger } from './ledger.ts'

/** What is compared between the screen and the server. */
const shownFields = ['id', 'customer', 'cityId', 'product', 'quantity', 'status', 'notes'] as const

/** Turns the app's own switch, if it is off. */
export async function goOnline({ page }: Tab): Promise<void> {
  page.setDefaultTimeout(60_000)
  const button = page.getByRole('button', { name: 'Go online' })
  if (await button.isVisible()) await press(button)
}

/** How many writes wait in a tab, as its status bar has it. */
export async function pendingWrites({ page }: Tab): Promise<number> {
  const words = await page.getByTestId('writes').innerText()
  return words === 'No writes waiting' ? 0 : Number.parseInt(words, 10)
}

/** Waits until a tab that has nothing more to send knows that it is up to date. */
export async function settle({ page }: Tab, ledger: Ledger): Promise<void> {
  await expect(page.getByTestId('writes')).toHaveText('No writes waiting')
  await expect(page.getByTestId('stream')).toHaveText('Live')
  await expect(page.getByTestId('freshness')).toContainText('Fresh')
  const refused = page.getByRole('button', { name: 'not saved' })
  while (await refused.isVisible()) await decide(ledger, page, 'theirs')
}

/** Flips through the pages that a tab shows, and finds what is not as the server has it. */
export async function brokenPages(tab: Tab, api: string, mostPages: number): Promise<string[]> {
  const { page } = tab
  const cityNames = await namesOfCities(api)
  const broken: string[] = []
  const compare = async (): Promise<void> => {
    const { search } = new URL(page.url())
    const rows = await listed(api, listParameters(search))
    const expected = rows.map((row) => shownFields.map((field) => shownText(field, row[field], cityNames)))
    try {
      await expect(async () => {
        await showNews(page)
        await expect(page.getByTestId('freshness')).toContainText('Fresh', { timeout: 1 })
        expect(await shownRows(page)).toEqual(expected)
      }).toPass({ timeout: 60_000, intervals: [50, 100, 200, 500] })
    } catch (error) {
      broken.push(`tab ${tab.number} at ${search} does not show what the server has: ${error instanceof Error ? error.message : ''}`)
    }
  }
  const flip = async (name: string): Promise<boolean> => {
    const button = page.getByRole('button', { name, exact: true })
    if (!(await button.isEnabled())) return false
    await press(button)
    return true
  }
  await compare()
  await flip('First page')
  for (let pages = 0; pages < mostPages; pages += 1) {
    await compare()
    if (!(await flip('Next page'))) return broken
  }
  if (await flip('Last page')) await compare()
  return broken
}

/** Everything that is cached of the views that the tabs have looked at, and passes for fresh, is as the server has it. */
export async function brokenCache(
  page: Page,
  api: string,
  ids: readonly string[],
): Promise<{ broken: string[]; fresh: number; stale: number }> {
  const broken: string[] = []
  let [fresh, stale] = [0, 0]
  const judge = async <Value>(name: string, cached: Cached<Value>, stored: () => Promise<unknown>): Promise<void> => {
    if (cached === undefined) return
    if (!cached.isFresh) return void (stale += 1)
    fresh += 1
    const value = await stored()
    if (JSON.stringify(cached.value) !== JSON.stringify(value))
      broken.push(`${name} is cached as fresh, but is not as the server has it: ${differences(cached.value, value)}`)
  }
  for (const address of addresses) {
    const { search } = new URL(address, api)
    const { view, pageSize } = cachedView(search)
    const queries = Array.from({ length: Math.ceil(2_500 / pageSize) }, (_, index): CachedPageQuery => ({
      view,
      page: index + 1,
      pageSize,
    }))
    const cached = await page.evaluate((all) => Reflect.get(window, 'soakReader').cachedPages(all), queries)
    for (const query of queries) {
      const parameters = listParameters(search)
      parameters.set('page', String(query.page))
      await judge(`page ${query.page} of ${address}`, cached[query.page - 1], () => listed(api, parameters))
    }
  }
  const rows = await page.evaluate((all) => Reflect.get(window, 'soakReader').cachedRows(all), ids)
  for (const [index, id] of ids.entries()) {
    await judge(`row ${id}`, rows[index], async () => {
      const response = await fetch(`${api}/api/orders/${encodeURIComponent(id)}`)
      return response.ok ? response.json() : undefined
    })
  }
  return { broken, fresh, stale }
}

function differences(cached: unknown, stored: unknown): string {
  if (!Array.isArray(cached) || !Array.isArray(stored)) return `${JSON.stringify(cached)} for ${JSON.stringify(stored)}`
  const wrong = Array.from({ length: Math.max(cached.length, stored.length) }, (_, index) => index).filter(
    (index) => JSON.stringify(cached[index]) !== JSON.stringify(stored[index]),
  )
  const [first = 0] = wrong
  return `${wrong.length} rows, the first of them ${JSON.stringify(cached[first])} for ${JSON.stringify(stored[first])}`
}

/** What the app asks the server for at an address. */
function listParameters(search: string): URLSearchParams {
  const asked = new URLSearchParams(search)
  const [page, q, status] = ['page', 'q', 'status'].map((name) => asked.get(name))
  return new URLSearchParams({
    page: page ?? '1',
    limit: asked.get('size') ?? '50',
    sort: asked.get('sort') ?? '-placedAt',
    ...(typeof q === 'string' ? { q } : {}),
    ...(typeof status === 'string' ? { status } : {}),
  })
}

/** The same as the library has it. */
function cachedView(search: string): Pick<CachedPageQuery, 'view' | 'pageSize'> {
  const parameters = listParameters(search)
  const sort = parameters.get('sort') ?? ''
  const status = parameters.get('status')
  return {
    view: {
      orderBy: [{ field: sort.replace(/^-/, ''), direction: sort.startsWith('-') ? 'desc' : 'asc' }],
      search: parameters.get('q') ?? '',
      ...(status === null ? {} : { where: { status: { eq: status } } }),
    },
    pageSize: Number(parameters.get('limit')),
  }
}

async function listed(api: string, parameters: URLSearchParams): Promise<readonly StoredOrder[]> {
  const response = await fetch(`${api}/api/orders?${parameters}`)
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()).rows
}

async function namesOfCities(api: string): Promise<ReadonlyMap<number, string>> {
  const response = await fetch(`${api}/api/cities?limit=500`)
  const { rows } = await response.json()
  return new Map(rows.map((row: { readonly id: number; readonly name: string }) => [row.id, row.name]))
}

function shownText(
  field: (typeof shownFields)[number],
  value: string | number | undefined,
  cityNames: ReadonlyMap<number, string>,
): string {
  if (field === 'cityId') return cityNames.get(Number(value)) ?? ''
  if (field === 'quantity') return Number(value).toLocaleString('en')
  // The app has these texts with a capital.
  return field === 'product' || field === 'status' ? String(value).charAt(0).toUpperCase() + String(value).slice(1) : String(value)
}

function shownRows(page: Page): Promise<string[][]> {
  return gridRows(page).evaluateAll(
    (rows, fields) => rows.map((row) => fields.map((field) => row.querySelector(`td[data-field="${field}"]`)?.textContent ?? '')),
    shownFields,
  )
}
