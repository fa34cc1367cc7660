import type { LiveTable } from '@vantage-live/core'
import type { ReactNode } from 'react'
import { Age } from '../ui/age.tsx'
import { useDoubt } from '../ui/use-doubt.ts'

interface StaleMarkProps<Shown extends object> {
  readonly table: LiveTable<Shown>
  readonly error: unknown
  readonly fetchedAt: number | undefined
}

/** Says of what was read from a table and may be out of date how old it is, and why; nothing where it is kept right. */
export function StaleMark<Shown extends object>({ table, error, fetchedAt }: StaleMarkProps<Shown>): ReactNode {
  const doubt = useDoubt(table, error)
  if (doubt === undefined || fetchedAt === undefined) return null
  return (
    <p className="stale-mark">
      As of <Age of={fetchedAt} />. {doubt}
    </p>
  )
}
