import { useSyncExternalStore } from 'react'

// What is shown is named in the address, so that a reload, a link and the back button lead where they should.

const listeners = new Set<() => void>()

/** The path and the query of the address. */
export function useLocation(): URL {
  const href = useSyncExternalStore(subscribe, () => location.href)
  return new URL(href)
}

/** Goes to another address of the app; with `replace`, the back button skips the present one. */
export function navigate(to: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (new URL(to, location.href).href === location.href) return
  if (replace) history.replaceState(null, '', to)
  else history.pushState(null, '', to)
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  addEventListener('popstate', listener)
  return () => {
    listeners.delete(listener)
    removeEventListener('popstate', listener)
  }
}
