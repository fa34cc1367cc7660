import { join } from 'node:path'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import type { BrowserProviderOption } from 'vitest/node'
import { engines, type Engine } from './scripts/browsers/engine.ts'
import { browserArgs, findChromium } from './scripts/browsers/find-browser.ts'
import type { FirefoxOptions } from './scripts/browsers/firefox.ts'
import { stockBrowser } from './scripts/browsers/stock-browser.ts'
import { sseTestServer } from './scripts/vitest-sse-server.ts'
import { storageTestServer } from './scripts/vitest-storage-server.ts'

/** With this before what is there by default, tests see the packages as they are and not as they were last built. */
const conditions = ['vantage-live-source', 'module', 'development|production']

/** The tests of long histories: by default a share that is the same every time. With a seed and a path, one that failed. */
const { HISTORY_RUNS: runs, HISTORY_SEED: seed, HISTORY_PATH: path } = process.env
const history = {
  runs: Number(runs ?? 1_000),
  ...(seed === undefined ? runs === undefined && { seed: 20_261_122 } : { seed: Number(seed) }),
  ...(path !== undefined && { path }),
}

/** Only Chromium can be told how large the disk is while it runs. */
const fullDisk = 'packages/core/src/full-disk.browser.test.ts'

/** No test says how fast the machine is: these are for what never comes. */
const patience = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  expect: { requireAssertions: true, poll: { timeout: 60_000 } },
}

export default defineConfig({
  test: {
    projects: [
      {
        ssr: { resolve: { conditions: [...conditions, 'node'] } },
        test: {
          name: 'node',
          globalSetup: ['examples/demo-app/server/testing/postgres-setup.ts'],
          include: ['packages/*/src/**/*.test.{ts,tsx}', 'examples/demo-app/{app,server,e2e}/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: ['**/*.browser.test.*', '**/node_modules/**'],
          ...patience,
          provide: { history },
        },
      },
      inBrowser({ name: 'chromium', engine: 'chromium' }),
      inBrowser({ name: 'chromium-react-18', engine: 'chromium', reactMajor: 18, include: 'packages/react/src/**/*.browser.test.tsx' }),
      inBrowser({ name: 'firefox', engine: 'firefox', exclude: fullDisk }),
      inBrowser({ name: 'firefox-full-disk', engine: 'firefox', include: fullDisk, firefox: { storageQuota: 10 * 1024 * 1024 } }),
      inBrowser({ name: 'webkit', engine: 'webkit', exclude: fullDisk }),
    ],
  },
})

/** The tests of one engine, with one version of React. */
interface BrowserTests {
  readonly name: string
  readonly engine: Engine
  readonly reactMajor?: 18 | 19
  readonly include?: string
  readonly exclude?: string
  readonly firefox?: FirefoxOptions
}

function inBrowser({
  name,
  engine,
  reactMajor = 19,
  include = 'packages/*/src/**/*.browser.test.{ts,tsx}',
  exclude,
  firefox,
}: BrowserTests): TestProjectInlineConfiguration {
  return {
    // All that these tests import can be resolved from here, which it cannot from the workspace's root.
    root: 'packages/react',
    plugins: [sseTestServer(), storageTestServer()],
    define: { REACT_MAJOR: reactMajor },
    resolve: {
      conditions: [...conditions, 'browser'],
      alias: reactMajor === 18 ? lowest('react', 'react-dom', '@tanstack/react-query') : {},
    },
    // What Vite would otherwise find only while tests run, and then reload their page.
    optimizeDeps: {
      include: [
        '@tanstack/react-query',
        '@testing-library/dom',
        '@testing-library/react',
        '@vantage-live/core > eventsource-parser',
        '@vantage-live/core > fast-check',
        '@vantage-live/core > idb-keyval',
        'react',
        'react-dom',
        'react-dom/client',
        'react/jsx-dev-runtime',
        'react/jsx-runtime',
      ],
    },
    test: {
      name,
      // One engine after the other: side by side they would slow each other down.
      sequence: { groupOrder: engines.indexOf(engine) },
      dir: import.meta.dirname,
      include: [include],
      exclude: exclude === undefined ? [] : [exclude],
      ...patience,
      setupFiles: ['src/testing/patience.ts', '../core/src/testing/patience.ts'],
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: engine === 'chromium' ? chromium() : stockBrowser(engine, firefox),
        instances: [{ browser: engine, name }],
      },
    },
  }
}

function chromium(): BrowserProviderOption {
  return playwright({ launchOptions: { executablePath: findChromium(), args: [...browserArgs] } })
}

/** Aliases that put the lowest versions that are supported in the place of these packages. */
function lowest(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, join(import.meta.dirname, 'lowest', 'node_modules', name)]))
}
