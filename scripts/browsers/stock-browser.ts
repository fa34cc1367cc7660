import { defineBrowserProvider } from '@vitest/browser'
import type { BrowserProvider, BrowserProviderOption } from 'vitest/node'
import { launchFirefox, type FirefoxOptions } from './firefox.ts'
import { launchWebKit } from './webkit.ts'

declare module 'vitest/browser' {
  interface BrowserCommands {
    __vitest_viewport: () => void
  }
}

/** A browser in which Vitest opens its page. */
interface Opened {
  open(url: string): Promise<void>
  close(): Promise<void>
}

/** Tests in a Firefox or WebKitGTK as it was installed: Playwright drives only builds of its own. */
export function stockBrowser(browser: 'firefox' | 'webkit', options: FirefoxOptions = {}): BrowserProviderOption {
  return defineBrowserProvider({
    name: 'stock-browser',
    options: {},
    providerFactory(project): BrowserProvider {
      // The page of the tests gives its frame this size itself.
      project.browser?.registerCommand('__vitest_viewport', () => undefined)
      let opening: Promise<Opened> | undefined
      return {
        name: 'stock-browser',
        supportsParallelism: false,
        getCommandsContext: () => ({}),
        async openPage(_, url) {
          opening ??= browser === 'firefox' ? openFirefox(options) : openWebKit()
          await (await opening).open(url)
        },
        async close() {
          const closing = opening
          opening = undefined
          await (await closing?.catch(() => undefined))?.close()
        },
      }
    },
  })
}

async function openFirefox(options: FirefoxOptions): Promise<Opened> {
  const firefox = await launchFirefox(options)
  return {
    async open(url) {
      const page = await firefox.newPage()
      await page.goto(url, { timeout: 0, waitUntil: 'domcontentloaded' })
    },
    close: () => firefox.close(),
  }
}

async function openWebKit(): Promise<Opened> {
  const webkit = await launchWebKit()
  return { open: (url) => webkit.driver.get(url), close: () => webkit.close() }
}
