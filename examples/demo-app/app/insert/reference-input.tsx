import type { LiveTable } from '@vantage-live/core'
import { useState, type ReactNode } from 'react'
import { ReferencePicker } from '../grid/reference-picker.tsx'
import type { Row, Value } from '../screen.ts'

interface ReferenceInputProps {
  readonly id: string
  readonly name: string
  readonly label: string
  readonly table: LiveTable<Row>
}

/** A form's input for the id of a row of another table. */
export function ReferenceInput({ id, name, label, table }: ReferenceInputProps): ReactNode {
  const [picked, setPicked] = useState<{ readonly id: Value; readonly title: string }>()
  const [isChanging, setChanging] = useState(false)
  if (picked === undefined || isChanging) {
    return (
      <ReferencePicker
        id={id}
        table={table}
        label={label}
        takesFocus={isChanging}
        onPick={(pickedId, title) => {
          setPicked({ id: pickedId, title })
          setChanging(false)
        }}
        onGiveUp={() => setChanging(false)}
      />
    )
  }
  return (
    <>
      <input type="hidden" name={name} value={picked.id} />
      <button type="button" id={id} className="control" aria-label={`${label}: ${picked.title}. Change`} onClick={() => setChanging(true)}>
        {picked.title}
      </button>
    </>
  )
}
