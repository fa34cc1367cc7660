import { describe, expect, test } from 'vitest'
import type { Row } from './column.ts'
import { versioned } from './row-version.ts'
import { smallApps } from './small-app.ts'
import type { SmallApp } from './small-app.ts'

const apps = smallApps()
const path = '/api/orders/B-000001'
const json = { 'content-type': 'application/json' }

async function firstOrder({ list }: SmallApp): Promise<Row> {
  const { rows } = await list('/api/orders?id=B-000001')
  return rows[0] ?? expect.fail('it is gone')
}

test('a version is 12 hex digits that follow from the columns alone', () => {
  expect(versioned({ id: 1, name: 'a' })).toEqual({ id: 1, name: 'a', version: expect.stringMatching(/^[0-9a-f]{12}$/) })
  expect(versioned({ id: 1, name: 'a' })).toEqual(versioned({ id: 1, name: 'a' }))
  expect(versioned({ id: 1, name: 'a' }).version).not.toBe(versioned({ id: 1, name: 'b' }).version)
  expect(versioned({ id: 1, name: 'a' }).version).not.toBe(versioned({ id: '1', name: 'a' }).version)
})

test('every answer agrees on the version of a row, and a single row has it as its ETag too', async () => {
  const { request, list } = await apps.open()
  const row = { id: 'x', customer: 'Ada', cityId: 1_796_236, product: 'bagel', unitPrice: 2.5 }
  const posted = await request('/api/orders', { method: 'POST', headers: json, body: JSON.stringify(row) })
  const [stored] = (await list('/api/orders?id=x')).rows
  const others = [
    await request('/api/orders/x'),
    await request('/api/orders/x', { method: 'PUT', headers: json, body: JSON.stringify(stored) }),
    await request('/api/orders/x', { method: 'PATCH', headers: json, body: '{}' }),
  ]
  for (const response of [posted, ...others]) {
    expect(await response.json()).toEqual(stored)
    expect(response.headers.get('etag')).toBe(`"${stored?.['version']}"`)
  }
})

test('it changes with the row', async () => {
  const app = await apps.open()
  const { version } = await firstOrder(app)
  expect((await app.send('PATCH', path, { notes: 'changed' })).body).not.toHaveProperty('version', version)
})

test('one that is sent in a body counts for nothing', async () => {
  const app = await apps.open()
  const row = await firstOrder(app)
  expect(await app.send('PUT', path, { ...row, version: 'mine' })).toEqual({ status: 200, body: row })
  expect(await app.send('PATCH', path, { version: 7 })).toEqual({ status: 200, body: row })
  const { status, body } = await app.send('POST', '/api/orders', { ...row, id: 'x', version: 'mine' })
  expect(status).toBe(201)
  expect(body).toHaveProperty('version', expect.stringMatching(/^[0-9a-f]{12}$/))
})

describe('If-Match', () => {
  test.each(['*', '"VERSION"', '"a", "VERSION"', '"a","VERSION" , "b"', 'W/"a", "VERSION"'])('with %s the row is changed', async (tags) => {
    const app = await apps.open()
    const ifMatch = async (): Promise<{ 'if-match': string }> => ({
      'if-match': tags.replace('VERSION', String((await firstOrder(app))['version'])),
    })
    const row = await firstOrder(app)
    expect((await app.send('PATCH', path, { notes: 'patched' }, await ifMatch())).body).toHaveProperty('notes', 'patched')
    expect((await app.send('PUT', path, row, await ifMatch())).body).toEqual(row)
    expect((await app.send('DELETE', path, undefined, await ifMatch())).status).toBe(204)
  })

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
