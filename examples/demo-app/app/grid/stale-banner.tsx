import type { ReactNode } from 'react'
import { errorWords } from '../error-words.ts'
import { formatAge } from '../format.ts'
import { Icon } from '../ui/icon.tsx'
import { useNow } from '../ui/use-now.ts'

interface StaleBannerProps {
  /** Why there are no newer rows; null where nobody has asked for any. */
  readonly error: unknown
  readonly fetchedAt: number | undefined
  readonly onRetry: () => void
}

/** Says how old the rows are, and why there are no newer ones. */
export function StaleBanner({ error, fetchedAt, onRetry }: StaleBannerProps): ReactNode {
  const now = useNow()
  return (
    <div className="banner" role="status">
      <Icon name="warning" />
      <p>
        <strong>These rows may be out of date{fetchedAt !== undefined && `: they are from ${formatAge(now - fetchedAt)}`}.</strong>{' '}
        {error === null ? 'The app is offline.' : errorWords(error).message}
      </p>
      <button type="button" className="button small" onClick={onRetry}>
        Try again
      </button>
    </div>
  )
}
