import type { ReactNode } from 'react'
import { Icon } from '../ui/icon.tsx'

interface NewsBannerProps {
  /** How many rows there are by now that are not shown. */
  readonly newCount: number
  readonly onApply: () => void
}

/** Says that others have inserted, deleted or moved rows, and leaves it to the reader when the page is to jump. */
export function NewsBanner({ newCount, onApply }: NewsBannerProps): ReactNode {
  return (
    <div className="news" role="status">
      <Icon name="activity" />
      <p>
        <strong>{newCount === 0 ? 'Rows have gone or moved' : `${newCount} new`}</strong>
      </p>
      <button type="button" className="button small" onClick={onApply}>
        Show
      </button>
    </div>
  )
}
