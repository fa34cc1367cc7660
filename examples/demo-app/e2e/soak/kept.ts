import type { Page } from '@playwright/test'

/** Where the durable queue keeps its writes: the one thing here that knows the layout of a database. */
export const queueLayout: { readonly database: string; readonly store: string } = { database: 'vantage-live-writes', store: 'writes' }

/** How many writes are kept in the browser, those that were refused included. */
export function keptWrites(page: Page): Promise<number> {
  return page.evaluate(
    ({ database: name, store }) =>
      new Promise<number>((resolve, reject) => {
        const opening = indexedDB.open(name)
        opening.addEventListener('error', () => reject(new Error('the database cannot be opened', { cause: opening.error })))
        opening.addEventListener('success', () => {
          const database = opening.result
          const counting = database.transaction(store).objectStore(store).count()
          counting.addEventListener('success', () => {
            resolve(counting.result)
            database.close()
          })
        })
      }),
    queueLayout,
  )
}
