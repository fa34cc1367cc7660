import type { Context } from 'hono'
import { RequestError } from './request-error.ts'

/** Somebody who has not said who they are. */
export const nobody = ''

/**
 * The id of the user who sends a request, from `Authorization: Bearer …`, or `nobody`. The demo takes everybody's word: the token is
 * the id. This is the place where a server with users looks the token up, and refuses requests without one.
 *
 * @throws RequestError if the header is no bearer token
 */
export function userOf({ req }: Context): string {
  const header = req.header('authorization')
  if (header === undefined) return nobody
  const [, token] = /^Bearer +([\w.~+/-]{1,100}=*)$/i.exec(header) ?? []
  if (token === undefined) {
    const message = 'Authorization is no bearer token of 1 to 100 characters'
    throw new RequestError(401, 'no-token', message, undefined, { 'www-authenticate': 'Bearer' })
  }
  return token
}
