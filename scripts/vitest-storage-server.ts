import type { Vite } from 'vitest/node'

/**
 * What tests of a failing storage need of a server:
 * - `GET /__storage/clear` is answered with `Clear-Site-Data: "storage"`, upon which the browser deletes all that the origin has stored;
 * - a page without an origin, as in a sandboxed frame, may load modules.
 */
export function storageTestServer(): Vite.Plugin {
  return {
    name: 'storage-test-server',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        if (request.headers.origin === 'null') response.setHeader('access-control-allow-origin', '*')
        next()
      })
      server.middlewares.use('/__storage/clear', (_, response) => {
        response.setHeader('clear-site-data', '"storage"')
        response.end()
      })
    },
  }
}
