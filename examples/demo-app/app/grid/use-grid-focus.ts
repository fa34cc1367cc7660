import { useEffect, useRef, useState, type FocusEvent, type KeyboardEvent, type RefObject } from 'react'

/** Where the focus is; row 0 is the header. */
export interface Position {
  readonly row: number
  readonly column: number
}

export interface GridFocus {
  readonly ref: RefObject<HTMLTableElement | null>
  /** The one cell that the Tab key leads to. */
  readonly position: Position
  readonly moveTo: (position: Position) => void
  readonly onFocus: (event: FocusEvent) => void
  readonly onBlur: () => void
  /** Moves with the arrow keys, Home, End, Page Up and Page Down; tells whether the key was one of these. */
  readonly onKeyDown: (event: KeyboardEvent) => boolean
}

/**
 * The focus in a grid, as the ARIA Authoring Practices have it: one cell is in the Tab order, arrow keys move from it.
 * It stays with its row when other rows come or go, and where it was when its own row goes.
 * A cell says where it is with `data-row` and `data-column`.
 */
export function useGridFocus(rowIds: readonly string[], columnCount: number): GridFocus {
  const ref = useRef<HTMLTableElement>(null)
  const hasFocus = useRef(false)
  const [focused, setFocused] = useState<Position & { readonly rowId?: string | undefined }>({ row: 1, column: 0 })
  const last = { row: rowIds.length, column: columnCount - 1 }
  const rowNow = focused.rowId === undefined ? -1 : rowIds.indexOf(focused.rowId)
  const position = within({ row: rowNow === -1 ? focused.row : rowNow + 1, column: focused.column }, last)

  const moveTo = (next: Position): void => {
    const { row, column } = within(next, last)
    ref.current?.querySelector<HTMLElement>(`[data-row="${row}"][data-column="${column}"]`)?.focus()
  }

  // A focused cell that goes with its row leaves no blur behind, only a page without a focus.
  useEffect(() => {
    if (hasFocus.current && document.activeElement === document.body) moveTo(position)
    hasFocus.current = ref.current?.contains(document.activeElement) === true
  })

  return {
    ref,
    position,
    moveTo,
    onFocus: ({ target }) => {
      const cell = positionOf(target)
      if (cell !== undefined) setFocused({ ...cell, rowId: rowIds[cell.row - 1] })
    },
    onBlur: () => {
      hasFocus.current = false
    },
    onKeyDown: (event) => {
      const next = nextPosition(event, position, last)
      if (next === undefined) return false
      event.preventDefault()
      moveTo(next)
      return true
    },
  }
}

/** The cell that an element is in. */
export function positionOf(target: EventTarget): Position | undefined {
  const cell = target instanceof Element ? target.closest<HTMLElement>('[data-column]') : null
  return cell === null ? undefined : { row: Number(cell.dataset['row']), column: Number(cell.dataset['column']) }
}

const pageOfRows = 10

/** May be outside the grid. */
function nextPosition({ key, ctrlKey }: KeyboardEvent, { row, column }: Position, last: Position): Position | undefined {
  switch (key) {
    case 'ArrowUp':
      return { row: row - 1, column }
    case 'ArrowDown':
      return { row: row + 1, column }
    case 'ArrowLeft':
      return { row, column: column - 1 }
    case 'ArrowRight':
      return { row, column: column + 1 }
    case 'PageUp':
      return { row: row - pageOfRows, column }
    case 'PageDown':
      return { row: row + pageOfRows, column }
    case 'Home':
      return { row: ctrlKey ? 0 : row, column: 0 }
    case 'End':
      return { row: ctrlKey ? last.row : row, column: last.column }
    default:
      return undefined
  }
}

function within({ row, column }: Position, last: Position): Position {
  return { row: Math.max(0, Math.min(row, last.row)), column: Math.max(0, Math.min(column, last.column)) }
}
