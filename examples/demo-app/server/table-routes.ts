import { Hono } from 'hono'
import type { HonoRequest } from 'hono'
import type { Row, Value } from './column.ts'
import { columnOf } from './entity.ts'
import type { Entity } from './entity.ts'
import type { EventHub } from './event-hub.ts'
import { insertOnce } from './insert-once.ts'
import { listQuery } from './list-query.ts'
import { RequestError } from './request-error.ts'
import { changes, newRow, replacement } from './row-input.ts'
import type { TableStore } from './table-store.ts'

/** One table's addresses. An event is published only after its change is committed. */
export function tableRoutes(entity: Entity, store: TableStore, events: EventHub): Hono {
  const routes = new Hono()
  const once = insertOnce<Row>()

  const missing = (id: string): RequestError => new RequestError(404, 'not-found', `${entity.name} has no row ${JSON.stringify(id)}`)

  /** An id that its column cannot hold names no row. */
  const rowId = (id: string): Value => {
    const value = columnOf(entity, 'id')?.parse(id)
    if (value === undefined) throw missing(id)
    return value
  }

  const update = (text: string, write: (id: Value) => Row | undefined): Row => {
    const id = rowId(text)
    const row = write(id)
    if (row === undefined) throw missing(text)
    events.publish({ type: 'updated', id })
    return row
  }

  return routes
    .get('/', (context) => context.json(store.list(listQuery(entity, new URL(context.req.url).searchParams))))
    .get('/:id', (context) => {
      const row = store.get(rowId(context.req.param('id')))
      if (row === undefined) throw missing(context.req.param('id'))
      return context.json(row)
    })
    .post('/', async (context) => {
      const given = newRow(entity, await jsonBody(context.req))
      const row = once(context.req.header('idempotency-key'), () => {
        const inserted = store.insert(given)
        events.publish({ type: 'inserted', id: inserted.id })
        return inserted.row
      })
      return context.json(row, 201)
    })
    .put('/:id', async (context) => {
      const body = await jsonBody(context.req)
      return context.json(update(context.req.param('id'), (id) => store.update(id, replacement(entity, id, body))))
    })
    .patch('/:id', async (context) => {
      const body = await jsonBody(context.req)
      return context.json(update(context.req.param('id'), (id) => store.update(id, changes(entity, id, body))))
    })
    .delete('/:id', (context) => {
      const id = rowId(context.req.param('id'))
      if (!store.delete(id)) throw missing(context.req.param('id'))
      events.publish({ type: 'deleted', id })
      return context.body(null, 204)
    })
    .delete('/', (context) => {
      store.deleteAll()
      events.publish({ type: 'changed' })
      return context.body(null, 204)
    })
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
