import { HttpError, MissingRowError, RestoredError } from '@vantage-live/core'

/** With these the server says that there is something wrong with what was sent, or that its row is gone. */
const lasting: readonly (number | undefined)[] = [400, 404, 410, 413, 415, 422]

/** Whether a write that failed so may go better when it is sent again as it is. */
export function retryMayHelp(error: unknown): boolean {
  if (error instanceof HttpError || error instanceof RestoredError) return !lasting.includes(error.status)
  return !(error instanceof MissingRowError)
}
