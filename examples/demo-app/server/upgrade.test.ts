import { describe, expect, test } from 'vitest'
import { openHome } from './open-home.ts'
import { homeKinds, smallApps, smallSize } from './small-app.ts'
import type { HomeKind } from './small-app.ts'
import { schema } from './schema.ts'
import { answersSchema } from './write-once.ts'

const draft = { customer: 'Ada Baker', cityId: 1_796_236, product: 'muffin', unitPrice: 2.5 }

/** As it was in a database of the version before. */
const former: Readonly<Record<HomeKind, string>> = {
  SQLite: `
    CREATE TABLE answers (
      number INTEGER PRIMARY KEY,
      key TEXT NOT NULL UNIQUE,
      request TEXT NOT NULL,
      "row" TEXT
    ) STRICT
  `,
  PostgreSQL: `
    CREATE TABLE answers (
      number BIGINT PRIMARY KEY,
      key TEXT NOT NULL UNIQUE,
      request TEXT NOT NULL,
      "row" TEXT
    ) 
  `,
}

describe.each(homeKinds)('%s', (kind) => {
  const apps = smallApps(kind)

  /** The place of a database of the version before, with a changed row, an answer and whatever else `more` makes. */
  async function formerPlace(more = 'SELECT 1'): Promise<string> {
    const place = await apps.place()
    const home = await openHome(place, { size: smallSize })
    await home.write(async (sql) => {
      const stamp = String((await sql('SELECT stamp FROM seeded'))[0]?.['stamp'])
      const statements = schema(home.dialect).map((each) => (each === answersSchema(home.dialect) ? former[kind] : each))
      const { schema: present, ...rest } = JSON.parse(stamp)
      const formerStamp = { ...rest, schema: [...statements, ...present.slice(statements.length)] }
      await sql('DROP TABLE answers')
      await sql(former[kind])
      await sql('UPDATE seeded SET stamp = ?', JSON.stringify(formerStamp))
      await sql(`UPDATE orders SET customer = 'Kept' WHERE id = 'B-000001'`)
      await sql(`INSERT INTO answers VALUES (1, 'sent before', 'POST /api/orders', '{"id":"B-000401","version":"7"}')`)
      await sql(`UPDATE counters SET "last" = 1 WHERE name = 'answers'`)
      await sql(more)
    })
    await home.close()
    return place
  }

  async function start(place: string): Promise<void> {
    const home = await openHome(place, { size: smallSize, onProgress: () => expect.fail('it was made anew') })
    await home.close()
  }

  test('a database of the version before is opened with its rows and its answers', async () => {
    const place = await formerPlace()
    await start(place)
    const app = await apps.openOn(place)
    expect((await app.list('/api/orders?id=B-000001')).rows).toMatchObject([{ customer: 'Kept' }])
    // An app that says who writes sends again what an app without users has sent.
    for (const headers of [{}, { authorization: 'Bearer ines' }]) {
      expect(await app.send('POST', '/api/orders', draft, { 'idempotency-key': 'sent before', ...headers })).toEqual({
        status: 201,
        body: { id: 'B-000401', version: '7' },
      })
    }
    const answers: unknown[] = []
    for (const user of ['ines', 'mei', 'ines']) {
      const headers = { authorization: `Bearer ${user}`, 'idempotency-key': 'sent after' }
      answers.push((await app.send('POST', '/api/orders', draft, headers)).body)
    }
    expect(answers).toMatchObject([{ id: 'B-000401' }, { id: 'B-000402' }, { id: 'B-000401' }])
    expect(await app.list('/api/orders')).toHaveProperty('total', smallSize.orders + 2)
  })

  test('an upgrade that fails changes nothing', async () => {
    const place = await formerPlace('CREATE TABLE former_answers (number INTEGER)')
    await expect(start(place)).rejects.toThrow(/former_answers/)
    await expect(start(place)).rejects.toThrow(/former_answers/)
  })
})

describe('PostgreSQL, with a server of the version before beside this one', () => {
  const apps = smallApps('PostgreSQL')

  test('its answers are known here, too', async () => {
    const app = await apps.open()
    await app.home.write((sql) =>
      sql(`INSERT INTO answers (number, key, request, "row") VALUES (1, 'theirs', 'DELETE /api/orders/B-000001', NULL)`),
    )
    const headers = { 'idempotency-key': 'theirs', authorization: 'Bearer ines' }
    expect((await app.send('DELETE', '/api/orders/B-000001', undefined, headers)).status).toBe(204)
    expect((await app.list('/api/orders?id=B-000001')).rows).toHaveLength(1)
  })
})
