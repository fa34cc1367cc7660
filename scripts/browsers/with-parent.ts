import { spawn } from 'node:child_process'

// Runs a program that ends together with the process that started it. If that is killed, it cannot end anything itself, but the
// pipe to the standard input here closes. Usage: node with-parent.ts PROGRAM ARGUMENT…

const [program = '', ...args] = process.argv.slice(2)
const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] })

process.stdin.resume()
process.stdin.once('close', () => child.kill('SIGKILL'))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))

child.once('error', (error) => {
  console.error(error)
  process.exit(1)
})
child.once('exit', (code) => process.exit(code ?? 1))
