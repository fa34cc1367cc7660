import { ArgumentError } from '../errors.ts'
import type { LiveEvent, LiveStream, StreamListener, StreamStatus } from './stream.ts'

/** What `sharedStream` takes besides the stream. */
export interface SharedOptions {
  /**
   * What the connection is known by in all tabs of the origin. Streams of one name share one connection, so
   * everything that makes two sources different belongs into it: the address, the tenant, the user.
   */
  readonly name: string
}

/** What the holder of the connection tells the others; `hello` asks it how things stand. */
type Message =
  | { readonly type: 'hello' }
  /** `gapPassed`: a gap was passed on since this holder's connection opened; who comes only now has not heard it. */
  | { readonly type: 'status'; readonly status: StreamStatus; readonly gapPassed: boolean }
  | { readonly type: 'gap'; readonly reason: string }
  | { readonly type: 'event'; readonly event: LiveEvent }
  | { readonly type: 'error'; readonly name: string; readonly message: string }

/**
 * A live stream that holds one connection for all tabs of the browser (promise 13).
 *
 * The tab that has the Web Lock of this name connects the stream and passes all it hears on over a BroadcastChannel.
 * When it goes, whether closed, crashed or disconnected, the next tab gets the lock and connects. Nobody can prove
 * then that nothing was missed, so every tab is told of one gap, once the new connection is open; so is a tab that
 * joins (promise 11). The tabs that do not hold the connection get an error of the stream as an `Error` with the
 * same name and message, and an event whose row cannot be cloned without its row.
 *
 * Where there are no Web Locks or no BroadcastChannel each tab connects by itself (promise 19).
 *
 * @throws ArgumentError where the name is none (promise 20)
 */
export function sharedStream(stream: LiveStream, options: SharedOptions): LiveStream {
  const { name } = options
  if (typeof name !== 'string' || name === '') throw new ArgumentError('name', name, 'a string that is not empty')
  // Tabs with another version of the messages share among themselves (promise 19).
  const key = `vantage-live/stream/1/${name}`
  return { connect: (listener) => (canShare() ? join(stream, key, listener) : stream.connect(listener)) }
}

function canShare(): boolean {
  // Old browsers and insecure pages have no locks, whatever their type says.
  return typeof navigator !== 'undefined' && 'locks' in navigator && typeof BroadcastChannel !== 'undefined'
}

/** Every connection has a channel of its own, so two of them in one tab share as two tabs do. */
function join(stream: LiveStream, key: string, listener: StreamListener): () => void {
  const channel = new BroadcastChannel(key)
  const end = new AbortController()
  const { signal } = end
  let status: StreamStatus = { state: 'connecting' }
  let heardGap = false
  let holding = false
  let gapPassed = false

  // Only this file posts on the channel, and the key has the version of its messages.
  function post(message: Message): void {
    channel.postMessage(message)
  }

  /** The listener may disconnect before the stream has returned what ends its connection. */
  function whileConnected<Value>(call: (value: Value) => void): (value: Value) => void {
    return (value) => {
      if (!signal.aborted) call(value)
    }
  }

  function showStatus(next: StreamStatus): void {
    if (sameStatus(status, next)) return
    status = next
    listener.onStatus(next)
  }

  function passStatus(next: StreamStatus): void {
    post({ type: 'status', status: next, gapPassed })
    showStatus(next)
    // Most streams report a gap of their own when they open, and one is enough.
    if (next.state !== 'open') return
    queueMicrotask(() => {
      if (!gapPassed && !signal.aborted) passGap('the shared connection was opened')
    })
  }

  function passGap(reason: string): void {
    // One from before the opening does not cover what happened up to it.
    if (status.state === 'open') gapPassed = true
    post({ type: 'gap', reason })
    listener.onGap(reason)
  }

  function passEvent(event: LiveEvent): void {
    try {
      post({ type: 'event', event })
    } catch {
      // Without the row, the others ask the master for it.
      post({ type: 'event', event: 'row' in event ? { type: event.type, id: event.id } : event })
    }
    listener.onEvent(event)
  }

  function passError(error: unknown): void {
    const { name, message } = error instanceof Error ? error : new Error(String(error))
    post({ type: 'error', name, message })
    listener.onError(error)
  }

  function hold(): Promise<void> {
    holding = true
    const disconnect = stream.connect({
      onStatus: whileConnected(passStatus),
      onGap: whileConnected(passGap),
      onEvent: whileConnected(passEvent),
      onError: whileConnected(passError),
    })
    return new Promise((release) => {
      const leave = () => {
        disconnect()
        release()
      }
      if (signal.aborted) leave()
      else signal.addEventListener('abort', leave)
    })
  }

  function hear(message: Message): void {
    // What the former holder sent last may come late; the gap that follows on a hand-over makes up for it.
    if (holding && message.type !== 'hello') return
    switch (message.type) {
      case 'hello':
        if (holding) post({ type: 'status', status, gapPassed })
        return
      case 'status':
        showStatus(message.status)
        if (message.gapPassed && !heardGap && !signal.aborted) hearGap('this connection joined one that was open')
        return
      case 'gap':
        return hearGap(message.reason)
      case 'event':
        return listener.onEvent(message.event)
      case 'error':
        return listener.onError(Object.assign(new Error(message.message), { name: message.name }))
    }
  }

  function hearGap(reason: string): void {
    heardGap = true
    listener.onGap(reason)
  }

  listener.onStatus(status)
  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => hear(data))
  post({ type: 'hello' })
  navigator.locks.request(key, { signal }, hold).catch((error: unknown) => {
    if (signal.aborted) return
    // A page that may not use locks, such as a sandboxed one, shares with nobody.
    listener.onError(error)
    void hold()
  })

  return () => {
    end.abort()
    channel.close()
  }
}

function sameStatus(a: StreamStatus, b: StreamStatus): boolean {
  return a.state === b.state && (a.state !== 'closed' || b.state !== 'closed' || a.reason === b.reason)
}
