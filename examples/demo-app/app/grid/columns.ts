import { columnVisibilityFeature, metaHelper, rowPaginationFeature, rowSortingFeature, tableFeatures } from '@tanstack/react-table'
import type { ColumnDef, ColumnVisibilityState, Row as TableRow } from '@tanstack/react-table'
import { labelOf, shownValue, type Field, type Row, type Screen } from '../screen.ts'

interface GridColumnMeta {
  /** Undefined for a column that is put together from several fields. */
  readonly field: Field | undefined
  /** In px. */
  readonly width: number
  readonly isNumeric: boolean
}

/** What TanStack Table has to do here; the rows come filtered, sorted and paged from the server. */
export const gridFeatures = tableFeatures({
  columnVisibilityFeature,
  rowPaginationFeature,
  rowSortingFeature,
  columnMeta: metaHelper<GridColumnMeta>(),
})

export type GridFeatures = typeof gridFeatures
export type GridColumn = ColumnDef<GridFeatures, Row>
export type GridRow = TableRow<GridFeatures, Row>

const summaryId = 'summary'

/** A column for each field, and one that stands in for most of them where there is little room. */
export function columnsOf({ table, fields, noun, summary }: Screen): readonly GridColumn[] {
  return [
    {
      id: summaryId,
      header: noun,
      enableSorting: false,
      cell: ({ row }) => summary(row.original),
      meta: { field: undefined, width: 0, isNumeric: false },
    },
    ...fields.map((field): GridColumn => ({
      id: field.name,
      accessorFn: (row) => row[field.name],
      header: labelOf(table, field.name),
      enableSorting: field.isUnsortable !== true,
      sortDescFirst: false,
      cell: ({ row }) => shownValue(field, row.original),
      meta: { field, width: field.width, isNumeric: field.isNumeric ?? false },
    })),
  ]
}

/** Which columns there is room for. */
export function visibilityOf({ fields }: Screen, isNarrow: boolean): ColumnVisibilityState {
  return {
    [summaryId]: isNarrow,
    ...Object.fromEntries(fields.map(({ name, isCompact }) => [name, isCompact === true || !isNarrow])),
  }
}
