import type { HonoRequest, MiddlewareHandler } from 'hono'
import { RequestError } from './request-error.ts'

/**
 * Refuses what a page of another origin sends, whatever the method. A browser lets no such page read an answer, but it would let it
 * delete, keep event streams open, and ask for expensive lists.
 */
export const sameOrigin: MiddlewareHandler = async ({ req }, next) => {
  if (!isOfSameOrigin(req)) throw new RequestError(403, 'foreign-origin', 'the API is for pages of its own origin only')
  await next()
}

/** No page can forge either header, and a program that is no browser needs neither. */
function isOfSameOrigin(request: HonoRequest): boolean {
  const site = request.header('sec-fetch-site')
  // `none` is somebody who typed the address.
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  // Browsers send no `Sec-Fetch-Site` to a name over plain HTTP. A proxy in front may speak HTTPS, so the scheme does not count.
  const origin = request.header('origin')
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === new URL(request.url).host)
}
