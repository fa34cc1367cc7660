import { join } from 'node:path'
import { build } from 'vite'

const home = join(import.meta.dirname, '..')

/** The tests see the app as it is now. */
// Playwright calls a set-up by its default export.
// oxlint-disable-next-line import/no-default-export
export default async function buildApp(): Promise<void> {
  await build({ root: home, configFile: join(home, 'vite.config.ts'), logLevel: 'warn' })
}
