import { useSyncExternalStore } from 'react'

/** A short message that shows for a while and is read out by screen readers. */
export interface Notice {
  readonly number: number
  readonly tone: 'plain' | 'good' | 'bad'
  readonly text: string
}

const listeners = new Set<() => void>()
const shownFor = 6_000
let notices: readonly Notice[] = []
let count = 0

export function notify(text: string, tone: Notice['tone'] = 'plain'): void {
  count += 1
  const notice = { number: count, tone, text }
  change([...notices, notice])
  setTimeout(() => dismissNotice(notice), shownFor)
}

export function dismissNotice(notice: Notice): void {
  change(notices.filter((each) => each !== notice))
}

export function useNotices(): readonly Notice[] {
  return useSyncExternalStore(subscribe, () => notices)
}

function change(next: readonly Notice[]): void {
  notices = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
