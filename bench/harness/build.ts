import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, defaultClientConditions, type InlineConfig } from 'vite'
import type { Bundle } from '../contestants/list.ts'
import { benchFolder, builtFolder } from './folders.ts'

/** Builds a contestant's page: a bundle with nothing of the others in it. */
export async function buildPage(name: string): Promise<void> {
  await build(
    production({
      alias: { '#contestant': contestantFile(name, 'contestant') },
      input: join(benchFolder, 'page', 'main.tsx'),
      outDir: join(builtFolder, name),
    }),
  )
}

/** The size of what a user would import, minified and gzipped, in bytes. */
export async function bundleSize(name: string, { entry, beside }: Bundle): Promise<number> {
  const input = contestantFile(name, entry)
  const result = await build(production({ input, external: ['react', 'react-dom', ...beside] }))
  const code = [result]
    .flat()
    .flatMap((built) => ('output' in built ? built.output.flatMap((file) => ('code' in file ? file.code : [])) : []))
  if (code.length === 0) throw new Error(`${input} came out empty`)
  return gzipSync(code.join('\n'), { level: 9 }).length
}

/** Deletes what earlier builds have left. */
export function clearBuilds(): Promise<void> {
  return rm(builtFolder, { recursive: true, force: true })
}

interface Build {
  readonly input: string
  /** Packages that are left out. */
  readonly external?: readonly string[]
  readonly alias?: Readonly<Record<string, string>>
  /** Nothing is written where it is left out. */
  readonly outDir?: string
}

function production({ input, external = [], alias = {}, outDir }: Build): InlineConfig {
  return {
    root: benchFolder,
    configFile: false,
    mode: 'production',
    base: './',
    logLevel: 'warn',
    resolve: {
      alias,
      // With `source` first, our packages are built as they are, not as they were last built.
      conditions: ['vantage-live-source', ...defaultClientConditions],
      // Our packages have these installed beside them; there must be one copy of each, the same for all contestants.
      dedupe: ['react', 'react-dom', '@tanstack/react-query', 'idb-keyval'],
    },
    build: {
      target: 'es2023',
      minify: true,
      modulePreload: false,
      reportCompressedSize: false,
      chunkSizeWarningLimit: Infinity,
      ...(outDir === undefined ? { write: false } : { outDir, emptyOutDir: true }),
      rolldownOptions: {
        input,
        external: external.flatMap((name) => [name, new RegExp(`^${name}/`)]),
        preserveEntrySignatures: 'strict',
        output: { entryFileNames: 'main.js' },
        // React's `use client` means nothing to a bundle for browsers.
        onLog: (level, log, handle) => (log.code === 'MODULE_LEVEL_DIRECTIVE' ? undefined : handle(level, log)),
      },
    },
  }
}

function contestantFile(name: string, file: string): string {
  return join(benchFolder, 'contestants', name, file)
}
