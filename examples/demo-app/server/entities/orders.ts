import { choice, day, decimal, moment, text, wholeNumber } from '../column.ts'
import type { Column } from '../column.ts'
import type { Entity } from '../entity.ts'

export const statuses = ['open', 'baking', 'ready', 'delivered', 'cancelled'] as const
export const channels = ['web', 'app', 'phone', 'shop', 'wholesale'] as const
const products = [
  'croissant',
  'muffin',
  'sourdough',
  'baguette',
  'cinnamon roll',
  'bagel',
  'pretzel',
  'brioche',
  'rye bread',
  'focaccia',
  'eclair',
  'cheesecake',
] as const

export type Order = {
  readonly id: string
  /** ISO 8601, UTC. */
  readonly placedAt: string
  readonly customer: string
  readonly cityId: number
  readonly product: (typeof products)[number]
  readonly quantity: number
  readonly unitPrice: number
  /** The server's: quantity × unit price. */
  readonly total: number
  readonly status: (typeof statuses)[number]
  readonly channel: (typeof channels)[number]
  /** ISO 8601, without a time. */
  readonly deliveryDate: string
  readonly notes: string
}

const reservedIds: readonly unknown[] = ['.', '..', 'events']
const freeText = text(100, 1)

const columns: Readonly<Record<keyof Order, Column>> = {
  id: {
    ...freeText,
    expected: `${freeText.expected} other than '.', '..' and 'events', which no address can name`,
    accept: (value) => (reservedIds.includes(value) ? undefined : freeText.accept(value)),
    searched: true,
  },
  placedAt: { ...moment(), indexed: true, initial: () => new Date().toISOString() },
  customer: { ...text(100, 1), indexed: true, searched: true },
  cityId: { ...wholeNumber(1, Number.MAX_SAFE_INTEGER), indexed: true, references: 'cities' },
  product: { ...choice(products), indexed: true, searched: true },
  quantity: { ...wholeNumber(1, 10_000), indexed: true, initial: () => 1 },
  unitPrice: { ...decimal(0, 10_000, 2), indexed: true },
  total: {
    ...decimal(0, 100_000_000, 2),
    indexed: true,
    computed: (row) => orderTotal(Number(row['quantity']), Number(row['unitPrice'])),
  },
  status: { ...choice(statuses), indexed: true, initial: () => 'open' },
  channel: { ...choice(channels), indexed: true, initial: () => 'web' },
  deliveryDate: { ...day(), indexed: true, initial: tomorrow },
  notes: { ...text(1000), indexed: true, searched: true, initial: () => '' },
}

/** A bakery's orders, each to a customer in one of the cities. */
export const orders: Entity = {
  name: 'orders',
  columns,
  defaultSort: '-placedAt',
  newId: orderId,
}

export function orderId(rowNumber: number): string {
  return `B-${String(rowNumber).padStart(6, '0')}`
}

/** Reckoned in cents, so that no sum ends in 0.30000000000000004. */
export function orderTotal(quantity: number, unitPrice: number): number {
  return (quantity * Math.round(unitPrice * 100)) / 100
}

function tomorrow(): string {
  return new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
}
