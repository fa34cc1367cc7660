import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { builtFolder } from './folders.ts'

/** With these the page is isolated from other origins, and its clock is exact to 5 µs instead of 100 µs. */
export const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
}

/** Sends a contestant's page, or a file of its bundle. */
export async function sendFile(path: string, response: ServerResponse): Promise<void> {
  const headers = { ...isolation, 'cache-control': 'no-store' }
  if (path.endsWith('/')) {
    response.writeHead(200, { ...headers, 'content-type': 'text/html; charset=utf-8' })
    response.end(html)
    return
  }
  try {
    const body = await readFile(join(builtFolder, normalize(path)))
    response.writeHead(200, { ...headers, 'content-type': types[extname(path)] ?? 'application/octet-stream' })
    response.end(body)
  } catch {
    response.writeHead(404, headers)
    response.end()
  }
}

const html =
  '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,"></head>' +
  '<body><div id="root"></div><script type="module" src="main.js"></script></body></html>'
