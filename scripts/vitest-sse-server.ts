import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Vite } from 'vitest/node'

interface Channel {
  readonly open: Set<ServerResponse>
  /** What was asked, refused connections included. */
  readonly requests: { readonly method: string | undefined; readonly headers: IncomingHttpHeaders; readonly body: string }[]
  /** All that was emitted with a position: the message at index `n` has the position `n + 1`. */
  readonly log: string[]
  /** The status with which it refuses, 0 where it destroys the socket, or undefined where it accepts. */
  refusal: number | undefined
  holds: boolean
}

/**
 * A server of server-sent events for tests in the browser, which drive it by `fetch` from their page.
 *
 * Every id is a channel of its own, made at its first use:
 * - `GET /__sse/:id`, or `POST`, is the event stream. It tells the client to reconnect after 20 ms.
 * - `POST /__sse/:id/send` writes its body, as it is, to all that are connected.
 * - `POST /__sse/:id/emit` sends its body as the data of a message.
 * - `POST /__sse/:id/cut` destroys their sockets, `POST /__sse/:id/end` ends their answers.
 * - `POST /__sse/:id/refuse` refuses from now on, with the status in its body, or for `0` by destroying the socket;
 *   `POST /__sse/:id/hold` answers nothing but polls from now on; `POST /__sse/:id/accept` ends both.
 * - `GET /__sse/:id/state` answers `{ open, asked }`: how many are connected, and how many connections were asked for.
 * - `GET /__sse/:id/requests` answers the `{ method, headers, body }` of each of these.
 *
 * With `?positions` in the address the stream has positions, replays, resets and polls, as docs/wire.md has them.
 */
export function sseTestServer(): Vite.Plugin {
  const channels = new Map<string, Channel>()

  async function answer(address: URL, id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const channel = channels.get(id) ?? { open: new Set(), requests: [], log: [], refusal: undefined, holds: false }
    channels.set(id, channel)
    const hasPositions = address.searchParams.has('positions')
    const body = await text(request)
    switch (address.pathname.split('/')[2]) {
      case undefined:
        channel.requests.push({ method: request.method, headers: request.headers, body })
        return stream(channel, hasPositions, request, response)
      case 'send':
        for (const connection of channel.open) connection.write(body)
        break
      case 'emit': {
        const message = `${hasPositions ? `id: ${channel.log.length + 1}\n` : ''}data: ${body}\n\n`
        if (hasPositions) channel.log.push(message)
        for (const connection of channel.open) connection.write(message)
        break
      }
      case 'cut':
        for (const connection of channel.open) connection.destroy()
        channel.open.clear()
        break
      case 'end':
        for (const connection of channel.open) connection.end()
        channel.open.clear()
        break
      case 'refuse':
        channel.refusal = Number(body)
        break
      case 'hold':
        channel.holds = true
        break
      case 'accept':
        channel.refusal = undefined
        channel.holds = false
        break
      case 'state':
        return sendJson(response, { open: channel.open.size, asked: channel.requests.length })
      case 'requests':
        return sendJson(response, channel.requests)
      default:
        response.statusCode = 404
    }
    response.end()
  }

  return {
    name: 'sse-test-server',
    configureServer(server) {
      server.middlewares.use('/__sse', (request, response, next) => {
        const address = new URL(request.url ?? '/', 'http://localhost')
        const id = address.pathname.split('/')[1]
        if (id === undefined || id === '') return next()
        answer(address, id, request, response).catch(next)
      })
    },
  }
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(value))
}

function stream(channel: Channel, hasPositions: boolean, request: IncomingMessage, response: ServerResponse): void {
  const { log, open, refusal } = channel
  if (refusal === 0) {
    response.destroy()
    return
  }
  if (refusal !== undefined) {
    response.statusCode = refusal
    response.end()
    return
  }
  const isPoll = request.headers['prefer'] === 'wait=0'
  if (channel.holds && !isPoll) return
  const asked = request.headers['last-event-id']
  const isKnown = typeof asked === 'string' && Number(asked) <= log.length
  const position = isKnown ? Number(asked) : log.length
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    ...(hasPositions ? { 'last-event-id': String(position) } : {}),
  })
  response.write('retry: 20\n\n')
  if (hasPositions) {
    if (asked !== undefined && !isKnown) response.write(`event: reset\nid: ${position}\ndata:\n\n`)
    for (const message of log.slice(position)) response.write(message)
  }
  if (isPoll) {
    response.end()
    return
  }
  open.add(response)
  response.on('close', () => open.delete(response))
}
