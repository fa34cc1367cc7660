import { FlexRender, type Cell, type Column } from '@tanstack/react-table'
import { memo, useState, type ReactNode } from 'react'
import { editInputOf, type Row } from '../screen.ts'
import type { GridFeatures, GridRow as TableRow } from './columns.ts'

interface GridRowProps {
  readonly row: TableRow
  readonly columns: readonly Column<GridFeatures, Row>[]
  /** The row's own, which may change once; its key does not. */
  readonly id: string
  /** In the grid; the header is 0. */
  readonly position: number
  /** In the whole table. */
  readonly rowIndex: number
  readonly isOpen: boolean
  /** A write to it is under way. */
  readonly isPending: boolean
  readonly focusedColumn: number | undefined
  readonly editedColumn: number | undefined
  readonly editor: ReactNode
}

export const GridRow = memo(function GridRow(props: GridRowProps): ReactNode {
  const { row, id, position, rowIndex, isOpen, isPending, focusedColumn, editedColumn, editor } = props
  return (
    <tr aria-rowindex={rowIndex} aria-selected={isOpen} aria-busy={isPending} data-id={id}>
      {row.getVisibleCells().map((cell, column) => (
        <td
          key={cell.id}
          aria-colindex={column + 1}
          aria-readonly={!isEditable(cell)}
          data-row={position}
          data-column={column}
          data-field={cell.column.id}
          data-is-numeric={cell.column.columnDef.meta?.isNumeric}
          data-is-edited={column === editedColumn || undefined}
          tabIndex={column === focusedColumn ? 0 : -1}
        >
          {column === editedColumn ? editor : <CellValue cell={cell} />}
        </td>
      ))}
    </tr>
  )
}, showsTheSame)

/** It lights up for a moment when the value changes under the eyes of the reader. */
function CellValue({ cell }: { readonly cell: Cell<GridFeatures, Row> }): ReactNode {
  const value = cell.getValue()
  const [shown, setShown] = useState(value)
  const [changes, setChanges] = useState(0)
  if (value !== shown) {
    setShown(value)
    setChanges(changes + 1)
  }
  return (
    <span key={changes} className="value" data-has-changed={changes > 0 || undefined}>
      <FlexRender cell={cell} />
    </span>
  )
}

function isEditable(cell: Cell<GridFeatures, Row>): boolean {
  const field = cell.column.columnDef.meta?.field
  return field !== undefined && editInputOf(field) !== undefined
}

/** TanStack Table makes its rows anew for each page, but what a row shows is its data: one changed row is one rendered row. */
function showsTheSame({ row: formerRow, ...former }: GridRowProps, { row, ...present }: GridRowProps): boolean {
  const presentProps = Object.entries(present)
  return formerRow.original === row.original && presentProps.every(([name, value]) => Object.is(Reflect.get(former, name), value))
}
