import { FlexRender } from '@tanstack/react-table'
import type { ReactNode } from 'react'
import { Icon } from '../ui/icon.tsx'
import type { GridTable } from './use-grid-table.ts'

interface GridHeadProps {
  readonly table: GridTable
  readonly focusedColumn: number | undefined
}

/** The header of each column is a button that sorts; with Shift it sorts besides. */
export function GridHead({ table, focusedColumn }: GridHeadProps): ReactNode {
  return (
    <thead>
      {table.getHeaderGroups().map((group) => (
        <tr key={group.id} aria-rowindex={1}>
          {group.headers.map((header, index) => {
            const { column } = header
            const direction = column.getIsSorted()
            return (
              <th
                key={header.id}
                scope="col"
                aria-colindex={index + 1}
                aria-sort={column.getCanSort() ? ariaSort[direction === false ? 'none' : direction] : undefined}
                data-is-numeric={column.columnDef.meta?.isNumeric}
              >
                <button
                  type="button"
                  data-row={0}
                  data-column={index}
                  tabIndex={index === focusedColumn ? 0 : -1}
                  aria-disabled={!column.getCanSort()}
                  onClick={column.getToggleSortingHandler()}
                >
                  <span>
                    <FlexRender header={header} />
                  </span>
                  {direction !== false && <Icon name={direction === 'asc' ? 'up' : 'down'} />}
                </button>
              </th>
            )
          })}
        </tr>
      ))}
    </thead>
  )
}

const ariaSort = { none: 'none', asc: 'ascending', desc: 'descending' } as const
