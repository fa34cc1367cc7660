import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Order } from '../server/entities/orders.ts'
import { startServer } from '../server/server.ts'

/** The real server over a small database of its own. */
export interface Stage {
  readonly url: string
  /** Changes an order as anybody else would. */
  patchOrder(id: string, changes: Partial<Order>): Promise<void>
  insertOrder(order: Partial<Order>): Promise<void>
  order(id: string): Promise<Order>
  close(): Promise<void>
}

const home = join(import.meta.dirname, '..')

export async function startStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'demo-app-'))
  const server = await startServer({
    port: 0,
    databaseFile: join(folder, 'demo.db'),
    staticDir: join(home, 'dist'),
    size: { cities: 500, orders: 2_000 },
  })
  return {
    url: server.url,
    patchOrder: (id, changes) => send('PATCH', orderUrl(server.url, id), changes),
    insertOrder: (order) => send('POST', `${server.url}/api/orders`, order),
    async order(id) {
      const response = await fetch(orderUrl(server.url, id))
      if (!response.ok) throw new Error(await response.text())
      return await response.json()
    },
    async close() {
      await server.close()
      rmSync(folder, { recursive: true })
    },
  }
}

function orderUrl(url: string, id: string): string {
  return `${url}/api/orders/${encodeURIComponent(id)}`
}

async function send(method: string, url: string, body: object): Promise<void> {
  const response = await fetch(url, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(await response.text())
}
