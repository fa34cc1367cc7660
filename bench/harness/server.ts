import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeOrder, makePage, pageSize } from '../page/orders.ts'
import { isolation, sendFile } from './static-files.ts'

/** A request that reached the API. */
export interface Request {
  readonly kind: 'list' | 'row' | 'patch'
  /** The page's number, or the row's id. */
  readonly about: number
  /** For a patch: the version that it sets. */
  readonly version?: number
}

/** How the server behaves during one measurement. */
export interface Conditions {
  /** How long an answer takes, in ms. What is read is the state after half of it; what is written is written at once. */
  readonly latency: number
  /** Nothing is answered. */
  readonly held: boolean
}

/** Sends updates, evenly over some time. */
export interface Burst {
  readonly updates: number
  /** In ms. */
  readonly duration: number
  /** Of so many updates, one concerns a row of the first page. The others concern rows of later pages. */
  readonly onFirstPage: number
}

/** A server of orders and of the contestants' pages, whose latency can be set and that remembers what it was asked. */
export class BenchServer {
  readonly #server = createServer((request, response) => void this.#serve(request, response))
  readonly #versions = new Map<number, number>()
  readonly #listeners = new Map<ServerResponse, 'ids' | 'rows'>()
  #conditions: Conditions = { latency: 0, held: false }
  #requests: Request[] = []

  static async start(): Promise<BenchServer> {
    const started = new BenchServer()
    // Node ends idle connections after 5 s, and a request that meets that end would be sent twice.
    started.#server.keepAliveTimeout = 0
    started.#server.listen(0, '127.0.0.1')
    await once(started.#server, 'listening')
    return started
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  /** Where a contestant's page is. Each site has a disk of its own. */
  address(site: string, contestant: string, query: Readonly<Record<string, string>>): string {
    const { port } = this.#address()
    return `http://${site}.localhost:${port}/${contestant}/?${new URLSearchParams(query).toString()}`
  }

  /** Forgets all changes and requests. */
  reset(conditions: Conditions): void {
    this.#conditions = conditions
    this.#versions.clear()
    this.#requests = []
  }

  /** Changes how it behaves from now on. */
  become(conditions: Conditions): void {
    this.#conditions = conditions
  }

  requests(kind: Request['kind']): readonly Request[] {
    return this.#requests.filter((request) => request.kind === kind)
  }

  forgetRequests(): void {
    this.#requests = []
  }

  get listeners(): number {
    return this.#listeners.size
  }

  setVersion(id: number, version: number): void {
    this.#versions.set(id, version)
  }

  /** The versions of the first page's rows, as they are now. */
  get versions(): readonly number[] {
    return Array.from({ length: pageSize }, (_, index) => this.#version(index + 1))
  }

  /** Resolves with the time, in ms since 1970, when the last update was sent. */
  async burst({ updates, duration, onFirstPage }: Burst): Promise<number> {
    const start = performance.now()
    for (let sent = 0; sent < updates;) {
      const due = Math.min(updates, Math.ceil(((performance.now() - start) / duration) * updates))
      for (; sent < due; sent += 1) this.#update(sent % onFirstPage === 0 ? 1 + ((sent / onFirstPage) % pageSize) : 1 + pageSize + sent)
      // oxlint-disable-next-line no-await-in-loop -- time has to pass
      await sleep(4)
    }
    return performance.timeOrigin + performance.now()
  }

  #update(id: number): void {
    this.setVersion(id, this.#version(id) + 1)
    const brief = JSON.stringify({ type: 'updated', id })
    const full = JSON.stringify({ type: 'updated', id, row: this.#order(id) })
    for (const [response, live] of this.#listeners) response.write(`data: ${live === 'rows' ? full : brief}\n\n`)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const [, top, table, id] = url.pathname.split('/')
    if (top !== 'api') return sendFile(url.pathname, response)
    if (table !== 'orders') return this.#answer(response, 404, {})
    if (id === 'events') return this.#listen(url, response)
    if (id === undefined) {
      const page = Number(url.searchParams.get('page'))
      return this.#read('list', page, response, () => makePage(page, (each) => this.#version(each)))
    }
    if (request.method === 'PATCH') return this.#patch(Number(id), request, response)
    return this.#read('row', Number(id), response, () => this.#order(Number(id)))
  }

  #listen(url: URL, response: ServerResponse): void {
    this.#listeners.set(response, url.searchParams.get('live') === 'rows' ? 'rows' : 'ids')
    response.once('close', () => this.#listeners.delete(response))
    response.writeHead(200, { ...isolation, 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.flushHeaders()
  }

  async #patch(id: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const version = versionIn(JSON.parse(await textOf(request)))
    const { latency, held } = this.#conditions
    this.#requests.push({ kind: 'patch', about: id, version })
    if (held) return
    this.setVersion(id, version)
    const body = this.#order(id)
    await sleep(latency)
    this.#answer(response, 200, body)
  }

  async #read(kind: 'list' | 'row', about: number, response: ServerResponse, read: () => object): Promise<void> {
    const { latency, held } = this.#conditions
    this.#requests.push({ kind, about })
    if (held) return
    if (latency > 0) await sleep(latency / 2)
    const body = read()
    if (latency > 0) await sleep(latency / 2)
    this.#answer(response, 200, body)
  }

  #answer(response: ServerResponse, status: number, body: object): void {
    response.writeHead(status, { ...isolation, 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(JSON.stringify(body))
  }

  #order(id: number): ReturnType<typeof makeOrder> {
    return makeOrder(id, this.#version(id))
  }

  #version(id: number): number {
    return this.#versions.get(id) ?? 0
  }

  #address(): AddressInfo {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the server does not listen')
    return address
  }
}

function versionIn(body: unknown): number {
  if (typeof body === 'object' && body !== null && 'version' in body && typeof body.version === 'number') return body.version
  throw new Error(`a patch sets a version; this one is ${JSON.stringify(body)}`)
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk)
  return text
}
