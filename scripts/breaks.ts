import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promiseBreaks, type PromiseBreak } from './promise-breaks.ts'

// Takes out the mechanism of each promise in turn, and sees that the test named for it fails. By command, for it takes minutes:
// `npx -y pnpm@12 breaks`, or `npx -y pnpm@12 breaks 2 14` for some of them.

const root = join(import.meta.dirname, '..')
const asked = process.argv.slice(2).map(Number)
const chosen = promiseBreaks.filter(({ promise }) => asked.length === 0 || asked.includes(promise))
const unnoticed = chosen.filter((each) => !isNoticed(each))
console.log(`\n${chosen.length - unnoticed.length} of ${chosen.length} breaks were noticed`)
process.exitCode = unnoticed.length === 0 ? 0 : 1

function isNoticed({ promise, file, line, instead, project, test }: PromiseBreak): boolean {
  const path = join(root, file)
  const source = readFileSync(path, 'utf8')
  try {
    writeFileSync(
      path,
      source.replace(line, () => instead),
    )
    const { stdout } = spawnSync(
      'vitest',
      ['run', '--project', project, '--bail=1', '--testTimeout=30000', test, '-t', `promises? [\\d, and]*\\b${promise}\\b`],
      {
        cwd: root,
        encoding: 'utf8',
        env: { ...process.env, NO_COLOR: '1' },
      },
    )
    // Nothing else that goes wrong counts: a test has to have run, and failed.
    const isFailed = /Tests .*\d+ failed/.test(stdout)
    console.log(`promise ${promise}: ${isFailed ? 'noticed' : 'NOT NOTICED'} (${file})`)
    if (!isFailed) console.log(stdout.slice(-2_000))
    return isFailed
  } finally {
    writeFileSync(path, source)
  }
}
