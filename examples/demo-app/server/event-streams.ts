import type { EventFeed } from './event-feed.ts'
import { isLogged, readLog } from './event-log.ts'
import { eventStream, resetMessage } from './event-stream.ts'
import type { EventStream } from './event-stream.ts'
import type { Home } from './home.ts'

export interface StreamRequest {
  /** The header `Last-Event-ID`. */
  readonly lastEventId?: string | undefined
  /** The answer is to end after what there is, instead of waiting for what comes. */
  readonly poll?: boolean
}

export interface StreamAnswer {
  /** Where it goes on: the position that was asked for, or the present one. */
  readonly position: string
  /** Server-sent events; cancelling it ends it. */
  readonly body: ReadableStream<Uint8Array>
}

/** Tells everybody who listens to a table what happened in it. */
export interface EventStreams {
  open(table: string, request?: StreamRequest): Promise<StreamAnswer>
  /** How many are listening. */
  readonly readers: number
  close(): void
}

export function eventStreams(home: Home, feed: EventFeed): EventStreams {
  const streams = new Set<EventStream>()

  return {
    get readers() {
      return streams.size
    },

    async open(table, { lastEventId, poll = false } = {}) {
      const asked = lastEventId === undefined ? undefined : positionOf(lastEventId)
      const { last, isKnown } = await home.read(async (sql) => ({
        last: (await readLog(sql, Number.MAX_SAFE_INTEGER)).last,
        // One that lies between others may be of changes that were lost.
        isKnown: asked !== undefined && (await isLogged(sql, asked)),
      }))
      const position = isKnown && asked !== undefined ? asked : last
      const greeting = isKnown || lastEventId === undefined ? ': connected\n\n' : resetMessage(last)
      const stream = eventStream({ home, feed, table, position, greeting, poll, onEnd: () => streams.delete(stream) })
      streams.add(stream)
      return { position: String(position), body: stream.body }
    },

    close() {
      for (const stream of streams) stream.end()
    },
  }
}

/** What no log of this server can have as a position is one that it does not know. */
function positionOf(text: string): number | undefined {
  return /^\d{1,16}$/.test(text) ? Number(text) : undefined
}
