import { Hono } from 'hono'
import type { Context, HonoRequest } from 'hono'
import type { Row, Value } from './column.ts'
import { columnOf } from './entity.ts'
import type { Entity } from './entity.ts'
import type { EventHub } from './event-hub.ts'
import { listQuery } from './list-query.ts'
import { RequestError } from './request-error.ts'
import { changes, newRow, replacement } from './row-input.ts'
import { entityTag } from './row-version.ts'
import type { VersionedRow } from './row-version.ts'
import { missingRow } from './table-store.ts'
import type { TableStore } from './table-store.ts'
import type { WriteOnce, Written } from './write-once.ts'

/** One table's addresses. An event is published only after its change is committed. */
export function tableRoutes(entity: Entity, store: TableStore, events: EventHub, once: WriteOnce): Hono {
  const routes = new Hono()

  /** An id that its column cannot hold names no row. */
  const rowId = (text: string): Value => {
    const id = columnOf(entity, 'id')?.parse(text)
    if (id === undefined) throw missingRow(entity, text)
    return id
  }

  const write = (context: Context, work: () => Written, status?: 200 | 201): Response => {
    const { method, path } = context.req
    const { row, event } = once(context.req.header('idempotency-key'), `${method} ${path}`, work)
    if (event !== undefined) events.publish(event)
    return row === undefined ? context.body(null, 204) : answer(context, row, status)
  }

  const update = (context: Context, text: string, input: (id: Value) => Row): Response =>
    write(context, () => {
      const id = rowId(text)
      return { row: store.update(id, input(id), context.req.header('if-match')), event: { type: 'updated', id } }
    })

  return routes
    .get('/', (context) => context.json(store.list(listQuery(entity, new URL(context.req.url).searchParams))))
    .get('/:id', (context) => answer(context, store.get(rowId(context.req.param('id')))))
    .post('/', async (context) => {
      const body = await jsonBody(context.req)
      const insert = (): Written => {
        const { id, row } = store.insert(newRow(entity, body))
        return { row, event: { type: 'inserted', id } }
      }
      return write(context, insert, 201)
    })
    .put('/:id', async (context) => {
      const body = await jsonBody(context.req)
      return update(context, context.req.param('id'), (id) => replacement(entity, id, body))
    })
    .patch('/:id', async (context) => {
      const body = await jsonBody(context.req)
      return update(context, context.req.param('id'), (id) => changes(entity, id, body))
    })
    .delete('/:id', (context) =>
      write(context, () => {
        const id = rowId(context.req.param('id'))
        store.delete(id, context.req.header('if-match'))
        return { event: { type: 'deleted', id } }
      }),
    )
    .delete('/', (context) =>
      write(context, () => {
        store.deleteAll()
        return { event: { type: 'changed' } }
      }),
    )
}

function answer(context: Context, row: VersionedRow, status: 200 | 201 = 200): Response {
  return context.json(row, status, { etag: entityTag(row) })
}

/** Only JSON by name: a page of another origin cannot send that without being allowed to. */
async function jsonBody(request: HonoRequest): Promise<unknown> {
  if (!/^application\/json\b/i.test(request.header('content-type') ?? '')) {
    throw new RequestError(415, 'not-json', 'the body has to be sent with content-type: application/json')
  }
  const body = await request.text()
  try {
    return JSON.parse(body)
  } catch (error) {
    throw new RequestError(400, 'malformed-json', `the body is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}
