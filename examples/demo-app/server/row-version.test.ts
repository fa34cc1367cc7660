import { describe, expect, test } from 'vitest'
import type { Row } from './column.ts'
import { homeKinds, smallApps } from './small-app.ts'
import type { SmallApp } from './small-app.ts'

describe.each(homeKinds)('%s', (kind) => {
  const apps = smallApps(kind)
  const path = '/api/orders/B-000001'
  const whole = {
    quantity: 1,
    placedAt: '2025-01-02T03:04:05.000Z',
    status: 'ready',
    channel: 'shop',
    deliveryDate: '2025-01-03',
    notes: '',
  }
  const version: unknown = expect.stringMatching(/^\d{16}$/)
  const json = { 'content-type': 'application/json' }

  async function firstOrder({ list }: SmallApp): Promise<Row> {
    const { rows } = await list('/api/orders?id=B-000001')
    return rows[0] ?? expect.fail('it is gone')
  }

  test('it is a text of digits, which each change makes greater, also a deletion and an insertion', async () => {
    const app = await apps.open()
    const before = await firstOrder(app)
    const versions = [before['version']]
    const add = ({ body }: { readonly body: unknown }): unknown => versions.push(Object(body).version)
    add(await app.send('PATCH', path, { notes: 'changed' }))
    add(await app.send('PATCH', path, {}))
    add(await app.send('PUT', path, before))
    await app.send('DELETE', path)
    add(await app.send('POST', '/api/orders', before))
    expect(versions).toEqual(versions.map(() => expect.stringMatching(/^\d{16}$/)))
    expect(versions.map(Number)).toEqual([...new Set(versions.map(Number))].toSorted((a, b) => a - b))
  })

  test('a change of one row leaves the version of the others', async () => {
    const app = await apps.open()
    const before = await app.list('/api/orders?limit=400&id[ne]=B-000001')
    await app.send('PATCH', path, { notes: 'changed' })
    expect(await app.list('/api/orders?limit=400&id[ne]=B-000001')).toEqual(before)
  })

  test('every answer agrees on the version of a row, and a single row has it as its ETag too', async () => {
    const { request, list } = await apps.open()
    const row = { id: 'x', customer: 'Ada', cityId: 1_796_236, product: 'bagel', unitPrice: 2.5 }
    const posted = await request('/api/orders', { method: 'POST', headers: json, body: JSON.stringify(row) })
    const writes = [
      () => Promise.resolve(posted),
      () => request('/api/orders/x', { method: 'PUT', headers: json, body: JSON.stringify({ ...row, ...whole }) }),
      () => request('/api/orders/x', { method: 'PATCH', headers: json, body: '{}' }),
    ]
    for (const write of writes) {
      const written = await write()
      const [stored] = (await list('/api/orders?id=x')).rows
      for (const response of [written, await request('/api/orders/x')]) {
        expect(await response.json()).toEqual(stored)
        expect(response.headers.get('etag')).toBe(`"${stored?.['version']}"`)
      }
    }
  })

  test('one that is sent in a body counts for nothing', async () => {
    const app = await apps.open()
    const row = await firstOrder(app)
    const stored = { status: 200, body: { ...row, version } }
    expect(await app.send('PUT', path, { ...row, version: 'mine' })).toEqual(stored)
    expect(await app.send('PATCH', path, { version: 7 })).toEqual(stored)
    const { status, body } = await app.send('POST', '/api/orders', { ...row, id: 'x', version: 'mine' })
    expect(status).toBe(201)
    expect(body).toHaveProperty('version', version)
  })

  describe('If-Match', () => {
    test.each(['*', '"VERSION"', '"a", "VERSION"', '"a","VERSION" , "b"', 'W/"a", "VERSION"'])(
      'with %s the row is changed',
      async (tags) => {
        const app = await apps.open()
        const ifMatch = async (): Promise<{ 'if-match': string }> => ({
          'if-match': tags.replace('VERSION', String((await firstOrder(app))['version'])),
        })
        const row = await firstOrder(app)
        expect((await app.send('PATCH', path, { notes: 'patched' }, await ifMatch())).body).toHaveProperty('notes', 'patched')
        expect((await app.send('PUT', path, row, await ifMatch())).body).toEqual({ ...row, version })
        expect((await app.send('DELETE', path, undefined, await ifMatch())).status).toBe(204)
      },
    )

    test.each(['"000000000000"', '"a", "b"', 'VERSION', 'W/"VERSION"', '"xVERSION"', '"a", *', ''])(
      'with %s it stays as it is',
      async (tags) => {
        const app = await apps.open()
        const row = await firstOrder(app)
        const ifMatch = tags.replace('VERSION', String(row['version']))
        const message = `If-Match is ${ifMatch}; row "B-000001" of orders has the version "${row['version']}"`
        const refused = { status: 412, body: { error: { code: 'version-mismatch', message } } }
        expect(await app.send('PATCH', path, { notes: 'patched' }, { 'if-match': ifMatch })).toEqual(refused)
        expect(await app.send('PUT', path, { ...row, notes: 'replaced' }, { 'if-match': ifMatch })).toEqual(refused)
        expect(await app.send('DELETE', path, undefined, { 'if-match': ifMatch })).toEqual(refused)
        expect(await firstOrder(app)).toEqual(row)
      },
    )

    test('of two changes that were made against one version the second is refused', async () => {
      const app = await apps.open()
      const headers = { 'if-match': `"${(await firstOrder(app))['version']}"` }
      const answers = await Promise.all(['mine', 'theirs'].map((notes) => app.send('PATCH', path, { notes }, headers)))
      expect(answers.map(({ status }) => status)).toEqual([200, 412])
      expect(await firstOrder(app)).toHaveProperty('notes', 'mine')
    })

    test('a row that is not there is a 404 all the same', async () => {
      const { send } = await apps.open()
      expect((await send('PATCH', '/api/orders/B-999999', {}, { 'if-match': '"a"' })).status).toBe(404)
      expect((await send('DELETE', '/api/orders/B-999999', undefined, { 'if-match': '*' })).status).toBe(404)
    })
  })
})
