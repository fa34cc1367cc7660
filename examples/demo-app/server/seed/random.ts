/** Numbers from 0 up to 1, the same ones for the same seed: Marsaglia's xorshift with 32 bits. */
export function random(seed: number): () => number {
  // From zero it would never get away.
  let state = seed | 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
