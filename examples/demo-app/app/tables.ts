import { durableQueue, LiveTable, restTable, sharedStream, sseStream, type LiveStream } from '@vantage-live/core'
import type { City as CityColumns } from '../server/entities/cities.ts'
import type { Order as OrderColumns } from '../server/entities/orders.ts'
import { network } from './network.ts'
import { logTrace } from './trace-log.ts'

/** What the server gives every row besides its columns: a text that each change of the row changes. */
type Versioned = {
  readonly version: string
}

export type Order = OrderColumns & Versioned
export type City = CityColumns & Versioned

/** Writes that wait survive a reload. An app with users has their ids here: nobody's writes are sent in another's name. */
const queue = durableQueue({ scope: 'demo' })

/** One connection for all tabs; a tab that is switched offline leaves it to the others. */
function events(table: string): LiveStream {
  return network.stream(sharedStream(sseStream(`/api/${table}/events`), { name: `${table} of the demo` }))
}

/** A bakery's orders. */
export const orders: LiveTable<Order> = new LiveTable({
  master: restTable<Order>('/api/orders', {
    honoursIdempotencyKeys: true,
    versionField: 'version',
    fetch: network.fetch,
    // As the server lists them where nobody asks for another order.
    defaultOrder: [{ field: 'placedAt', direction: 'desc' }],
    titleFields: ['customer'],
    columns: [
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
    ],
    references: { city: { field: 'cityId', table: () => cities } },
  }),
  cacheKey: 'orders',
  stream: events('orders'),
  queue,
  pageSize: 50,
  trace: logTrace,
})

/** The world's cities. */
export const cities: LiveTable<City> = new LiveTable({
  master: restTable<City>('/api/cities', {
    honoursIdempotencyKeys: true,
    versionField: 'version',
    fetch: network.fetch,
    defaultOrder: [{ field: 'population', direction: 'desc' }],
    titleFields: ['name'],
    columns: [
      { name: 'id', label: 'Id', type: 'number' },
      { name: 'name', label: 'City' },
      { name: 'country', label: 'Country' },
      { name: 'adminCode', label: 'Region' },
      { name: 'municipality', label: 'Municipality' },
      { name: 'featureCode', label: 'Kind' },
      { name: 'population', label: 'Population', type: 'number' },
      { name: 'lat', label: 'Latitude', type: 'number' },
      { name: 'lon', label: 'Longitude', type: 'number' },
    ],
  }),
  cacheKey: 'cities',
  stream: events('cities'),
  queue,
  pageSize: 50,
  trace: logTrace,
})

// The tables try by themselves, but not at once.
network.onOnline(() => {
  orders.resume()
  cities.resume()
})
