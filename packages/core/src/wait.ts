/** Something that is over after a while, or when it is ended. */
export interface Wait {
  readonly over: Promise<void>
  readonly end: () => void
}

/** @param longest in ms */
export function wait(longest: number): Wait {
  let resolve: (() => void) | undefined
  const over = new Promise<void>((resolveOver) => {
    resolve = resolveOver
  })
  const timer = setTimeout(() => resolve?.(), longest)
  return {
    over,
    end: () => {
      clearTimeout(timer)
      resolve?.()
    },
  }
}
