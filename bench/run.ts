import { join } from 'node:path'
import { commandRunner } from '../scripts/command-runner.ts'
import { pnpmCommand } from '../scripts/pnpm-command.ts'

// Installs what only the benchmark needs, and runs it in a process of its own, which can be ended like any other command.
const commands = commandRunner(import.meta.dirname)
const steps = [
  [...pnpmCommand(), 'install', '--frozen-lockfile'],
  [process.execPath, join('harness', 'main.ts'), ...process.argv.slice(2)],
]
process.exitCode = 0
for (const step of steps) {
  // oxlint-disable-next-line no-await-in-loop -- the one needs the other
  if (process.exitCode === 0 && !(await commands.run(step))) process.exitCode = 1
}
