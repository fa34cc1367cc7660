import { notifyManager, type Query, type QueryClient } from '@tanstack/react-query'
import { PurgedError, type AffectedRows, type LiveTable } from '@vantage-live/core'
import { frameGate } from './frame-gate.ts'
import { drop, fetchedAt, follow, ownerOf, reconcile, renew, takeOver } from './laid-data.ts'
import { liveKeys } from './live-keys.ts'

/** An answer that comes sooner than this, in ms, comes from no network. */
const quick = 10

/** The tables that each client is bridged to. */
const bridged = new WeakMap<QueryClient, WeakSet<object>>()

/**
 * Makes a client follow a table: what the table invalidates is invalidated in the client, what is written shows in it, and
 * what a query got stale is asked for again. One bridge serves all hooks of a table and its views; it goes when the client holds no query of the
 * table any more.
 *
 * On a server there is nothing to follow: what is rendered there is read once (promise 19).
 */
export function bridge<Row extends object>(client: QueryClient, { root }: LiveTable<Row>): void {
  if (typeof window === 'undefined') return
  const tables = bridged.get(client) ?? new WeakSet()
  if (tables.has(root)) return
  bridged.set(client, tables.add(root))

  const queries = client.getQueryCache()
  const rowQuery = (id: string): Query | undefined =>
    queries.get(client.defaultQueryOptions({ queryKey: liveKeys.row(root, id) }).queryHash)
  /** The queries that can be changed by a change to these rows. */
  const affected = (rows: AffectedRows): readonly Query[] => {
    if (rows === 'all') return queries.getAll().filter((query) => isOf(root, query))
    // Whoever shows a row that was inserted here may know it by its first name.
    const own = new Set(rows.flatMap((id) => [id, root.rowKey(id)]))
    return [...pages, ...[...own].flatMap((id) => rowQuery(id) ?? [])]
  }
  /** When queries were last invalidated whose fetch was under way, in ms since 1970: what it brings may be from before. */
  const overtakenAt = new WeakMap<Query, number>()
  /** When queries were last asked for because the fetch before was not enough, by `performance.now()`. */
  const renewedAt = new WeakMap<Query, number>()

  const renewAll = (): void =>
    notifyManager.batch(() =>
      queries
        .getAll()
        .filter((query) => isOf(root, query))
        .forEach(renew),
    )

  const pages = new Set(queries.getAll().filter((query) => isPageOf(root, query)))
  const followed = new Set<Query>()
  const renewFollowed = (): void =>
    notifyManager.batch(() => {
      for (const query of followed) renew(query)
      followed.clear()
    })

  const gate = frameGate(root)
  const leaveWrites = gate.onWrites(renewAll)
  const isOthers = (query: Query): boolean => (ownerOf(query) ?? root) !== root
  let wasLive = isLive(root)
  /** A stream that opens again without a gap invalidates nothing; but what was read meanwhile is stale, or was not to be had. */
  const askForMissed = (): void => {
    for (const query of queries.getAll()) {
      const { data, status, fetchStatus } = query.state
      const isWanted = isOf(root, query) && query.isActive() && fetchStatus === 'idle' && !query.isStatic()
      if (isWanted && (status === 'error' || isStale(data))) fetchQuietly(query)
    }
  }

  const dropAll = (): void => {
    leave()
    notifyManager.batch(() => {
      for (const query of queries.getAll().filter((each) => isOf(root, each))) {
        drop(query, new PurgedError(root.cacheKey))
        if (!query.isActive()) queries.remove(query)
      }
    })
  }

  const leaveTable = root.subscribe((change) => {
    if (change.type === 'purged') dropAll()
    if (change.type === 'status') {
      const opens = !wasLive && isLive(root)
      wasLive = isLive(root)
      // Where it tells of a gap, too, everything is asked for by then.
      if (opens) setTimeout(askForMissed)
    }
    if (change.type !== 'invalidated') return
    notifyManager.batch(() => {
      for (const query of affected(change.rows)) {
        if (follow(query, change)) {
          followed.add(query)
          continue
        }
        // A fetch under way is left to land, and the query asked again after it. So a burst costs one fetch at a time and one
        // after it (promise 12), and an invalidation during the very first fetch, which TanStack Query forgets, is honoured.
        if (query.state.fetchStatus === 'fetching') overtakenAt.set(query, Date.now())
        query.invalidate()
        if (query.isActive() && !query.isStatic()) fetchQuietly(query)
      }
    })
    if (followed.size > 0) gate.scheduleOften(renewFollowed)
  })

  const leaveClient = queries.subscribe((event) => {
    // oxlint-disable-next-line typescript/no-unsafe-assignment -- TanStack Query types the queries of its events with any
    const query: Query = event.query
    if (!isOf(root, query)) return
    if (event.type === 'added' && isPageOf(root, query)) pages.add(query)
    if (event.type === 'updated' && event.action.type === 'success') {
      // What a fetch brought was laid over when it came, and there may have been writes since.
      if (event.action.manual !== true) renew(query)
      // What was made of rows that showed a pending write has it in it, and could not be taken back.
      else if (takeOver(query) && root.pending.length > 0) askAgain(query, false)
    }
    if (event.type === 'updated' && event.action.type === 'setState') reconcile(query)
    if (event.type === 'updated' && query.state.fetchStatus === 'idle') {
      // What was set by hand is no answer to a fetch.
      const hasSucceeded = event.action.type === 'success' && event.action.manual !== true
      const at = overtakenAt.get(query)
      overtakenAt.delete(query)
      // The master may have been asked only after that.
      const isOvertaken = at !== undefined && !(hasSucceeded && fetchedAt(query.state.data) > at)
      if (isOvertaken || (hasSucceeded && canBeRenewed(query.state.data))) {
        // Before anything is rendered, or it would show as idle for a moment. But a master that calls all of its answers
        // stale, and at once, must not take every turn.
        const isSpinning = performance.now() - (renewedAt.get(query) ?? -Infinity) < quick
        const schedule = isSpinning ? notifyManager.schedule : queueMicrotask
        renewedAt.set(query, performance.now())
        schedule(() => askAgain(query, hasSucceeded))
      }
    }
    if (event.type === 'removed') pages.delete(query)
    // A table that another one of the same cache key has taken the place of is let go, too.
    if ((event.type === 'removed' || isOthers(query)) && !queries.getAll().some((each) => isOf(root, each) && !isOthers(each))) {
      leave()
    }
  })

  const leave = (): void => {
    leaveTable()
    leaveWrites()
    leaveClient()
    tables.delete(root)
  }
}

function isLive<Row extends object>({ streamStatus }: LiveTable<Row>): boolean {
  return streamStatus?.state === 'open' || streamStatus?.state === 'polling'
}

function isPageOf<Row extends object>(table: LiveTable<Row>, query: Query): boolean {
  return isOf(table, query) && query.queryKey[2] === 'page'
}

/** Stale without an error means that there is more to be had: it came from the cache, or an invalidation overtook it. */
function canBeRenewed(data: unknown): boolean {
  return isStale(data) && !('error' in data)
}

function isStale(data: unknown): data is { readonly stale: true } {
  return typeof data === 'object' && data !== null && 'stale' in data && data.stale === true
}

/** After a fetch that was cancelled or failed, only for those who watch. */
function askAgain(query: Query, hasSucceeded: boolean): void {
  query.invalidate()
  if (hasSucceeded || query.isActive()) fetchQuietly(query)
}

/** Its error is the query's, for those who watch it. */
function fetchQuietly(query: Query): void {
  query.fetch().catch(() => undefined)
}

function isOf<Row extends object>(table: LiveTable<Row>, { queryKey }: Query): boolean {
  return liveKeys.table(table).every((part, index) => queryKey[index] === part)
}
