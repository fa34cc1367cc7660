import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** The folder of a built app, with a secret beside it. It is gone after the test. */
export function builtApp(): string {
  const folder = mkdtempSync(join(tmpdir(), 'demo-app-static-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'dist', 'assets'), { recursive: true })
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  writeFileSync(join(folder, 'dist', 'index.html'), '<title>the app</title>')
  writeFileSync(join(folder, 'dist', 'favicon.svg'), '<svg/>')
  writeFileSync(join(folder, 'dist', 'service-worker.js'), 'let b')
  writeFileSync(join(folder, 'dist', 'assets', 'index-abc123.js'), 'let a')
  return join(folder, 'dist')
}
