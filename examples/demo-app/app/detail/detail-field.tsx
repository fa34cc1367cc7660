import { useLayoutEffect, useRef, useState, type ReactNode } from 'react'
import { ValueEditor, type Leave } from '../grid/value-editor.tsx'
import { editInputOf, labelOf, shownValue, type Field, type Row, type Screen, type Value } from '../screen.ts'
import { ReferencedTitle } from './referenced-rows.tsx'

interface DetailFieldProps {
  readonly screen: Screen
  readonly row: Row
  readonly field: Field
  readonly onSave: (value: Value) => void
}

/** One field of a row; pressing its value opens an editor in its place. */
export function DetailField({ screen, row, field, onSave }: DetailFieldProps): ReactNode {
  const [isEdited, setEdited] = useState(false)
  const place = useRef<HTMLElement>(null)
  const label = labelOf(screen.table, field.name)
  const input = editInputOf(field)

  // The button that the focus came from is there again only now.
  useLayoutEffect(() => {
    if (!isEdited && document.activeElement === place.current) place.current?.querySelector('button')?.focus()
  }, [isEdited])

  return (
    <>
      <dt>{label}</dt>
      <dd ref={place} tabIndex={-1}>
        {input === undefined ? (
          <span className="value">
            <ShownValue field={field} row={row} />
          </span>
        ) : isEdited ? (
          <ValueEditor
            input={input}
            label={label}
            value={row[field.name] ?? ''}
            onCommit={onSave}
            onLeave={(leave) => focusFrom(place.current, leave)}
            onClose={() => setEdited(false)}
          />
        ) : (
          <button type="button" className="value" onClick={() => setEdited(true)}>
            <span className="unseen">Edit {label}: </span>
            <ShownValue field={field} row={row} />
          </button>
        )}
      </dd>
    </>
  )
}

function ShownValue({ field, row }: { readonly field: Field; readonly row: Row }): ReactNode {
  if (field.input?.kind === 'reference') return <ReferencedTitle table={field.input.table} id={row[field.name]} />
  return row[field.name] === '' ? <span className="muted">–</span> : shownValue(field, row)
}

/** To the field before or after this one, or to this one where there is none. */
function focusFrom(place: HTMLElement | null, leave: Leave): void {
  if (place === null) return
  const fields = Array.from(place.parentElement?.querySelectorAll('dd') ?? []).filter(
    (each) => each === place || each.querySelector('button') !== null,
  )
  const neighbour = leave === 'stay' ? undefined : fields[fields.indexOf(place) + (leave === 'next' ? 1 : -1)]
  const target = neighbour?.querySelector('button') ?? place
  target.focus()
}
