import { Hono } from 'hono'
import { clientOf } from './client.ts'
import type { Entity } from './entity.ts'
import type { EventStreams } from './event-streams.ts'

/** One table's live events, as docs/wire.md describes them. */
export function eventRoutes(entity: Entity, streams: EventStreams): Hono {
  return new Hono().get('/events', async (context) => {
    context.header('content-type', 'text/event-stream')
    context.header('cache-control', 'no-store')
    // Asks nginx to pass on what comes when it comes.
    context.header('x-accel-buffering', 'no')
    // The answer to HEAD is thrown away, and its reader would never go.
    if (context.req.method === 'HEAD') return context.body(null)
    const poll = /(?:^|,)\s*wait\s*=\s*0\s*(?:[,;]|$)/i.test(context.req.header('prefer') ?? '')
    const lastEventId = context.req.header('last-event-id')
    const { position, body } = await streams.open(entity.name, { client: clientOf(context), lastEventId, poll })
    context.header('last-event-id', position)
    return context.body(body)
  })
}
