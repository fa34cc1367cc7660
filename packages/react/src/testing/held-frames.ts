import { onTestFinished, vi } from 'vitest'
import { nextTask } from './react-warnings.ts'

/** The frames of a page in the hands of a test: how many are drawn says nothing of the machine then. */
export interface HeldFrames {
  /** Draws a frame, and lets what comes of it happen. */
  readonly draw: () => Promise<void>
}

/** From now on no frame is drawn, and no time passes, but by `draw`. */
export function holdFrames(): HeldFrames {
  vi.useFakeTimers({ toFake: ['requestAnimationFrame', 'cancelAnimationFrame', 'setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  return {
    async draw() {
      vi.advanceTimersToNextFrame()
      await nextTask()
    },
  }
}
