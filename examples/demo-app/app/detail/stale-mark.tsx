import { useQuery } from '@tanstack/react-query'
import type { LiveTable } from '@vantage-live/core'
import { liveRowOptions } from '@vantage-live/react'
import type { ReactNode } from 'react'
import type { Row, Value } from '../screen.ts'
import { Age } from '../ui/age.tsx'
import { useDoubt } from '../ui/use-doubt.ts'

interface RowStaleMarkProps {
  readonly table: LiveTable<Row>
  readonly id: Value
  /** How old what is shown of the row is where it was not read by itself. */
  readonly listedAt?: number | undefined
}

/** Says of a row that may be out of date how old it is, and why; nothing where it is kept right. */
export function RowStaleMark({ table, id, listedAt }: RowStaleMarkProps): ReactNode {
  // It looks on only: whoever shows the row has asked for it.
  const { data, error } = useQuery({ ...liveRowOptions(table, id), select: (read) => read.fetchedAt, enabled: false })
  return <StaleMark table={table} error={error} fetchedAt={data ?? listedAt} />
}

interface StaleMarkProps<Shown extends object> {
  readonly table: LiveTable<Shown>
  readonly error: unknown
  readonly fetchedAt: number | undefined
}

/** The same of anything that was read from a table. */
export function StaleMark<Shown extends object>({ table, error, fetchedAt }: StaleMarkProps<Shown>): ReactNode {
  const doubt = useDoubt(table, error)
  if (doubt === undefined || fetchedAt === undefined) return null
  return (
    <p className="stale-mark">
      As of <Age of={fetchedAt} />. {doubt}
    </p>
  )
}
