'use client'

import { useQueryClient, type QueryObserverResult } from '@tanstack/react-query'
import type { LiveTable, Page, PendingWrite } from '@vantage-live/core'
import { useCallback, useState } from 'react'
import { nextPage, type HeldPage } from './held-page.ts'
import { baseOf } from './laid-data.ts'
import type { LivePageKey } from './live-keys.ts'

/** What a query shows of a page. */
interface ShownPage<Row extends object> {
  readonly page: Page<Row>
  /** It is the page that was shown before, until the one that is asked for is there. */
  readonly isFormer: boolean
}

/** A page that is held for one component. */
interface HeldResult<Row extends object> {
  /** What is shown of it; undefined where nothing is held. */
  readonly page: Page<Row> | undefined
  readonly newCount: number
  readonly isHeld: boolean
  /** Shows the page as it is by now. The same function at each render. */
  readonly apply: () => void
  /** What this brings is shown as well. The same function at each render. */
  readonly applyAnswer: <Answer extends QueryObserverResult>(answering: Promise<Answer>) => Promise<Answer>
}

/** Keeps the rows of a page and their order, but for the reader's own writes, until `apply` is called (see `nextPage`). */
export function useHeldPage<Row extends object>(
  table: LiveTable<Row>,
  queryKey: LivePageKey,
  pending: readonly PendingWrite<Row>[],
  shown: ShownPage<Row> | undefined,
): HeldResult<Row> {
  const client = useQueryClient()
  const [former, setFormer] = useState<HeldPage<Row>>()
  // A page that stays while another one is on its way is held meanwhile.
  const known = shown?.isFormer !== true ? { table, queryKey } : former?.table.root === table.root ? former : undefined
  const next =
    known &&
    shown &&
    nextPage(former, {
      table: known.table,
      queryKey: known.queryKey,
      base: baseOf(client, known.queryKey, shown.page),
      shown: shown.page,
      pending,
    })
  // React renders again at once, and commits only that.
  if (next !== former) setFormer(next)

  return {
    page: next?.page,
    newCount: next?.newCount ?? 0,
    isHeld: next !== undefined && next.applied !== next.base,
    apply: useCallback(() => setFormer(undefined), []),
    applyAnswer: useCallback((answering) => {
      const takeOnlyWhatFits = (): void => setFormer((held) => held && { ...held, takesNext: held.applied.stale })
      setFormer((held) => held && { ...held, takesNext: true })
      answering.then(({ isError }) => isError && takeOnlyWhatFits(), takeOnlyWhatFits)
      return answering
    }, []),
  }
}
