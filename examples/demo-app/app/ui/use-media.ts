import { useSyncExternalStore } from 'react'

/** Whether there is room for no more than a few columns. The style sheets have the same width in them. */
export function useIsNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => narrow.matches)
}

const narrow = matchMedia('(width < 720px)')

function subscribe(listener: () => void): () => void {
  narrow.addEventListener('change', listener)
  return () => narrow.removeEventListener('change', listener)
}
