import type { LiveTable } from '@vantage-live/core'
import { inNextFrame } from './next-frame.ts'

/** What changes what is shown of a table passes here. */
interface FrameGate {
  /** Runs it soon; what is asked for twice until then runs once. */
  readonly schedule: (run: () => void) => void
  /** As `schedule`, for what may be asked for many times in a frame: of that the first time counts at once, and then once per frame. */
  readonly scheduleOften: (run: () => void) => void
  /** Runs it whenever the table tells of writes; the returned function ends that. */
  readonly onWrites: (run: () => void) => () => void
}

const gates = new WeakMap<object, FrameGate>()

/**
 * The gate of a table and its views: open, but while writes are under way, or events come, for once per frame, so that a
 * thousand of them are not a thousand renders.
 */
export function frameGate<Row extends object>({ root }: LiveTable<Row>): FrameGate {
  const gate = gates.get(root) ?? makeGate(root)
  gates.set(root, gate)
  return gate
}

function makeGate<Row extends object>(table: LiveTable<Row>): FrameGate {
  const waiting = new Set<() => void>()
  const listeners = new Set<() => void>()
  let leaveTable: (() => void) | undefined
  let isShut = false
  let isBusy = false

  const flush = (): void => {
    isShut = true
    // What is added meanwhile runs as well, so that all of it is one commit.
    for (const run of waiting) {
      waiting.delete(run)
      try {
        run()
      } catch (error) {
        // What one throws is not to keep the news from the others, nor the gate from opening again.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
  const flushFirst = (): void => {
    flush()
    // What comes meanwhile is shown right before the next frame is drawn.
    if (isBusy || table.pending.length > 0) inNextFrame(open)
    else isShut = false
  }
  const open = (): void => {
    isBusy = false
    isShut = waiting.size > 0
    if (!isShut) return
    flush()
    inNextFrame(open)
  }

  const schedule = (run: () => void): void => {
    waiting.add(run)
    if (isShut) return
    isShut = true
    // Not at once: a component that renders may begin a fetch, and React takes no updates meanwhile.
    queueMicrotask(flushFirst)
  }

  return {
    schedule,

    scheduleOften: (run) => {
      isBusy = true
      schedule(run)
    },

    onWrites: (run) => {
      // Each call is a subscription of its own, also with the same function.
      const own = (): void => run()
      listeners.add(own)
      leaveTable ??= table.subscribe(({ type }) => {
        if (type !== 'writes') return
        for (const listener of listeners) waiting.add(listener)
        if (isShut) return
        // What else is written in this task is to be in the same commit; it runs before React commits.
        queueMicrotask(flushFirst)
        // At once: whoever writes may change other state in the same event, and all of it is to be one commit.
        flush()
      })
      return () => {
        listeners.delete(own)
        waiting.delete(own)
        if (listeners.size > 0) return
        leaveTable?.()
        leaveTable = undefined
      }
    },
  }
}
