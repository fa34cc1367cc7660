import type { LiveStatus, LiveTable } from '@vantage-live/core'
import { useLiveStatus, useLiveStorage, useLiveWrites, type UseLivePageResult } from '@vantage-live/react'
import { Fragment, type ReactNode } from 'react'
import { formatAge, formatClock, formatDuration } from '../format.ts'
import type { GridQuery } from '../grid-query.ts'
import { useIsOnline } from '../network.ts'
import type { Row } from '../screen.ts'
import { useTraceEntries } from '../session/session.ts'
import { useNow } from '../ui/use-now.ts'
import { waitingWords } from '../writes/waiting-words.ts'
import { storageWords } from './storage-words.ts'
import { traceWords } from './trace-words.ts'
import { usePageOrigin, type Origin } from './use-page-origin.ts'

interface StatusBarProps {
  readonly table: LiveTable<Row>
  readonly query: GridQuery
  readonly live: UseLivePageResult<Row>
  readonly onShowFailed: () => void
}

/** Tells where the page came from, how sure the app is of it, and what is going on. */
export function StatusBar({ table, query, live, onShowFailed }: StatusBarProps): ReactNode {
  const now = useNow()
  const stream = useLiveStatus(table)
  const storage = storageWords(useLiveStorage(table))
  const page = live.isPlaceholderData ? undefined : live.data
  const origins = usePageOrigin(table.pageCacheKey(query.page, query.pageSize), page)
  const lastEvent = useTraceEntries().findLast(({ event }) => event.type === 'event' && event.cacheKey === table.cacheKey)

  return (
    <section className="status-bar" aria-label="Status">
      <span className="status-item" data-stream={stream?.state} title={streamTitle(stream, now)} data-testid="stream">
        <i className="dot" />
        <span>{streamWords(stream)}</span>
      </span>
      <span className="status-item number" data-testid="origin" title="Where this page came from, and how long that took">
        {origins.length > 0 ? <Origins origins={origins} /> : live.error === null ? 'Asking…' : 'No answer'}
      </span>
      {page !== undefined && (
        <span
          className="status-item number"
          data-testid="freshness"
          data-is-stale={live.isStale}
          title="Whether anything may have changed since the server was asked"
        >
          {freshnessWords(live, stream)}, from {formatAge(now - page.fetchedAt)}
        </span>
      )}
      <WritesStatus table={table} onShowFailed={onShowFailed} />
      {storage !== undefined && (
        <span className="status-item" data-is-amiss title={storage.title} data-testid="storage">
          {storage.text}
        </span>
      )}
      {lastEvent !== undefined && (
        <span className="status-item status-event" title="The last change that the server told of">
          {traceWords(lastEvent.event).text} <span className="muted number">{formatAge(now - lastEvent.at)}</span>
        </span>
      )}
    </section>
  )
}

/** How many changes wait, and why; and how many were not saved. */
function WritesStatus({ table, onShowFailed }: Pick<StatusBarProps, 'table' | 'onShowFailed'>): ReactNode {
  const { pending, failed, paused, resume } = useLiveWrites(table)
  const isOnline = useIsOnline()
  const isWaiting = pending.length > 0 && paused !== undefined

  return (
    <>
      <span
        className="status-item number"
        data-is-busy={pending.length > 0}
        data-is-held-up={isWaiting}
        title="Changes that are queued or on their way to the server"
      >
        <span data-testid="writes">{waitingWords(pending.length, paused, isOnline)}</span>
        {isWaiting && isOnline && (
          <button type="button" className="status-button" onClick={resume}>
            Try now
          </button>
        )}
      </span>
      {failed.length > 0 && (
        <span className="status-item">
          <button type="button" className="status-button bad" onClick={onShowFailed}>
            {failed.length} not saved
          </button>
        </span>
      )}
    </>
  )
}

function Origins({ origins }: { readonly origins: readonly Origin[] }): ReactNode {
  return origins.map(({ source, duration, isStale }, index) => (
    <Fragment key={source}>
      {index > 0 && ' → '}
      <b>{source}</b> {formatDuration(duration)}
      {source === 'IndexedDB' && isStale && ', stale'}
    </Fragment>
  ))
}

function streamWords(stream: LiveStatus | undefined): string {
  switch (stream?.state) {
    case undefined:
      return 'No live stream'
    case 'connecting':
      return 'Connecting'
    case 'open':
      return 'Live'
    case 'polling':
      return 'Live, by asking'
    case 'closed':
      return `Not live: ${stream.reason}`
  }
}

function streamTitle(stream: LiveStatus | undefined, now: number): string {
  if (stream === undefined) return 'There is no stream over which the server tells of changes'
  const { since, lastEventAt, gaps } = stream
  const lines = [
    `The stream over which the server tells of changes is ${stream.state}, since ${formatClock(since)}`,
    ...(stream.state === 'polling' ? [stream.reason] : []),
    lastEventAt === undefined ? 'No change was told of yet' : `The last change was told of ${formatAge(now - lastEventAt)}`,
    `Changes may have been missed ${gaps === 1 ? 'once' : `${gaps} times`}, the first opening included`,
  ]
  return lines.join('\n')
}

function freshnessWords({ isStale, isFetching }: UseLivePageResult<Row>, stream: LiveStatus | undefined): string {
  if (isStale) return isFetching ? 'Renewing' : 'Stale'
  return stream?.state === 'open' || stream?.state === 'polling' ? 'Fresh' : 'Not confirmed'
}
