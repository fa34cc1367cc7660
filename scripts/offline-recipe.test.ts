import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

test('the service worker in the docs is the one of the demo, which is tested', () => {
  const worker = readFileSync(join(root, 'examples', 'demo-app', 'app', 'service-worker', 'service-worker.ts'), 'utf8')
  expect(readFileSync(join(root, 'docs', 'offline.md'), 'utf8')).toContain(`\n\`\`\`ts\n${worker}\`\`\`\n`)
})
