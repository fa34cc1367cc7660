// What the packages do outside of a browser. scripts/try-packages.ts runs it on the lowest Node that they support.
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { QueryClient } from '@tanstack/react-query'
import { LiveTable, TimeoutError, memoryTable, restTable, sseStream, type LiveEvent } from '@vantage-live/core'
import { livePageOptions } from '@vantage-live/react'

interface Order {
  readonly id: number
  readonly status: string
}

const rows: readonly Order[] = [
  { id: 1, status: 'open' },
  { id: 2, status: 'paid' },
]

let stored = rows
const streams = new Set<ServerResponse>()
const server = createServer(({ url = '' }, response) => {
  if (url === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'last-event-id': '1' }).flushHeaders()
    streams.add(response)
  } else if (url.startsWith('/orders')) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(stored))
  }
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
const origin = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : ''

const written = new LiveTable<Order>({ master: memoryTable(rows), cacheKey: 'written' })
equal((await written.get(1))?.status, 'open')
equal((await written.patch(1, { status: 'paid' })).status, 'paid')
await written.insert({ status: 'open' })
await written.delete(2)
const paid = await written.view({ where: { status: 'paid' } }).list({ page: 1 })
deepEqual(
  paid.rows.map(({ id }) => id),
  [1],
)
equal(await written.count(), 2)
written.close()

const followed = new LiveTable<Order>({
  master: restTable(`${origin}/orders`),
  cacheKey: 'followed',
  stream: sseStream(`${origin}/events`),
})
const hasHeard = new Promise<void>((resolve) => {
  followed.subscribe((change) => {
    if (change.type === 'invalidated' && change.rows !== 'all') resolve()
  })
})
await new QueryClient().prefetchQuery(livePageOptions(followed, 1))
const row = { id: 1, status: 'told' }
stored = [row, ...rows.slice(1)]
const told: LiveEvent = { type: 'updated', id: 1, row }
for (const stream of streams) stream.write(`data: ${JSON.stringify(told)}\n\n`)
await hasHeard
equal((await followed.list({ page: 1 })).rows[0]?.status, 'told')
followed.close()

await rejects(restTable(`${origin}/silent`, { timeout: 50 }).get(1, { signal: new AbortController().signal }), TimeoutError)

server.closeAllConnections()
server.close()
console.log(`Node ${process.versions.node} runs the packages.`)
