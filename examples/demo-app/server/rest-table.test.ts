import { LiveTable, noCache, restTable } from '@vantage-live/core'
import type { RestTable, Where } from '@vantage-live/core'
import { describe, expect, test } from 'vitest'
import type { City } from './entities/cities.ts'
import type { Order } from './entities/orders.ts'
import { homeKinds, smallApps, smallSize } from './small-app.ts'
import type { SmallApp } from './small-app.ts'

describe.each(homeKinds)('%s', (kind) => {
  const apps = smallApps(kind)

  /** The library's own client of such servers, with nothing told to it. */
  async function tables(opened: Promise<SmallApp> = apps.open()): Promise<{ orders: RestTable<Order>; cities: RestTable<City> }> {
    const app = await opened
    const fetch = async (url: string, init: RequestInit): Promise<Response> => app.request(url, init)
    return { orders: restTable('/api/orders', { fetch }), cities: restTable('/api/cities', { fetch }) }
  }

  const filters: readonly (readonly [Where<Order>, (order: Order) => boolean])[] = [
    [{ status: 'open' }, (order) => order.status === 'open'],
    [{ status: { in: ['open', 'ready'] } }, (order) => ['open', 'ready'].includes(order.status)],
    [{ status: { in: [] } }, () => false],
    [{ total: { gte: 10, lt: 50 } }, (order) => order.total >= 10 && order.total < 50],
    [{ customer: { contains: 'ÖD' } }, (order) => order.customer.toLowerCase().includes('öd')],
    [{ notes: '' }, (order) => order.notes === ''],
    [{ notes: { ne: 'As last time' } }, (order) => order.notes !== 'As last time'],
  ]

  test.each(filters)('it is understood where %j', async (where, expected) => {
    const { orders } = await tables(apps.shared())
    const all = await orders.list({ page: 1, pageSize: 400, orderBy: [{ field: 'total', direction: 'desc' }] })
    const found = await orders.list({ page: 1, pageSize: 400, orderBy: [{ field: 'total', direction: 'desc' }], where })
    expect(found.rows).toEqual(all.rows.filter(expected))
    expect(await orders.count({ where })).toBe(found.rows.length)
  })

  test('it pages, searches and counts', async () => {
    const { orders, cities } = await tables(apps.shared())
    const { rows, total } = await orders.list({ page: 40, pageSize: 10 })
    expect([rows.length, total]).toEqual([10, smallSize.orders])
    expect(await cities.count({ search: 'sao paulo' })).toBe(1)
  })

  test('it reads and writes a row with an awkward id', async () => {
    const { orders } = await tables()
    const id = 'a/b%🥐'
    const inserted = await orders.insert({ id, customer: 'null', cityId: 1_796_236, product: 'bagel', unitPrice: 2 })
    expect(inserted).toMatchObject({ id, customer: 'null', quantity: 1, total: 2 })
    expect((await orders.list({ page: 1, pageSize: 10, where: { customer: 'null' } })).rows).toEqual([inserted])
    expect(await orders.patch(id, { quantity: 2 })).toEqual({ ...inserted, quantity: 2, total: 4, version: expect.any(String) })
    expect(await orders.replace(id, inserted)).toEqual({ ...inserted, version: expect.any(String) })
    await orders.delete(id)
    await orders.delete(id)
    expect(await orders.get(id)).toBeUndefined()
  })

  test('a number names a city as its text does', async () => {
    const { cities } = await tables()
    expect(await cities.get('1796236')).toEqual(await cities.get(1_796_236))
    expect(await cities.patch('1796236', { population: 5 })).toMatchObject({ id: 1_796_236, population: 5 })
  })

  test('what is refused says why', async () => {
    const { orders } = await tables(apps.shared())
    await expect(orders.patch('B-000001', { quantity: 0 })).rejects.toMatchObject({
      code: 'http',
      status: 422,
      body: { error: { code: 'invalid-value', field: 'quantity', message: 'quantity is not a whole number from 1 to 10,000' } },
    })
  })

  test('an insert whose answer is lost is stored once, and its caller gets the row', async () => {
    const app = await apps.open()
    let requests = 0
    const fetch = async (url: string, init: RequestInit): Promise<Response> => {
      const response = await app.request(url, init)
      requests += 1
      if (requests === 1) throw new TypeError('the connection broke after the server had committed')
      return response
    }
    const orders = new LiveTable<Order>({
      master: restTable('/api/orders', { fetch, honoursIdempotencyKeys: true }),
      cacheKey: 'orders',
      cache: noCache(),
    })
    const before = await restTable<Order>('/api/orders', { fetch: async (url, init) => app.request(url, init) }).count({})
    const inserted = await orders.insert({ customer: 'Once', cityId: 1_796_236, product: 'bagel', unitPrice: 2 })
    expect(requests).toBe(2)
    expect(inserted).toMatchObject({ customer: 'Once' })
    expect(await orders.count()).toBe(before + 1)
  })
})
