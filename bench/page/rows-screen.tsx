import { contestant } from '#contestant'
import { useLayoutEffect, useState, type ReactNode } from 'react'
import type { Order } from './orders.ts'
import { probe } from './probe.ts'

/** What the rows report when they have changed the document. */
export type OnRow = (id: number, row: Order | undefined) => void

/** Rows that each read for themselves, mounted and unmounted by a button. */
export function RowsScreen({ count, onRow }: { readonly count: () => number; readonly onRow: OnRow }): ReactNode {
  const [mounted, setMounted] = useState(0)
  return (
    <main>
      <button id="mount" type="button" onClick={() => setMounted(mounted === 0 ? count() : 0)}>
        Mount or unmount
      </button>
      <ul>
        {Array.from({ length: mounted }, (_, index) => (
          <OneRow key={index} id={index + 1} onRow={onRow} />
        ))}
      </ul>
    </main>
  )
}

function OneRow({ id, onRow }: { readonly id: number; readonly onRow: OnRow }): ReactNode {
  const row = contestant.rows.useRow(id)
  probe.rowRendered()
  useLayoutEffect(() => onRow(id, row))
  return <li>{row === undefined ? 'Loading' : `${row.id} ${row.customer}, ${row.city}: ${row.status}, version ${row.version}`}</li>
}
