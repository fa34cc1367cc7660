import { functionalUpdate, useTable, type ReactTable, type SortingState } from '@tanstack/react-table'
import { useMemo } from 'react'
import type { ChangeGridQuery, GridQuery } from '../grid-query.ts'
import { idOf, type Row, type Screen } from '../screen.ts'
import { columnsOf, gridFeatures, visibilityOf, type GridFeatures } from './columns.ts'

export type GridTable = ReactTable<GridFeatures, Row>

interface GridTableOptions {
  readonly screen: Screen
  readonly rows: readonly Row[]
  readonly pageCount: number | undefined
  readonly query: GridQuery
  readonly onChange: ChangeGridQuery
  readonly isNarrow: boolean
}

/** TanStack Table over one page of rows. Its order and its page are those of the address. */
export function useGridTable({ screen, rows, pageCount, query, onChange, isNarrow }: GridTableOptions): GridTable {
  const columns = useMemo(() => columnsOf(screen), [screen])
  const columnVisibility = useMemo(() => visibilityOf(screen, isNarrow), [screen, isNarrow])
  const sorting: SortingState = query.orderBy.map(({ field, direction }) => ({ id: field, desc: direction === 'desc' }))
  const pagination = { pageIndex: query.page - 1, pageSize: query.pageSize }

  return useTable({
    features: gridFeatures,
    columns,
    data: rows,
    // A row that was inserted here keeps its place, and an open editor, when the server gives it its id.
    getRowId: (row) => screen.table.rowKey(idOf(screen.table, row)),
    state: { sorting, pagination, columnVisibility },
    manualSorting: true,
    manualPagination: true,
    enableSortingRemoval: false,
    pageCount: pageCount ?? -1,
    onSortingChange: (updater) => {
      const next = functionalUpdate(updater, sorting)
      onChange({ orderBy: next.map(({ id, desc }) => ({ field: id, direction: desc ? 'desc' : 'asc' })) })
    },
    onPaginationChange: (updater) => {
      const next = functionalUpdate(updater, pagination)
      onChange(next.pageSize === pagination.pageSize ? { page: next.pageIndex + 1 } : { pageSize: next.pageSize })
    },
  })
}
