import type { LiveTable } from '@vantage-live/core'
import type { Row, Screen, Screens } from '../screen.ts'
import type { Tables } from '../tables.ts'
import { makeCitiesScreen } from './cities.tsx'
import { makeOrdersScreen } from './orders.tsx'

export function makeScreens(tables: Tables): Screens {
  return [makeOrdersScreen(tables), makeCitiesScreen(tables)]
}

/** The screen of an address; the first one where it names none. */
export function screenAt(screens: Screens, pathname: string): Screen {
  return screens.find(({ path }) => pathname === `/${path}`) ?? screens[0]
}

export function screenOf(screens: Screens, table: LiveTable<Row>): Screen | undefined {
  return screens.find((screen) => screen.table === table)
}
