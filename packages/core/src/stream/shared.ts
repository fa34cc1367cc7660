import { ArgumentError } from '../errors.ts'
import { Heard } from './shared-heard.ts'
import type { LiveEvent, LiveStream, StreamListener, StreamStatus } from './stream.ts'

/** How often a tab looks whether the holder was heard of, in ms. */
const watchInterval = 1_000

/** After so many looks in vain a holder is replaced; the first is only a lull, and after the others it is asked. */
const patience = 3

/** What `sharedStream` takes besides the stream. */
export interface SharedOptions {
  /**
   * What the connection is known by in all tabs of the origin. Streams of one name share one connection, so
   * everything that makes two sources different belongs into it: the address, the tenant, the user.
   */
  readonly name: string
}

/** Something that the stream told, as the call and its argument. */
type Told<Reported = unknown> =
  | readonly ['onEvent', LiveEvent]
  | readonly ['onGap', string]
  | readonly ['onStatus', StreamStatus]
  | readonly ['onError', Reported]
  | readonly ['onPosition', string]

/** An error as it can be passed on. */
interface Failure {
  readonly name: string
  readonly message: string
}

/** What the holder of the connection tells the others: how things stood, and what it was told then. */
interface Batch {
  /** The later somebody came to hold the connection, the greater. */
  readonly term: number
  /** How many batches of this term told anything before this one. */
  readonly count: number
  /** The last position before this batch. */
  readonly position: string | undefined
  /** Nothing was told since that position, so that whoever heard everything up to there has missed nothing. */
  readonly isExact: boolean
  readonly status: StreamStatus
  readonly told: Told<Failure>[]
}

/** Asks the holder how things stand; it answers with a batch that tells nothing. */
const question = 'are you there?'

/** A number is the term of a later holder, for one that passes on what nobody follows any more; a text the question, or a mark. */
type Message = Batch | number | string

/**
 * A live stream that holds one connection for all tabs of the browser (promise 13).
 *
 * The tab that has the Web Lock of this name connects the stream and passes all it hears on over a BroadcastChannel.
 * When it is closed, crashes or disconnects, the next tab has the lock at once. When it falls silent, as a frozen tab
 * does, a tab that is visible takes the lock from it after 3 to 4 s. A connection whose status is `closed` is taken over
 * by the next tab that connects, for that may have a newer token.
 *
 * The next holder goes on from the last position that it heard of. Where the stream resumes there without a gap, no tab
 * is told of one: each hears every event, once and in order (twice what the former holder told after its last position).
 * A tab that cannot follow on what it heard is told of one gap, once the connection is open (promise 11): one that joins,
 * unless it comes with the very position at which the holder stands; one that missed messages; and, where the stream
 * tells no positions, every tab after a hand-over.
 *
 * The tabs that do not hold the connection get an error of the stream as an `Error` with the same name and message, and an
 * event whose row cannot be cloned without its row.
 *
 * Where there are no Web Locks or no BroadcastChannel each tab connects by itself; so it does where they are refused,
 * which is reported as an error (promise 19).
 *
 * @throws ArgumentError where the name is none (promise 20)
 */
export function sharedStream(stream: LiveStream, options: SharedOptions): LiveStream {
  const { name } = options
  if (typeof name !== 'string' || name === '') throw new ArgumentError('name', name, 'a string that is not empty')
  // Tabs with another version of the messages share among themselves (promise 19).
  const key = `vantage-live/stream/2/${name}`
  return {
    connect(listener, position) {
      if (!canShare()) return stream.connect(listener, position)
      let channel: BroadcastChannel
      try {
        channel = new BroadcastChannel(key)
      } catch (error) {
        listener.onError(error)
        return stream.connect(listener, position)
      }
      return join(stream, key, channel, listener, position)
    },
  }
}

function canShare(): boolean {
  // Old browsers and insecure pages have no locks, whatever their type says.
  return typeof navigator !== 'undefined' && 'locks' in navigator && typeof BroadcastChannel !== 'undefined'
}

/** Every connection has a channel of its own, so two of them in one tab share as two tabs do. */
function join(stream: LiveStream, key: string, channel: BroadcastChannel, listener: StreamListener, from: string | undefined): () => void {
  const end = new AbortController()
  const heard = new Heard(from)
  // The present request for the lock. To abort it is to let go of the lock, and of the connection, where they are held.
  let request = new AbortController()
  let isHolding = false
  let status: StreamStatus = { state: 'connecting' }
  let term = 0
  let count = 0
  let isExact = true
  let owesGap = false
  let heardGap = false
  let unsent: Batch | undefined
  let silence = 0

  function compete(steal: boolean): void {
    request.abort()
    request = new AbortController()
    const { signal } = request
    navigator.locks
      .request(key, steal ? { steal } : { signal }, () => hold(signal))
      .catch((error: unknown) => {
        if (signal.aborted) return
        // The lock was stolen. This tab may have slept meanwhile, and goes on as one of the others.
        if (error instanceof Error && error.name === 'AbortError') return compete(false)
        // A page that may not use locks, such as a sandboxed one, shares with nobody.
        end.abort()
        leave()
        listener.onError(error)
        if (!signal.aborted) whenAborted(signal, stream.connect(listener, heard.position))
      })
  }

  function hold(signal: AbortSignal): Promise<void> {
    return new Promise((release) => {
      whenAborted(signal, release)
      if (signal.aborted) return
      // What the former holder sent is heard first, or it would be told again. Nothing of it is left when one's own mark is heard.
      const mark = String(Math.random())
      channel.addEventListener('message', ({ data }: MessageEvent<Message>) => data === mark && connect(signal), { signal })
      const echo = new BroadcastChannel(key)
      echo.postMessage(mark)
      echo.close()
    })
  }

  function connect(signal: AbortSignal): void {
    isHolding = true
    // Greater also than that of a silent holder of which this tab has never heard; no two are alike.
    term = Math.max(term + 1, Date.now()) + Math.random()
    count = 0
    isExact = true
    if (heard.position === undefined) owesGap = true
    const tell = (told: Told): void => {
      // The listener may disconnect before the stream has returned what ends its connection.
      if (signal.aborted) return
      if (unsent === undefined) {
        unsent = howItStands()
        queueMicrotask(sendUnsent)
      }
      unsent.told.push(told[0] === 'onError' ? ['onError', describe(told[1])] : told)
      hear(told)
    }
    signal.addEventListener('abort', () => {
      isHolding = false
      sendUnsent()
    })
    try {
      const disconnect = stream.connect(
        {
          onEvent: (event) => tell(['onEvent', event]),
          onGap: (reason) => tell(['onGap', reason]),
          onStatus: (next) => tell(['onStatus', next]),
          onError: (error) => tell(['onError', error]),
          onPosition: (position) => tell(['onPosition', position]),
        },
        heard.position,
      )
      whenAborted(signal, disconnect)
    } catch (error) {
      tell(['onError', error])
      tell(['onStatus', { state: 'closed', reason: 'the stream could not be connected' }])
    }
    if (!signal.aborted) send(unsent)
  }

  function howItStands(): Batch {
    return { term, count, position: heard.position, isExact, status, told: [] }
  }

  /** What is told in one task goes as one message. */
  function sendUnsent(): void {
    if (unsent !== undefined) send(unsent)
  }

  function send(batch = howItStands()): void {
    unsent = undefined
    if (batch.told.length > 0) count += 1
    try {
      channel.postMessage(batch)
    } catch {
      channel.postMessage({ ...batch, told: batch.told.map(clonable) })
    }
    settle()
  }

  function receive(message: Message): void {
    if (typeof message === 'string') {
      if (message === question && isHolding) send()
      return
    }
    if (typeof message === 'number') {
      if (isHolding && message > term) {
        term = message
        count = -1
        compete(false)
      }
      return
    }
    // Its holder was replaced and does not know it yet, or has never heard of the one before it.
    if (message.term < term) return channel.postMessage(term)
    silence = 0
    const isFirst = term === 0
    if (isHolding) compete(false)
    const isNext = message.term === term && message.count === count
    if (!isNext && !(message.isExact && heard.goTo(message.position))) {
      owesGap = true
      heard.restart(message.position)
    }
    term = message.term
    count = message.count + Math.sign(message.told.length)
    hear(['onStatus', message.status])
    for (const told of message.told) hear(told[0] === 'onError' ? ['onError', restore(told[1])] : told)
    settle()
    if (isFirst && status.state === 'closed' && !end.signal.aborted) compete(true)
  }

  function hear(told: Told): void {
    if (end.signal.aborted) return
    switch (told[0]) {
      case 'onEvent':
        isExact = false
        if (!heard.isAhead) listener.onEvent(told[1])
        return
      case 'onGap':
        isExact = false
        heardGap = true
        heard.stopRepeating()
        return listener.onGap(told[1])
      case 'onStatus':
        if (isSame(status, told[1])) return
        status = told[1]
        return listener.onStatus(status)
      case 'onError':
        return listener.onError(told[1])
      case 'onPosition':
        isExact = true
        if (!heard.reach(told[1])) owesGap = true
        tellPosition()
    }
  }

  /** Whoever owes a gap must not go on from a position after it. */
  function tellPosition(): void {
    if (heard.position !== undefined && !heard.isAhead && !owesGap) listener.onPosition?.(heard.position)
  }

  /** Tells of the gap that is owed; after all of a message, for most streams report one of their own when they open, and one is enough. */
  function settle(): void {
    if (owesGap && (status.state === 'open' || status.state === 'polling') && !end.signal.aborted) {
      owesGap = false
      if (!heardGap) listener.onGap('this tab may have missed events of the shared connection')
      if (!end.signal.aborted) tellPosition()
    }
    heardGap = false
  }

  function ask(): void {
    channel.postMessage(question)
  }

  function watch(): void {
    // A hidden tab is in no hurry, and its timers are not to be relied on.
    if (isHolding || isHidden()) silence = 0
    else if ((silence += 1) > patience) {
      silence = 0
      compete(true)
    } else if (silence > 1) ask()
  }

  function leave(): void {
    clearInterval(timer)
    channel.close()
  }

  listener.onStatus(status)
  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => receive(data), { signal: end.signal })
  // Messages to a page in the back/forward cache are lost; it becomes visible when it comes back.
  if (typeof document !== 'undefined') document.addEventListener('visibilitychange', ask, { signal: end.signal })
  const timer = setInterval(watch, watchInterval)
  // They are not to keep a process alive that has nothing else to do.
  for (const own of [timer, channel]) unref(own)
  ask()
  compete(false)

  return () => {
    end.abort()
    request.abort()
    leave()
  }
}

/** Only Node has processes. */
function unref(own: unknown): void {
  if (typeof own === 'object' && own !== null && 'unref' in own && typeof own.unref === 'function') Reflect.apply(own.unref, own, [])
}

function isHidden(): boolean {
  return typeof document !== 'undefined' && document.hidden
}

function whenAborted(signal: AbortSignal, then: () => void): void {
  if (signal.aborted) then()
  else signal.addEventListener('abort', then)
}

function isSame(a: StreamStatus, b: StreamStatus): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function describe(error: unknown): Failure {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  return { name, message }
}

function restore({ name, message }: Failure): Error {
  return Object.assign(new Error(message), { name })
}

/** What cannot be cloned is asked for from the master. */
function clonable(told: Told<Failure>): Told<Failure> {
  if (told[0] !== 'onEvent' || !('row' in told[1])) return told
  const { row, ...event } = told[1]
  try {
    structuredClone(row)
    return told
  } catch {
    return ['onEvent', event]
  }
}
