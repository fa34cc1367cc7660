import { readLog } from './event-log.ts'
import type { LoggedEvent, LogPage } from './event-log.ts'
import type { Home } from './home.ts'

/** Reads the log of a home, as it grows, for all the streams of this process. */
export interface EventFeed {
  /** How far it has read. */
  readonly position: number
  /** It has all events after this position at hand, up to where it has read. */
  readonly knownFrom: number
  /** Those of one table. */
  eventsAfter(position: number, table: string): readonly LoggedEvent[]
  /** Calls back when it has read on. Returns what ends it. */
  onNews(listener: () => void): () => void
  close(): void
}

/** How many events are at hand. A stream that waits for its reader keeps none of its own, so this is what all of them take. */
const mostEvents = 2_000
/** When the log is looked at though nobody told of a commit, in ms. */
const pollInterval = 5_000

export async function eventFeed(home: Home): Promise<EventFeed> {
  const { last } = await home.read((sql) => readLog(sql, Number.MAX_SAFE_INTEGER))
  let position = last
  let knownFrom = last
  const listeners = new Set<() => void>()
  let events: LoggedEvent[] = []
  let due = false
  let reading = false
  let closed = false

  const read = async (): Promise<void> => {
    due = true
    // Whatever comes meanwhile is read at once after it.
    if (reading) return
    reading = true
    while (due) {
      due = false
      try {
        // oxlint-disable-next-line no-await-in-loop -- each goes on where the one before has ended
        take(await home.read((sql) => readLog(sql, position)))
      } catch (error) {
        // The log keeps what is missed now until the next attempt.
        if (!closed) console.error(error)
      }
    }
    reading = false
  }

  const take = (page: LogPage): void => {
    if (closed || page.end <= position) return
    if (page.knownFrom > position) {
      events = []
      knownFrom = page.knownFrom
    }
    events.push(...page.events)
    const forgotten = events.splice(0, events.length - mostEvents).at(-1)
    if (forgotten !== undefined) knownFrom = forgotten.position
    position = page.end
    if (position < page.last) due = true
    for (const listener of listeners) listener()
  }

  const unsubscribe = home.onCommit(() => void read())
  const poll = setInterval(() => void read(), pollInterval).unref()
  // What was committed since the position was read.
  void read()

  return {
    get position() {
      return position
    },
    get knownFrom() {
      return knownFrom
    },
    eventsAfter(from, table) {
      return events.slice(events.findLastIndex((event) => event.position <= from) + 1).filter((event) => event.table === table)
    },
    onNews(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      closed = true
      due = false
      unsubscribe()
      clearInterval(poll)
      listeners.clear()
    },
  }
}
