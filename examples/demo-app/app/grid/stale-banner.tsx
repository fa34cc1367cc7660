import type { LiveTable } from '@vantage-live/core'
import type { ReactNode } from 'react'
import type { Row } from '../screen.ts'
import { Age } from '../ui/age.tsx'
import { Icon } from '../ui/icon.tsx'
import { useDoubt } from '../ui/use-doubt.ts'

interface StaleBannerProps {
  readonly table: LiveTable<Row>
  /** Why there are no newer rows; null where nobody has asked for any. */
  readonly error: unknown
  readonly fetchedAt: number | undefined
  readonly onRetry: () => void
}

/** Says how old the rows are, and why there are no newer ones; nothing where the rows are kept right. */
export function StaleBanner({ table, error, fetchedAt, onRetry }: StaleBannerProps): ReactNode {
  const doubt = useDoubt(table, error)
  if (doubt === undefined) return null
  return (
    <div className="banner" role="status">
      <Icon name="warning" />
      <p>
        <strong>
          These rows may be out of date
          {fetchedAt !== undefined && (
            <>
              : they are from <Age of={fetchedAt} />
            </>
          )}
          .
        </strong>{' '}
        {doubt}
      </p>
      <button type="button" className="button small" onClick={onRetry}>
        Try again
      </button>
    </div>
  )
}
