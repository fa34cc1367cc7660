/** What the server holds and every contestant shows: one row, and one of eight columns for each field. */
export interface Order {
  readonly id: number
  readonly placedAt: string
  readonly customer: string
  readonly city: string
  readonly status: string
  readonly items: number
  readonly total: number
  /** How often the order was changed. */
  readonly version: number
}

/** A page of orders, as the server sends it. */
export interface OrderPage {
  readonly rows: readonly Order[]
  readonly total: number
}

export const pageSize = 50
export const pageCount = 1000

const customers = ['Ada Lovelace', 'Grace Hopper', 'Edsger Dijkstra', 'Barbara Liskov', 'Donald Knuth', 'Radia Perlman', 'Alan Kay']
const cities = ['Riga', 'Roma', 'Ljubljana', 'Buenos Aires', 'Yokohama', 'Port of Spain', 'Reykjavík', 'Ouagadougou', 'Saint Petersburg']
const statuses = ['open', 'paid', 'packed', 'shipped', 'returned']
const firstDay = Date.UTC(2024, 0, 1)

/** The order with this id, the same for server and page. */
export function makeOrder(id: number, version: number): Order {
  return {
    id,
    placedAt: new Date(firstDay + id * 613_000).toISOString(),
    customer: pick(customers, id * 7),
    city: pick(cities, id * 5),
    status: pick(statuses, id * 3),
    items: 1 + (id % 12),
    total: (id * 379) % 20_000,
    version,
  }
}

/** A page of orders, counted from 1. */
export function makePage(page: number, versionOf: (id: number) => number = () => 0): OrderPage {
  const first = (page - 1) * pageSize + 1
  const rows = Array.from({ length: pageSize }, (_, index) => makeOrder(first + index, versionOf(first + index)))
  return { rows, total: pageCount * pageSize }
}

function pick(texts: readonly string[], index: number): string {
  return texts[index % texts.length] ?? ''
}
