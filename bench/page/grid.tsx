import { memo, useLayoutEffect, type ReactNode } from 'react'
import type { Order } from './orders.ts'
import { probe } from './probe.ts'

const columns = ['id', 'placedAt', 'customer', 'city', 'status', 'items', 'total', 'version'] as const

/** The table that every contestant shows: 50 rows of 8 columns. */
export function Grid({ rows }: { readonly rows: readonly Order[] }): ReactNode {
  useLayoutEffect(() => probe.gridCommitted(rows))
  return (
    <table>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column}>{column}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <GridRow key={row.id} row={row} />
        ))}
      </tbody>
    </table>
  )
}

const GridRow = memo(function GridRow({ row }: { readonly row: Order }): ReactNode {
  probe.rowRendered()
  return (
    <tr>
      {columns.map((column) => (
        <td key={column}>{row[column]}</td>
      ))}
    </tr>
  )
})
