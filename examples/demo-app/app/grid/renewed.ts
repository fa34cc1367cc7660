import type { Query, QueryClient } from '@tanstack/react-query'
import type { LiveTable } from '@vantage-live/core'
import { liveKeys } from '@vantage-live/react'
import type { Row } from '../screen.ts'

/** Resolves once all that is on the screen of a table is as new as it can be: a write that resolved before is in it. */
export async function renewed(client: QueryClient, table: LiveTable<Row>): Promise<void> {
  const shown = client.getQueryCache().findAll({ queryKey: liveKeys.table(table), type: 'active' })
  await Promise.all(shown.map((query) => queryRenewed(client, query)))
}

function queryRenewed(client: QueryClient, query: Query): Promise<void> {
  const isNew = (): boolean => query.state.fetchStatus === 'idle' && (query.state.status === 'error' || !query.isStale())
  if (isNew()) return Promise.resolve()
  return new Promise((resolve) => {
    const leave = client.getQueryCache().subscribe(() => {
      if (query.isActive() && !isNew()) return
      leave()
      resolve()
    })
  })
}
