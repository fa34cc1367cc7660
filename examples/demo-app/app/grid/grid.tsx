import { Fragment, useState, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react'
import { editInputOf, idOf, labelOf, type Field, type Input, type Row, type Screen } from '../screen.ts'
import { GridHead } from './grid-head.tsx'
import { GridRow } from './grid-row.tsx'
import { RefusedEdits } from './refused-edits.tsx'
import type { Edits } from './use-edits.ts'
import { positionOf, useGridFocus, type Position } from './use-grid-focus.ts'
import type { GridTable } from './use-grid-table.ts'
import { ValueEditor, type Leave } from './value-editor.tsx'

interface GridProps {
  readonly screen: Screen
  readonly table: GridTable
  /** How many rows there are on all pages. */
  readonly total: number | undefined
  readonly edits: Edits
  readonly pendingIds: ReadonlySet<string>
  readonly openId: string | undefined
  readonly isNarrow: boolean
  /** The rows are those of another page, until this one is there. */
  readonly isFlipping: boolean
  readonly onOpen: (id: string) => void
  readonly onDelete: (id: string) => void
}

/** A cell that is being edited. */
interface EditedCell {
  readonly rowId: string
  readonly field: Field
  readonly input: Input
}

/** A grid that is used with the mouse, by touch or with the keyboard alone. */
export function Grid({ screen, table, total, edits, pendingIds, openId, isNarrow, isFlipping, onOpen, onDelete }: GridProps): ReactNode {
  const { rows } = table.getRowModel()
  const columns = table.getVisibleLeafColumns()
  const { pageIndex, pageSize } = table.state.pagination
  const rowIds = rows.map(({ id }) => id)
  const { ref, position: focused, moveTo, ...focus } = useGridFocus(rowIds, columns.length)

  const [edited, setEdited] = useState<EditedCell>()
  if (edited !== undefined && !rowIds.includes(edited.rowId)) setEdited(undefined)

  /** What can be edited there. In a small window, and for references, the detail panel has more room for it. */
  const editableAt = ({ row, column }: Position): EditedCell | undefined => {
    const rowId = rowIds[row - 1]
    const field = columns[column]?.columnDef.meta?.field
    if (rowId === undefined || field === undefined || isNarrow) return undefined
    const input = editInputOf(field)
    return input === undefined || input.kind === 'reference' ? undefined : { rowId, field, input }
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
    if (openId !== undefined || editableAt(position) === undefined) onOpen(rowId)
  }

  const onDoubleClick = ({ target }: MouseEvent): void => {
    const position = positionOf(target)
    if (position !== undefined && edited === undefined) setEdited(editableAt(position))
  }

  const editorFor = (row: Row, { rowId, field, input }: EditedCell): ReactNode => (
    <ValueEditor
      input={input}
      label={`${labelOf(screen.table, field.name)} of ${rowId}`}
      value={row[field.name] ?? ''}
      onCommit={(value) => edits.save(idOf(screen.table, row), field.name, value)}
      onLeave={(leave) => moveTo({ row: focused.row, column: focused.column + steps[leave] })}
      onClose={() => setEdited(undefined)}
    />
  )

  const columnOf = (field: string): number => columns.findIndex(({ id }) => id === field)

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
          const isEdited = edited?.rowId === row.id
          const refusals = edits.refusals.get(row.id)
          return (
            <Fragment key={row.id}>
              <GridRow
                row={row}
                columns={columns}
                position={position}
                rowIndex={pageIndex * pageSize + position + 1}
                isOpen={row.id === openId}
                isPending={pendingIds.has(row.id)}
                focusedColumn={focused.row === position ? focused.column : undefined}
                editedColumn={isEdited ? columnOf(edited.field.name) : undefined}
                editor={isEdited ? editorFor(row.original, edited) : undefined}
              />
              {refusals !== undefined && (
                <tr className="refusals">
                  <td colSpan={columns.length}>
                    <RefusedEdits
                      screen={screen}
                      refusals={refusals}
                      onDismiss={(field) => {
                        moveTo({ row: position, column: columnOf(field) })
                        edits.dismiss(idOf(screen.table, row.original), field)
                      }}
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
