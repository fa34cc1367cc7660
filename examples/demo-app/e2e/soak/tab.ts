import { setTimeout as wait } from 'node:timers/promises'
import type { BrowserContext, Locator, Page } from '@playwright/test'
import { editCell, press, pressDelete } from './hands.ts'
import type { Ledger } from './ledger.ts'
import type { Network } from './network.ts'
import type { TabAction } from './soak-plan.ts'

/** How long a user looks for a button or a row, in ms. */
const patience = 2_000

/** A place where one tab comes after the other. */
export interface Tab {
  readonly number: number
  page: Page
}

export interface Stand {
  readonly context: BrowserContext
  readonly url: string
  readonly ledger: Ledger
  readonly network: Network
}

export async function openTab(stand: Stand, number: number, address: string): Promise<Tab> {
  return { number, page: await openPage(stand, address) }
}

async function openPage({ context, url, network }: Stand, address: string): Promise<Page> {
  const page = await context.newPage()
  page.setDefaultTimeout(patience)
  await load(page, () => page.goto(`${url}${address}`, { timeout: 20_000 }), `${url}${address}`, network)
  return page
}

/** Loads the app, as often as it takes: the network may go meanwhile, and the app's own files with it. */
async function load(page: Page, first: () => Promise<unknown>, url: string, network: Network): Promise<void> {
  for (let attempt = first; ; attempt = () => page.goto(url, { timeout: 20_000 })) {
    await network.online()
    try {
      await attempt()
      await page.locator('.status-bar').waitFor({ timeout: 30_000 })
      return
    } catch (error) {
      if (!(error instanceof Error) || !/net::ERR_|TimeoutError/.test(`${error.name} ${error.message}`)) throw error
    }
  }
}

/** What is there is not what the user was after. */
class GaveUpError extends Error {
  override readonly name = 'GaveUpError'
}

/** Does what a user would do. @throws TimeoutError or GaveUpError where what it takes is not there, as may well be in such times */
export async function act(stand: Stand, tab: Tab, action: TabAction): Promise<void> {
  const { ledger } = stand
  const { page } = tab
  const note = (type: 'edit' | 'insert' | 'delete', id: string, text: string, isSure: boolean): void => {
    ledger.writes.push({ tab: tab.number, page, at: Date.now(), type, id, text, isSure })
  }
  switch (action.type) {
    case 'edit': {
      const edited = await editCell(page, action.row, action.field, action.text)
      if (edited === undefined) throw new GaveUpError('there is no such row')
      note('edit', edited.id, action.text, edited.isTaken)
      break
    }
    case 'wrongEdit':
      await editCell(page, action.row, 'quantity', '0')
      break
    case 'insert': {
      const dialog = await fillInForm(page, action.id, action.text)
      let isTaken = false
      try {
        await press(dialog.getByRole('button', { name: 'Add order' }))
        isTaken = await leaveForm(dialog)
      } finally {
        note('insert', action.id, action.text, isTaken)
      }
      break
    }
    case 'delete': {
      const id = await pressDelete(page, action.row)
      const dialog = page.getByRole('dialog', { name: `Delete order ${id}?` })
      await press(dialog.getByRole('button', { name: 'Delete', exact: true }))
      note('delete', id ?? '', '', true)
      break
    }
    case 'flip':
      await press(page.getByRole('button', { name: action.button, exact: true }))
      break
    case 'filter':
      await page.getByRole('combobox', { name: 'Status', exact: true }).selectOption(action.status)
      break
    case 'switch':
      await press(page.getByRole('button', { name: `Go ${action.to}` }))
      break
    case 'decide':
      await decide(ledger, page, action.keeps)
      break
    case 'showNews':
      await showNews(page)
      break
    case 'visit':
    case 'reload': {
      await stand.network.online()
      ledger.ends.push({ tab: tab.number, at: Date.now() })
      const url = action.type === 'visit' ? `${stand.url}${action.address}` : page.url()
      await load(page, () => (action.type === 'visit' ? page.goto(url) : page.reload()), url, stand.network)
      break
    }
    case 'close':
    case 'crash':
      ledger.ends.push({ tab: tab.number, at: Date.now() })
      await stand.network.unchanged(async () => {
        if (action.type === 'crash') await crash(stand.context, page)
        await page.close()
      })
      tab.page = await openPage(stand, action.next)
      break
  }
}

/** Closes whatever dialog or editor a former action has left open. */
export async function leaveDialogs(page: Page): Promise<void> {
  const editorOrDialog = page.locator('dialog[open], td[data-is-edited]')
  for (let presses = 0; presses < 3 && (await editorOrDialog.count()) > 0; presses += 1) await page.keyboard.press('Escape')
}

export async function showNews(page: Page): Promise<void> {
  const button = page.locator('.news').getByRole('button')
  if (await button.isVisible()) await press(button)
}

/** Decides upon the first write that was refused, if there is one. */
export async function decide(ledger: Ledger, page: Page, keeps: 'mine' | 'theirs'): Promise<void> {
  const list = page.getByRole('button', { name: 'not saved' })
  if (!(await list.isVisible())) return
  await press(list)
  const first = page.getByRole('dialog', { name: 'Not saved' }).getByRole('listitem').first()
  const words = (await first.textContent()) ?? ''
  const mine = first.getByRole('button', { name: /^(Keep mine|Retry)$/ })
  if (keeps === 'mine' && (await mine.isVisible())) {
    const text = /e\d+x\d+/.exec(words)?.[0]
    if (text !== undefined) ledger.retried.add(text)
    await press(mine)
  } else await press(first.getByRole('button', { name: /^(Take theirs|Discard)$/ }))
  await leaveDialogs(page)
}

/** The first city that is offered will do. */
async function fillInForm(page: Page, id: string, customer: string): Promise<Locator> {
  await press(page.getByRole('button', { name: 'New order' }))
  const dialog = page.getByRole('dialog', { name: 'New order' })
  await dialog.getByRole('textbox', { name: 'Order' }).fill(id)
  await dialog.getByRole('textbox', { name: 'Customer' }).fill(customer)
  await press(dialog.locator('[role="option"]').first())
  return dialog
}

/** Waits until a new row is stored, or leaves it waiting. Tells whether the form took it. */
async function leaveForm(dialog: Locator): Promise<boolean> {
  const leave = dialog.getByRole('button', { name: 'Leave it waiting' })
  for (const start = Date.now(); Date.now() < start + 2 * patience; await wait(50)) {
    if (!(await dialog.isVisible())) return true
    if (!(await leave.isVisible())) continue
    await press(leave)
    await dialog.waitFor({ state: 'hidden' })
    return true
  }
  return false
}

async function crash(context: BrowserContext, page: Page): Promise<void> {
  const session = await context.newCDPSession(page)
  const crashed = page.waitForEvent('crash', { timeout: 60_000 })
  session.send('Page.crash').catch(() => undefined)
  await crashed
}
