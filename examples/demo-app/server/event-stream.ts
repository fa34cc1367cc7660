import type { EventFeed } from './event-feed.ts'
import { readLog } from './event-log.ts'
import type { LoggedEvent } from './event-log.ts'
import type { Home } from './home.ts'

export interface EventStreamOptions {
  readonly home: Home
  readonly feed: EventFeed
  readonly table: string
  /** It goes on after this one. */
  readonly position: number
  /** What it begins with. */
  readonly greeting: string
  /** It ends after what there is, instead of waiting for what comes. */
  readonly poll: boolean
  /** It has ended, or its reader has gone. */
  readonly onEnd: () => void
}

/** The events of one table for one reader. */
export interface EventStream {
  /** Server-sent events; cancelling it ends it. */
  readonly body: ReadableStream<Uint8Array>
  end(): void
}

const heartbeatInterval = 15_000
/** So that a reader takes no more than some hundred kilobytes of memory at a time. */
const mostAtOnce = 500

/** It is a place in the log, and keeps no events: when its reader takes more, it looks for what comes after this place. */
export function eventStream({ home, feed, table, position: start, greeting, poll, onEnd }: EventStreamOptions): EventStream {
  const encoder = new TextEncoder()
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  let position = start
  /** What its reader was told of that. */
  let told = start
  let isLive = start >= feed.knownFrom
  let ended = false
  let news = Promise.withResolvers<void>()
  const unsubscribe = feed.onNews(() => news.resolve())

  const leave = (): void => {
    ended = true
    unsubscribe()
    news.resolve()
    onEnd()
  }

  const end = (): void => {
    leave()
    controller?.close()
  }

  const reset = (present: number): string => {
    position = told = present
    return resetMessage(present)
  }

  /** The events of other tables move it on, too. Else a quiet one would lose its place in the log to a busy one. */
  const moved = (): string => {
    if (position === told) return ''
    told = position
    return `id: ${position}\n`
  }

  const tell = (events: readonly LoggedEvent[]): string => {
    told = events.at(-1)?.position ?? told
    return events.map((each) => `id: ${each.position}\ndata: ${each.event}\n\n`).join('')
  }

  const fromFeed = (): string => {
    const { position: present } = feed
    const events = feed.eventsAfter(position, table)
    const taken = events.slice(0, mostAtOnce)
    position = Math.max(position, taken.length < events.length ? (taken.at(-1)?.position ?? present) : present)
    return tell(taken)
  }

  const fromLog = async (): Promise<string> => {
    const page = await home.read((sql) => readLog(sql, position, table))
    if (page.knownFrom > position) return reset(page.last)
    position = Math.max(position, page.end)
    return tell(page.events)
  }

  /** What comes next, or nothing where there is none yet. */
  const take = async (): Promise<string> => {
    if (poll) return fromLog()
    isLive ||= position >= feed.knownFrom
    if (!isLive) return fromLog()
    // Where the reader is slower than events come, to read its rows once costs it less than all that waits.
    return position < feed.knownFrom ? reset(feed.position) : fromFeed()
  }

  /** Waits for what comes next; undefined at the end. */
  const next = async (): Promise<string | undefined> => {
    let silent = false
    // Without traffic neither side, nor a proxy between them, would notice that the other has gone.
    const timer = setTimeout(() => {
      silent = true
      news.resolve()
    }, heartbeatInterval).unref()
    try {
      for (;;) {
        // Before it looks, so that no news is lost meanwhile.
        news = Promise.withResolvers()
        const before = position
        // oxlint-disable-next-line no-await-in-loop -- it looks again after each news
        const text = await take()
        if (ended) return undefined
        if (text !== '') return text
        if (silent) return `: still here\n${moved()}\n`
        if (poll && position === before) return position === told ? undefined : `${moved()}\n`
        // oxlint-disable-next-line no-await-in-loop
        if (!poll && position >= feed.position) await news.promise
      }
    } finally {
      clearTimeout(timer)
    }
  }

  const body = new ReadableStream<Uint8Array>(
    {
      start(own) {
        controller = own
        // The first bytes make the reader's connection count as open.
        own.enqueue(encoder.encode(greeting))
      },
      async pull(own) {
        try {
          const text = await next()
          if (ended) return
          if (text === undefined) end()
          else own.enqueue(encoder.encode(text))
        } catch (error) {
          if (ended) return
          // A stream that failed would tell its reader why. One that ends is asked for again.
          console.error(error)
          end()
        }
      },
      cancel: leave,
    },
    // Nothing is taken before it is read.
    { highWaterMark: 0 },
  )
  return { body, end }
}

/** Tells a reader that there may be events before this position which it was not told. */
export function resetMessage(position: number): string {
  return `event: reset\nid: ${position}\ndata:\n\n`
}
