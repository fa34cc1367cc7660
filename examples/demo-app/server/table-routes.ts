import { Hono } from 'hono'
import type { Context } from 'hono'
import type { Row, Value } from './column.ts'
import { columnOf } from './entity.ts'
import type { Entity } from './entity.ts'
import type { Home } from './home.ts'
import { jsonBody } from './json-body.ts'
import { listQuery } from './list-query.ts'
import { changes, newRow, replacement } from './row-input.ts'
import { entityTag } from './row-version.ts'
import type { VersionedRow } from './row-version.ts'
import { missingRow, tableStore } from './table-store.ts'
import type { ChangeRequest } from './table-store.ts'
import { userOf } from './user.ts'
import { writeOnce } from './write-once.ts'
import type { Write } from './write-once.ts'

/** One table's addresses. */
export function tableRoutes(home: Home, entity: Entity): Hono {
  const routes = new Hono()
  const store = tableStore(home.dialect, entity)

  /** An id that its column cannot hold names no row. */
  const rowId = (text: string): Value => {
    const id = columnOf(entity, 'id')?.parse(text)
    if (id === undefined) throw missingRow(entity, text)
    return id
  }

  const write = async (context: Context, work: Write, status?: 200 | 201): Promise<Response> => {
    const { method, path } = context.req
    const name = { user: userOf(context), key: context.req.header('idempotency-key'), request: `${method} ${path}` }
    const row = await writeOnce(home, name, work)
    return row === undefined ? context.body(null, 204) : answer(context, row, status)
  }

  const update = (context: Context, text: string, input: (id: Value) => Row): Promise<Response> =>
    write(context, (sql) => {
      const id = rowId(text)
      return store.update(sql, id, input(id), changeRequest(context))
    })

  return routes
    .get('/', async (context) => {
      const query = listQuery(home.dialect, entity, new URL(context.req.url).searchParams)
      return context.json(await home.read((sql) => store.list(sql, query)))
    })
    .get('/:id', async (context) => {
      const id = rowId(context.req.param('id'))
      return answer(context, await home.read((sql) => store.get(sql, id)))
    })
    .post('/', async (context) => {
      const body = await jsonBody(context.req)
      return write(context, (sql) => store.insert(sql, newRow(entity, body), changeRequest(context)), 201)
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
      write(context, async (sql) => {
        await store.delete(sql, rowId(context.req.param('id')), changeRequest(context))
        return undefined
      }),
    )
    .delete('/', (context) =>
      write(context, async (sql) => {
        await store.deleteAll(sql, changeRequest(context))
        return undefined
      }),
    )
}

function changeRequest(context: Context): ChangeRequest {
  return { ifMatch: context.req.header('if-match'), write: context.req.header('idempotency-key') }
}

function answer(context: Context, row: VersionedRow, status: 200 | 201 = 200): Response {
  return context.json(row, status, { etag: entityTag(row) })
}
