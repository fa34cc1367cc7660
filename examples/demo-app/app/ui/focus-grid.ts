/** Leads the focus back to the grid, to the cell where it was. */
export function focusGrid(options?: FocusOptions): void {
  document.querySelector<HTMLElement>('[role="grid"] [tabindex="0"]')?.focus(options)
}
