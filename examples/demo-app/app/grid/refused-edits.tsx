import type { ReactNode } from 'react'
import { labelOf, type Screen } from '../screen.ts'
import { Icon } from '../ui/icon.tsx'
import type { Refusal } from './use-edits.ts'

interface RefusedEditsProps {
  readonly screen: Screen
  readonly refusals: readonly Refusal[]
  readonly onDismiss: (field: string) => void
}

/** What was not saved, and why, in the server's own words. */
export function RefusedEdits({ screen, refusals, onDismiss }: RefusedEditsProps): ReactNode {
  return (
    <ul className="refused-edits">
      {refusals.map(({ field, value, message }) => (
        <li key={field}>
          <Icon name="warning" />
          <span>
            <strong>
              {labelOf(screen.table, field)} “{value}” was not saved.
            </strong>{' '}
            {message}
          </span>
          <button type="button" className="button small quiet" onClick={() => onDismiss(field)}>
            Dismiss
          </button>
        </li>
      ))}
    </ul>
  )
}
