// Runs in a page of its own. It looks at what the app has cached with a table of its own that has no stream: such a table takes for
// fresh whatever the cache does.
import { LiveTable, NotCachedError, restTable, type ViewQuery } from '@vantage-live/core'
import { rowVersion } from '../../app/row-shape.ts'
import { users } from '../../app/session/users.ts'

interface Row {
  readonly id: string
  readonly version: string
  readonly [field: string]: string | number
}

/** A page that may be cached. */
export interface CachedPageQuery {
  readonly view: ViewQuery<Row>
  readonly page: number
  readonly pageSize: number
}

/** What is in a slot; undefined where there is nothing. */
export type Cached<Value> = { readonly isFresh: boolean; readonly value: Value } | undefined

/** As the app has it, so that its slots are the same ones. */
const orders = new LiveTable<Row>({
  master: restTable<Row>('/api/orders', {
    honoursIdempotencyKeys: true,
    versionField: 'version',
    defaultOrder: [{ field: 'placedAt', direction: 'desc' }],
  }),
  cacheKey: 'orders',
  scope: users[0].id,
  version: rowVersion,
  pageSize: 50,
})

export function cachedPages(queries: readonly CachedPageQuery[]): Promise<readonly Cached<readonly Row[]>[]> {
  return Promise.all(
    queries.map(({ view, page, pageSize }) =>
      ifCached(async () => {
        const { rows, stale } = await orders.view(view).list({ page, pageSize }, { cache: 'only-if-cached' })
        return { isFresh: !stale, value: rows }
      }),
    ),
  )
}

export function cachedRows(ids: readonly string[]): Promise<readonly Cached<Row | undefined>[]> {
  return Promise.all(
    ids.map((id) =>
      ifCached(async () => {
        const { row, stale } = await orders.read(id, { cache: 'only-if-cached' })
        return { isFresh: !stale, value: row }
      }),
    ),
  )
}

async function ifCached<Value>(read: () => Promise<Cached<Value>>): Promise<Cached<Value>> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof NotCachedError) return undefined
    throw error
  }
}
