import { useEffect, useRef, type RefObject } from 'react'

/** Scrolls an element to its top whenever it shows another page. */
export function useScrollToTop(page: number): RefObject<HTMLDivElement | null> {
  const ref = useRef<HTMLDivElement>(null)
  const shown = useRef(page)
  useEffect(() => {
    if (shown.current !== page) ref.current?.scrollTo({ top: 0 })
    shown.current = page
  }, [page])
  return ref
}
