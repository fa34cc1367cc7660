import type { Locator, Page } from '@playwright/test'

// A user's hands, made in the page itself. The driver's own mouse waits until frames show that nothing moves, of which a busy machine
// has few, and here rows move all the time.

export interface EditedCell {
  readonly id: string
  /** Whether the app has taken what was put in. */
  readonly isTaken: boolean
}

/** Puts a text into a cell of the row that stands there: with a double click, and Enter at the end. Undefined where there is none. */
export function editCell(page: Page, row: number, field: string, text: string): Promise<EditedCell | undefined> {
  return page.evaluate(editInPage, { row, field, text })
}

/** Presses the Delete key on the row that stands there; tells its id. */
export function pressDelete(page: Page, row: number): Promise<string | undefined> {
  return page.evaluate(async (index) => {
    const element = document.querySelectorAll<HTMLElement>('tr[data-id]')[index]
    const cell = element?.querySelector<HTMLElement>('td[data-field="customer"]')
    cell?.focus()
    await new Promise((resolve) => setTimeout(resolve))
    cell?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Delete', bubbles: true, cancelable: true }))
    return element?.dataset['id']
  }, row)
}

/** Waits for a button, and presses it. */
export function press(button: Locator): Promise<void> {
  return button.evaluate((element: HTMLElement) => element.click())
}

async function editInPage({
  row,
  field,
  text,
}: {
  readonly row: number
  readonly field: string
  readonly text: string
}): Promise<EditedCell | undefined> {
  const element = document.querySelectorAll<HTMLElement>('tr[data-id]')[row]
  const cell = element?.querySelector(`td[data-field="${field}"]`)
  const id = element?.dataset['id']
  if (cell === undefined || cell === null || id === undefined) return undefined
  cell.dispatchEvent(new MouseEvent('dblclick', { bubbles: true }))
  await new Promise((resolve) => setTimeout(resolve))
  const editor = cell.querySelector('input')
  if (editor === null || element?.dataset['id'] !== id) return undefined
  let isLeft = false
  editor.addEventListener('blur', () => (isLeft = true))
  editor.value = text
  editor.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }))
  await new Promise((resolve) => setTimeout(resolve))
  return { id, isTaken: isLeft }
}
