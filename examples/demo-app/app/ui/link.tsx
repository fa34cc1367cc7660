import type { AnchorHTMLAttributes, ReactNode } from 'react'
import { navigate } from '../location.ts'

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly to: string
}

/** A link within the app. Opening it in another tab works as with any link. */
export function Link({ to, children, ...props }: LinkProps): ReactNode {
  return (
    <a
      {...props}
      href={to}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
        event.preventDefault()
        navigate(to)
      }}
    >
      {children}
    </a>
  )
}
