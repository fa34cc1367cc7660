import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The real server in a process of its own, over a small database. */
export interface Api {
  readonly url: string
  /** The file of its database. */
  readonly database: string
  /** As a crash would. */
  kill(): Promise<void>
  /** On the same database and the same port. */
  startAgain(): Promise<void>
  close(): Promise<void>
}

export async function startApi(): Promise<Api> {
  const folder = mkdtempSync(join(tmpdir(), 'demo-app-'))
  const database = join(folder, 'demo.db')
  let child: ChildProcess

  const start = async (port: string): Promise<string> => {
    child = fork(join(import.meta.dirname, 'api-process.ts'), [database, port])
    const [url] = await once(child, 'message')
    return String(url)
  }
  const url = await start('0')

  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  return {
    url,
    database,
    kill,
    async startAgain() {
      await start(new URL(url).port)
    },
    async close() {
      await kill()
      rmSync(folder, { recursive: true })
    },
  }
}
