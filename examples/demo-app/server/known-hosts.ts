import type { MiddlewareHandler } from 'hono'
import { RequestError } from './request-error.ts'

/** Names of this machine, for which no other machine can answer. */
const loopback = ['localhost', '127.0.0.1', '[::1]']

/**
 * Refuses requests for any other host than this machine and the allowed ones, whatever the port. A page at `evil.example` could
 * otherwise let that name lead to this machine, and would be of the same origin as this server: DNS rebinding.
 */
export function knownHosts(allowed: readonly string[]): MiddlewareHandler {
  const known = new Set([...loopback, ...allowed])
  return async ({ req }, next) => {
    const { hostname } = new URL(req.url)
    if (!known.has(hostname)) {
      throw new RequestError(421, 'unknown-host', `this server does not answer for ${hostname}; --allowed-host makes it do so`)
    }
    await next()
  }
}
