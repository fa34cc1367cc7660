import type { ReactNode } from 'react'
import { formatClock, formatDuration } from '../format.ts'
import { useSession, useTraceEntries } from '../session/session.ts'
import { Icon } from '../ui/icon.tsx'
import { traceWords } from './trace-words.ts'

/** What the tables do, as it happens, in plain words. */
export function ActivityDrawer({ onClose }: { readonly onClose: () => void }): ReactNode {
  const { traceLog } = useSession()
  const entries = useTraceEntries()
  return (
    <section className="activity" aria-label="Activity">
      <header className="modal-head">
        <h2>Activity</h2>
        <p className="muted">What the tables do, as it happens</p>
        <button type="button" className="button small quiet" onClick={traceLog.clear}>
          Clear
        </button>
        <button type="button" className="button icon-only quiet" aria-label="Close activity" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {/* It scrolls, and not every browser lets the keyboard into it by itself. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <ol tabIndex={0} aria-label="Latest events, the newest first">
        {entries.toReversed().map(({ number, at, event }) => {
          const { kind, text } = traceWords(event)
          return (
            <li key={number} data-kind={kind}>
              <time className="number">{formatClock(at)}</time>
              <span className="activity-table">{event.cacheKey}</span>
              <span>{text}</span>
              {'duration' in event && <span className="number muted">{formatDuration(event.duration)}</span>}
            </li>
          )
        })}
      </ol>
    </section>
  )
}
