import { join } from 'node:path'
import { launch, type Browser } from 'puppeteer-core'
import { findFirefox } from './find-browser.ts'

export interface FirefoxOptions {
  /** How much all sites together may store, in bytes; by default Firefox goes by the size of the disk. */
  readonly storageQuota?: number
}

/** Starts Firefox over WebDriver BiDi, with an empty profile that is deleted in the end. It ends with this process. */
export function launchFirefox({ storageQuota }: FirefoxOptions = {}): Promise<Browser> {
  return launch({
    browser: 'firefox',
    executablePath: process.execPath,
    ignoreDefaultArgs: true,
    args: [join(import.meta.dirname, 'with-parent.ts'), findFirefox(), '--headless', 'about:blank'],
    env: { ...process.env, MOZ_CRASHREPORTER_DISABLE: '1' },
    extraPrefsFirefox: {
      // Tabs in the background are tabs like any other here.
      'dom.min_background_timeout_value': 4,
      'dom.timeout.enable_budget_timer_throttling': false,
      // In kB.
      ...(storageQuota !== undefined && { 'dom.quotaManager.temporaryStorage.fixedLimit': Math.ceil(storageQuota / 1024) }),
    },
    // A busy machine takes its time.
    timeout: 120_000,
    protocolTimeout: 120_000,
    defaultViewport: null,
  })
}
