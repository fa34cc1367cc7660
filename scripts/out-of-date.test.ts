import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { isOutOfDate } from './out-of-date.ts'

let folder: string

/** Everything is as old as its number: 0 is older than 1. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'out-of-date-'))
  mkdirSync(join(folder, 'src', 'deep'), { recursive: true })
  for (const name of ['output', 'config', 'src/a', 'src/deep/b']) writeFileSync(join(folder, name), '')
  for (const name of ['config', 'src/a', 'src/deep/b', 'src/deep', 'src']) touch(name, 1)
  touch('output', 2)
  return () => rmSync(folder, { recursive: true })
})

function touch(name: string, time: number): void {
  utimesSync(join(folder, name), time, time)
}

function check(): boolean {
  return isOutOfDate(
    join(folder, 'output'),
    ['config', 'src'].map((name) => join(folder, name)),
  )
}

test('what is newer than everything it was made from is up to date', () => {
  expect(check()).toBe(false)
})

test.each(['config', 'src/a', 'src/deep/b'])('a change of %s makes it out of date', (name) => {
  touch(name, 3)
  expect(check()).toBe(true)
})

test('so does a file that has gone', () => {
  rmSync(join(folder, 'src/deep/b'))
  expect(check()).toBe(true)
})

test('what is not there has to be built', () => {
  rmSync(join(folder, 'output'))
  expect(check()).toBe(true)
})

test('an input that is not there changes nothing', () => {
  rmSync(join(folder, 'config'))
  expect(check()).toBe(false)
})
