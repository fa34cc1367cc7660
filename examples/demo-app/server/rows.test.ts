import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { homeKinds, smallApps, smallSize } from './small-app.ts'

describe.each(homeKinds)('%s', (kind) => {
  const apps = smallApps(kind)

  const shanghai = 1_796_236
  const draft = { customer: 'Ada Baker', cityId: shanghai, product: 'muffin', quantity: 3, unitPrice: 0.1 }
  const whole = { ...draft, placedAt: '2025-01-02T03:04:05.000Z', status: 'ready', channel: 'shop', deliveryDate: '2025-01-03', notes: '' }
  const version: unknown = expect.stringMatching(/^\d{16}$/)

  const awkwardIds = [
    'a/b%🥐',
    '%2F',
    'a%2Fb',
    '%',
    '%E0%A4%A',
    '?q=1#x',
    'a+b c',
    '..x',
    '/',
    '//',
    "'; DROP TABLE orders; --",
    '"',
    'ÜÑÎ',
    'a\tb',
    '0',
    'null',
  ]

  describe('GET of a row', () => {
    test('it gives the row', async () => {
      const { send } = await apps.shared()
      expect(await send('GET', `/api/cities/${shanghai}`)).toEqual({
        status: 200,
        body: {
          id: shanghai,
          name: 'Shanghai',
          country: 'CN',
          adminCode: '23',
          municipality: '',
          featureCode: 'PPLA',
          population: 22_315_474,
          lat: 31.22222,
          lon: 121.45806,
          version,
        },
      })
    })

    test.each([
      '/api/orders/B-999999',
      '/api/cities/1',
      '/api/cities/Shanghai',
      '/api/orders/%',
      '/api/orders/1%20OR%201=1',
      '/api/orders/a%00',
    ])('%s is a 404', async (path) => {
      const { send } = await apps.shared()
      expect(await send('GET', path)).toMatchObject({ status: 404, body: { error: { code: 'not-found' } } })
    })
  })

  describe('POST', () => {
    test('it answers with the stored row, with its id, what was left out and the total', async () => {
      const { send } = await apps.open()
      const { status, body } = await send('POST', '/api/orders', draft)
      expect(status).toBe(201)
      expect(body).toEqual({
        ...draft,
        id: 'B-000401',
        total: 0.3,
        status: 'open',
        channel: 'web',
        notes: '',
        placedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        deliveryDate: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
        version,
      })
      expect(await send('GET', '/api/orders/B-000401')).toEqual({ status: 200, body })
    })

    test('a total that was sent counts for nothing', async () => {
      const { send } = await apps.open()
      expect((await send('POST', '/api/orders', { ...draft, total: 'a lot' })).body).toHaveProperty('total', 0.3)
    })

    test('an id of its own that is taken is a 409, and the row that has it stays', async () => {
      const { send } = await apps.open()
      const before = await send('GET', '/api/orders/B-000001')
      expect(await send('POST', '/api/orders', { ...draft, id: 'B-000001' })).toMatchObject({
        status: 409,
        body: { error: { code: 'id-taken', field: 'id' } },
      })
      expect(await send('GET', '/api/orders/B-000001')).toEqual(before)
    })

    test('the next id passes over one that somebody chose, and one that is deleted never comes again', async () => {
      const { send } = await apps.open()
      expect((await send('POST', '/api/orders', { ...draft, id: 'B-000402' })).status).toBe(201)
      expect((await send('POST', '/api/orders', draft)).body).toHaveProperty('id', 'B-000403')
      expect((await send('DELETE', '/api/orders/B-000403')).status).toBe(204)
      expect((await send('POST', '/api/orders', draft)).body).toHaveProperty('id', 'B-000404')
    })

    test('a city gets a number', async () => {
      const { send } = await apps.open()
      const { status, body } = await send('POST', '/api/cities', { name: 'Entenhausen', country: 'US', lat: 40.12345, lon: -120 })
      expect(status).toBe(201)
      expect(body).toMatchObject({ id: 1_000_000_301, population: 0, featureCode: 'PPL' })
    })
  })

  describe('ids', () => {
    test.each(awkwardIds)('%j names its row, and no other', async (id) => {
      const { send, list } = await apps.open()
      for (const each of awkwardIds) expect((await send('POST', '/api/orders', { ...draft, id: each })).status).toBe(201)
      const path = `/api/orders/${encodeURIComponent(id)}`
      expect((await send('GET', path)).body).toMatchObject({ id, status: 'open' })
      expect((await send('PUT', path, { ...whole, id })).body).toMatchObject({ id, status: 'ready' })
      expect((await send('PATCH', path, { status: 'cancelled' })).body).toMatchObject({ id, status: 'cancelled' })
      expect((await list('/api/orders?status=cancelled&placedAt=2025-01-02T03:04:05.000Z')).rows).toMatchObject([{ id }])
      expect((await send('DELETE', path)).status).toBe(204)
      expect((await send('GET', path)).status).toBe(404)
      expect((await list('/api/orders')).total).toBe(smallSize.orders + awkwardIds.length - 1)
    })

    test.each(['.', '..', 'events', '', ' ', 'x'.repeat(101), 'a\0b', '\uD83E', 7, null])('%j is refused as one', async (id) => {
      const { send } = await apps.shared()
      expect(await send('POST', '/api/orders', { ...draft, id })).toMatchObject({
        status: 422,
        body: { error: { code: 'invalid-value', field: 'id' } },
      })
    })
  })

  describe('PUT', () => {
    test('it replaces the row and answers with it', async () => {
      const { send } = await apps.open()
      const replaced = { status: 200, body: { ...whole, id: 'B-000001', total: 0.3, version } }
      expect(await send('PUT', '/api/orders/B-000001', whole)).toEqual(replaced)
      expect(await send('GET', '/api/orders/B-000001')).toEqual(replaced)
    })

    test('it takes back a row as it gave it', async () => {
      const { send } = await apps.open()
      const before = await send('GET', '/api/orders/B-000001')
      expect(await send('PUT', '/api/orders/B-000001', before.body)).toEqual({ ...before, body: { ...Object(before.body), version } })
    })

    test('it makes no row', async () => {
      const { send } = await apps.open()
      expect((await send('PUT', '/api/orders/B-999999', whole)).status).toBe(404)
      expect((await send('GET', '/api/orders/B-999999')).status).toBe(404)
    })

    test.each(['placedAt', 'customer', 'cityId', 'status', 'notes'] as const)('a row without %s is refused', async (missing) => {
      const { send } = await apps.open()
      const { [missing]: _, ...rest } = whole
      expect(await send('PUT', '/api/orders/B-000001', rest)).toMatchObject({
        status: 422,
        body: { error: { code: 'required', field: missing } },
      })
    })
  })

  describe('PATCH', () => {
    test('it changes what it is given, and the total with it', async () => {
      const { send } = await apps.open()
      await send('PUT', '/api/orders/B-000001', whole)
      expect(await send('PATCH', '/api/orders/B-000001', { quantity: 7 })).toEqual({
        status: 200,
        body: { ...whole, id: 'B-000001', quantity: 7, total: 0.7, version },
      })
    })

    test('it takes the id again, as a number or as text', async () => {
      const { send } = await apps.open()
      expect((await send('PATCH', `/api/cities/${shanghai}`, { id: shanghai, name: 'A' })).status).toBe(200)
      expect((await send('PATCH', `/api/cities/${shanghai}`, { id: String(shanghai), name: 'B' })).body).toMatchObject({
        id: shanghai,
        name: 'B',
      })
    })

    test('another id is refused', async () => {
      const { send } = await apps.open()
      expect(await send('PATCH', '/api/orders/B-000001', { id: 'B-000002' })).toMatchObject({
        status: 422,
        body: { error: { code: 'id-mismatch', field: 'id' } },
      })
    })

    test('it makes no row', async () => {
      const { send } = await apps.open()
      expect((await send('PATCH', '/api/orders/B-999999', { status: 'open' })).status).toBe(404)
    })
  })

  describe('DELETE', () => {
    test('the row is gone, and the next time it is a 404', async () => {
      const { send } = await apps.open()
      expect(await send('DELETE', '/api/orders/B-000001')).toEqual({ status: 204, body: undefined })
      expect((await send('GET', '/api/orders/B-000001')).status).toBe(404)
      expect((await send('DELETE', '/api/orders/B-000001')).status).toBe(404)
    })

    test('all rows are gone, also from the search, and new ones can come', async () => {
      const { send, list } = await apps.open()
      expect((await send('DELETE', '/api/orders')).status).toBe(204)
      expect(await list('/api/orders')).toEqual({ rows: [], total: 0 })
      expect((await list('/api/orders?q=muffin')).total).toBe(0)
      expect((await send('POST', '/api/orders', draft)).body).toHaveProperty('id', 'B-000401')
      expect((await list('/api/orders?q=muffin')).total).toBe(1)
    })

    test('a city that orders go to stays, and so do all of them', async () => {
      const { send, list } = await apps.open()
      const { rows } = await list('/api/orders?limit=1')
      const refused = { status: 409, body: { error: { code: 'in-use' } } }
      expect(await send('DELETE', `/api/cities/${rows[0]?.['cityId']}`)).toMatchObject(refused)
      expect(await send('DELETE', '/api/cities')).toMatchObject(refused)
      expect((await list('/api/cities')).total).toBe(smallSize.cities)
      expect((await list('/api/cities?q=shanghai')).total).toBe(1)
      await send('DELETE', '/api/orders')
      expect((await send('DELETE', '/api/cities')).status).toBe(204)
      expect((await list('/api/cities')).total).toBe(0)
    })
  })

  describe('bad rows are refused, and change nothing', () => {
    test.each([
      [{ status: 'eaten' }, 'invalid-value', 'status'],
      [{ quantity: 0 }, 'invalid-value', 'quantity'],
      [{ quantity: 10_001 }, 'invalid-value', 'quantity'],
      [{ quantity: 1.5 }, 'invalid-value', 'quantity'],
      [{ quantity: '3' }, 'invalid-value', 'quantity'],
      [{ quantity: null }, 'invalid-value', 'quantity'],
      [{ unitPrice: 0.125 }, 'invalid-value', 'unitPrice'],
      [{ customer: '' }, 'invalid-value', 'customer'],
      [{ customer: 'x'.repeat(101) }, 'invalid-value', 'customer'],
      [{ customer: ['x'] }, 'invalid-value', 'customer'],
      [{ notes: 'x'.repeat(1001) }, 'invalid-value', 'notes'],
      [{ placedAt: 'yesterday' }, 'invalid-value', 'placedAt'],
      [{ deliveryDate: '2025-02-30' }, 'invalid-value', 'deliveryDate'],
      [{ cityId: 1 }, 'unknown-reference', 'cityId'],
      [{ colour: 'red' }, 'unknown-column', 'colour'],
      [{ rowNumber: 1 }, 'unknown-column', 'rowNumber'],
      [{ 'status = 1 --': 1 }, 'unknown-column', 'status = 1 --'],
      [{ constructor: 1 }, 'unknown-column', 'constructor'],
    ])('%j', async (wrong, code, field) => {
      const { send, list } = await apps.shared()
      const before = await list('/api/orders?limit=400')
      const refused = { status: 422, body: { error: { code, field, message: expect.stringContaining(field) } } }
      expect(await send('POST', '/api/orders', { ...draft, ...wrong })).toEqual(refused)
      expect(await send('PUT', '/api/orders/B-000001', { ...whole, ...wrong })).toEqual(refused)
      expect(await send('PATCH', '/api/orders/B-000001', wrong)).toEqual(refused)
      expect(await list('/api/orders?limit=400')).toEqual(before)
    })

    test.each([null, [], 'text', 7])('the body %j is no row', async (body) => {
      const { send } = await apps.shared()
      expect(await send('POST', '/api/orders', body)).toMatchObject({ status: 422, body: { error: { code: 'invalid-value' } } })
    })

    test.each(['', '{', '{"a":1}}', 'customer=Ada'])('the body %j is no JSON', async (body) => {
      const { request } = await apps.shared()
      const response = await request('/api/orders', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: { code: 'malformed-json' } })
    })

    test('a body that does not call itself JSON is a 415', async () => {
      const { request } = await apps.shared()
      const response = await request('/api/orders', { method: 'POST', body: JSON.stringify(draft) })
      expect(response.status).toBe(415)
      expect(await response.json()).toMatchObject({ error: { code: 'not-json' } })
    })

    test.each(['with', 'without'])('a body of more than 64 KiB is a 413, %s a content-length', async (length) => {
      const { request } = await apps.shared()
      const body = JSON.stringify({ ...draft, notes: 'x'.repeat(65_536) })
      const response = await request('/api/orders', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(length === 'with' ? { 'content-length': String(body.length) } : {}) },
        ...(length === 'with' ? { body } : { body: new Blob([body]).stream(), duplex: 'half' }),
      })
      expect(response.status).toBe(413)
      expect(await response.json()).toMatchObject({ error: { code: 'body-too-large' } })
    })
  })

  describe('other addresses', () => {
    test.each([
      ['GET', '/api'],
      ['GET', '/api/customers'],
      ['GET', '/api/sqlite_master'],
      ['POST', '/api/orders/B-000001'],
      ['PATCH', '/api/orders'],
      ['GET', '/api/orders/B-000001/items'],
    ])('%s %s is a 404 in JSON', async (method, path) => {
      const { send } = await apps.shared()
      expect(await send(method, path)).toMatchObject({ status: 404, body: { error: { code: 'no-route' } } })
    })

    test('an answer of the API is kept by nobody', async () => {
      const { request } = await apps.shared()
      expect((await request('/api/orders')).headers.get('cache-control')).toBe('no-store')
      expect((await request('/api/orders/nobody')).headers.get('cache-control')).toBe('no-store')
    })

    test('an error of the server itself is a 500 that gives nothing away', async () => {
      const { home, send } = await apps.open()
      const log = vi.spyOn(console, 'error').mockReturnValue()
      onTestFinished(() => log.mockRestore())
      await home.write((sql) => sql('DROP TABLE orders'))
      expect(await send('GET', '/api/orders')).toEqual({
        status: 500,
        body: { error: { code: 'internal', message: expect.not.stringContaining('orders') } },
      })
      expect(log).toHaveBeenCalledOnce()
    })
  })
})
