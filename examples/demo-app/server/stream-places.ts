/** Gives each client a few places, so that none takes what all need. */
export interface StreamPlaces {
  /** Takes a place; returns the function that gives it back, or undefined if the client has as many as it may have. */
  take(client: string): (() => void) | undefined
}

/** @param most how many places a client may have at a time */
export function streamPlaces(most: number): StreamPlaces {
  const taken = new Map<string, number>()

  const giveBack = (client: string): void => {
    const left = (taken.get(client) ?? 0) - 1
    if (left > 0) taken.set(client, left)
    else taken.delete(client)
  }

  return {
    take(client) {
      const count = taken.get(client) ?? 0
      if (count >= most) return undefined
      taken.set(client, count + 1)
      let isTaken = true
      return () => {
        if (isTaken) giveBack(client)
        isTaken = false
      }
    },
  }
}
