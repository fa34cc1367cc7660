import { spawn, type ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

/** Runs commands, and ends what is running when the process is told to end. */
export interface CommandRunner {
  /** Runs a command in the folder, with its output shown; resolves with whether it succeeded. */
  run(command: readonly string[], env?: Readonly<Record<string, string>>): Promise<boolean>
  /** Whether the process was told to end; nothing is started after that. */
  readonly stopped: boolean
}

/** How long a command has to end by itself once it was told to, in ms. */
const grace = 5000

/** A runner of commands in one folder. It takes over the process's handling of signals. */
export function commandRunner(folder: string): CommandRunner {
  const running = new Set<ChildProcess>()
  let stopped = false

  function stop(signal: NodeJS.Signals): void {
    // Who asks twice does not want to wait.
    const now = stopped ? 'SIGKILL' : signal
    stopped = true
    running.forEach((child) => kill(child, now))
    setTimeout(() => running.forEach((child) => kill(child, 'SIGKILL')), grace).unref()
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)

  return {
    async run([program, ...args], env) {
      if (program === undefined || stopped) return false
      const child = spawn(program, args, {
        cwd: folder,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'inherit', 'inherit'],
        // A group of its own, so that a signal reaches also what the command itself has started.
        detached: process.platform !== 'win32',
      })
      running.add(child)
      const succeeded = await new Promise<boolean>((resolve) => {
        child.once('error', (error) => {
          console.error(`${program} could not be run:`, error)
          resolve(false)
        })
        child.once('exit', (code) => resolve(code === 0))
      })
      if (stopped) await ended(child)
      running.delete(child)
      return succeeded
    },
    get stopped() {
      return stopped
    },
  }
}

/** Waits for what a command has started, which may tidy up when the command itself is gone; ends it where it takes too long. */
async function ended(child: ChildProcess): Promise<void> {
  const deadline = performance.now() + grace
  // oxlint-disable-next-line no-await-in-loop -- nothing tells of a group's end
  while (process.platform !== 'win32' && kill(child, 0) && performance.now() < deadline) await sleep(20)
  kill(child, 'SIGKILL')
}

/** Signals a command and all that it has started; tells whether there was anything left to signal. */
function kill(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false
  if (process.platform === 'win32') return child.kill(signal)
  try {
    return process.kill(-child.pid, signal)
  } catch {
    return false
  }
}
