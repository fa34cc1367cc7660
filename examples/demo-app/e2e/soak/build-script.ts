import { join } from 'node:path'
import { build, defaultClientConditions } from 'vite'

/** One of the scripts of this folder with all that it imports, as a page runs it. What it exports is under this name in its window. */
export async function buildScript(file: string, name: string): Promise<string> {
  const output = await build({
    configFile: false,
    define: { 'process.env.NODE_ENV': '"production"' },
    resolve: { conditions: ['vantage-live-source', ...defaultClientConditions] },
    // React's packages make the bundler warn, and nothing here can change that.
    logLevel: 'error',
    build: { write: false, lib: { entry: join(import.meta.dirname, file), formats: ['iife'], name } },
  })
  const [bundle] = Array.isArray(output) ? output : []
  const [script] = bundle?.output ?? []
  if (script?.type !== 'chunk') throw new Error(`${file} was not built`)
  return script.code
}
