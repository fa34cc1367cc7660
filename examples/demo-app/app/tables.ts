import { LiveTable, restTable, sseStream } from '@vantage-live/core'
import type { City } from '../server/entities/cities.ts'
import type { Order } from '../server/entities/orders.ts'
import { network } from './network.ts'
import { logTrace } from './trace-log.ts'

export type { City, Order }

/** A bakery's orders. */
export const orders: LiveTable<Order> = new LiveTable({
  master: restTable<Order>('/api/orders', {
    honoursIdempotencyKeys: true,
    fetch: network.fetch,
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
  stream: network.stream(sseStream('/api/orders/events')),
  pageSize: 50,
  trace: logTrace,
})

/** The world's cities. */
export const cities: LiveTable<City> = new LiveTable({
  master: restTable<City>('/api/cities', {
    honoursIdempotencyKeys: true,
    fetch: network.fetch,
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
  stream: network.stream(sseStream('/api/cities/events')),
  pageSize: 50,
  trace: logTrace,
})
