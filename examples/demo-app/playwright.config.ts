import type { PlaywrightTestConfig } from '@playwright/test'
import { browserArgs, findHeadlessChromium } from '../../scripts/browsers/find-browser.ts'

const config: PlaywrightTestConfig = {
  testDir: 'e2e',
  // What takes long, or measures, runs with the soak only.
  testMatch: process.env['SOAK_SECONDS'] === undefined ? '**/*.spec.ts' : ['**/*.spec.ts', '**/*.soak.ts'],
  globalSetup: './e2e/build-app.ts',
  reporter: [['list']],
  workers: 2,
  // No test says how fast the machine is: these are for what never comes.
  timeout: 240_000,
  expect: { timeout: 60_000 },
  forbidOnly: true,
  use: {
    browserName: 'chromium',
    launchOptions: { executablePath: findHeadlessChromium(), args: [...browserArgs] },
    viewport: { width: 1440, height: 900 },
    timezoneId: 'UTC',
    // What a worker asks for passes by what a test does to the requests of a page.
    serviceWorkers: 'block',
    trace: 'off',
  },
}

export default config
