import { copyFileSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { CommandRunner } from './command-runner.ts'
import { docExamples } from './doc-examples.ts'

const root = join(import.meta.dirname, '..')
const guides = globSync(['README.md', 'packages/*/README.md', 'docs/*.md'], { cwd: root })

/** An app that has the packages. */
interface App {
  readonly folder: string
  /** The project of which it has the peers of the packages. */
  readonly peersOf: string
  /** The project of which it has the compiler. */
  readonly compilerOf: string
}

const peers = ['@tanstack/react-query', '@types/react', 'react']
const others = { 'packages/core': ['eventsource-parser', 'idb-keyval', 'zod'], 'examples/demo-app': ['vite'] }

const files = ['consumer.tsx', 'using.ts', 'smoke.ts', 'doc-names.d.ts']

const strictest = { module: 'NodeNext', moduleResolution: 'NodeNext', exactOptionalPropertyTypes: true }
const loosest = { module: 'ESNext', moduleResolution: 'Bundler', exactOptionalPropertyTypes: false }
const plain = { lib: ['ES2022', 'DOM'], types: [], skipLibCheck: false }

/**
 * Uses both packages, from their archives, as an app does, with the lowest versions that are supported and with the newest: compiles
 * `lowest/consumer.tsx` and the examples of the docs, and runs `lowest/smoke.ts`. Resolves with whether all of that succeeds.
 */
export async function tryPackages(archives: Readonly<Record<string, string>>, folder: string, commands: CommandRunner): Promise<boolean> {
  const lowest: App = { folder: join(folder, 'lowest'), peersOf: 'lowest', compilerOf: 'lowest' }
  const newest: App = { folder: join(folder, 'newest'), peersOf: 'packages/react', compilerOf: '.' }
  const installed = await Promise.all([lowest, newest].map((app) => install(app, archives, commands)))
  if (!installed.every(Boolean)) return false

  const node = join(root, 'lowest', 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  const tries = [
    ...[lowest, newest].flatMap((app) => [
      compilation(app, ['consumer.tsx'], { ...strictest, ...plain }),
      compilation(app, ['consumer.tsx'], { ...loosest, ...plain }),
      // The newest compiler for both: what vite declares, others cannot read.
      compilation({ ...app, compilerOf: '.' }, writeExamples(app), { ...strictest, ...plain, types: ['vite/client'], skipLibCheck: true }),
    ]),
    compilation(newest, ['using.ts'], { ...strictest, ...plain, lib: [...plain.lib, 'ESNext.Disposable'] }),
    [node, '--no-warnings', '--experimental-strip-types', join(lowest.folder, 'smoke.ts')],
  ]
  return (await Promise.all(tries.map((command) => commands.run(command)))).every(Boolean)
}

/** Makes an app's folder, with what npm would put into it. */
async function install({ folder, peersOf }: App, archives: Readonly<Record<string, string>>, commands: CommandRunner): Promise<boolean> {
  const modules = join(folder, 'node_modules')
  for (const [project, names] of Object.entries({ ...others, [peersOf]: peers })) {
    for (const name of names) {
      mkdirSync(dirname(join(modules, name)), { recursive: true })
      symlinkSync(join(root, project, 'node_modules', name), join(modules, name), 'junction')
    }
  }
  for (const name of files) copyFileSync(join(root, 'lowest', name), join(folder, name))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const unpacked = Object.entries(archives).map(([name, archive]) => {
    const target = join(modules, '@vantage-live', name)
    mkdirSync(target, { recursive: true })
    return commands.run(['tar', '-xzf', archive, '-C', target, '--strip-components=1'])
  })
  return (await Promise.all(unpacked)).every(Boolean)
}

/** The examples of the docs as files of their own, named after their guide and the line in it; returns their names. */
function writeExamples({ folder }: App): readonly string[] {
  const examples = guides.flatMap((guide) =>
    docExamples(readFileSync(join(root, guide), 'utf8'))
      // The service worker has other libraries; a test compares it with the demo's.
      .filter(({ code }) => !code.includes('ServiceWorkerGlobalScope'))
      .map(({ line, code }) => ({ name: `${guide.replaceAll('/', '-')}-${line}.tsx`, code })),
  )
  for (const { name, code } of examples) writeFileSync(join(folder, name), code)
  return ['doc-names.d.ts', ...examples.map(({ name }) => name)]
}

/** The command that compiles some files of an app. */
function compilation({ folder, compilerOf }: App, names: readonly string[], options: object): readonly string[] {
  // An app has one version of React's types, where the workspace has several.
  const paths = { react: ['./node_modules/@types/react/index.d.ts'], 'react/*': ['./node_modules/@types/react/*.d.ts'] }
  const compilerOptions = { target: 'ES2022', strict: true, noEmit: true, jsx: 'react-jsx', paths, ...options }
  const config = join(folder, `${configCount++}.json`)
  writeFileSync(config, JSON.stringify({ compilerOptions, files: names }))
  return [process.execPath, join(root, compilerOf, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', config]
}

let configCount = 0
