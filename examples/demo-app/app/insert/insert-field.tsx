import { useId, type ReactNode } from 'react'
import { labelOf, type Field, type Input, type Screen } from '../screen.ts'
import { ReferenceInput } from './reference-input.tsx'

interface InsertFieldProps {
  readonly screen: Screen
  readonly field: Field
  readonly input: Input
  readonly hasFirstFocus: boolean
  /** The server has something against it. */
  readonly isWrong: boolean
}

export function InsertField({ screen, field, ...props }: InsertFieldProps): ReactNode {
  const id = useId()
  const label = labelOf(screen.table, field.name)
  return (
    <div className="form-field" data-kind={props.input.kind}>
      <label htmlFor={id}>
        {label} {field.onInsert === 'optional' && <span className="muted">optional</span>}
      </label>
      <FieldInput id={id} label={label} field={field} {...props} />
    </div>
  )
}

interface FieldInputProps extends Omit<InsertFieldProps, 'screen'> {
  readonly id: string
  readonly label: string
}

function FieldInput({ id, label, field, input, hasFirstFocus, isWrong }: FieldInputProps): ReactNode {
  const shared = {
    id,
    className: 'control',
    name: field.name,
    defaultValue: field.initial,
    'aria-invalid': isWrong,
    'data-first-focus': hasFirstFocus || undefined,
  }
  switch (input.kind) {
    case 'select':
      return (
        <select {...shared}>
          {input.options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )
    case 'reference':
      return <ReferenceInput id={id} name={field.name} label={label} table={input.table} />
    case 'notes':
      return <textarea {...shared} rows={2} />
    case 'date':
      return <input {...shared} type="date" />
    case 'text':
    case 'number':
      return <input {...shared} type="text" autoComplete="off" inputMode={input.kind === 'number' ? 'decimal' : undefined} />
  }
}
