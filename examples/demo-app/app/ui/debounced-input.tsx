import { useEffect, useEffectEvent, useState, type InputHTMLAttributes, type ReactNode, type Ref } from 'react'

interface DebouncedInputProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'value'> {
  readonly ref?: Ref<HTMLInputElement>
  readonly value: string
  readonly onSettle: (value: string) => void
}

const quietFor = 250

/** An input that tells what is in it once nobody has typed for a moment, or Enter is pressed. */
export function DebouncedInput({ value, onSettle, ...props }: DebouncedInputProps): ReactNode {
  const [text, setText] = useState(value)
  const [known, setKnown] = useState(value)
  // The address changed by other means, such as the back button.
  if (known !== value) {
    setKnown(value)
    setText(value)
  }

  const settle = useEffectEvent(onSettle)
  useEffect(() => {
    if (text === value) return undefined
    const timer = setTimeout(() => settle(text), quietFor)
    return () => clearTimeout(timer)
  }, [text, value])

  return (
    <input
      {...props}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') onSettle(text)
        if (event.key === 'Escape' && text !== '') {
          event.preventDefault()
          setText('')
          onSettle('')
        }
      }}
    />
  )
}
