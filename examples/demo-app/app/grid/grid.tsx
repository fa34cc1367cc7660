import type { FailedWrite } from '@vantage-live/core'
import { Fragment, useState, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react'
import { editInputOf, idOf, labelOf, type Field, type Input, type Row, type Screen, type Value } from '../screen.ts'
import { failedByRow } from '../writes/failed-by-row.ts'
import { FailedWrites } from '../writes/failed-writes.tsx'
import { GridHead } from './grid-head.tsx'
import { GridRow } from './grid-row.tsx'
import { positionOf, useGridFocus, type Position } from './use-grid-focus.ts'
import type { GridTable } from './use-grid-table.ts'
import { ValueEditor, type Leave } from './value-editor.tsx'

interface GridProps {
  readonly screen: Screen
  readonly table: GridTable
  /** How many rows there are on all pages. */
  readonly total: number | undefined
  readonly pendingIds: ReadonlySet<string>
  readonly failed: readonly FailedWrite<Row>[]
  /** The key of the row that is shown beside it. */
  readonly openKey: string | undefined
  readonly isNarrow: boolean
  /** The rows are those of another page, until this one is there. */
  readonly isFlipping: boolean
  readonly onSave: (id: Value, field: string, value: Value) => void
  readonly onOpen: (id: string) => void
  readonly onDelete: (id: string) => void
}

/** A cell that is being edited. */
interface EditedCell {
  readonly rowKey: string
  readonly field: Field
  readonly input: Input
}

/** A grid that is used with the mouse, by touch or with the keyboard alone. */
export function Grid(props: GridProps): ReactNode {
  const { screen, table, total, pendingIds, openKey, isNarrow, isFlipping, onSave, onOpen, onDelete } = props
  const { rows } = table.getRowModel()
  const columns = table.getVisibleLeafColumns()
  const { pageIndex, pageSize } = table.state.pagination
  const rowKeys = rows.map(({ id }) => id)
  const rowIds = rows.map(({ original }) => String(idOf(screen.table, original)))
  const failed = failedByRow(props.failed)
  const { ref, position: focused, moveTo, ...focus } = useGridFocus(rowKeys, columns.length)

  const [edited, setEdited] = useState<EditedCell>()
  if (edited !== undefined && !rowKeys.includes(edited.rowKey)) setEdited(undefined)

  /** What can be edited there. In a small window, and for references, the detail panel has more room for it. */
  const editableAt = ({ row, column }: Position): EditedCell | undefined => {
    const rowKey = rowKeys[row - 1]
    const field = columns[column]?.columnDef.meta?.field
    if (rowKey === undefined || field === undefined || isNarrow) return undefined
    const input = editInputOf(field)
    return input === undefined || input.kind === 'reference' ? undefined : { rowKey, field, input }
  }

  const onKeyDown = (event: KeyboardEvent): void => {
    const rowId = rowIds[focused.row - 1]
    const isInCell = positionOf(event.target) !== undefined
    if (!isInCell || edited !== undefined || focus.onKeyDown(event) || rowId === undefined) return
    const editable = editableAt(focused)
    if (editable !== undefined && (event.key === 'Enter' || event.key === 'F2')) setEdited(editable)
    else if (event.key === ' ' || event.key === 'Enter') onOpen(rowId)
    else if (event.key === 'Delete') onDelete(rowId)
    else return
    event.preventDefault()
  }

  const onClick = ({ target }: MouseEvent): void => {
    const position = positionOf(target)
    const rowId = position && rowIds[position.row - 1]
    if (position === undefined || rowId === undefined || edited !== undefined) return
    // A click on what can be edited may become a double click, which must not move what is below the pointer.
    if (openKey !== undefined || editableAt(position) === undefined) onOpen(rowId)
  }

  const onDoubleClick = ({ target }: MouseEvent): void => {
    const position = positionOf(target)
    if (position !== undefined && edited === undefined) setEdited(editableAt(position))
  }

  const editorFor = (row: Row, { field, input }: EditedCell): ReactNode => (
    <ValueEditor
      input={input}
      label={`${labelOf(screen.table, field.name)} of ${idOf(screen.table, row)}`}
      value={row[field.name] ?? ''}
      onCommit={(value) => onSave(idOf(screen.table, row), field.name, value)}
      onLeave={(leave) => moveTo({ row: focused.row, column: focused.column + steps[leave] })}
      onClose={() => setEdited(undefined)}
    />
  )

  const columnOf = (field: string | undefined): number => columns.findIndex(({ id }) => id === field)

  return (
    <table
      ref={ref}
      role="grid"
      className="grid"
      aria-label={screen.title}
      aria-rowcount={total === undefined ? -1 : total + 1}
      aria-colcount={columns.length}
      aria-busy={isFlipping}
      style={{ minInlineSize: columns.reduce((sum, column) => sum + (column.columnDef.meta?.width ?? 0), 0) }}
      onFocus={focus.onFocus}
      onBlur={focus.onBlur}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onDoubleClick={onDoubleClick}
    >
      <colgroup>
        {columns.map(({ id, columnDef: { meta } }) => (
          <col key={id} style={meta === undefined || meta.width === 0 ? undefined : { inlineSize: meta.width }} />
        ))}
      </colgroup>
      <GridHead table={table} focusedColumn={focused.row === 0 ? focused.column : undefined} />
      <tbody>
        {rows.map((row, index) => {
          const position = index + 1
          const isEdited = edited?.rowKey === row.id
          const id = rowIds[index]
          const failedHere = failed.get(id)
          return (
            <Fragment key={row.id}>
              <GridRow
                row={row}
                columns={columns}
                position={position}
                rowIndex={pageIndex * pageSize + position + 1}
                id={id ?? row.id}
                isOpen={row.id === openKey}
                isPending={id !== undefined && pendingIds.has(id)}
                focusedColumn={focused.row === position ? focused.column : undefined}
                editedColumn={isEdited ? columnOf(edited.field.name) : undefined}
                editor={isEdited ? editorFor(row.original, edited) : undefined}
              />
              {failedHere !== undefined && (
                <tr className="failed-here">
                  <td colSpan={columns.length}>
                    <FailedWrites
                      screen={screen}
                      writes={failedHere}
                      // The button that has the focus goes.
                      onDecide={({ fields = {} }) => moveTo({ row: position, column: columnOf(Object.keys(fields)[0]) })}
                    />
                  </td>
                </tr>
              )}
            </Fragment>
          )
        })}
      </tbody>
    </table>
  )
}

const steps: Readonly<Record<Leave, number>> = { stay: 0, next: 1, previous: -1 }
