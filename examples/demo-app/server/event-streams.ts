import type { EventFeed } from './event-feed.ts'
import { isLogged, readLog } from './event-log.ts'
import { eventStream, resetMessage } from './event-stream.ts'
import type { EventStream } from './event-stream.ts'
import type { Home } from './home.ts'
import { RequestError } from './request-error.ts'
import { streamPlaces } from './stream-places.ts'

interface StreamRequest {
  /** Who asks for it. */
  readonly client: string
  /** The header `Last-Event-ID`. */
  readonly lastEventId?: string | undefined
  /** The answer is to end after what there is, instead of waiting for what comes. */
  readonly poll?: boolean
}

interface StreamAnswer {
  /** Where it goes on: the position that was asked for, or the present one. */
  readonly position: string
  /** Server-sent events; cancelling it ends it. */
  readonly body: ReadableStream<Uint8Array>
}

/** Tells everybody who listens to a table what happened in it. */
export interface EventStreams {
  /** Throws a RequestError if the client has as many streams as it may have. */
  open(table: string, request: StreamRequest): Promise<StreamAnswer>
  /** How many are listening. */
  readonly readers: number
  close(): void
}

/**
 * How many streams a client may have at a time. The demo has two per browser, however many tabs it has, and two per tab where tabs cannot
 * share them.
 */
const mostStreams = 32
/** In s. A place is free as soon as a connection has gone; of one that died without a word that may take minutes. */
const retryAfter = 10

export function eventStreams(home: Home, feed: EventFeed): EventStreams {
  const streams = new Set<EventStream>()
  const places = streamPlaces(mostStreams)

  return {
    get readers() {
      return streams.size
    },

    async open(table, { client, lastEventId, poll = false }) {
      // Before anything is waited for, or many that come at once would all find a place.
      const leave = places.take(client)
      if (leave === undefined) {
        const message = `there are ${mostStreams} event streams of this client already`
        throw new RequestError(429, 'too-many-streams', message, undefined, { 'retry-after': String(retryAfter) })
      }
      try {
        const asked = lastEventId === undefined ? undefined : positionOf(lastEventId)
        const { last, isKnown } = await home.read(async (sql) => ({
          last: (await readLog(sql, Number.MAX_SAFE_INTEGER)).last,
          // One that lies between others may be of changes that were lost.
          isKnown: asked !== undefined && (await isLogged(sql, asked)),
        }))
        const position = isKnown && asked !== undefined ? asked : last
        const greeting = isKnown || lastEventId === undefined ? ': connected\n\n' : resetMessage(last)
        const onEnd = (): void => {
          streams.delete(stream)
          leave()
        }
        const stream = eventStream({ home, feed, table, position, greeting, poll, onEnd })
        streams.add(stream)
        return { position: String(position), body: stream.body }
      } catch (error) {
        leave()
        throw error
      }
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
