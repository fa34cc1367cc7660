import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import { nobody, userOf } from './user.ts'

/**
 * Names who holds connections: the user, wherever they are, since many users may come from one address, by way of an office or a
 * proxy. Those who have not said who they are share what their address has.
 *
 * @throws RequestError if the request says wrongly who sends it
 */
export function clientOf(context: Context): string {
  const user = userOf(context)
  return user === nobody ? `address ${addressOf(context)}` : `user ${user}`
}

function addressOf(context: Context): string {
  // Without a server in between, as in tests, there is no connection.
  return hasConnection(context.env) ? (getConnInfo(context).remote.address ?? '') : ''
}

function hasConnection(env: unknown): boolean {
  return typeof env === 'object' && env !== null && 'incoming' in env
}
