import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { orders } from './entities/orders.ts'
import { openHome } from './open-home.ts'
import { smallApps, smallSize } from './small-app.ts'
import type { SmallApp } from './small-app.ts'
import { tableStore } from './table-store.ts'
import { eventClient } from './testing/event-client.ts'
import type { EventClient, Message } from './testing/event-client.ts'
import { testDatabases } from './testing/test-database.ts'
import type { TestDatabases } from './testing/test-database.ts'

const apps = smallApps('PostgreSQL')
let databases: TestDatabases

beforeAll(async () => {
  databases = await testDatabases()
})
afterAll(() => databases.close())

/** Two servers on one database, each with connections of its own. */
async function pair(): Promise<readonly [SmallApp, SmallApp, place: string]> {
  const place = await apps.place()
  return [await apps.openOn(place), await apps.openOn(place), place]
}

async function listen({ request }: Pick<SmallApp, 'request'>, lastEventId?: string): Promise<EventClient> {
  const headers: HeadersInit = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  const client = await eventClient(request('/api/orders/events', { headers }))
  onTestFinished(() => client.cancel())
  return client
}

async function ask(place: string, statement: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: place })
  await client.connect()
  const { rows } = await client.query(statement)
  await client.end()
  return rows
}

function rowIn({ data }: Message): unknown {
  return JSON.parse(data).row
}

test('two servers show each other their writes, in rows and in events', async () => {
  const [first, second] = await pair()
  const clients = [await listen(first), await listen(second)]
  const mine = await first.send('PATCH', '/api/orders/B-000001', { notes: 'mine' })
  const theirs = await second.send('PATCH', '/api/orders/B-000002', { notes: 'theirs' })
  for (const client of clients) expect((await client.messages(2)).map(rowIn)).toEqual([mine.body, theirs.body])
  expect((await first.send('GET', '/api/orders/B-000002')).body).toEqual(theirs.body)
})

test('a write that is sent again to the other server is done once', async () => {
  const [first, second] = await pair()
  const order = { customer: 'Ada', cityId: 1_796_236, product: 'bagel', unitPrice: 2 }
  const answers = await Promise.all([first, second].map((app) => app.send('POST', '/api/orders', order, { 'idempotency-key': 'a' })))
  expect(answers[0]?.status).toBe(201)
  expect(answers[1]).toEqual(answers[0])
  expect(await first.list('/api/orders')).toHaveProperty('total', smallSize.orders + 1)
})

test('of two changes through two servers that were made against one version the second is refused', async () => {
  const [first, second] = await pair()
  const { version } = (await first.list('/api/orders?id=B-000001')).rows[0] ?? {}
  const headers = { 'if-match': `"${version}"` }
  const answers = await Promise.all([first, second].map((app) => app.send('PATCH', '/api/orders/B-000001', { notes: 'x' }, headers)))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 412]))
})

test('four writers at once: a client that goes from one server to the other hears every event, once, in the order of the positions', async () => {
  const [first, second, place] = await pair()
  const servers = [first, second, await apps.openOn(place), await apps.openOn(place)]
  const start = (await listen(first)).response.headers.get('last-event-id') ?? ''
  const store = tableStore(first.home.dialect, orders)
  const each = 250
  const writing = servers.map(async ({ home }, writer) => {
    for (let number = 1; number <= each; number += 1) {
      await home.write((sql) => store.update(sql, `B-00000${1 + (number % 3)}`, { quantity: number, notes: `writer ${writer}` }))
    }
  })

  const heard: Message[] = []
  let connections = 0
  while (heard.length < servers.length * each) {
    const position = heard.at(-1)?.id ?? start
    const client = await listen(connections % 2 === 0 ? first : second, position)
    connections += 1
    expect(client.response.headers.get('last-event-id')).toBe(position)
    const count = Math.min(1 + Math.floor(Math.random() * 60), servers.length * each - heard.length)
    heard.push(...(await client.messages(count)))
    await client.cancel()
  }
  await Promise.all(writing)

  expect(heard.map(({ id }) => Number(id) - Number(start))).toEqual(Array.from({ length: servers.length * each }, (_, index) => index + 1))
  const numbers = new Map<unknown, unknown[]>()
  for (const { notes, quantity } of heard.map(rowIn).map(Object)) numbers.set(notes, [...(numbers.get(notes) ?? []), quantity])
  // Each writer's changes are there in its own order.
  for (const [, own] of numbers) expect(own).toEqual(Array.from({ length: each }, (_, index) => index + 1))
  for (const id of ['B-000001', 'B-000002', 'B-000003']) {
    const last = heard.map(rowIn).findLast((row) => Object(row).id === id)
    expect((await first.send('GET', `/api/orders/${id}`)).body).toEqual(last)
  }
})

describe('a connection that is lost', () => {
  test('while it listens: nothing that is written meanwhile is missed', async () => {
    const [first, second, place] = await pair()
    const client = await listen(first)
    const start = Number(client.response.headers.get('last-event-id'))
    const listening = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'`
    for (let round = 0; round < 2; round += 1) {
      await expect.poll(async () => (await ask(place, listening)).length).toBe(2)
      const killed = await ask(
        place,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'`,
      )
      expect(killed).toHaveLength(2)
      await second.send('PATCH', '/api/orders/B-000001', { notes: 'while nobody listened' })
      await second.send('PATCH', '/api/orders/B-000001', { notes: 'again' })
      const heard = await client.messages(2)
      expect(heard.map(({ id }) => Number(id) - start)).toEqual([2 * round + 1, 2 * round + 2])
    }
  })

  test('in the middle of a write: it has changed nothing, there is no event of it, and the next one gets through', async () => {
    const [app, , place] = await pair()
    const client = await listen(app)
    const store = tableStore(app.home.dialect, orders)
    const writing = app.home.write(async (sql) => {
      await store.update(sql, 'B-000001', { notes: 'lost' })
      await ask(
        place,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`,
      )
      await store.update(sql, 'B-000002', { notes: 'lost' })
    })
    await expect(writing).rejects.toThrow(/terminat|connection error/)
    const { body } = await app.send('PATCH', '/api/orders/B-000003', { notes: 'through' })
    expect(rowIn(await client.message())).toEqual(body)
    expect((await app.list('/api/orders?notes=lost')).total).toBe(0)
  })

  test('each of them at once: what is asked next is answered', async () => {
    const [app, , place] = await pair()
    const others = 'FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()'
    const killed = (await ask(place, `SELECT pid, pg_terminate_backend(pid) ${others}`)).map((row) => Number(Object(row).pid))
    expect(killed.length).toBeGreaterThan(0)
    await expect.poll(() => ask(place, `SELECT ${others} AND pid IN (${killed.join()})`)).toEqual([])
    expect((await app.list('/api/orders')).total).toBe(smallSize.orders)
  })
})

test('of two servers that start at once on an empty database one makes the tables, and both serve them', async () => {
  const place = await databases.create()
  const progress = vi.fn<() => void>()
  const homes = await Promise.all([1, 2].map(() => openHome(place, { size: smallSize, onProgress: progress })))
  for (const home of homes) {
    expect(await home.read((sql) => sql('SELECT count(*) AS count FROM orders'))).toEqual([{ count: String(smallSize.orders) }])
    await home.close()
  }
  const calls = progress.mock.calls.length
  await (await openHome(place, { size: smallSize, onProgress: progress })).close()
  expect(progress).toHaveBeenCalledTimes(calls)
})

test('nothing is left of a start that is stopped midway', async () => {
  const place = await databases.create()
  const controller = new AbortController()
  const reason = new Error('stopped')
  const opened = openHome(place, {
    size: smallSize,
    signal: controller.signal,
    onProgress: ({ label }) => (label === 'indexes' ? controller.abort(reason) : undefined),
  })
  await expect(opened).rejects.toBe(reason)
  expect(await ask(place, `SELECT FROM information_schema.tables WHERE table_schema = 'vantage_live_demo'`)).toEqual([])
})

test('tables of another version are left alone, and the error says what to do', async () => {
  const place = await apps.place()
  const { password } = new URL(place)
  const error: unknown = await openHome(place, { size: { cities: 1, orders: 1 } }).catch((reason: unknown) => reason)
  expect(error).toHaveProperty(
    'message',
    expect.stringMatching(/of another version of this server\..* DROP SCHEMA vantage_live_demo CASCADE/),
  )
  expect(error).not.toHaveProperty('message', expect.stringContaining(password))
  expect((await (await apps.openOn(place)).list('/api/orders')).total).toBe(smallSize.orders)
})

test('a database that cannot be reached is an error', async () => {
  await expect(openHome('postgres://nobody:nothing@127.0.0.1:1/none')).rejects.toThrow('ECONNREFUSED')
})
