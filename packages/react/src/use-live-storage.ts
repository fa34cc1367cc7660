'use client'

import type { LiveTable, StorageStatus } from '@vantage-live/core'
import { useCallback, useSyncExternalStore } from 'react'

/**
 * How what a table caches is stored: `storage` is `'indexeddb'` as a rule, `'memory'` where the browser grants none, `'degraded'` while
 * it fails; with a `reason`, an `error`, and `since`. Undefined in what a server renders, which knows nothing of the browser's.
 */
export function useLiveStorage<Row extends object>({ root }: LiveTable<Row>): StorageStatus | undefined {
  const subscribe = useCallback(
    (onChange: () => void) =>
      root.subscribe(({ type }) => {
        // Not at once: a component that renders may have caused it, and React takes no updates meanwhile.
        if (type === 'status') queueMicrotask(onChange)
      }),
    [root],
  )
  return useSyncExternalStore(subscribe, () => root.storageStatus, nothing)
}

function nothing(): undefined {
  return undefined
}
