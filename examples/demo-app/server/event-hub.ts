import type { Value } from './column.ts'

/** What somebody changed in a table. */
export type TableEvent = { readonly type: 'inserted' | 'updated' | 'deleted'; readonly id: Value } | { readonly type: 'changed' }

/** Tells everybody who listens to a table what happened in it, as server-sent events. */
export interface EventHub {
  /** To be called once the change is committed. */
  publish(event: TableEvent): void
  /** A stream of its own for one reader; cancelling it ends it. */
  open(): ReadableStream<Uint8Array>
  /** How many are listening. */
  readonly readers: number
  close(): void
}

const heartbeatInterval = 15_000
/** In bytes. */
const mostUnread = 64 * 1024

export function eventHub(): EventHub {
  const readers = new Set<ReadableStreamDefaultController<Uint8Array>>()
  const encoder = new TextEncoder()
  let lastId = 0

  const send = (message: string): void => {
    const bytes = encoder.encode(message)
    for (const reader of readers) {
      if ((reader.desiredSize ?? 0) >= bytes.length) {
        reader.enqueue(bytes)
      } else {
        // It reconnects and takes the time between for a gap, which costs it one reload and us no memory.
        readers.delete(reader)
        reader.error(new Error(`a reader of live events fell ${mostUnread} bytes behind and was dropped`))
      }
    }
  }

  // Without traffic neither side, nor a proxy between them, would notice that the other has gone.
  const heartbeat = setInterval(send, heartbeatInterval, ': still here\n\n').unref()

  return {
    get readers() {
      return readers.size
    },

    publish(event) {
      lastId += 1
      send(`id: ${lastId}\ndata: ${JSON.stringify(event)}\n\n`)
    },

    open() {
      let own: ReadableStreamDefaultController<Uint8Array>
      return new ReadableStream<Uint8Array>(
        {
          start(controller) {
            own = controller
            readers.add(controller)
            // The first bytes make the reader's connection count as open.
            controller.enqueue(encoder.encode(': connected\n\n'))
          },
          cancel() {
            readers.delete(own)
          },
        },
        new ByteLengthQueuingStrategy({ highWaterMark: mostUnread }),
      )
    },

    close() {
      clearInterval(heartbeat)
      for (const reader of readers) reader.close()
      readers.clear()
    },
  }
}
