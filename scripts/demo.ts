import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { stopSignal } from '../examples/demo-app/server/stop-signal.ts'
import { isOutOfDate } from './out-of-date.ts'

const root = join(import.meta.dirname, '..')
const app = join(root, 'examples', 'demo-app')
const built = join(app, 'dist')

/** The app is built from the packages' sources, so that nothing else has to be built before. */
const inputs = [
  ...['app', 'server', 'public', 'index.html', 'package.json', 'vite.config.ts'].map((name) => join(app, name)),
  ...['core', 'react'].flatMap((name) => ['src', 'package.json'].map((path) => join(root, 'packages', name, path))),
  ...['pnpm-lock.yaml', 'pnpm-workspace.yaml'].map((name) => join(root, name)),
]

const stop = stopSignal()
const isReady = await build()
const exitCode = isReady ? await run(process.execPath, join('server', 'main.ts'), ...process.argv.slice(2)) : 1
process.exitCode = stop.aborted ? 0 : exitCode

async function build(): Promise<boolean> {
  if (!isOutOfDate(join(built, 'index.html'), inputs)) return true
  console.log('Building the app …')
  if ((await run(join('node_modules', '.bin', 'vite'), 'build', '--logLevel', 'warn')) === 0) return true
  // The next start must not take for up to date what is half done.
  rmSync(built, { recursive: true, force: true })
  return false
}

/** Runs a program in the app's folder and resolves with its exit code. What is asked to stop here is asked to stop there. */
function run(program: string, ...args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    if (stop.aborted) return resolve(1)
    // Windows starts what lies in `.bin` through a shell only.
    const child = spawn(program, args, { cwd: app, stdio: 'inherit', signal: stop, shell: process.platform === 'win32' })
    child.once('error', (error) => {
      if (!stop.aborted) console.error(error)
    })
    child.once('close', (code) => resolve(code ?? 1))
  })
}
