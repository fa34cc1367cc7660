/** Gives a number from 0 up to 1 for each thing that is left to chance, by its name. */
export type Chances = (what: string) => number

/** Each name has numbers of its own, so that a history that is shortened goes on as it did. */
export function chances(seed: number): Chances {
  const counts = new Map<string, number>()
  return (what) => {
    const count = (counts.get(what) ?? 0) + 1
    counts.set(what, count)
    return (hash(`${seed} ${what} ${count}`) + hash(`${count} ${what} ${seed}`) / 2 ** 32) / 2 ** 32
  }
}

/** FNV-1a, and the end of MurmurHash3, which makes all bits depend on all. */
function hash(text: string): number {
  let state = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) state = Math.imul(state ^ text.charCodeAt(index), 0x01000193)
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35)
  return (state ^ (state >>> 16)) >>> 0
}
