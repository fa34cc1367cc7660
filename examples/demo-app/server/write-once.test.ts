import { copyFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createApp } from './app.ts'
import type { Home } from './home.ts'
import { openHome } from './open-home.ts'
import { versioned } from './row-version.ts'
import { homeKinds, smallApps, smallSize } from './small-app.ts'
import { writeOnce } from './write-once.ts'
import type { Write, WriteName } from './write-once.ts'

const draft = { customer: 'Ada Baker', cityId: 1_796_236, product: 'muffin', unitPrice: 2.5 }

const sqlite = smallApps()

function named(key: string | undefined, { user = 'ines', request = 'POST /' }: Partial<WriteName> = {}): WriteName {
  return { user, key, request }
}

describe.each(homeKinds)('%s', (kind) => {
  const apps = smallApps(kind)

  describe('writeOnce', () => {
    /** Inserts the next number, which is its answer. */
    async function numbers(): Promise<{ home: Home; write: Write; count: () => Promise<number> }> {
      const { home } = await apps.open()
      await home.write((sql) => sql('CREATE TABLE numbers (number INTEGER)'))
      const count = async (): Promise<number> =>
        Number((await home.read((sql) => sql('SELECT count(*) AS count FROM numbers')))[0]?.['count'])
      const write: Write = async (sql) => {
        const [row] = await sql('INSERT INTO numbers SELECT count(*) + 1 FROM numbers RETURNING number')
        return versioned({ number: Number(row?.['number']) }, 1)
      }
      return { home, write, count }
    }

    test('under one key a write is done once, and is answered again', async () => {
      const { home, write, count } = await numbers()
      expect(await writeOnce(home, named('a'), write)).toEqual({ number: 1, version: '1' })
      expect(await writeOnce(home, named('a'), write)).toEqual({ number: 1, version: '1' })
      expect(await writeOnce(home, named('b'), write)).toMatchObject({ number: 2 })
      expect(await count()).toBe(2)
    })

    test('also where it is sent again while it is under way', async () => {
      const { home, write, count } = await numbers()
      const both = await Promise.all([writeOnce(home, named('a'), write), writeOnce(home, named('a'), write)])
      expect(both).toEqual([
        { number: 1, version: '1' },
        { number: 1, version: '1' },
      ])
      expect(await count()).toBe(1)
    })

    test('so is one whose answer is no row', async () => {
      const { home, write, count } = await numbers()
      const silent: Write = async (sql) => {
        await write(sql)
        return undefined
      }
      expect(await writeOnce(home, named('a', { request: 'DELETE /' }), silent)).toBeUndefined()
      expect(await writeOnce(home, named('a', { request: 'DELETE /' }), write)).toBeUndefined()
      expect(await count()).toBe(1)
    })

    test('the same key of another user is another write, with an answer of its own', async () => {
      const { home, write, count } = await numbers()
      for (let time = 0; time < 2; time += 1) {
        expect(await writeOnce(home, named('a'), write)).toMatchObject({ number: 1 })
        expect(await writeOnce(home, named('a', { user: 'mei', request: 'PUT /' }), write)).toMatchObject({ number: 2 })
        expect(await writeOnce(home, named('a', { user: '' }), write)).toMatchObject({ number: 3 })
      }
      expect(await count()).toBe(3)
    })

    test('a key of more than 255 characters is refused, and changes nothing', async () => {
      const { home, write, count } = await numbers()
      expect(await writeOnce(home, named('a'.repeat(255)), write)).toMatchObject({ number: 1 })
      await expect(writeOnce(home, named('a'.repeat(256)), write)).rejects.toMatchObject({ status: 400, code: 'invalid-key' })
      expect(await count()).toBe(1)
    })

    test.each([undefined, ''])('without a key (%j) each is another one', async (key) => {
      const { home, write, count } = await numbers()
      await writeOnce(home, named(key), write)
      await writeOnce(home, named(key), write)
      expect(await count()).toBe(2)
    })

    test('a write that fails has changed nothing, and may be tried again under its key', async () => {
      const { home, write, count } = await numbers()
      const failing: Write = async (sql) => {
        await write(sql)
        throw new Error('refused')
      }
      await expect(writeOnce(home, named('a'), failing)).rejects.toThrow('refused')
      expect(await count()).toBe(0)
      expect(await writeOnce(home, named('a'), write)).toMatchObject({ number: 1 })
    })

    test('a write whose answer cannot be stored has changed nothing', async () => {
      const { home, write, count } = await numbers()
      await home.write((sql) => sql('DROP TABLE answers'))
      await home.write((sql) => sql('CREATE TABLE answers (number INTEGER, "user" TEXT, key TEXT, request TEXT, "row" TEXT CHECK (1 = 0))'))
      await expect(writeOnce(home, named('a'), write)).rejects.toThrow(/check constraint/i)
      expect(await count()).toBe(0)
    })

    test('the oldest answers are forgotten, and ten thousand are kept', async () => {
      const { home, write } = await numbers()
      await writeOnce(home, named('first'), write)
      await writeOnce(home, named('second'), write)
      // As if as many had been written meanwhile.
      await home.write((sql) => sql(`UPDATE counters SET "last" = 10000 WHERE name = 'answers'`))
      await writeOnce(home, named('last'), write)
      expect(await writeOnce(home, named('second'), write)).toMatchObject({ number: 2 })
      expect(await writeOnce(home, named('first'), write)).toMatchObject({ number: 4 })
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
          answers.map(async (answer) => [
            answer.status,
            answer.headers.get('etag'),
            answer.headers.get('content-type'),
            await answer.text(),
          ]),
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

    test('what one user has sent is not sent by another one under its key, and is not told to them', async () => {
      const { send, list } = await apps.open()
      const order = async (customer: string, headers: Readonly<Record<string, string>> = {}): Promise<unknown> =>
        send('POST', '/api/orders', { ...draft, customer }, { 'idempotency-key': 'a', ...headers })
      const { total } = await list('/api/orders')
      for (let time = 0; time < 2; time += 1) {
        expect(await order('Of Ines', { authorization: 'Bearer ines' })).toMatchObject({ status: 201, body: { customer: 'Of Ines' } })
        expect(await order('Of Mei', { authorization: 'Bearer mei' })).toMatchObject({ status: 201, body: { customer: 'Of Mei' } })
        expect(await order('Of nobody')).toMatchObject({ status: 201, body: { customer: 'Of nobody' } })
      }
      expect(await list('/api/orders')).toHaveProperty('total', total + 3)
    })

    test.each(['ines', 'Basic aW5lczo=', 'Bearer', 'Bearer ', 'Bearer a b', 'Bearer a,b', `Bearer ${'a'.repeat(101)}`])(
      'whoever says wrongly who they are (%s) changes nothing',
      async (authorization) => {
        const { request, list } = await apps.shared()
        const response = await request('/api/orders/B-000001', { method: 'DELETE', headers: { authorization, 'idempotency-key': 'a' } })
        expect(response.status).toBe(401)
        expect(response.headers.get('www-authenticate')).toBe('Bearer')
        expect(await response.json()).toMatchObject({ error: { code: 'no-token' } })
        expect((await list('/api/orders?id=B-000001')).rows).toHaveLength(1)
      },
    )

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
  })
})

test('a key is honoured by the server that follows one that was killed', async () => {
  const file = await sqlite.place()
  /** What a server on this file answers to an insert and to a delete. */
  const answers = async (place: string): Promise<unknown> => {
    const home = await openHome(place, { size: smallSize })
    const app = await createApp({ home })
    onTestFinished(async () => {
      app.close()
      await home.close()
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
