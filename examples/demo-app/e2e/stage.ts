import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Order } from '../server/entities/orders.ts'
import { startServer } from '../server/server.ts'

/** The changes of orders, as the server tells of them, in their order. */
export interface OrderChanges {
  readonly seen: readonly { readonly type: string; readonly id: string }[]
  stop(): void
}

export interface StageOptions {
  /** How much longer every answer of the API takes, in ms. */
  readonly latency?: number
}

/** The real server over a small database of its own. */
export interface Stage {
  readonly url: string
  /** Changes an order as anybody else would. */
  patchOrder(id: string, changes: Partial<Order>): Promise<void>
  insertOrder(order: Partial<Order>): Promise<void>
  order(id: string): Promise<Order>
  /** Follows the changes of orders from now on, as they are stored. */
  followOrders(): Promise<OrderChanges>
  close(): Promise<void>
}

const home = join(import.meta.dirname, '..')

export async function startStage({ latency = 0 }: StageOptions = {}): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'demo-app-'))
  const server = await startServer({
    port: 0,
    databaseFile: join(folder, 'demo.db'),
    staticDir: join(home, 'dist'),
    size: { cities: 500, orders: 2_000 },
    latency,
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
    async followOrders() {
      const stopping = new AbortController()
      const { body } = await fetch(`${server.url}/api/orders/events`, { signal: stopping.signal })
      if (body === null) throw new Error('the event stream has no body')
      const seen: { type: string; id: string }[] = []
      void collect(body, seen).catch(() => undefined)
      return { seen, stop: () => stopping.abort() }
    },
    async close() {
      await server.close()
      rmSync(folder, { recursive: true })
    },
  }
}

async function collect(body: ReadableStream<Uint8Array>, into: object[]): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const part of body) {
    const lines = `${rest}${decoder.decode(part, { stream: true })}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data: ')) into.push(JSON.parse(line.slice('data: '.length)))
  }
}

function orderUrl(url: string, id: string): string {
  return `${url}/api/orders/${encodeURIComponent(id)}`
}

async function send(method: string, url: string, body: object): Promise<void> {
  const response = await fetch(url, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(await response.text())
}
