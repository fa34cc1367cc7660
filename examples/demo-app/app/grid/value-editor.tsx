import { useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import type { Input, Value } from '../screen.ts'
import { ReferencePicker } from './reference-picker.tsx'

/** Where the focus goes when the editor is left. */
export type Leave = 'stay' | 'next' | 'previous'

interface ValueEditorProps {
  readonly input: Input
  readonly label: string
  readonly value: Value
  /** Called once it has lost the focus, with what was put in; not where that is what it was, or was given up. */
  readonly onCommit: (value: Value) => void
  /** Has to move the focus away. */
  readonly onLeave: (leave: Leave) => void
  /** Called at the very end. */
  readonly onClose: () => void
}

/** An input in place of a value. Enter, Tab and leaving it keep what is in it, Escape does not. */
export function ValueEditor({ input, label, value, onCommit, onLeave, onClose }: ValueEditorProps): ReactNode {
  const ref = useRef<HTMLInputElement & HTMLSelectElement>(null)
  const isGivenUp = useRef(false)
  // What somebody else makes of it meanwhile is theirs, and no reason to write it back.
  const [before] = useState(value)
  const picked = useRef(value)

  useLayoutEffect(() => {
    const element = ref.current
    element?.focus()
    if (element instanceof HTMLInputElement && input.kind !== 'date') element.select()
    if (element instanceof HTMLSelectElement) openList(element)
  }, [input.kind])

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' && event.key !== 'Escape' && event.key !== 'Tab') return
    event.preventDefault()
    event.stopPropagation()
    isGivenUp.current = event.key === 'Escape'
    onLeave(event.key !== 'Tab' ? 'stay' : event.shiftKey ? 'previous' : 'next')
  }

  const finish = (next: Value): void => {
    if (!isGivenUp.current && next !== before) onCommit(next)
    onClose()
  }

  if (input.kind === 'reference') {
    return (
      <ReferencePicker
        table={input.table}
        label={label}
        takesFocus
        onPick={(id) => {
          picked.current = id
          onLeave('stay')
        }}
        onGiveUp={() => onLeave('stay')}
        onBlur={() => finish(picked.current)}
      />
    )
  }

  const shared = {
    ref,
    className: 'editor',
    'aria-label': label,
    defaultValue: before,
    onKeyDown,
    onBlur: () => finish(valueOf(input, ref.current?.value ?? '')),
  }
  if (input.kind === 'select') {
    return (
      <select {...shared} onChange={() => onLeave('stay')}>
        {input.options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    )
  }
  return <input {...shared} type={input.kind === 'date' ? 'date' : 'text'} inputMode={input.kind === 'number' ? 'decimal' : undefined} />
}

/** What a text stands for. What is no number is the server's to refuse, in its own words. */
export function valueOf({ kind }: Input, text: string): Value {
  // Only cities are referred to, and their ids are numbers.
  if (kind !== 'number' && kind !== 'reference') return text
  const number = Number(text.trim().replace(',', '.'))
  return text.trim() === '' || Number.isNaN(number) ? text : number
}

function openList(select: HTMLSelectElement): void {
  try {
    select.showPicker()
  } catch {
    // Browsers open it only right after a key or a click. It can be opened by hand.
  }
}
