import { act } from '@testing-library/react'

/** Lets happen what is to come in the next tasks, timers and frames: time for what should not happen. */
export async function atRest(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await act(async () => {
      await new Promise((resolve) => requestAnimationFrame(resolve))
      await new Promise((resolve) => setTimeout(resolve))
    })
  }
}
