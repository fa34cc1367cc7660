import type { HonoRequest } from 'hono'
import { RequestError } from './request-error.ts'

/**
 * Only JSON by name: a page of another origin cannot send that without being allowed to.
 *
 * @throws RequestError where it is none
 */
export async function jsonBody(request: HonoRequest): Promise<unknown> {
  if (!/^application\/json\b/i.test(request.header('content-type') ?? '')) {
    throw new RequestError(415, 'not-json', 'the body has to be sent with content-type: application/json')
  }
  const body = await request.text()
  try {
    return JSON.parse(body)
  } catch (error) {
    throw new RequestError(400, 'malformed-json', `the body is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}
