import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Builder, type WebDriver } from 'selenium-webdriver'
import { findWebKit } from './find-browser.ts'

/** A WebKitGTK browser. */
export interface WebKit {
  readonly driver: WebDriver
  close(): Promise<void>
}

/** Starts WebKitGTK over WebDriver, on a display of its own. It ends with this process. */
export async function launchWebKit(): Promise<WebKit> {
  const paths = findWebKit()
  const running: ChildProcess[] = []
  const end = async (): Promise<void> => {
    await Promise.all(running.map(endOf))
  }
  try {
    const display = start(paths.xvfb, ['-displayfd', '1', '-screen', '0', '1440x900x24', '-nolisten', 'tcp'])
    running.push(display)
    const number = await firstLine(display)
    const port = await freePort()
    running.push(
      start(paths.driver, ['--host=127.0.0.1', `--port=${port}`], {
        DISPLAY: `:${number}`,
        GDK_BACKEND: 'x11',
        LIBGL_ALWAYS_SOFTWARE: '1',
      }),
    )
    const address = `http://127.0.0.1:${port}`
    await isReady(address, running)
    const driver = await new Builder()
      .disableEnvironmentOverrides()
      .usingServer(address)
      .withCapabilities({ browserName: 'MiniBrowser', pageLoadStrategy: 'none' })
      .build()
    return {
      driver,
      async close() {
        await driver.quit().catch(() => undefined)
        await end()
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}

function start(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, 'with-parent.ts'), program, ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, ...env },
  })
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill()
  await ended
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = ''
  for await (const part of child.stdout ?? []) {
    text += String(part)
    const end = text.indexOf('\n')
    if (end !== -1) return text.slice(0, end)
  }
  throw new Error('Xvfb ended before it had a display')
}

/** The driver cannot choose its port itself. */
async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error(`the server listens at ${String(address)}; expected a port`)
  return address.port
}

async function isReady(address: string, running: readonly ChildProcess[]): Promise<void> {
  while (running.every(({ exitCode }) => exitCode === null)) {
    // oxlint-disable-next-line no-await-in-loop -- each attempt follows the one before
    const isUp = await fetch(`${address}/status`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isUp) return
    // oxlint-disable-next-line no-await-in-loop
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('WebKitWebDriver ended before it was ready')
}
