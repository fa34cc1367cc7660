import { basename } from 'node:path'

/** The pnpm that runs this script: it need not be on the PATH. */
export function pnpmCommand(): readonly string[] {
  const path = process.env['npm_execpath']
  if (path === undefined || !basename(path).startsWith('pnpm')) return ['pnpm']
  return /\.[cm]?js$/.test(path) ? [process.execPath, path] : [path]
}
