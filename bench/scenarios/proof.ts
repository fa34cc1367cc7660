import type { Request } from '../harness/server.ts'
import type { Tab } from '../harness/tab.ts'
import { makePage, type Order } from '../page/orders.ts'

/** @throws Error where something that has to be so is not */
export function prove(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not proved: ${what}`)
}

/** Proves that the table in the document holds these rows, cell by cell. */
export async function provePainted(tab: Tab, page: number, versionOf?: (id: number) => number): Promise<void> {
  const painted = JSON.stringify(await tab.cells())
  const expected = JSON.stringify(makePage(page, versionOf).rows.map(cellsOf))
  prove(painted === expected, `page ${page} is painted; instead there is ${painted.slice(0, 200)} …`)
}

/** Proves that nothing was asked for. */
export function proveNoRequests(requests: readonly Request[]): void {
  prove(requests.length === 0, `no request is needed; there were ${requests.length}`)
}

function cellsOf(row: Order): string[] {
  const { id, placedAt, customer, city, status, items, total, version } = row
  return [id, placedAt, customer, city, status, items, total, version].map(String)
}
