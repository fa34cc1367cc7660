import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { orders, type Order } from '../server/entities/orders.ts'
import { startServer } from '../server/server.ts'
import { tableStore } from '../server/table-store.ts'

/** The changes of orders, as the server tells of them, in their order. */
interface OrderChanges {
  readonly seen: readonly { readonly type: string; readonly id: string }[]
  stop(): void
}

interface OrderChange extends Partial<Order> {
  readonly id: string
}

export interface StageOptions {
  /** How much longer every answer of the API takes, in ms. */
  readonly latency?: number
  /** The URL of a PostgreSQL database; else it is a file of its own. */
  readonly database?: string
}

/** The real server over a small database of its own. */
export interface Stage {
  readonly url: string
  /** How many event streams are open at the server. */
  readonly readers: number
  /** Changes orders in one transaction in the server itself, in this order. */
  changeOrders(changes: readonly OrderChange[]): Promise<void>
  /** The first page of orders, as the server lists it. */
  firstOrders(count: number): Promise<readonly Order[]>
  /** Changes an order as anybody else would. */
  patchOrder(id: string, changes: Partial<Order>): Promise<void>
  insertOrder(order: Partial<Order>): Promise<void>
  order(id: string): Promise<Order>
  /** Follows the changes of orders from now on, as they are stored. */
  followOrders(): Promise<OrderChanges>
  close(): Promise<void>
}

const home = join(import.meta.dirname, '..')

export async function startStage({ latency = 0, database }: StageOptions = {}): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'demo-app-'))
  const server = await startServer({
    port: 0,
    database: database ?? join(folder, 'demo.db'),
    staticDir: join(home, 'dist'),
    size: { cities: 500, orders: 2_000 },
    latency,
  })
  const store = tableStore(server.home.dialect, orders)
  return {
    url: server.url,
    get readers() {
      return server.readers
    },
    changeOrders: (changes) =>
      server.home.write(async (sql) => {
        for (const { id, ...fields } of changes) await store.update(sql, id, fields)
      }),
    firstOrders: (count) => firstOrders(server.url, count),
    patchOrder: (id, changes) => changeOrder(server.url, id, changes),
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

/** Changes an order as anybody may, at the server at this address. */
export function changeOrder(url: string, id: string, changes: Partial<Order>): Promise<void> {
  return send('PATCH', orderUrl(url, id), changes)
}

/** The first page of orders, as the server at this address lists it. */
export async function firstOrders(url: string, count: number): Promise<readonly Order[]> {
  const response = await fetch(`${url}/api/orders?page=1&limit=${count}`)
  if (!response.ok) throw new Error(await response.text())
  const { rows } = await response.json()
  return rows
}

async function collect(body: ReadableStream<Uint8Array>, into: { type: string; id: string }[]): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const part of body) {
    const lines = `${rest}${decoder.decode(part, { stream: true })}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (!line.startsWith('data: ')) continue
      const { type, id } = JSON.parse(line.slice('data: '.length))
      into.push({ type, id })
    }
  }
}

function orderUrl(url: string, id: string): string {
  return `${url}/api/orders/${encodeURIComponent(id)}`
}

async function send(method: string, url: string, body: object): Promise<void> {
  const response = await fetch(url, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(await response.text())
}
