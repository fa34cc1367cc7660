/// <reference types="node" />
import { readFile } from 'node:fs/promises'
import { transformAsync } from '@babel/core'
import { expect, test } from 'vitest'

test.each([
  'use-bridge.ts',
  'use-held-page.ts',
  'use-live-page.ts',
  'use-live-row.ts',
  'use-live-status.ts',
  'use-neighbours.ts',
  'use-observed-query.ts',
  'use-selected.ts',
  'use-live-writes.ts',
  'use-writes-state.ts',
])('the React Compiler takes %s', async (file) => {
  const source = await readFile(new URL(file, import.meta.url), 'utf8')
  const result = await transformAsync(source, {
    babelrc: false,
    configFile: false,
    filename: file,
    parserOpts: { plugins: ['typescript'] },
    plugins: [['babel-plugin-react-compiler', { panicThreshold: 'all_errors', target: '19' }]],
  })
  expect(result?.code).toContain('react/compiler-runtime')
})
