import { useId, type ReactNode } from 'react'
import { formatNumber } from '../format.ts'
import { pageSizes } from '../grid-query.ts'
import { Icon, type IconName } from '../ui/icon.tsx'
import type { GridTable } from './use-grid-table.ts'

interface PagerProps {
  readonly table: GridTable
  readonly total: number | undefined
}

/** Leads from page to page. */
export function Pager({ table, total }: PagerProps): ReactNode {
  const { pageIndex, pageSize } = table.state.pagination
  const pageCount = table.getPageCount()
  const sizeId = useId()
  return (
    <nav className="pager" aria-label="Pages">
      <p className="pager-range number">{total !== undefined && rangeWords(pageIndex * pageSize, pageSize, total)}</p>
      <p className="pager-keys">
        <kbd>Enter</kbd> or a double click edits <kbd>Space</kbd> opens <kbd>/</kbd> searches
      </p>
      <label className="pager-size" htmlFor={sizeId}>
        <span>Rows</span>
        <select id={sizeId} className="control" value={pageSize} onChange={(event) => table.setPageSize(Number(event.target.value))}>
          {pageSizes.map((size) => (
            <option key={size}>{size}</option>
          ))}
        </select>
      </label>
      <div className="pager-buttons">
        <PageButton label="First page" icon="first" isEnabled={table.getCanPreviousPage()} onPress={table.firstPage} />
        <PageButton label="Previous page" icon="previous" isEnabled={table.getCanPreviousPage()} onPress={table.previousPage} />
        <form
          className="pager-page"
          onSubmit={(event) => {
            event.preventDefault()
            const page = Math.trunc(Number(new FormData(event.currentTarget).get('page')))
            table.setPageIndex(Math.max(1, pageCount > 0 ? Math.min(page, pageCount) : page) - 1)
          }}
        >
          {/* The key puts the number right whenever the page changes by other means. */}
          <input
            key={pageIndex}
            className="control number"
            name="page"
            type="number"
            min={1}
            max={pageCount > 0 ? pageCount : undefined}
            defaultValue={pageIndex + 1}
            aria-label="Page"
            onBlur={(event) => event.target.form?.requestSubmit()}
          />
          <span className="number">of {pageCount < 0 ? '…' : formatNumber(Math.max(pageCount, 1))}</span>
        </form>
        <PageButton label="Next page" icon="next" isEnabled={table.getCanNextPage()} onPress={table.nextPage} />
        <PageButton label="Last page" icon="last" isEnabled={table.getCanLastPage() && table.getCanNextPage()} onPress={table.lastPage} />
      </div>
    </nav>
  )
}

interface PageButtonProps {
  readonly label: string
  readonly icon: IconName
  readonly isEnabled: boolean
  readonly onPress: () => void
}

function PageButton({ label, icon, isEnabled, onPress }: PageButtonProps): ReactNode {
  return (
    <button type="button" className="button icon-only" aria-label={label} disabled={!isEnabled} onClick={onPress}>
      <Icon name={icon} />
    </button>
  )
}

function rangeWords(before: number, pageSize: number, total: number): string {
  if (total === 0) return 'No rows'
  if (before >= total) return `None of ${formatNumber(total)}`
  return `${formatNumber(before + 1)}–${formatNumber(Math.min(before + pageSize, total))} of ${formatNumber(total)}`
}
