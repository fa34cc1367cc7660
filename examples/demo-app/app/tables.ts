import { durableQueue, LiveTable, restTable, sharedStream, sseStream, type Column, type LiveStream, type Trace } from '@vantage-live/core'
import type { City as CityColumns } from '../server/entities/cities.ts'
import type { Order as OrderColumns } from '../server/entities/orders.ts'
import { network } from './network.ts'
import { rowSchema, rowVersion } from './row-shape.ts'

/** What the server gives every row besides its columns: a text that each change of the row changes. */
type Versioned = {
  readonly version: string
}

export type Order = OrderColumns & Versioned
export type City = CityColumns & Versioned

/** The tables of one user. */
export interface Tables {
  /** A bakery's orders. */
  readonly orders: LiveTable<Order>
  /** The world's cities. */
  readonly cities: LiveTable<City>
}

/** How long the server may take for an answer, in ms. */
const timeout = 20_000

const orderColumns: readonly Column[] = [
  { name: 'id', label: 'Order' },
  { name: 'placedAt', label: 'Placed', type: 'date' },
  { name: 'customer', label: 'Customer' },
  { name: 'cityId', label: 'City', type: 'number' },
  { name: 'product', label: 'Product' },
  { name: 'quantity', label: 'Qty', type: 'number' },
  { name: 'unitPrice', label: 'Price', type: 'number' },
  { name: 'total', label: 'Total', type: 'number' },
  { name: 'status', label: 'Status' },
  { name: 'channel', label: 'Channel' },
  { name: 'deliveryDate', label: 'Delivery', type: 'date' },
  { name: 'notes', label: 'Notes' },
]

const cityColumns: readonly Column[] = [
  { name: 'id', label: 'Id', type: 'number' },
  { name: 'name', label: 'City' },
  { name: 'country', label: 'Country' },
  { name: 'adminCode', label: 'Region' },
  { name: 'municipality', label: 'Municipality' },
  { name: 'featureCode', label: 'Kind' },
  { name: 'population', label: 'Population', type: 'number' },
  { name: 'lat', label: 'Latitude', type: 'number' },
  { name: 'lon', label: 'Longitude', type: 'number' },
]

/**
 * What these tables keep in the browser, rows and writes that wait, is kept under the user's id: no other user's tables read or send it.
 *
 * @param userId who asks for the rows
 * @param trace hears what the tables do
 */
export function makeTables(userId: string, trace: Trace): Tables {
  /** Writes that wait survive a reload. */
  const queue = durableQueue({ scope: userId })

  /** Tells the server who asks. A server that does not take everybody's word would want a token that it has given out. */
  const headers = { authorization: `Bearer ${userId}` }

  /** One connection for all tabs; a tab that is switched offline leaves it to the others. */
  const events = (table: string): LiveStream =>
    network.stream(sharedStream(sseStream(`/api/${table}/events`, { headers }), { name: `${table} of ${userId}` }))

  const cities = new LiveTable<City>({
    master: restTable('/api/cities', {
      honoursIdempotencyKeys: true,
      versionField: 'version',
      fetch: network.fetch,
      headers,
      timeout,
      defaultOrder: [{ field: 'population', direction: 'desc' }],
      titleFields: ['name'],
      columns: cityColumns,
    }),
    cacheKey: 'cities',
    scope: userId,
    version: rowVersion,
    schema: rowSchema(cityColumns),
    stream: events('cities'),
    queue,
    pageSize: 50,
    trace,
  })

  const orders = new LiveTable<Order>({
    master: restTable('/api/orders', {
      honoursIdempotencyKeys: true,
      versionField: 'version',
      fetch: network.fetch,
      headers,
      timeout,
      // As the server lists them where nobody asks for another order.
      defaultOrder: [{ field: 'placedAt', direction: 'desc' }],
      titleFields: ['customer'],
      columns: orderColumns,
      references: { city: { field: 'cityId', table: () => cities } },
    }),
    cacheKey: 'orders',
    scope: userId,
    version: rowVersion,
    schema: rowSchema(orderColumns),
    stream: events('orders'),
    queue,
    pageSize: 50,
    trace,
  })

  return { orders, cities }
}
