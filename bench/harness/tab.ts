import type { CDPSession, Page } from 'playwright'
import type { BenchPage } from '../page/bench-page.ts'

/** How long anything in a page may take, in ms. */
const patience = 60_000

/** What the browser spent on a page so far, in ms. */
export interface Effort {
  readonly scripting: number
  readonly tasks: number
}

/** One page in the browser. */
export class Tab {
  readonly #page: Page
  readonly #session: CDPSession
  readonly #errors: string[]

  private constructor(page: Page, session: CDPSession, errors: string[]) {
    this.#page = page
    this.#session = session
    this.#errors = errors
  }

  static async open(page: Page, address: string): Promise<Tab> {
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => {
      // Requests that fail are the contestant's affair: scenarios look at what it makes of them.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) errors.push(message.text())
    })
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable')
    const tab = new Tab(page, session, errors)
    await page.goto(address)
    return tab
  }

  /** As a user does it: the same tab, and everything anew. */
  async reload(): Promise<void> {
    await this.#page.reload()
  }

  /**
   * Calls one of the page's functions.
   *
   * @throws Error where it rejects, takes too long, or something went wrong in the page meanwhile
   */
  async call<Name extends keyof BenchPage>(
    name: Name,
    ...args: Parameters<BenchPage[Name]>
  ): Promise<Awaited<ReturnType<BenchPage[Name]>>> {
    const answer = this.#page.evaluate(
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the parameters are checked by `call`, whose types do not reach here
      ([called, given]) => (window.bench[called] as (...all: unknown[]) => unknown)(...given),
      [name, args] as const,
    )
    const found = await within(patience, answer, `${name}(${args.join(', ')})`, () => this.#errors)
    if (this.#errors.length > 0) throw new Error(`errors in the page: ${this.#errors.join('; ')}`)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it was called by its name
    return found as Awaited<ReturnType<BenchPage[Name]>>
  }

  /** The texts of the table's cells. */
  cells(): Promise<readonly (readonly string[])[]> {
    return this.#page.$$eval('tbody tr', (rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)))
  }

  /** The texts of the list. */
  items(): Promise<readonly string[]> {
    return this.#page.$$eval('li', (items) => items.map((item) => item.textContent))
  }

  /** The page's heap after a collection of garbage, in bytes. */
  async heap(): Promise<number> {
    await this.#session.send('HeapProfiler.collectGarbage')
    await this.#session.send('HeapProfiler.collectGarbage')
    return (await this.#session.send('Runtime.getHeapUsage')).usedSize
  }

  async effort(): Promise<Effort> {
    const { metrics } = await this.#session.send('Performance.getMetrics')
    const seconds = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN
    return { scripting: seconds('ScriptDuration') * 1000, tasks: seconds('TaskDuration') * 1000 }
  }

  /** At once: the page is not told. */
  close(): Promise<void> {
    return this.#page.close()
  }
}

async function within<T>(time: number, answer: Promise<T>, what: string, errors: () => readonly string[]): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} took longer than ${time / 1000} s; errors in the page: ${errors().join('; ') || 'none'}`)),
      time,
    )
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
