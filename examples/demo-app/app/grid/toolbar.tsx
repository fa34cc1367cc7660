import { useEffect, useRef, useState, type ReactNode } from 'react'
import type { ChangeGridQuery, GridQuery } from '../grid-query.ts'
import type { Screen } from '../screen.ts'
import { DebouncedInput } from '../ui/debounced-input.tsx'
import { Icon } from '../ui/icon.tsx'
import { FilterInput } from './filter-input.tsx'

interface ToolbarProps {
  readonly screen: Screen
  readonly query: GridQuery
  readonly onChange: ChangeGridQuery
  readonly onInsert: () => void
  readonly onSomebodyElse: () => void
}

/** What is searched and filtered for, and what can be done besides. */
export function Toolbar({ screen, query, onChange, onInsert, onSomebodyElse }: ToolbarProps): ReactNode {
  const search = useRef<HTMLInputElement>(null)
  const [areFiltersShown, setFiltersShown] = useState(false)
  const inUse = Object.keys(query.filters).length

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key !== '/' || isTyping(event.target) || document.querySelector('dialog[open]') !== null) return
      event.preventDefault()
      search.current?.select()
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [])

  return (
    <div className="toolbar" role="search" data-shows-filters={areFiltersShown}>
      <div className="search">
        <Icon name="search" />
        <DebouncedInput
          ref={search}
          className="control"
          type="search"
          aria-label={`Search ${screen.title.toLowerCase()}`}
          placeholder={`Search ${screen.title.toLowerCase()}`}
          value={query.search}
          // One step back leads to before the search, whatever was typed meanwhile.
          onSettle={(text) => onChange({ search: text }, { replace: query.search !== '' })}
        />
        <kbd>/</kbd>
      </div>
      <button
        type="button"
        className="button filters-toggle"
        aria-expanded={areFiltersShown}
        aria-label={inUse === 0 ? 'Filters' : `Filters, ${inUse} in use`}
        onClick={() => setFiltersShown(!areFiltersShown)}
      >
        <Icon name="filter" />
        {inUse > 0 && <span className="number">{inUse}</span>}
      </button>
      <div className="filters">
        {screen.filters.map((filter) => (
          <FilterInput
            key={filter.name}
            filter={filter}
            text={query.filters[filter.name] ?? ''}
            onChange={(text) => onChange({ filters: { ...query.filters, [filter.name]: text } })}
          />
        ))}
        {(inUse > 0 || query.search !== '') && (
          <button type="button" className="button quiet" onClick={() => onChange({ filters: {}, search: '' })}>
            Clear
          </button>
        )}
      </div>
      <div className="actions">
        <button
          type="button"
          className="button"
          onClick={onSomebodyElse}
          title="Changes a row of this page as another person would: past this app"
        >
          <Icon name="person" />
          <span>Somebody else edits</span>
        </button>
        <button type="button" className="button primary" onClick={onInsert}>
          <Icon name="plus" />
          <span>New {screen.noun}</span>
        </button>
      </div>
    </div>
  )
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select') !== null
}
