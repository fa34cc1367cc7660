import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type BrowserContext } from 'playwright'
import { browserArgs, ensureBrowsers, findChromium } from '../../scripts/browsers/find-browser.ts'
import { Tab } from './tab.ts'

const args = [
  ...browserArgs,
  '--enable-precise-memory-info',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]

/** A real Chromium with a profile on disk, which is thrown away in the end: storage in a private window would be in memory. */
export class Browser {
  readonly #context: BrowserContext
  readonly #profile: string

  private constructor(context: BrowserContext, profile: string) {
    this.#context = context
    this.#profile = profile
  }

  static async start(): Promise<Browser> {
    ensureBrowsers(['chromium'])
    const profile = await mkdtemp(join(tmpdir(), 'vantage-live-bench-'))
    return new Browser(await chromium.launchPersistentContext(profile, { executablePath: findChromium(), args }), profile)
  }

  get version(): string {
    return this.#context.browser()?.version() ?? 'unknown'
  }

  /** A tab of its own, in a process of its own. */
  async open(address: string): Promise<Tab> {
    return Tab.open(await this.#context.newPage(), address)
  }

  /** Deletes all that a site has stored. */
  async clear(address: string): Promise<void> {
    const [page] = this.#context.pages()
    if (page === undefined) throw new Error('the browser has no tab left')
    const session = await this.#context.newCDPSession(page)
    await session.send('Storage.clearDataForOrigin', { origin: new URL(address).origin, storageTypes: 'all' })
    await session.detach()
  }

  async close(): Promise<void> {
    await this.#context.close()
    await rm(this.#profile, { recursive: true, force: true })
  }
}
