import type { PlaywrightTestConfig } from '@playwright/test'
import { browserArgs, findChromium } from '../../scripts/browsers/find-browser.ts'

const config: PlaywrightTestConfig = {
  testDir: 'e2e',
  globalSetup: './e2e/build-app.ts',
  reporter: [['list']],
  workers: 2,
  timeout: 30_000,
  forbidOnly: true,
  use: {
    browserName: 'chromium',
    launchOptions: { executablePath: findChromium(), args: [...browserArgs] },
    viewport: { width: 1440, height: 900 },
    timezoneId: 'UTC',
    // What a worker asks for passes by what a test does to the requests of a page.
    serviceWorkers: 'block',
    trace: 'off',
  },
}

export default config
