import type { ReactNode } from 'react'
import type { Filter } from '../screen.ts'
import { DebouncedInput } from '../ui/debounced-input.tsx'

interface FilterInputProps {
  readonly filter: Filter
  readonly text: string
  readonly onChange: (text: string) => void
}

export function FilterInput({ filter: { label, input }, text, onChange }: FilterInputProps): ReactNode {
  if (input.kind === 'number') {
    return (
      <DebouncedInput
        className="control number"
        data-is-set={text !== ''}
        type="text"
        inputMode="decimal"
        aria-label={label}
        placeholder={label}
        value={text}
        onSettle={onChange}
      />
    )
  }
  return (
    <select
      className="control"
      data-is-set={text !== ''}
      aria-label={label}
      value={text}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{label}</option>
      {input.options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  )
}
