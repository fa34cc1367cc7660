import { spawnSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright'
import type { Engine } from './engine.ts'

/** Where a program of an engine is found, and how to get it. */
interface Program {
  /** The environment variable that names its path. */
  readonly variable: string
  /** Its names on the PATH. */
  readonly names: readonly string[]
  readonly usualPlaces: () => readonly string[]
  /** The Debian packages that contain it. */
  readonly packages: readonly string[]
  /** How to get it on other systems. */
  readonly hint: string
}

/** Arguments for Chromium: without its sandbox it starts as root in a container, and it makes no requests of its own. */
export const browserArgs: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const webkitHint =
  'WebKit is tested as WebKitGTK, which most Linux distributions have (Debian: webkit2gtk-driver and xvfb). ' +
  'On other systems run the tests in a Debian container, or leave the engine out with: npx -y pnpm@12 test --without webkit'

const chrome: Program = {
  variable: 'CHROME_PATH',
  names: ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser', 'chrome'],
  usualPlaces: () => [
    ...installed({
      darwin: ['Google Chrome.app/Contents/MacOS/Google Chrome', 'Chromium.app/Contents/MacOS/Chromium'],
      win32: ['Google/Chrome/Application/chrome.exe', 'Chromium/Application/chrome.exe'],
      linux: ['/opt/google/chrome/chrome', '/snap/bin/chromium', '/usr/lib/chromium/chromium'],
    }),
    chromium.executablePath(),
  ],
  packages: ['chromium'],
  hint: 'Install Google Chrome or Chromium, or download one for these tests with: npx playwright install --with-deps chromium',
}

/** A Chromium without windows, and the Debian package that contains it. */
const headlessShell = 'chromium-headless-shell'

const firefox: Program = {
  variable: 'FIREFOX_PATH',
  names: ['firefox', 'firefox-esr'],
  usualPlaces: () =>
    installed({
      darwin: ['Firefox.app/Contents/MacOS/firefox'],
      win32: ['Mozilla Firefox/firefox.exe'],
      linux: ['/snap/bin/firefox', '/usr/lib/firefox/firefox', '/usr/lib/firefox-esr/firefox-esr'],
    }),
  packages: ['firefox-esr'],
  hint: 'Install Firefox, or leave the engine out with: npx -y pnpm@12 test --without firefox',
}

const webkitDriver: Program = {
  variable: 'WEBKIT_DRIVER_PATH',
  names: ['WebKitWebDriver'],
  usualPlaces: () => [],
  // Without fonts it shows no text, and without dbus it logs an error at each start.
  packages: ['webkit2gtk-driver', 'fonts-dejavu-core', 'dbus'],
  hint: webkitHint,
}

/** WebKitGTK has no headless mode. */
const display: Program = {
  variable: 'XVFB_PATH',
  names: ['Xvfb'],
  usualPlaces: () => [],
  packages: ['xvfb'],
  hint: webkitHint,
}

const programs = { chromium: [chrome], firefox: [firefox], webkit: [webkitDriver, display] } as const

/**
 * The path of Chrome or Chromium: `CHROME_PATH`, else one on the PATH or in its usual place, else Playwright's own download.
 *
 * @throws Error that says how to get one if there is none
 */
export function findChromium(): string {
  return find(chrome)
}

/**
 * The path of Debian's `chromium-headless-shell`, which shows the same pages and needs less of the processor. If it is not
 * installed, or `CHROME_PATH` is set, the path that `findChromium` returns.
 *
 * @throws Error that says how to get Chromium if there is neither
 */
export function findHeadlessChromium(): string {
  const isNamed = (process.env[chrome.variable] ?? '') !== ''
  return (isNamed ? undefined : onPath(headlessShell)) ?? findChromium()
}

/**
 * The path of Firefox: `FIREFOX_PATH`, else one on the PATH or in its usual place.
 *
 * @throws Error that says how to get one if there is none
 */
export function findFirefox(): string {
  return find(firefox)
}

/**
 * The paths of WebKitGTK's driver and of the X server to show it on: `WEBKIT_DRIVER_PATH` and `XVFB_PATH`, else those on the PATH.
 *
 * @throws Error that says how to get them if one is missing
 */
export function findWebKit(): { readonly driver: string; readonly xvfb: string } {
  return { driver: find(webkitDriver), xvfb: find(display) }
}

/**
 * Sees to it that these engines are there: root on a Debian system gets what is missing by apt-get.
 *
 * @returns the paths of their programs
 * @throws Error that says how to get the first one that is still missing
 */
export function ensureBrowsers(engines: readonly Engine[]): readonly string[] {
  const needed: readonly Program[] = engines.flatMap((engine) => programs[engine])
  if (process.getuid?.() === 0 && onPath('apt-get') !== undefined) {
    install(needed.filter((program) => locate(program) === undefined).flatMap((program) => program.packages))
    try {
      install(onPath(headlessShell) === undefined ? [headlessShell] : [])
    } catch (error) {
      console.warn(`The demo is tested in Chromium itself, which takes longer: ${String(error)}`)
    }
  }
  return needed.map(find)
}

function install(packages: readonly string[]): void {
  if (packages.length === 0) return
  console.log(`Installing ${packages.join(', ')} with apt-get`)
  aptGet('update')
  aptGet('install', '--yes', '--no-install-recommends', ...packages)
}

function find(program: Program): string {
  const path = locate(program)
  if (path !== undefined) return path
  const [name = ''] = program.names
  throw new Error(`${name} was not found. ${program.hint} To use one in another place, set ${program.variable} to its path.`)
}

function locate({ variable, names, usualPlaces }: Program): string | undefined {
  const named = process.env[variable]
  if (named === undefined || named === '') return onPath(...names) ?? usualPlaces().find(isExecutable)
  if (isExecutable(named)) return named
  throw new Error(`${variable} is ${JSON.stringify(named)}; expected the path of an executable`)
}

/** The paths of an application on this system. */
function installed({ darwin, win32, linux }: Readonly<Record<'darwin' | 'win32' | 'linux', readonly string[]>>): readonly string[] {
  if (process.platform === 'darwin') {
    return ['/Applications', join(process.env['HOME'] ?? '', 'Applications')].flatMap((folder) => darwin.map((app) => join(folder, app)))
  }
  if (process.platform === 'win32') {
    const folders = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => process.env[name] ?? [])
    return folders.flatMap((folder) => win32.map((app) => join(folder, app)))
  }
  return linux
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
