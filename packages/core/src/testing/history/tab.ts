import type { LiveTable } from '../../live-table.ts'
import type { LiveRow, Page } from '../../page.ts'
import type { CachedReadOptions } from '../../read-through.ts'
import type { LiveStream } from '../../stream/stream.ts'
import type { Invalidation, RowId, Table, ViewQuery } from '../../table/table.ts'
import type { Cache } from '../../cache/cache.ts'
import type { TraceEvent } from '../../trace.ts'
import type { WriteStorage } from '../../writes/write-storage.ts'
import type { Item } from '../fake-master.ts'
import type { Realm } from './browser.ts'
import type { RealmModules } from './realm-modules.ts'
import type { Server } from './server.ts'

/** What is asked of a table. */
export type Question =
  | { readonly what: 'list'; readonly view: ViewQuery<Item>; readonly page: number; readonly pageSize: number }
  | { readonly what: 'count'; readonly view: ViewQuery<Item> }
  | { readonly what: 'get'; readonly id: RowId }

/** What a table said, without what is written here. */
export type Answer =
  | { readonly what: 'list'; readonly read: Page<Item> }
  | { readonly what: 'count'; readonly read: { readonly count: number; readonly stale: boolean; readonly error?: unknown } }
  | { readonly what: 'get'; readonly read: LiveRow<Item> }

/** How a table of a tab is made. */
export interface TableSetup {
  /** No other one has it. */
  readonly name: string
  readonly server: Server
  readonly master: Table<Item>
  readonly cacheKey: string
  readonly scope: string
  readonly stream?: LiveStream | undefined
  readonly queue?: WriteStorage | undefined
  readonly masterPageSize?: number | undefined
  readonly concurrency: number
  readonly coalesce: boolean
}

/** A live table in a tab, and what came of it. */
export class OwnTable {
  readonly realm: Realm
  readonly name: string
  readonly server: Server
  readonly live: LiveTable<Item>
  readonly traced: TraceEvent[] = []
  /** What was told of invalidations. */
  told = 0
  /** How often it was told to invalidate itself. */
  wasInvalidated = 0
  isClosed = false
  /** When it was purged, in what the history counts. */
  purgedAt: number | undefined
  /** In ms since 1970. */
  readonly madeAt: number = Date.now()
  /** What was last heard of each row over the stream, and of all of them. */
  readonly heardRows: Map<string, number> = new Map()
  heardAll = 0
  /** How many gaps its own connection told it of. */
  gaps = 0
  heardList = 0

  constructor(
    realm: Realm,
    { LiveTable }: RealmModules,
    cache: Cache,
    { name, server, stream, queue, masterPageSize, ...setup }: TableSetup,
  ) {
    this.realm = realm
    this.name = name
    this.server = server
    this.live = new LiveTable<Item>({
      ...setup,
      cache,
      pageSize: 3,
      ...(stream && { stream }),
      ...(queue && { queue }),
      ...(masterPageSize !== undefined && { masterPageSize }),
      trace: (event) => this.traced.push(event),
    })
    this.live.subscribe(({ type }) => {
      if (type === 'invalidated') this.told += 1
    })
  }

  get isPurged(): boolean {
    return this.purgedAt !== undefined
  }

  /** It answers nothing any more. */
  get isOver(): boolean {
    return this.isClosed || this.isPurged || this.realm.isGone
  }

  /** The name of the slot that holds an answer. */
  slotOf(question: Question): string | undefined {
    switch (question.what) {
      case 'list':
        return this.live.view(question.view).pageCacheKey(question.page, question.pageSize)
      case 'get':
        return this.live.idCacheKey(question.id)
      case 'count':
        return undefined
    }
  }

  async ask(question: Question, options: CachedReadOptions): Promise<Answer> {
    const own = { ...options, overlay: false }
    switch (question.what) {
      case 'list': {
        const { view, page, pageSize } = question
        return { what: 'list', read: await this.live.view(view).list({ page, pageSize }, own) }
      }
      case 'count':
        return { what: 'count', read: { count: await this.live.view(question.view).count({}, own), stale: false } }
      case 'get':
        return { what: 'get', read: await this.live.read(question.id, own) }
    }
  }
}

type Base = Exclude<Answer, { readonly what: 'count' }>

/** Something that a tab shows, and keeps right as a binding to a framework does. */
export class Shown {
  readonly own: OwnTable
  readonly question: Exclude<Question, { readonly what: 'count' }>
  base: Base | undefined
  /** The last read has failed, or brought less than what is shown. */
  hasFailed = false
  /** The newest version of each row that it has shown. */
  readonly seen: Map<string, number> = new Map()
  readonly #read: (own: OwnTable, question: Question) => Promise<Answer>
  #isReading = false
  #isOvertaken = false
  #leave: () => void = () => undefined

  constructor(own: OwnTable, question: Shown['question'], read: (own: OwnTable, question: Question) => Promise<Answer>) {
    this.own = own
    this.question = question
    this.#read = read
  }

  start(): void {
    this.#leave = this.own.live.subscribe((change) => {
      if (change.type === 'purged') this.base = undefined
      if (change.type !== 'invalidated') return
      const next = this.base && this.#after(this.base, change)
      if (next === undefined) this.readAgain()
      else this.base = next
    })
    this.readAgain()
  }

  stop(): void {
    this.#leave()
  }

  /** What is on screen: the rows with the tab's own writes laid over. */
  get rows(): readonly Item[] | undefined {
    if (this.base === undefined) return undefined
    if (this.base.what === 'list') return this.#view.overlay(this.base.read).rows
    const { row } = this.own.live.overlayRow(this.#id, this.base.read)
    return row === undefined ? [] : [row]
  }

  get total(): number | undefined {
    return this.base?.what === 'list' ? this.#view.overlay(this.base.read).total : undefined
  }

  get isReading(): boolean {
    return this.#isReading
  }

  readAgain(): void {
    void this.#readAgain()
  }

  async #readAgain(): Promise<void> {
    this.#isOvertaken = true
    if (this.#isReading) return
    this.#isReading = true
    while (this.#isOvertaken) {
      this.#isOvertaken = false
      try {
        const answer = await this.#read(this.own, this.question)
        const { error, stale } = answer.read
        this.hasFailed = error !== undefined
        // What is shown is no older than what is cached.
        if (answer.what !== 'count' && !this.own.isPurged && (!this.hasFailed || this.base === undefined)) this.base = answer
        this.#isOvertaken ||= stale && !this.hasFailed
      } catch {
        this.hasFailed = true
      }
      if (this.own.isOver) break
    }
    this.#isReading = false
  }

  get #view(): LiveTable<Item> {
    return this.question.what === 'list' ? this.own.live.view(this.question.view) : this.own.live
  }

  get #id(): RowId {
    return this.question.what === 'get' ? this.question.id : 0
  }

  #after(base: Base, change: Invalidation): Base | undefined {
    if (base.what === 'list') {
      const read = this.#view.pageAfter(base.read, change)
      return read && { what: 'list', read }
    }
    const read = this.own.live.rowAfter(this.#id, base.read, change)
    return read && { what: 'get', read }
  }
}
