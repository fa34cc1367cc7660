import type { City } from '../entities/cities.ts'
import { channels, orderId, orderTotal, statuses } from '../entities/orders.ts'
import type { Order } from '../entities/orders.ts'
import { firstNames, lastNames, noteTexts, prices } from './bakery.ts'
import { random } from './random.ts'

const ordersPerDay = 137
const dayLength = 86_400_000
/** The day before which all of them were placed, so that an order of today comes first. */
const lastDay = Date.UTC(2025, 6, 1)

/** A bakery's orders, the oldest first; the same ones for the same cities and count. */
export function* orderRows(cities: readonly City[], count: number): Generator<Order> {
  const next = random(20_250_701)
  const pick = <Item>(items: readonly Item[]): Item => itemAt(items, Math.floor(next() * items.length))
  const pickCity = weightedBy(cities, (city) => city.population)
  const firstDay = lastDay - Math.ceil(count / ordersPerDay) * dayLength

  for (let index = 0; index < count; index += 1) {
    const placedAt = firstDay + openingTime(index / ordersPerDay) + Math.floor(next() * 300_000)
    const wholesale = next() < 0.06
    const { product, price } = pick(prices)
    const quantity = wholesale ? 20 + Math.floor(next() * 380) : 1 + Math.floor(next() ** 2 * 12)
    const unitPrice = wholesale ? Math.round(price * 80) / 100 : price
    yield {
      id: orderId(index + 1),
      placedAt: new Date(placedAt).toISOString(),
      customer: `${pick(firstNames)} ${pick(lastNames)}`,
      cityId: pickCity(next()).id,
      product,
      quantity,
      unitPrice,
      total: orderTotal(quantity, unitPrice),
      status: pickStatus(index / count, next()),
      channel: wholesale ? 'wholesale' : pick(channels.slice(0, 4)),
      deliveryDate: new Date(placedAt + Math.floor(next() * 6) * dayLength).toISOString().slice(0, 10),
      notes: next() < 0.2 ? pick(noteTexts) : '',
    }
  }
}

/** The bakery takes orders from six in the morning to eight in the evening. */
function openingTime(days: number): number {
  return Math.floor(days) * dayLength + Math.floor((6 + (days % 1) * 14) * 3_600_000)
}

/** Old orders are done; the newest are at work. */
function pickStatus(age: number, chance: number): Order['status'] {
  if (age < 0.94) return chance < 0.04 ? 'cancelled' : 'delivered'
  const index = [0.4, 0.6, 0.75, 0.95].findIndex((upTo) => chance < upTo)
  return itemAt(statuses, index === -1 ? statuses.length - 1 : index)
}

/** Finds the item that a number from 0 up to 1 falls to. */
function weightedBy<Item>(items: readonly Item[], weight: (item: Item) => number): (chance: number) => Item {
  let sum = 0
  const upTo = Float64Array.from(items, (item) => (sum += weight(item)))
  return (chance) => {
    let low = 0
    let high = items.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((upTo[middle] ?? sum) > chance * sum) high = middle
      else low = middle + 1
    }
    return itemAt(items, low)
  }
}

function itemAt<Item>(items: readonly Item[], index: number): Item {
  const item = items[index]
  if (item === undefined) throw new RangeError(`there is no item ${index} of ${items.length}`)
  return item
}
