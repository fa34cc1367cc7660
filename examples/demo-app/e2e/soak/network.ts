import type { BrowserContext } from '@playwright/test'

/** Whether the browser has a network. */
export interface Network {
  setOffline(isOffline: boolean): Promise<void>
  /** Resolves when a page can be loaded. */
  online(): Promise<void>
  /** For what leaves a page behind that is told of nothing any more, until it is closed. */
  unchanged(work: () => Promise<void>): Promise<void>
}

export function makeNetwork(context: BrowserContext): Network {
  let back = Promise.resolve()
  let isBack = (): void => undefined
  let last = Promise.resolve()
  const unchanged = (work: () => Promise<void>): Promise<void> => {
    const done = last.then(work)
    last = done.catch(() => undefined)
    return done
  }
  return {
    async setOffline(isOffline) {
      if (isOffline) {
        const { promise, resolve } = Promise.withResolvers<void>()
        back = promise
        isBack = resolve
      }
      await unchanged(() => context.setOffline(isOffline))
      if (!isOffline) isBack()
    },
    online: () => back,
    unchanged,
  }
}
