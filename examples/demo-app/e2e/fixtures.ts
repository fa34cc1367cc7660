import {
  test as base,
  expect as baseExpect,
  type Expect,
  type Locator,
  type Page,
  type PlaywrightTestArgs,
  type PlaywrightTestOptions,
  type PlaywrightWorkerArgs,
  type PlaywrightWorkerOptions,
  type TestType,
} from '@playwright/test'
import { rowVersion } from '../app/row-shape.ts'
import { users } from '../app/session/users.ts'
import type { Order } from '../server/entities/orders.ts'
import { startStage, type Stage } from './stage.ts'

interface Fixtures {
  /** Whether the app waits for its storage and its server without end. A busy machine, and a test that holds something up, take their time. */
  readonly isPatient: boolean
  /** What the browser may complain about in this test. */
  readonly allowedProblems: RegExp
  /** Fails the test where the browser complains about anything else. */
  readonly noProblems: undefined
}

interface WorkerFixtures {
  readonly stage: Stage
}

/** How long a table waits for its storage, in ms. */
const storagePatience = 2_000
/** How long the app waits for an answer of its server, in ms. */
const serverPatience = 20_000

/** What Playwright says in a page whose service worker it blocks. */
const noWorker = 'Service Worker registration blocked by Playwright'

/** Each worker has a server of its own; a test that needs rows to itself makes or picks them. */
export const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & Fixtures,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions & WorkerFixtures
> = base.extend<Fixtures, WorkerFixtures>({
  stage: [
    // Playwright reads from the pattern what a fixture needs.
    // oxlint-disable-next-line no-empty-pattern
    async ({}, provide) => {
      const stage = await startStage()
      await provide(stage)
      await stage.close()
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ stage }, provide) => provide(stage.url),
  isPatient: [true, { option: true }],
  context: async ({ context, isPatient }, provide) => {
    if (isPatient) await context.addInitScript(waitWithoutEnd, [storagePatience, serverPatience])
    await provide(context)
  },
  allowedProblems: [/^$/, { option: true }],
  noProblems: [
    async ({ context, allowedProblems }, provide) => {
      const problems: string[] = []
      context.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text())
      })
      context.on('weberror', (error) => problems.push(String(error.error())))
      await provide(undefined)
      const unexpected = problems.filter((problem) => problem !== noWorker && !allowedProblems.test(problem))
      baseExpect(unexpected, 'the browser has nothing to complain about').toEqual([])
    },
    { auto: true },
  ],
})

export const expect: Expect = baseExpect

/** Runs in the page, before its own scripts: timers of these lengths never end. */
function waitWithoutEnd(lengths: readonly number[]): void {
  const begin = window.setTimeout.bind(window)
  const longest = 2 ** 31 - 1
  Object.assign(window, {
    setTimeout: (run: (...values: readonly unknown[]) => void, delay = 0, ...values: readonly unknown[]) =>
      begin(run, lengths.includes(delay) ? longest : delay, ...values),
  })
}

/** The body of the grid. */
export function gridRows(page: Page): Locator {
  return page.locator('tr[data-id]')
}

export function cell(page: Page, id: string, field: string): Locator {
  return page.locator(`tr[data-id=${JSON.stringify(id)}] > td[data-field="${field}"]`)
}

export function statusBar(page: Page): Locator {
  return page.locator('.status-bar')
}

/** How the live stream stands, in the status bar. */
export function streamStatus(page: Page): Locator {
  return page.getByTestId('stream')
}

/** How often changes may have been missed, the first opening of the stream included. */
export async function gapsOf(page: Page): Promise<number> {
  const title = (await streamStatus(page).getAttribute('title')) ?? ''
  const [, times = ''] = /may have been missed (once|\d+)/.exec(title) ?? []
  return times === 'once' ? 1 : Number(times)
}

/** The ids of the orders on the page and their quantities, from top to bottom. */
export function quantitiesIn(page: Page): Promise<(readonly [id: string, quantity: string])[]> {
  return gridRows(page).evaluateAll((rows) =>
    rows.map((row) => [row.getAttribute('data-id') ?? '', row.querySelector('td[data-field="quantity"]')?.textContent ?? ''] as const),
  )
}

/** The same, as it has to be for these orders. */
export function quantitiesOf(orders: readonly Pick<Order, 'id' | 'quantity'>[]): (readonly [id: string, quantity: string])[] {
  return orders.map(({ id, quantity }) => [id, quantity.toLocaleString('en')])
}

/** Puts a figure that was measured beside the result of the test. */
export function note(figure: string): void {
  test.info().annotations.push({ type: 'figure', description: figure })
  console.log(figure)
}

/** Notes the texts that an element comes to have, also those that it has for a moment only. */
export async function watchTexts(locator: Locator): Promise<() => Promise<readonly string[]>> {
  const texts = await locator.evaluateHandle((element) => {
    const seen: string[] = []
    const look = (): void => void seen.push(element.textContent ?? '')
    new MutationObserver(look).observe(element, { subtree: true, childList: true, characterData: true })
    return seen
  })
  return () => texts.jsonValue()
}

/** Where the page came from, in the status bar. */
export function origin(page: Page): Locator {
  return page.getByTestId('origin')
}

/** The names of the slots in IndexedDB, whosever they are. What is shown is written there right after. */
export function storedSlots(page: Page): Promise<readonly string[]> {
  return page.evaluate(
    () =>
      new Promise<readonly string[]>((resolve, reject) => {
        const opening = indexedDB.open('vantage-live')
        // There is none, and it is not for a test to make one.
        opening.addEventListener('upgradeneeded', () => opening.transaction?.abort())
        opening.addEventListener('error', () => {
          if (opening.error?.name === 'AbortError') resolve([])
          else reject(new Error('the database cannot be opened', { cause: opening.error }))
        })
        opening.addEventListener('success', () => {
          const database = opening.result
          const reading = database.transaction('entries').objectStore('entries').getAllKeys()
          reading.addEventListener('success', () => {
            // A key is the scope and the name.
            resolve(reading.result.flatMap((key) => (Array.isArray(key) && typeof key[1] === 'string' ? key[1] : [])))
            database.close()
          })
        })
      }),
  )
}

/** Waits until rows of both tables are stored that this user has looked at: by default the one who is signed in at first. */
export async function expectStored(page: Page, { user = users[0].id }: { readonly user?: string } = {}): Promise<void> {
  const slotOf = (table: string): unknown => baseExpect.stringContaining(`[${JSON.stringify([user, table, rowVersion])},`)
  await baseExpect.poll(() => storedSlots(page)).toEqual(baseExpect.arrayContaining([slotOf('orders'), slotOf('cities')]))
}

/** Holds up all requests to an address until they are let go. */
export async function hold(page: Page, address: string): Promise<{ readonly letGo: () => void }> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  await page.route(address, async (route) => {
    await promise
    await route.continue()
  })
  return { letGo: () => resolve(undefined) }
}

/** Holds up each request to an address by itself: the functions that let them go, in the order in which they come. */
export async function holdEach(page: Page, address: string): Promise<readonly (() => void)[]> {
  const held: (() => void)[] = []
  await page.route(address, async (route) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    held.push(resolve)
    await promise
    await route.continue()
  })
  return held
}

/** Lets requests to an address through at once, and holds up their answers until they are let go. */
export async function holdAnswers(page: Page, address: string): Promise<HeldAnswers> {
  const answered = Promise.withResolvers<void>()
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const passedOn: Promise<void>[] = []
  await page.route(address, async (route) => {
    const response = await route.fetch()
    answered.resolve()
    // The page may have given up on this request by then.
    const passing = promise.then(() => route.fulfill({ response })).catch(() => undefined)
    passedOn.push(passing)
    await passing
  })
  return {
    answered: answered.promise,
    async letGo() {
      resolve(undefined)
      await Promise.all(passedOn)
    },
  }
}

export interface HeldAnswers {
  /** Resolves when the server has answered for the first time. */
  readonly answered: Promise<void>
  /** Resolves when the browser has the answers that were held up. */
  letGo(): Promise<void>
}

/** Types into a cell in place of what is in it, as a user does. */
export async function edit(page: Page, id: string, field: string, text: string): Promise<void> {
  await cell(page, id, field).dblclick()
  await page.keyboard.type(text)
  await page.keyboard.press('Enter')
}

/** Opens the form for a new order and fills it in; it is still to be sent. */
export async function fillInOrder(
  page: Page,
  { id = '', customer }: { readonly id?: string; readonly customer: string },
): Promise<Locator> {
  await page.getByRole('button', { name: 'New order' }).click()
  const dialog = page.getByRole('dialog', { name: 'New order' })
  await dialog.getByRole('textbox', { name: 'Order' }).fill(id)
  await dialog.getByRole('textbox', { name: 'Customer' }).fill(customer)
  await dialog.getByRole('combobox', { name: 'City' }).fill('tokyo')
  await dialog.getByRole('option', { name: 'Tokyo' }).click()
  await dialog.getByRole('combobox', { name: 'Product' }).selectOption('brioche')
  return dialog
}
