import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Vite } from 'vitest/node'

interface Channel {
  readonly open: Set<ServerResponse>
  /** How many connections were asked for, refused ones included. */
  asked: number
  /** The status with which it refuses, 0 where it destroys the socket, or undefined where it accepts. */
  refusal: number | undefined
}

/**
 * A server of server-sent events for tests in the browser, which drive it by `fetch` from their page.
 *
 * Every id is a channel of its own, made at its first use:
 * - `GET /__sse/:id` is the event stream. It tells the browser to reconnect after 20 ms.
 * - `POST /__sse/:id/send` writes its body, as it is, to all that are connected.
 * - `POST /__sse/:id/cut` destroys their sockets.
 * - `POST /__sse/:id/refuse` refuses from now on, with the status in its body, or for `0` by destroying the socket;
 *   `POST /__sse/:id/accept` ends that.
 * - `GET /__sse/:id/state` answers `{ open, asked }`: how many are connected, and how many connections were asked for.
 */
export function sseTestServer(): Vite.Plugin {
  const channels = new Map<string, Channel>()

  async function answer(id: string, action: string | undefined, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const channel = channels.get(id) ?? { open: new Set(), asked: 0, refusal: undefined }
    channels.set(id, channel)
    switch (action) {
      case undefined:
        return stream(channel, response)
      case 'send': {
        const body = await text(request)
        for (const connection of channel.open) connection.write(body)
        break
      }
      case 'cut':
        for (const connection of channel.open) connection.destroy()
        channel.open.clear()
        break
      case 'refuse':
        channel.refusal = Number(await text(request))
        break
      case 'accept':
        channel.refusal = undefined
        break
      case 'state':
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify({ open: channel.open.size, asked: channel.asked }))
        return
      default:
        response.statusCode = 404
    }
    response.end()
  }

  return {
    name: 'sse-test-server',
    configureServer(server) {
      server.middlewares.use('/__sse', (request, response, next) => {
        const [id, action] = new URL(request.url ?? '/', 'http://localhost').pathname.slice(1).split('/')
        if (id === undefined || id === '') return next()
        answer(id, action, request, response).catch(next)
      })
    },
  }
}

function stream(channel: Channel, response: ServerResponse): void {
  channel.asked += 1
  if (channel.refusal === 0) {
    response.destroy()
    return
  }
  if (channel.refusal !== undefined) {
    response.statusCode = channel.refusal
    response.end()
    return
  }
  channel.open.add(response)
  response.on('close', () => channel.open.delete(response))
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write('retry: 20\n\n')
}
