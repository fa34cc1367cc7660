import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { compareVersions, lowestVersions, optionalFeatures, problemsOf } from './platforms.ts'
import { usedFeatures } from './used-features.ts'

const root = join(import.meta.dirname, '..')

test.each(['core', 'react'])('the lowest versions have all that the published code of %s uses', { timeout: 120_000 }, (name) => {
  const features = usedFeatures(join(root, 'packages', name, 'tsconfig.build.json'))
  expect(features.length).toBeGreaterThan(100)
  expect(new Set(features.flatMap(problemsOf))).toEqual(new Set())
})

test('what is newer is found, however it is used', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'platforms-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'src'))
  writeFileSync(join(folder, 'tsconfig.json'), '{ "compilerOptions": { "lib": ["ESNext", "DOM"], "types": [] }, "include": ["src"] }')
  writeFileSync(
    join(folder, 'src', 'newer.ts'),
    `export async function newer(response: Response, rows: readonly number[]): Promise<void> {
      Map.groupBy(rows, (row) => row)
      rows.toSorted()
      AbortSignal.any([])
      const { bytes } = response
      for await (const chunk of response.body!) chunk.at(0)
      scheduler.postTask(bytes)
      Intl.DurationFormat
    }`,
  )
  const problems = usedFeatures(join(folder, 'tsconfig.json')).flatMap(problemsOf)
  expect(problems.filter((problem) => problem.includes('needs firefox ')).sort()).toEqual([
    'AbortSignal.any in newer.ts needs firefox 124',
    'Intl.DurationFormat in newer.ts needs firefox 136',
    'Map.groupBy in newer.ts needs firefox 119',
    'ReadableStream.@@asyncIterator in newer.ts needs firefox 110',
    'ReadonlyArray.toSorted in newer.ts needs firefox 115',
    'Response.bytes in newer.ts needs firefox 128',
    'Scheduler.postTask in newer.ts needs firefox 142',
    'scheduler in newer.ts needs firefox 142',
  ])
})

describe('the same versions stand', () => {
  const { chrome, edge, firefox, firefox_android: firefoxAndroid, safari, safari_ios: safariIos, nodejs } = lowestVersions
  const [react, query, typescript] = ['react', '@tanstack/react-query', 'typescript'].map((name) => versionOf(name))

  test.each(['README.md', 'packages/core/README.md', 'packages/react/README.md'])('in %s', (readme) => {
    expect([edge, firefox, firefoxAndroid, safariIos]).toEqual([chrome, chrome, chrome, safari])
    const text = read(readme).replaceAll('\n', ' ')
    expect(text).toContain(`Chrome, Edge and Firefox ${chrome}, Safari ${safari}`)
    expect(text).toContain(`Node ${nodejs}`)
    expect(text).toContain(`TypeScript ${typescript?.replace(/\.\d+$/, '')} or newer`)
    if (readme.includes('core')) return
    expect(text).toContain(`React ${react} or 19`)
    expect(text).toContain(`TanStack Query ${query}`)
  })

  test('among the optional features', () => {
    const guide = read('packages/core/README.md')
    expect(Object.keys(optionalFeatures).filter((name) => !guide.includes(`| \`${name}\``))).toEqual([])
  })

  test('in each package.json', () => {
    const [core, hooks] = ['core', 'react'].map((name) => manifestOf('packages', name))
    expect([core, hooks]).toMatchObject([{ engines: { node: `>=${nodejs}` } }, { engines: { node: `>=${nodejs}` } }])
    expect(hooks).toMatchObject({ peerDependencies: { react: `^${react} || ^19.0.0`, '@tanstack/react-query': `^${query}` } })
    expect(versionOf('node')).toBe(`${nodejs}.0`)
  })

  test.each(['eventsource-parser', 'idb-keyval'])('%s runs there, too', (dependency) => {
    const { engines = {} } = manifestOf('packages', 'core', 'node_modules', dependency)
    const [, lowest = '0'] = /^>=([\d.]+)$/.exec(engines['node'] ?? '>=0') ?? expect.fail(`${dependency} runs on Node ${engines['node']}`)
    expect(compareVersions(lowest, nodejs)).toBeLessThanOrEqual(0)
  })
})

function manifestOf(...path: readonly string[]): { readonly version?: string; readonly engines?: Readonly<Record<string, string>> } {
  return JSON.parse(read(...path, 'package.json'))
}

function versionOf(name: string): string | undefined {
  return manifestOf('lowest', 'node_modules', name).version
}

function read(...path: readonly string[]): string {
  return readFileSync(join(root, ...path), 'utf8')
}
