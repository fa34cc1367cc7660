/** Work that is done one at a time: all who ask for it while it is under way share one further turn after it. */
export function oneAtATime(work: () => Promise<unknown>): () => Promise<void> {
  let state: 'idle' | 'working' | 'again' = 'idle'
  return async () => {
    if (state !== 'idle') {
      state = 'again'
      return
    }
    do {
      state = 'working'
      // oxlint-disable-next-line no-await-in-loop -- one at a time is what it is for
      await work()
    } while (isAsked())
    state = 'idle'
  }

  function isAsked(): boolean {
    return state === 'again'
  }
}
