import { copyFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createApp } from './app.ts'
import { openDatabase } from './database.ts'
import { versioned } from './row-version.ts'
import { smallApps, smallSize } from './small-app.ts'
import { answersSchema, writeOnce } from './write-once.ts'
import type { WriteOnce, Written } from './write-once.ts'

const apps = smallApps()
const draft = { customer: 'Ada Baker', cityId: 1_796_236, product: 'muffin', unitPrice: 2.5 }

function emptyDatabase(): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  onTestFinished(() => database.close())
  database.exec(`${answersSchema}; CREATE TABLE numbers (number INTEGER)`)
  return database
}

/** Inserts the next number, which is its answer. */
function numbers(): { once: WriteOnce; write: () => Written; count: () => number; database: DatabaseSync } {
  const database = emptyDatabase()
  const count = (): number => Number(database.prepare('SELECT count(*) AS count FROM numbers').get()?.['count'])
  const write = (): Written => {
    const number = count() + 1
    database.prepare('INSERT INTO numbers VALUES (?)').run(number)
    return { row: versioned({ number }), event: { type: 'inserted', id: number } }
  }
  return { once: writeOnce(database), write, count, database }
}

describe('writeOnce', () => {
  test('under one key a write is done once, and is answered again without an event', () => {
    const { once, write, count } = numbers()
    expect(once('a', 'POST /', write)).toEqual({ row: versioned({ number: 1 }), event: { type: 'inserted', id: 1 } })
    expect(once('a', 'POST /', write)).toEqual({ row: versioned({ number: 1 }) })
    expect(once('b', 'POST /', write)).toMatchObject({ row: { number: 2 } })
    expect(count()).toBe(2)
  })

  test('so is one whose answer is no row', () => {
    const { once, write } = numbers()
    expect(once('a', 'DELETE /', () => ({ event: { type: 'changed' } }))).toEqual({ event: { type: 'changed' } })
    expect(once('a', 'DELETE /', write)).toEqual({})
  })

  test.each([undefined, ''])('without a key (%j) each is another one', (key) => {
    const { once, write, count } = numbers()
    once(key, 'POST /', write)
    once(key, 'POST /', write)
    expect(count()).toBe(2)
  })

  test('a write that fails has changed nothing, and may be tried again under its key', () => {
    const { once, write, count } = numbers()
    const failing = (): Written => {
      write()
      throw new Error('refused')
    }
    expect(() => once('a', 'POST /', failing)).toThrow('refused')
    expect(count()).toBe(0)
    expect(once('a', 'POST /', write)).toMatchObject({ row: { number: 1 }, event: {} })
  })

  test('a write whose answer cannot be stored has changed nothing', () => {
    const { once, write, count, database } = numbers()
    database.exec('DROP TABLE answers; CREATE TABLE answers (number INTEGER PRIMARY KEY, key, request, row CHECK (false))')
    expect(() => once('a', 'POST /', write)).toThrow('CHECK constraint failed')
    expect(count()).toBe(0)
  })

  test('the oldest answers are forgotten, and ten thousand are kept', () => {
    const { once, write, database } = numbers()
    for (let key = 0; key <= 10_000; key += 1) once(String(key), 'POST /', () => ({}))
    expect(database.prepare('SELECT count(*) AS count FROM answers').get()).toMatchObject({ count: 10_000 })
    expect(once('1', 'POST /', write)).toEqual({})
    expect(once('0', 'POST /', write)).toHaveProperty('row')
  })
})

describe('Idempotency-Key', () => {
  test('every kind of write is done once, and answered the second time as the first', async () => {
    const app = await apps.open()
    const put = { ...(await app.list('/api/orders?id=B-000002')).rows[0], notes: 'replaced' }
    for (const [method, path, body] of [
      ['POST', '/api/orders', draft],
      ['PUT', '/api/orders/B-000002', put],
      ['PATCH', '/api/orders/B-000003', { quantity: 77 }],
      ['DELETE', '/api/orders/B-000004', undefined],
      ['DELETE', '/api/orders', undefined],
    ] as const) {
      const init = {
        method,
        headers: { 'content-type': 'application/json', 'idempotency-key': `${method} ${path}` },
        ...(body && { body: JSON.stringify(body) }),
      }
      const answers = [await app.request(path, init)]
      // What others do in between neither shows in the answer nor is it undone.
      await app.send('PATCH', '/api/orders/B-000002', { notes: 'theirs' })
      await app.send('PATCH', '/api/orders/B-000003', { quantity: 1 })
      const before = await app.list('/api/orders?limit=500')
      answers.push(await app.request(path, init))
      const [first, second] = await Promise.all(
        answers.map(async (answer) => [answer.status, answer.headers.get('etag'), answer.headers.get('content-type'), await answer.text()]),
      )
      expect(first?.[0]).toBeLessThan(300)
      expect(second).toEqual(first)
      expect(await app.list('/api/orders?limit=500')).toEqual(before)
    }
  })

  test('a change that is sent again with the version it was made against is no conflict with itself', async () => {
    const { request, send } = await apps.open()
    const etag = (await request('/api/orders/B-000001')).headers.get('etag') ?? ''
    const patch = async (): Promise<unknown> =>
      send('PATCH', '/api/orders/B-000001', { quantity: 77 }, { 'if-match': etag, 'idempotency-key': 'a' })
    const first = await patch()
    expect(first).toMatchObject({ status: 200, body: { quantity: 77 } })
    expect(await patch()).toEqual(first)
  })

  test('what was refused is tried anew', async () => {
    const { send } = await apps.open()
    const key = { 'idempotency-key': 'a' }
    expect((await send('PATCH', '/api/orders/x', { quantity: 77 }, key)).status).toBe(404)
    await send('POST', '/api/orders', { ...draft, id: 'x' })
    expect((await send('PATCH', '/api/orders/x', { quantity: 77 }, key)).status).toBe(200)
  })

  test.each([
    ['PATCH', '/api/orders/B-000002'],
    ['PUT', '/api/orders/B-000001'],
    ['DELETE', '/api/orders/B-000001'],
    ['DELETE', '/api/orders'],
    ['POST', '/api/cities'],
  ])('one of PATCH /api/orders/B-000001 is refused for %s %s, which changes nothing', async (method, path) => {
    const { send, list } = await apps.open()
    const key = { 'idempotency-key': 'a' }
    await send('PATCH', '/api/orders/B-000001', { quantity: 77 }, key)
    const before = [await list('/api/orders?limit=400'), await list('/api/cities?limit=400')]
    const message = 'Idempotency-Key is a, which was that of PATCH /api/orders/B-000001 before'
    expect(await send(method, path, method === 'DELETE' ? undefined : { quantity: 78 }, key)).toEqual({
      status: 422,
      body: { error: { code: 'key-reused', message } },
    })
    expect([await list('/api/orders?limit=400'), await list('/api/cities?limit=400')]).toEqual(before)
  })

  test('it is honoured by the server that follows one that was killed', async () => {
    const file = apps.file()
    /** What a server on this file answers to an insert and to a delete. */
    const answers = async (databaseFile: string): Promise<unknown> => {
      const database = await openDatabase(databaseFile, { size: smallSize })
      const app = createApp({ database })
      onTestFinished(() => {
        app.close()
        database.close()
      })
      const headers = { 'content-type': 'application/json' }
      const inserted = await app.request('/api/orders', {
        method: 'POST',
        headers: { ...headers, 'idempotency-key': 'a' },
        body: JSON.stringify(draft),
      })
      const deleted = await app.request('/api/orders/B-000001', { method: 'DELETE', headers: { 'idempotency-key': 'b' } })
      return [inserted.status, inserted.headers.get('etag'), await inserted.json(), deleted.status]
    }

    const first = await answers(file)
    expect(first).toEqual([201, expect.any(String), expect.objectContaining({ id: 'B-000401' }), 204])
    // The files as they are with nothing closed, which is how a kill leaves them.
    for (const suffix of ['', '-wal']) copyFileSync(file + suffix, `${file}.killed${suffix}`)
    expect(await answers(`${file}.killed`)).toEqual(first)
  })
})
