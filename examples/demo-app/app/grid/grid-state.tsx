import type { ReactNode } from 'react'
import { errorWords } from '../error-words.ts'
import { Icon } from '../ui/icon.tsx'

interface GridStateProps {
  readonly noun: string
  readonly isLoading: boolean
  readonly error: unknown
  readonly pageCount: number
  readonly onRetry: () => void
  readonly onLastPage: () => void
  readonly onClear: () => void
}

const skeletonRows = Array.from({ length: 14 }, (_, index) => index)

/** What stands where the rows would be. */
export function GridState({ noun, isLoading, error, pageCount, onRetry, onLastPage, onClear }: GridStateProps): ReactNode {
  if (error !== null) {
    return (
      <div className="state" role="alert">
        <Icon name="warning" />
        <h2>Nothing to show yet</h2>
        <p>{errorWords(error).message} This page was not looked at before, so nothing of it is stored here.</p>
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      </div>
    )
  }
  if (isLoading) {
    return (
      <div className="skeleton" role="status" aria-label="Loading">
        {skeletonRows.map((row) => (
          <span key={row} />
        ))}
      </div>
    )
  }
  if (pageCount > 0) {
    return (
      <div className="state" role="status">
        <Icon name="last" />
        <h2>This page is beyond the end</h2>
        <p>The last page is {pageCount}.</p>
        <button type="button" className="button" onClick={onLastPage}>
          Go to the last page
        </button>
      </div>
    )
  }
  return (
    <div className="state" role="status">
      <Icon name="search" />
      <h2>No {noun} matches</h2>
      <p>Try other words or fewer filters.</p>
      <button type="button" className="button" onClick={onClear}>
        Clear search and filters
      </button>
    </div>
  )
}
