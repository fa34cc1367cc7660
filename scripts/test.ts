import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { commandRunner } from './command-runner.ts'
import { engines, type Engine } from './browsers/engine.ts'
import { ensureBrowsers } from './browsers/find-browser.ts'
import { pnpmCommand } from './pnpm-command.ts'
import { countLine, noTests, oneFailure, playwrightCount, runnerCount, sumOf, vitestCount, type TestCount } from './test-count.ts'
import { tryPackages } from './try-packages.ts'

const root = join(import.meta.dirname, '..')
const commands = commandRunner(root)
const pnpm = pnpmCommand()
const folder = await mkdtemp(join(tmpdir(), 'vantage-live-test-'))
const leftOut = enginesLeftOut()
const tested = engines.filter((engine) => !leftOut.includes(engine))
/** How long each part took, in s. */
const times: (readonly [title: string, seconds: number])[] = []

/** Each compares what an entry point exports with the report of it that is committed; `pnpm run api` writes the reports anew. */
const apiReports: readonly string[] = [
  'packages/core/api-extractor.json',
  'packages/core/api-extractor.contract.json',
  'packages/react/api-extractor.json',
]

/** What has to hold before a test is worth running. */
const checks: readonly (readonly [title: string, check: () => boolean | Promise<boolean>])[] = [
  // What pnpm installs before a script may fail, and the script runs all the same.
  ['Dependencies', () => inOrder(['install', '--frozen-lockfile'])],
  ['Browsers', browsers],
  ['Build', () => inOrder(['--recursive', '--workspace-concurrency=1', 'run', 'build'])],
  [
    'Types',
    () =>
      inOrder(
        ['exec', 'tsc', '-p', 'tsconfig.json'],
        ['exec', 'tsc', '-p', 'lowest'],
        ['--recursive', '--workspace-concurrency=2', 'run', 'check'],
      ),
  ],
  ['API', () => inOrder(...apiReports.map((config) => ['exec', 'api-extractor', 'run', '--config', config]))],
  ['Lint', () => inOrder(['exec', 'oxlint'])],
  ['Unused', () => inOrder(['exec', 'knip'])],
  ['Format', () => inOrder(['exec', 'oxfmt', '--check'])],
  ['Packages', packages],
  ['Size', () => inOrder(['exec', 'size-limit'])],
]

type Runner = readonly [title: string, run: () => Promise<TestCount>]

/** Takes one core for as long as the engines take the other one. */
const node: Runner = ['Node, beside the engines', () => vitest('node')]

const inEngines: readonly Runner[] = [
  ['Chromium', () => vitest('chromium', 'chromium-react-18')],
  ...(tested.includes('firefox') ? [['Firefox', () => vitest('firefox', 'firefox-full-disk')] as const] : []),
  ...(tested.includes('webkit') ? [['WebKit', () => vitest('webkit')] as const] : []),
]

try {
  const count = (await allHold()) ? sumOf(await runnerCounts()) : oneFailure
  for (const [title, seconds] of times) console.log(`${title}: ${seconds.toFixed(1)} s`)
  if (leftOut.length > 0) console.log(`Left out: ${leftOut.join(', ')}`)
  console.log(`\n${countLine(count)}`)
  process.exitCode = count.failed === 0 ? 0 : 1
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function allHold(): Promise<boolean> {
  for (const [title, check] of checks) {
    // oxlint-disable-next-line no-await-in-loop -- each needs the one before
    if (!(await timed(title, check))) return false
  }
  return true
}

async function runnerCounts(): Promise<readonly TestCount[]> {
  const [ofNode, ofEngines] = await Promise.all([oneByOne([node]), oneByOne(inEngines)])
  return [...ofNode, ...ofEngines, ...(await oneByOne([['Demo', demo]]))]
}

async function oneByOne(runners: readonly Runner[]): Promise<readonly TestCount[]> {
  const counts: TestCount[] = []
  for (const [title, run] of runners) {
    // oxlint-disable-next-line no-await-in-loop -- at once they would slow each other down
    counts.push(commands.stopped ? oneFailure : await timed(title, run))
  }
  return counts
}

/**
 * The engines after `--without`. Chromium is always tested, because the demo's tests need it.
 *
 * @throws Error for any other name, and in CI, which tests all of them
 */
function enginesLeftOut(): readonly Engine[] {
  const { without = [] } = parseArgs({ options: { without: { type: 'string', multiple: true } } }).values
  if (without.length > 0 && process.env['CI'] !== undefined) throw new Error('--without is not for CI, which tests every engine')
  return without.map((name) => {
    if (name === 'firefox' || name === 'webkit') return name
    throw new Error(`--without is ${JSON.stringify(name)}; expected firefox or webkit`)
  })
}

function browsers(): boolean {
  try {
    for (const path of ensureBrowsers(tested)) console.log(path)
    return true
  } catch (error) {
    console.error(error)
    return false
  }
}

/** Packs the packages as they would be published, and uses them. */
async function packages(): Promise<boolean> {
  const archives = { core: join(folder, 'core.tgz'), react: join(folder, 'react.tgz') }
  const arePacked = await inOrder(...Object.entries(archives).flatMap(([name, archive]) => publish(name, archive)))
  return arePacked && tryPackages(archives, folder, commands)
}

/** Packs a package as it would be published, and looks at what came out. */
function publish(name: string, archive: string): readonly (readonly string[])[] {
  return [
    ['--dir', join('packages', name), '--silent', 'pack', '--out', archive],
    ['exec', 'publint', 'run', archive, '--strict'],
  ]
}

async function vitest(...names: readonly string[]): Promise<TestCount> {
  const report = join(folder, `${names.join('-')}.json`)
  const options = [
    ...names.map((name) => `--project=${name}`),
    '--allowOnly=false',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]
  const succeeded = await inOrder(['exec', 'vitest', 'run', ...options])
  return runnerCount(succeeded, await countIn(report, vitestCount))
}

async function demo(): Promise<TestCount> {
  const withoutEngines = leftOut.length === 0 ? [] : [`--grep-invert=/in (${leftOut.join('|')})$/i`]
  const report = join(folder, 'playwright.json')
  const command = [
    '--dir',
    'examples/demo-app',
    'exec',
    'playwright',
    'test',
    '--forbid-only',
    '--retries=0',
    '--reporter=list,json',
    ...withoutEngines,
  ]
  const succeeded = await commands.run([...pnpm, ...command], { PLAYWRIGHT_JSON_OUTPUT_FILE: report })
  return runnerCount(succeeded, await countIn(report, playwrightCount))
}

/** What a report counts; nothing where the runner did not live to write it, which `runnerCount` takes as a failure. */
async function countIn(report: string, counted: (report: unknown) => TestCount): Promise<TestCount> {
  try {
    return counted(JSON.parse(await readFile(report, 'utf8')))
  } catch (error) {
    if (!commands.stopped) console.error('There is no report to count tests in:', error)
    return noTests
  }
}

async function inOrder(...all: readonly (readonly string[])[]): Promise<boolean> {
  for (const args of all) {
    // oxlint-disable-next-line no-await-in-loop -- each needs the one before
    if (!(await commands.run([...pnpm, ...args]))) return false
  }
  return true
}

async function timed<Result>(title: string, step: () => Result | Promise<Result>): Promise<Result> {
  console.log(`\n== ${title}`)
  const start = performance.now()
  try {
    return await step()
  } finally {
    times.push([title, (performance.now() - start) / 1000])
  }
}
