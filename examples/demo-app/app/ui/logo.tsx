import type { ReactNode } from 'react'

/** A loaf. */
export function Logo(): ReactNode {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M7 21c0-6 4-11 9-11s9 5 9 11zM12 12.500l2 4.500M17.500 11.500l1.500 5M22 15l.5 3.500" />
    </svg>
  )
}
