import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { promiseBreaks } from './promise-breaks.ts'

const root = join(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

test('each promise from 1 to 20 has a line that can be broken', () => {
  const promises = new Set(promiseBreaks.map(({ promise }) => promise))
  expect([...promises].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
})

test.each(promiseBreaks)('promise $promise: the line to break is in $file once, a test in $test is named for it', (each) => {
  expect(read(each.file).split(each.line)).toHaveLength(2)
  expect(each.instead).not.toBe(each.line)
  const own = read(each.test)
  // Every cache passes the same tests.
  const tests = own.includes('describeCache(') ? own + read('packages/core/src/contract/cache-contract.ts') : own
  expect(tests).toMatch(new RegExp(`promises? [\\d, and]*\\b${each.promise}\\b`))
})

test.each(promiseBreaks)('promise $promise: DESIGN.md says which line of $file to break', ({ file, line }) => {
  const name = file.slice(file.indexOf('/src/') + '/src/'.length)
  const rows = read('DESIGN.md').replaceAll('\\|', '|').split('\n')
  expect(rows.filter((row) => row.includes(`\`${name}\``) && row.includes(line))).toHaveLength(1)
})
