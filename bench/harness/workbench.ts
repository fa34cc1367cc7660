import { CannotError } from '../scenarios/scenario.ts'
import type { Browser } from './browser.ts'
import type { BenchServer } from './server.ts'
import type { Tab } from './tab.ts'

/** What scenarios work with. */
export class Workbench {
  readonly server: BenchServer
  readonly #browser: Browser

  constructor(server: BenchServer, browser: Browser) {
    this.server = server
    this.#browser = browser
  }

  /**
   * Opens a contestant's page, works with it and closes it, whatever happens.
   *
   * @param site who shares a disk: pages that were opened under one name
   */
  async withTab<Result>(
    site: string,
    contestant: string,
    query: Readonly<Record<string, string>>,
    work: (tab: Tab) => Promise<Result>,
  ): Promise<Result> {
    const tab = await this.#browser.open(this.server.address(site, contestant, query))
    try {
      return await work(tab)
    } finally {
      await tab.close()
    }
  }

  /** Deletes what a site has on disk. */
  clear(site: string): Promise<void> {
    return this.#browser.clear(this.server.address(site, '', {}))
  }

  /**
   * Deletes what a site has on disk and puts pages or rows there.
   *
   * @throws CannotError where the contestant cannot
   */
  async fill(
    site: string,
    contestant: string,
    { pages = 0, rows = 0 }: { readonly pages?: number; readonly rows?: number },
  ): Promise<void> {
    await this.clear(site)
    const reason = await this.withTab(site, contestant, { screen: 'fill' }, async (tab) => {
      return pages > 0 ? tab.call('fillPages', pages) : tab.call('fillRows', rows)
    })
    if (reason !== undefined) throw new CannotError(reason)
  }
}
