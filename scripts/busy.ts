import { fork, spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

// The test command on a busy machine: beside it, one process per core never rests.
const script = (name: string): string => join(import.meta.dirname, name)

const busyCores = Array.from({ length: availableParallelism() }, () => fork(script('busy-core.ts')))
const test = spawn(process.execPath, [script('test.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  // A group of its own, so that Ctrl-C reaches it once: the second signal would mean "at once".
  detached: process.platform !== 'win32',
})
const ended = new Promise<number>((resolve) => test.once('exit', (code) => resolve(code ?? 1)))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => test.kill(signal))

try {
  process.exitCode = await ended
} finally {
  for (const core of busyCores) core.kill()
}
