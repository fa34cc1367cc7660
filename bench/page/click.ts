/** Clicks as a user does: React renders what follows at once. */
export function click(selector: string): void {
  const button = document.querySelector(selector)
  if (!(button instanceof HTMLButtonElement)) throw new Error(`there is no button ${selector}`)
  button.click()
}
