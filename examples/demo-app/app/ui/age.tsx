import type { ReactNode } from 'react'
import { formatAge } from '../format.ts'
import { useNow } from './use-now.ts'

/** How long ago something was, in words that go on with the time. Nobody wants them read out at each step. */
export function Age({ of }: { readonly of: number }): ReactNode {
  const now = useNow()
  return (
    <span className="number" aria-live="off">
      {formatAge(now - of)}
    </span>
  )
}
