import { ArgumentError } from '../errors.ts'
import { toLiveEvent } from './live-event.ts'
import type { LiveEvent, LiveStream, StreamListener, StreamStatus } from './stream.ts'

/** A live stream that is driven by hand. */
export interface ManualStream extends LiveStream {
  /**
   * Sends an event to every connection, in the order of the calls, also where a listener emits in its turn.
   *
   * @throws EventError where it is no live event; nobody hears of it then (promise 20)
   */
  emit(event: LiveEvent): void
  /**
   * Tells every connection that events may have been missed (promise 11).
   *
   * @throws ArgumentError where the reason is no string (promise 20)
   */
  gap(reason?: string): void
  /**
   * Sets the status that is shown, `open` from the start. It is a label only: events pass whatever it says.
   *
   * @throws ArgumentError where it is no status (promise 20)
   */
  setStatus(status: StreamStatus): void
}

/**
 * A live stream that an app, a test or a story drives by hand, or with the events of a transport of its own.
 *
 * Any number of tables may be connected to it. A connection that begins after the first `emit` or `gap` is told of
 * one gap at once (promise 11), also while others stay connected: what its table has cached may be older than any of
 * them, and the stream cannot tell a listener that comes back from a new one.
 */
export function manualStream(): ManualStream {
  const connections = new Set<{ readonly listener: StreamListener }>()
  const untold: ((listener: StreamListener) => void)[] = []
  let status: StreamStatus = { state: 'open' }
  let emitted = false

  function tell(call: (listener: StreamListener) => void): void {
    // What a listener emits waits until everybody has heard the event before it: the order is the same for all.
    untold.push(call)
    if (untold.length > 1) return
    try {
      for (const next of untold) for (const { listener } of connections) next(listener)
    } finally {
      untold.length = 0
    }
  }

  return {
    connect(listener) {
      const connection = { listener }
      const missed = emitted
      connections.add(connection)
      listener.onStatus(status)
      if (missed) listener.onGap('events were emitted before this connection')
      return () => {
        connections.delete(connection)
      }
    },
    emit(event) {
      const checked = toLiveEvent(event)
      emitted = true
      tell((listener) => listener.onEvent(checked))
    },
    gap(reason = 'a gap was reported by hand') {
      if (typeof reason !== 'string') throw new ArgumentError('reason', reason, 'a string')
      emitted = true
      tell((listener) => listener.onGap(reason))
    },
    setStatus(next) {
      status = checkStatus(next)
      tell((listener) => listener.onStatus(next))
    },
  }
}

function checkStatus(status: StreamStatus): StreamStatus {
  const known: unknown = status
  if (typeof known === 'object' && known !== null && 'state' in known) {
    if (known.state === 'connecting' || known.state === 'open') return status
    const needsReason = known.state === 'polling' || known.state === 'closed'
    if (needsReason && 'reason' in known && typeof known.reason === 'string') return status
  }
  throw new ArgumentError(
    'status',
    status,
    "{ state: 'connecting' }, { state: 'open' }, { state: 'polling', reason } or { state: 'closed', reason }",
  )
}
