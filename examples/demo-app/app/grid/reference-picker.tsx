import type { LiveTable } from '@vantage-live/core'
import { useLivePage } from '@vantage-live/react'
import { useId, useState, type KeyboardEvent, type ReactNode } from 'react'
import { idOf, titleOf, type Row, type Value } from '../screen.ts'
import { DebouncedInput } from '../ui/debounced-input.tsx'

interface ReferencePickerProps {
  readonly id?: string
  readonly table: LiveTable<Row>
  readonly label: string
  readonly takesFocus: boolean
  readonly onPick: (id: Value, title: string) => void
  /** Escape was pressed. */
  readonly onGiveUp: () => void
  readonly onBlur?: () => void
}

/** Finds a row of another table by its name: a view of that table, searched as one types. */
export function ReferencePicker({ id, table, label, takesFocus, onPick, onGiveUp, onBlur }: ReferencePickerProps): ReactNode {
  const listId = useId()
  const [search, setSearch] = useState('')
  const [active, setActive] = useState(0)
  const [isOpen, setOpen] = useState(takesFocus)
  const { rows } = useLivePage(table.view({ search: search.trim() }), 1, { pageSize: 8 })

  const pick = (row: Row | undefined): void => {
    if (row !== undefined) onPick(idOf(table, row), titleOf(table, row))
  }

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setActive(Math.min(active + 1, rows.length - 1))
    else if (event.key === 'ArrowUp') setActive(Math.max(active - 1, 0))
    else if (event.key === 'Enter') pick(rows[active])
    else if (event.key === 'Escape') onGiveUp()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  return (
    <div className="picker" onKeyDownCapture={onKeyDown}>
      <DebouncedInput
        id={id}
        className="editor"
        type="text"
        role="combobox"
        aria-label={label}
        aria-expanded={isOpen}
        aria-controls={listId}
        aria-activedescendant={`${listId}-${active}`}
        aria-autocomplete="list"
        autoComplete="off"
        placeholder="Type a name"
        ref={takesFocus ? focus : null}
        value={search}
        onSettle={(text) => {
          setSearch(text)
          setActive(0)
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => {
          setOpen(false)
          onBlur?.()
        }}
      />
      <ul id={listId} role="listbox" aria-label={label} hidden={!isOpen}>
        {rows.map((row, index) => (
          // The keys are the input's, which keeps the focus.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
          <li
            key={idOf(table, row)}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={index === active}
            // A blur of the input would close the list before the click.
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => pick(row)}
          >
            {titleOf(table, row)} <small>{String(row['country'] ?? '')}</small>
          </li>
        ))}
      </ul>
    </div>
  )
}

function focus(input: HTMLInputElement | null): void {
  input?.focus()
}
