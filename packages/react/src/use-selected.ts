'use client'

import { replaceEqualDeep } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'

/** What came of a `select`. */
export type Selected<Data> = { readonly data: Data } | { readonly error: unknown }

/**
 * What `select` makes of something, or throws, where that is not a query's own data. As with TanStack Query's, what is equal to
 * what was selected before is the same object.
 */
export function useSelected<From, Data>(from: From | undefined, select: ((from: From) => Data) | undefined): Selected<Data> | undefined {
  const [last] = useState(memory)
  const selected = useMemo(() => (from === undefined || select === undefined ? undefined : trySelect(from, select)), [from, select])
  const shared = useMemo(
    () => (selected && 'data' in selected ? { data: replaceEqualDeep(last.get(), selected.data) } : selected),
    [selected, last],
  )
  useEffect(() => {
    if (shared !== undefined && 'data' in shared) last.set(shared.data)
  }, [last, shared])
  return shared
}

function trySelect<From, Data>(from: From, select: (from: From) => Data): Selected<Data> {
  try {
    return { data: select(from) }
  } catch (error) {
    return { error }
  }
}

/** Holds what was committed last. */
function memory(): { readonly get: () => unknown; readonly set: (value: unknown) => void } {
  let last: unknown
  return {
    get: () => last,
    set: (value) => {
      last = value
    },
  }
}
