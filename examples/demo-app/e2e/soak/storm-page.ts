// Runs in a page of its own: three views of one table, and somebody who writes much faster than a user can.
import { durableQueue, LiveTable, restTable, sharedStream, sseStream, type TraceEvent, type ViewQuery } from '@vantage-live/core'
import { useLivePage } from '@vantage-live/react'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createElement, Fragment, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'

interface Row {
  readonly id: string
  readonly version: string
  readonly notes: string
  readonly [field: string]: string | number
}

/** A write as it was sent. */
interface Sent {
  readonly method: string
  readonly path: string
  readonly key: string
  readonly since: number
  readonly attempts: number
}

/** Requests that were answered, and how long that took for all of them, in ms. */
interface Requests {
  count: number
  time: number
}

/** The state that a tab reports of itself. */
export interface StormRecord {
  readonly pending: number
  readonly failed: number
  readonly paused: unknown
  readonly stream: unknown
  readonly storage: unknown
  readonly head: unknown
  /** The write that has no answer yet. */
  readonly underWay: Sent | undefined
  readonly requests: { readonly writes: Requests; readonly lists: Requests }
  readonly trace: readonly unknown[]
}

/** What the three views show: a page each, by its address on the server. */
const pages: readonly { readonly view: ViewQuery<Row>; readonly pageSize: number; readonly address: string }[] = [
  { view: { orderBy: [{ field: 'placedAt', direction: 'desc' }] }, pageSize: 50, address: 'sort=-placedAt&limit=50' },
  {
    view: { where: { status: 'open' }, orderBy: [{ field: 'placedAt', direction: 'desc' }] },
    pageSize: 25,
    address: 'status=open&sort=-placedAt&limit=25',
  },
  { view: { orderBy: [{ field: 'notes', direction: 'desc' }] }, pageSize: 25, address: 'sort=-notes&limit=25' },
]

const timeout = 20_000
const latest: { readonly at: number; readonly event: TraceEvent }[] = []
let underWay: Sent | undefined
const requests = { writes: { count: 0, time: 0 }, lists: { count: 0, time: 0 } }

const headers = { authorization: 'Bearer storm' }
const orders = new LiveTable<Row>({
  master: restTable<Row>('/api/orders', { honoursIdempotencyKeys: true, versionField: 'version', fetch: watchedFetch, headers, timeout }),
  cacheKey: 'orders',
  scope: 'storm',
  stream: sharedStream(sseStream('/api/orders/events', { headers }), { name: 'storm' }),
  queue: durableQueue({ scope: 'storm' }),
  pageSize: 50,
  trace: (event) => {
    latest.push({ at: Date.now(), event })
    if (latest.length > 40) latest.shift()
  },
})

createRoot(document.body.appendChild(document.createElement('main'))).render(
  createElement(
    QueryClientProvider,
    { client: new QueryClient() },
    createElement(Fragment, null, ...pages.map((page, index) => createElement(Grid, { ...page, key: index }))),
  ),
)

/** Patches these rows, without waiting for any of it. */
export function write(ids: readonly string[], text: string): void {
  for (const [index, id] of ids.entries()) {
    // What meets in a row is refused; that it settles is enough.
    orders.patch(id, { notes: `${text}x${index}` }).catch(() => undefined)
  }
}

export function pendingCount(): number {
  return orders.pending.length
}

export function requestCounts(): StormRecord['requests'] {
  return requests
}

/** What each view shows, beside the address under which the server has it. */
export function shown(): readonly { readonly address: string; readonly rows: readonly string[] }[] {
  return [...document.querySelectorAll<HTMLElement>('table')].map((table) => ({
    address: table.dataset['address'] ?? '',
    rows: [...table.querySelectorAll('td')].map(({ textContent }) => textContent ?? ''),
  }))
}

export function record(): StormRecord {
  const { pending, failed, paused, streamStatus, storageStatus } = orders
  const [head] = pending
  return {
    pending: pending.length,
    failed: failed.length,
    paused: plain(paused),
    stream: plain(streamStatus),
    storage: plain(storageStatus),
    head: plain(head),
    underWay,
    requests,
    trace: latest.map(plain),
  }
}

function Grid({ view, pageSize, address }: (typeof pages)[number]): ReactNode {
  const { rows } = useLivePage(orders.view(view), 1, { pageSize })
  const cells = rows.map(({ id, notes }) => createElement('tr', { key: id }, createElement('td', null, `${id} ${notes}`)))
  return createElement('table', { 'data-address': address }, createElement('tbody', null, ...cells))
}

async function watchedFetch(url: string, init: RequestInit): Promise<Response> {
  const { method = 'GET' } = init
  const count = async (counted: Requests): Promise<Response> => {
    const start = performance.now()
    const response = await fetch(url, init)
    counted.count += 1
    counted.time += performance.now() - start
    return response
  }
  if (method === 'GET') return count(requests.lists)
  const key = new Headers(init.headers).get('idempotency-key') ?? ''
  const attempts = underWay?.key === key ? underWay.attempts + 1 : 1
  underWay = { method, path: url, key, since: Date.now(), attempts }
  const response = await count(requests.writes)
  underWay = undefined
  return response
}

/** As it can leave the page: errors are told by their message. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, part: unknown) => (part instanceof Error ? String(part) : part)) ?? 'null')
}
