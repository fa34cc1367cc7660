import { spawnSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright'

/** What every test gives its browser: no sandbox, so that it starts as root in a container, and no traffic of its own. */
export const browserArgs: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * The path of a Chrome or Chromium: `CHROME_PATH`, else one on the PATH or in its usual place, else Playwright's own download.
 *
 * @throws Error that says what to install where there is none
 */
export function findBrowser(): string {
  const path = knownBrowser()
  if (path !== undefined) return path
  throw new Error(
    'No browser to test in was found. Install Google Chrome or Chromium, or set CHROME_PATH to its executable, ' +
      'or download one for these tests with: npx playwright install --with-deps chromium',
  )
}

/**
 * As `findBrowser`, but installs Chromium first where there is none and apt-get may be used.
 *
 * @throws Error that says what to install where there is none even so
 */
export function ensureBrowser(): string {
  const path = knownBrowser()
  if (path !== undefined) return path
  if (process.getuid?.() === 0 && onPath('apt-get') !== undefined) {
    console.log('Installing Chromium with apt-get')
    aptGet('update')
    aptGet('install', '--yes', '--no-install-recommends', 'chromium')
  }
  return findBrowser()
}

function knownBrowser(): string | undefined {
  const named = process.env['CHROME_PATH']
  if (named !== undefined && named !== '') {
    if (isExecutable(named)) return named
    throw new Error(`CHROME_PATH is ${JSON.stringify(named)}; expected the path of an executable`)
  }
  return (
    onPath('google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser', 'chrome') ??
    [...usualPlaces(), chromium.executablePath()].find(isExecutable)
  )
}

function usualPlaces(): readonly string[] {
  if (process.platform === 'darwin') {
    const apps = ['Google Chrome.app/Contents/MacOS/Google Chrome', 'Chromium.app/Contents/MacOS/Chromium']
    return ['/Applications', join(process.env['HOME'] ?? '', 'Applications')].flatMap((folder) => apps.map((app) => join(folder, app)))
  }
  if (process.platform === 'win32') {
    const folders = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => process.env[name] ?? [])
    const apps = ['Google/Chrome/Application/chrome.exe', 'Chromium/Application/chrome.exe']
    return folders.flatMap((folder) => apps.map((app) => join(folder, app)))
  }
  return ['/opt/google/chrome/chrome', '/snap/bin/chromium', '/usr/lib/chromium/chromium']
}

function onPath(...names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const suffix = process.platform === 'win32' ? '.exe' : ''
  return names.flatMap((name) => folders.map((folder) => join(folder, name + suffix))).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function aptGet(...args: readonly string[]): void {
  const result = spawnSync('apt-get', args, {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    maxBuffer: 64 * 1024 * 1024,
  })
  if (result.status === 0) return
  console.error(result.stdout, result.stderr)
  throw new Error(`apt-get ${args.join(' ')} failed`, { cause: result.error })
}
