import { join } from 'node:path'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { browserArgs, findBrowser } from './scripts/find-browser.ts'
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

export default defineConfig({
  test: {
    projects: [
      {
        ssr: { resolve: { conditions: [...conditions, 'node'] } },
        test: {
          name: 'node',
          globalSetup: ['examples/demo-app/server/testing/postgres-setup.ts'],
          include: ['packages/*/src/**/*.test.{ts,tsx}', 'examples/demo-app/{app,server}/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: ['**/*.browser.test.*', '**/node_modules/**'],
          expect: { requireAssertions: true },
          provide: { history },
        },
      },
      inChromium('chromium', 19, 'packages/*/src/**/*.browser.test.{ts,tsx}'),
      inChromium('chromium-react-18', 18, 'packages/react/src/**/*.browser.test.tsx'),
    ],
  },
})

function inChromium(name: string, reactMajor: 18 | 19, include: string): TestProjectInlineConfiguration {
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
      dir: import.meta.dirname,
      include: [include],
      expect: { requireAssertions: true },
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: { executablePath: findBrowser(), args: [...browserArgs] } }),
        instances: [{ browser: 'chromium', name }],
      },
    },
  }
}

/** Aliases that put the lowest versions that are supported in the place of these packages. */
function lowest(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, join(import.meta.dirname, 'lowest', 'node_modules', name)]))
}
