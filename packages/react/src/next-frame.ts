/** Where no frames are drawn, in a hidden tab, in ms. */
const withoutFrames = 100

/** Runs something right before the next frame is drawn; the returned function calls that off. */
export function inNextFrame(run: () => void): () => void {
  const cancel = (): void => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
  }
  const end = (): void => {
    cancel()
    run()
  }
  const frame = requestAnimationFrame(end)
  const timer = setTimeout(end, withoutFrames)
  return cancel
}
