import { goOnWithEventLog } from './event-log.ts'
import type { Home } from './home.ts'
import { postgresHome } from './postgres-home.ts'
import type { SeedOptions } from './seed/seed.ts'
import { sqliteHome } from './sqlite-home.ts'

/**
 * Opens the home at a place, which is the URL of a PostgreSQL database, a file for SQLite, or `:memory:`; where there are no
 * tables yet, they are made and filled first.
 */
export async function openHome(place: string, options?: SeedOptions): Promise<Home> {
  const home = await (isPostgresUrl(place) ? postgresHome(place, options) : sqliteHome(place, options))
  await home.write(goOnWithEventLog)
  return home
}

export function isPostgresUrl(place: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(place)
}
