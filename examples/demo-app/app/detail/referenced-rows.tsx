import type { LiveTable } from '@vantage-live/core'
import { useLiveRow } from '@vantage-live/react'
import type { ReactNode } from 'react'
import { errorWords } from '../error-words.ts'
import { addressOf } from '../grid-query.ts'
import { gridTable, labelOf, shownValue, titleOf, type Row, type Screen, type Value } from '../screen.ts'
import { screenOf } from '../screens/all.ts'
import { useSession } from '../session/session.ts'
import { Link } from '../ui/link.tsx'
import { StaleMark } from './stale-mark.tsx'

/** The rows of other tables that a row refers to. What refers to what is said by the table itself. */
export function ReferencedRows({ table, row }: { readonly table: LiveTable<Row>; readonly row: Row }): ReactNode {
  const { screens } = useSession()
  return Object.entries(table.references ?? {}).map(([name, { field }]) => {
    const screen = screenOf(screens, gridTable(table.ref(name)))
    return screen && <ReferencedRow key={name} name={name} screen={screen} id={row[field]} />
  })
}

export function ReferencedTitle({ table, id }: { readonly table: LiveTable<Row>; readonly id: Value | undefined }): ReactNode {
  const { data: row } = useLiveRow(table, id)
  return row === undefined ? id : titleOf(table, row)
}

interface ReferencedRowProps {
  readonly name: string
  readonly screen: Screen
  readonly id: Value | undefined
}

function ReferencedRow({ name, screen, id }: ReferencedRowProps): ReactNode {
  const { table } = screen
  const { data: row, fetchedAt, isPending, error } = useLiveRow(table, id)
  const titleFields = table.titleFields ?? []
  const others = screen.fields.filter((field) => field.name !== table.idField && !titleFields.includes(field.name))
  return (
    <section className="card" aria-label={name}>
      <h3>{name}</h3>
      {row === undefined ? (
        <p className="muted">{isPending ? 'Looking it up…' : error === null ? `There is no ${name} ${id}.` : errorWords(error).message}</p>
      ) : (
        <>
          <p className="card-title">
            <Link to={addressOf(screen, { openId: String(id) })}>{titleOf(table, row)}</Link>
          </p>
          <StaleMark table={table} error={error} fetchedAt={fetchedAt} />
          <dl className="facts">
            {others.map((field) => (
              <div key={field.name}>
                <dt>{labelOf(table, field.name)}</dt>
                <dd>{row[field.name] === '' ? '–' : shownValue(field, row)}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </section>
  )
}
