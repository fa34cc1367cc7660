import type { LiveEvent, StreamListener, StreamStatus } from '../stream/stream.ts'

/** A listener that keeps what it hears, by kind and in order. */
export interface StreamRecorder extends StreamListener {
  readonly events: LiveEvent[]
  readonly gaps: string[]
  readonly statuses: StreamStatus[]
  readonly errors: unknown[]
  readonly positions: string[]
  onPosition(position: string): void
}

/** Makes a listener that has heard nothing yet. */
export function streamRecorder(): StreamRecorder {
  const events: LiveEvent[] = []
  const gaps: string[] = []
  const statuses: StreamStatus[] = []
  const errors: unknown[] = []
  const positions: string[] = []
  return {
    events,
    gaps,
    statuses,
    errors,
    positions,
    onEvent: (event) => void events.push(event),
    onGap: (reason) => void gaps.push(reason),
    onStatus: (status) => void statuses.push(status),
    onError: (error) => void errors.push(error),
    onPosition: (position) => void positions.push(position),
  }
}
