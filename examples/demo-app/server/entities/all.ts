import type { Entity } from '../entity.ts'
import { cities } from './cities.ts'
import { orders } from './orders.ts'

/** What the server serves; a table comes after those that it refers to. */
export const entities: readonly Entity[] = [cities, orders]
