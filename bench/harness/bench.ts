import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { base, entrants as allEntrants } from '../contestants/list.ts'
import { Browser } from './browser.ts'
import { buildPage, clearBuilds } from './build.ts'
import { benchFolder, rootFolder } from './folders.ts'
import { thisMachine, versionsOf } from './machine.ts'
import { overviewOf, withOverview } from './overview.ts'
import { readOptions, type Options } from './options.ts'
import type { Report } from './report.ts'
import { measure, type Result } from './rounds.ts'
import { BenchServer } from './server.ts'
import { measureSizes } from './sizes.ts'
import { asMarkdown, asText, context, tablesOf } from './tables.ts'
import { Workbench } from './workbench.ts'

/** Builds, measures and reports; resolves with whether all went as it should. */
export async function bench(args: readonly string[]): Promise<boolean> {
  const options = readOptions(args)
  const started = performance.now()
  const sizes = options.withSizes ? await measureSizes(options.entrants) : []
  const { results, browser } = await measureAll(options)
  const report: Report = {
    date: new Date().toISOString(),
    runs: options.runs,
    duration: Math.round((performance.now() - started) / 1000),
    machine: thisMachine(browser),
    versions: versionsOf(options.entrants),
    titles: Object.fromEntries(allEntrants.map(({ name, title }) => [name, title])),
    shorts: Object.fromEntries(allEntrants.map(({ name, short }) => [name, short])),
    base,
    results,
    sizes,
  }
  const failures = failuresOf(results)
  for (const failure of failures) console.error(`\n${failure}`)
  for (const table of tablesOf(report)) console.log(`\n${asText(table)}`)
  console.log(`\n${asText(overviewOf(report))}`)
  console.log(`\n${context(report)}\nIt took ${report.duration} s.`)
  if (options.isWhole && failures.length === 0) await write(report)
  return failures.length === 0
}

async function measureAll({
  scenarios,
  entrants,
  runs,
}: Options): Promise<{ readonly results: readonly Result[]; readonly browser: string }> {
  await clearBuilds()
  await Promise.all(entrants.map(({ name }) => buildPage(name)))
  const server = await BenchServer.start()
  const browser = await Browser.start()
  try {
    const workbench = new Workbench(server, browser)
    const results: Result[] = []
    for (const scenario of scenarios) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time, or they would measure each other
      results.push(...(await measure(workbench, scenario, entrants, runs, progress)))
    }
    return { results, browser: browser.version }
  } finally {
    await browser.close()
    await server.close()
  }
}

function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001B[2K${text}`)
}

function failuresOf(results: readonly Result[]): readonly string[] {
  return results.flatMap(({ title, variant, outcomes }) =>
    Object.entries(outcomes).flatMap(([name, outcome]) =>
      outcome.state === 'failed' ? [`FAILED: ${title} ${variant}, ${name}: ${outcome.error}`] : [],
    ),
  )
}

/** JSON has no infinity. */
function withNever(_key: string, value: unknown): unknown {
  return value === Infinity ? 'never' : value
}

/** Figures of a part, or of few runs, are for trying and not to be kept. */
async function write(report: Report): Promise<void> {
  const markdown = [context(report), ...tablesOf(report).map(asMarkdown)].join('\n\n')
  await writeFile(join(benchFolder, 'results.json'), `${JSON.stringify(report, withNever, 2)}\n`)
  await writeFile(join(benchFolder, 'results.md'), `${markdown}\n`)
  const readme = join(rootFolder, 'README.md')
  await writeFile(readme, withOverview(await readFile(readme, 'utf8'), report))
  console.log('Written to bench/results.json, bench/results.md and the table in README.md.')
}
