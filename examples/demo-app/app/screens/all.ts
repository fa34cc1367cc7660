import type { LiveTable } from '@vantage-live/core'
import type { Row, Screen } from '../screen.ts'
import { citiesScreen } from './cities.tsx'
import { ordersScreen } from './orders.tsx'

export const screens: readonly [Screen, ...Screen[]] = [ordersScreen, citiesScreen]

/** The screen of an address; the first one where it names none. */
export function screenAt(pathname: string): Screen {
  return screens.find(({ path }) => pathname === `/${path}`) ?? screens[0]
}

export function screenOf(table: LiveTable<Row>): Screen | undefined {
  return screens.find((screen) => screen.table === table)
}
