import { vi } from 'vitest'
import type { LiveTable } from '../../live-table.ts'
import type { sharedStream } from '../../stream/shared.ts'

/** What a tab has loaded. */
export interface RealmModules {
  readonly LiveTable: typeof LiveTable
  readonly sharedStream: typeof sharedStream
}

/** Loads the modules so many times, for tabs that have nothing in common but what the browser gives them. */
export async function loadModules(times: number): Promise<readonly RealmModules[]> {
  const loaded: RealmModules[] = []
  for (let count = 0; count < times; count += 1) {
    vi.resetModules()
    const [table, stream] = await Promise.all([import('../../live-table.ts'), import('../../stream/shared.ts')])
    loaded.push({ LiveTable: table.LiveTable, sharedStream: stream.sharedStream })
  }
  return loaded
}
