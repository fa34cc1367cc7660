import type { ReactNode } from 'react'

/** Drawn on a grid of 16, in lines of 1.5. */
const paths = {
  search: 'M7 11.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9M10.300 10.300 14 14',
  close: 'm4 4 8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  up: 'M8 12.500v-9M4.500 7 8 3.500 11.500 7',
  down: 'M8 3.500v9M4.500 9 8 12.500 11.500 9',
  first: 'M4 3.500v9M12 4 8 8l4 4',
  previous: 'M10 4 6 8l4 4',
  next: 'm6 4 4 4-4 4',
  last: 'M12 3.500v9M4 4l4 4-4 4',
  trash: 'M2.500 4.500h11M6 4.500v-2h4v2M4 4.500l.6 9h6.800l.6-9M6.700 7.200v3.600M9.300 7.200v3.600',
  person: 'M8 7.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5M3 13.500c.5-2.600 2.500-4 5-4s4.500 1.400 5 4',
  online: 'M2 6.300a9 9 0 0 1 12 0M4.300 8.800a5.500 5.500 0 0 1 7.400 0M6.500 11.200a2.300 2.300 0 0 1 3 0M8 13.400h.01',
  offline:
    'M2 6.300a9 9 0 0 1 3-1.800M14 6.300a9 9 0 0 0-5.500-2.200M4.300 8.800a5.500 5.500 0 0 1 3-1.300M6.500 11.200a2.300 2.300 0 0 1 3 0M8 13.400h.01M2.500 2.500l11 11',
  leave: 'M9.500 3h-6v10h6M7 8h7M11.500 5.500 14 8l-2.500 2.500',
  activity: 'M1.500 8.500h3l2-5.500 3.200 10 2-4.500h2.800',
  filter: 'M2 4h12M4.500 8h7M7 12h2',
  warning: 'M8 2.500 1.800 13.300h12.400zM8 6.700v3M8 11.600h.01',
} as const

export type IconName = keyof typeof paths

/** It adds nothing to the words beside it, or to its button's label, so it is not read out. */
export function Icon({ name }: { readonly name: IconName }): ReactNode {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  )
}
