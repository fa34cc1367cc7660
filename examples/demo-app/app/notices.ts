/** A short message that shows for a while and is read out by screen readers. */
export interface Notice {
  readonly number: number
  readonly tone: 'plain' | 'good' | 'bad'
  readonly text: string
}

/** The messages of one session: what comes only after its end shows to nobody. */
export interface Notices {
  /** The same array until that changes. */
  readonly present: readonly Notice[]
  readonly notify: (text: string, tone?: Notice['tone']) => void
  readonly dismiss: (notice: Notice) => void
  readonly subscribe: (listener: () => void) => () => void
}

const shownFor = 6_000

export function makeNotices(): Notices {
  const listeners = new Set<() => void>()
  let present: readonly Notice[] = []
  let count = 0

  const change = (next: readonly Notice[]): void => {
    present = next
    for (const listener of listeners) listener()
  }
  const dismiss = (notice: Notice): void => change(present.filter((each) => each !== notice))

  return {
    get present() {
      return present
    },

    notify(text, tone = 'plain') {
      count += 1
      const notice = { number: count, tone, text }
      change([...present, notice])
      setTimeout(() => dismiss(notice), shownFor)
    },

    dismiss,

    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
