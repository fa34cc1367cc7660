import type { BrowserContext, Page, Request } from '@playwright/test'
import { queueLayout } from './kept.ts'
import { textFields, type TextField } from './soak-plan.ts'

/** A write that a user has made in a tab. */
export interface TabWrite {
  readonly tab: number
  readonly page: Page
  /** In ms since 1970. */
  readonly at: number
  readonly type: 'edit' | 'insert' | 'delete'
  /** Of the row; empty where the server is to give it. */
  readonly id: string
  /** What nobody else writes; empty for a deletion. */
  readonly text: string
  /** Whether it is certain that it was made: a form may have gone, or have been closed, under the user's hands. */
  readonly isSure: boolean
}

/** A write as a tab has sent it. */
interface SentWrite {
  readonly page: Page
  readonly at: number
  readonly method: string
  readonly path: string
  readonly key: string
  /** Those of its values that nobody else writes. */
  readonly texts: readonly string[]
  /** The status of the whole answer, and when it came, where one did. */
  status: number | undefined
  answeredAt: number | undefined
}

/** What a cell has come to show. */
export interface Sighting {
  readonly at: number
  /** What the page shows: its address without what is beside the grid. */
  readonly address: string
  readonly id: string
  readonly field: TextField
  readonly text: string
}

/** What a document has shown: what a tab has from one load of the app to the next. */
export interface ShownDocument {
  readonly page: Page
  /** In ms since 1970. */
  readonly openedAt: number
  readonly sightings: Sighting[]
}

/** All that was done and seen in the tabs. */
export interface Ledger {
  readonly writes: TabWrite[]
  readonly sent: readonly SentWrite[]
  /** By a name of each document's own. */
  readonly shown: ReadonlyMap<string, ShownDocument>
  /** When a write was on disk, by the page and the text, or the id of what it deletes. */
  readonly kept: ReadonlyMap<Page, ReadonlyMap<string, number>>
  /** When tabs were closed, crashed or reloaded. */
  readonly ends: { readonly tab: number; readonly at: number }[]
  /** The texts of writes that were refused and sent once more, since the user said so. */
  readonly retried: Set<string>
  /** What was done, for who reads it afterwards. */
  readonly log: { readonly at: number; readonly what: string }[]
  /** How often each action was tried, and how often it came to its end. */
  readonly actions: Map<string, { tried: number; made: number }>
}

export const tabText: RegExp = /^e\d+x\d+$/

/** Takes note of what all pages of a context send and show. */
export async function keepLedger(context: BrowserContext): Promise<Ledger> {
  const sent: SentWrite[] = []
  const byRequest = new Map<Request, SentWrite>()
  const shown = new Map<string, ShownDocument>()

  context.on('request', (request) => {
    if (request.method() === 'GET' || request.method() === 'HEAD') return
    const key = request.headers()['idempotency-key'] ?? ''
    const texts = textsIn(request)
    const path = decodeURIComponent(new URL(request.url()).pathname)
    const write: SentWrite = {
      page: request.frame().page(),
      at: Date.now(),
      method: request.method(),
      path,
      key,
      texts,
      status: undefined,
      answeredAt: undefined,
    }
    byRequest.set(request, write)
    sent.push(write)
  })
  context.on('requestfinished', (request) => {
    const write = byRequest.get(request)
    if (write === undefined) return
    const answeredAt = Date.now()
    void request.response().then(
      (response) => {
        Object.assign(write, { status: response?.status(), answeredAt })
      },
      () => undefined,
    )
  })
  await context.exposeBinding('soakShown', ({ page }, document: string, openedAt: number, sightings: readonly Sighting[]) => {
    const known = shown.get(document) ?? { page, openedAt, sightings: [] }
    shown.set(document, known)
    known.sightings.push(...sightings)
  })
  await context.addInitScript(watchCells, textFields)
  const kept = new Map<Page, Map<string, number>>()
  await context.exposeBinding('soakKept', ({ page }, names: readonly string[]) => {
    const known = kept.get(page) ?? new Map<string, number>()
    kept.set(page, known)
    for (const each of names) if (!known.has(each)) known.set(each, Date.now())
  })
  await context.addInitScript(watchQueue, { database: queueLayout.database, pattern: tabText.source })
  return { writes: [], sent, shown, kept, ends: [], retried: new Set(), actions: new Map(), log: [] }
}

function textsIn(request: Request): readonly string[] {
  const body: unknown = request.postData() === null ? undefined : request.postDataJSON()
  const values = typeof body === 'object' && body !== null ? Object.values(body) : []
  return values.filter((value): value is string => typeof value === 'string' && tabText.test(value))
}

/** Runs in the page, before its own scripts. Tells which writes are on disk, once they are. */
function watchQueue({ database, pattern }: { readonly database: string; readonly pattern: string }): void {
  const ownText = new RegExp(pattern)
  /** A text that nobody else writes, or the id of a deleted row. */
  const namesIn = (value: unknown): readonly string[] => {
    if (typeof value !== 'object' || value === null) return ownText.test(String(value)) ? [String(value)] : []
    const { type, id } = { type: undefined, id: undefined, ...value }
    return type === 'delete' ? [String(id)] : Object.values(value).flatMap(namesIn)
  }
  const { put } = IDBObjectStore.prototype
  IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...args: Parameters<typeof put>) {
    const request = put.apply(this, args)
    if (this.transaction.db.name === database) {
      this.transaction.addEventListener('complete', () => Reflect.get(window, 'soakKept')(namesIn(args[0])))
    }
    return request
  }
}

/** Runs in the page, before its own scripts. Tells whenever a frame shows other texts than the one before. */
function watchCells(fields: readonly TextField[]): void {
  const openedAt = Date.now()
  const name = `${openedAt}-${Math.random()}`
  const shown = new Map<string, string>()
  let news: Sighting[] = []
  let isDue = false

  const look = (): void => {
    isDue = false
    // Until the next page is there, the rows are those of the former one.
    if (document.querySelector('[role="grid"]')?.ariaBusy === 'true') return
    const parameters = new URLSearchParams(location.search)
    parameters.delete('row')
    const address = `${location.pathname}?${parameters}`
    for (const row of document.querySelectorAll<HTMLElement>('tr[data-id]')) {
      const id = row.dataset['id'] ?? ''
      for (const field of fields) {
        const cell = row.querySelector<HTMLElement>(`td[data-field="${field}"]`)
        const text = cell?.textContent ?? ''
        if (cell === null || 'isEdited' in cell.dataset || shown.get(`${address} ${field} ${id}`) === text) continue
        shown.set(`${address} ${field} ${id}`, text)
        news.push({ at: Date.now(), address, id, field, text })
      }
    }
  }
  const lookSoon = (): void => {
    if (!isDue) requestAnimationFrame(look)
    isDue = true
  }
  const tell = (): void => {
    if (news.length > 0) Reflect.get(window, 'soakShown')(name, openedAt, news)
    news = []
  }
  new MutationObserver(lookSoon).observe(document, { subtree: true, childList: true, characterData: true, attributes: true })
  setInterval(tell, 200)
  addEventListener('pagehide', tell)
}
