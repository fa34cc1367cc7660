import { setImmediate } from 'node:timers/promises'
import { vi } from 'vitest'
import type { CachedReadOptions } from '../../read-through.ts'
import { canonicalListQuery, canonicalQuery } from '../../table/query.ts'
import type { RowId } from '../../table/table.ts'
import type { TraceEvent } from '../../trace.ts'
import { items, type Item } from '../fake-master.ts'
import { Browser, type Realm } from './browser.ts'
import { chances, type Chances } from './chances.ts'
import { Disk } from './disk.ts'
import { Network, questionOf, type Request } from './network.ts'
import { Queue } from './queue.ts'
import type { RealmModules } from './realm-modules.ts'
import { Server, type Wire } from './server.ts'
import { Steps } from './steps.ts'
import { OwnTable, Shown, type Answer, type Question } from './tab.ts'

/** What a history is played in. */
export interface Setup {
  readonly tabs: number
  /** Nobody but the tabs writes where there is no stream to tell of it. */
  readonly stream: 'none' | 'own' | 'shared'
  readonly wire: Wire
  readonly versions: boolean
  /** Smaller than a page, or undefined. */
  readonly masterPageSize: number | undefined
  readonly concurrency: number
  readonly coalesce: boolean
  /** Whether writes outlive their tab. */
  readonly keepsWrites: boolean
  /** Invalidations that cannot be written are known to their own tab only. */
  readonly disk: 'works' | 'reads and fills fail' | 'fails'
  readonly network: 'works' | 'fails'
  /** Of all that is left to chance. */
  readonly seed: number
}

/** What no answer may be older than: the index of the newest change, by row, of any row, and of all rows. */
export interface Floor {
  readonly rows: ReadonlyMap<string, number>
  readonly list: number
  readonly all: number
}

/** A read, and what came of it. */
export interface Asked {
  readonly own: OwnTable
  readonly question: Question
  readonly mode: NonNullable<CachedReadOptions['cache']>
  readonly signal: AbortSignal | undefined
  readonly floor: Floor
  readonly startedAt: number
  readonly disturbances: number
  /** Whether anything was cached when it began. */
  wasCached: boolean
  endedAt: number | undefined
  outcome: PromiseSettledResult<Answer> | undefined
}

/** A write, and what came of it. */
export interface Call {
  readonly own: OwnTable
  /** The name that it gives the row; no other one does. */
  readonly name: string
  readonly type: 'insert' | 'patch' | 'replace' | 'delete' | 'deleteAll'
  /** The row's key; undefined for all of them. */
  readonly key: string | undefined
  readonly cancel: () => void
  readonly outcomes: PromiseSettledResult<unknown>[]
}

/** A write that has resolved, and the change that it made. */
interface Resolved {
  readonly own: OwnTable
  readonly id: string | undefined
  readonly index: number
}

/** That all of the scope is removed. */
export interface Purge {
  readonly own: OwnTable
  /** When it began, in ms since 1970. */
  readonly at: number
  isDone: boolean
}

/** What a user closes as one. */
export interface Tab {
  readonly realm: Realm
  /** The table that all is about, and one whose name is almost the same. */
  readonly own: OwnTable
  readonly other: OwnTable
  readonly shown: readonly Shown[]
}

/** That somebody has gone away who had asked. */
export class Left extends Error {}

const stepsAtMost = 60_000

/** Tabs, their disk, the network and the servers behind it, in the hands of a history. */
export class World {
  readonly setup: Setup
  /** Whose rows these are. */
  readonly scope: string
  readonly chances: Chances
  readonly steps: Steps
  readonly browser: Browser
  readonly disk: Disk
  readonly network: Network
  readonly queue: Queue
  readonly server: Server
  readonly otherServer: Server
  readonly tabs: Tab[] = []
  /** Also of tabs that are gone. */
  readonly tables: OwnTable[] = []
  readonly calls: Call[] = []
  readonly asked: Asked[] = []
  readonly resolved: Resolved[] = []
  readonly purges: Purge[] = []
  hasPurged: boolean = false
  /** All names of slots, and what was asked for by them. */
  readonly slotNames: Map<string, string> = new Map()
  readonly slotQuestions: Map<string, Question> = new Map()
  /** Who sent a request that somebody had sent already who had asked at the same moment. */
  readonly doubleRequests: string[] = []
  readonly #modules: readonly RealmModules[]
  readonly #loaded = new Map<Realm, RealmModules>()
  readonly #caches = new Map<Realm, ReturnType<Disk['connect']>>()
  readonly #readers = new Map<string, Set<Asked>>()
  readonly #baselines = new WeakMap<Request, number>()
  #tick = 0
  #written = 0

  constructor(setup: Setup, modules: readonly RealmModules[], scope: string) {
    this.setup = setup
    this.#modules = modules
    this.scope = scope
    this.chances = chances(setup.seed)
    this.steps = new Steps(this.chances)
    const step = (name: string): Promise<void> => this.steps.wait(name)
    this.browser = new Browser(step)
    const works = setup.disk === 'works'
    this.disk = new Disk(step, this.chances, {
      read: works ? 0 : 0.1,
      fill: works ? 0 : 0.15,
      invalidate: setup.disk === 'fails' ? 0.15 : 0,
    })
    const fails = setup.network === 'fails'
    this.network = new Network(this.browser, step, this.chances, () => this.#tick, { read: fails ? 0.15 : 0, write: fails ? 0.3 : 0 })
    this.network.onRequest = (request) => this.#onRequest(request)
    this.queue = new Queue(this.browser, step)
    const rows = items(4).map((item) => ({ ...item, status: 'open' }))
    this.server = new Server('items', rows, setup.wire, this.browser, step)
    this.otherServer = new Server(
      'item',
      rows.slice(0, 2).map((row) => ({ ...row, name: `other ${row.id}` })),
      setup.wire,
      this.browser,
      step,
    )
  }

  get tick(): number {
    return this.#tick
  }

  newName(): string {
    this.#written += 1
    return `write ${this.#written}`
  }

  /** Whether the disk has failed a tab, or has let it wait for too long. */
  hasDiskFailed(realm: Realm): boolean {
    const isFault = (event: TraceEvent): boolean => event.type === 'error' && event.during.startsWith('cache-')
    return this.setup.disk !== 'works' || this.tables.some((own) => own.realm === realm && own.traced.some(isFault))
  }

  /** Whether tabs may not have heard of what others wrote: that is on the disk, and the disk has failed, or a table has ended. */
  get mayHaveMissed(): boolean {
    return this.setup.stream === 'none' && (this.hasPurged || this.tables.some(({ realm }) => this.hasDiskFailed(realm)))
  }

  /** What a table's answers may be no older than: what has resolved, where it can know of that, and what it has heard. */
  floorFor(own: OwnTable): Floor {
    const { rows, list, all } = this.resolvedFloor(own.server, own.realm)
    const newest = new Map(rows)
    for (const [id, index] of own.heardRows) newest.set(id, Math.max(newest.get(id) ?? 0, index))
    return { rows: newest, list: Math.max(list, own.heardList), all: Math.max(all, own.heardAll) }
  }

  /**
   * The changes that were made by writes that have resolved, in this tab or in any. What could not be written to the disk in
   * another tab nobody can know.
   */
  resolvedFloor(server: Server, realm?: Realm): Floor {
    const rows = new Map<string, number>()
    let [list, all] = [0, 0]
    for (const resolved of this.resolved) {
      const { own, id, index } = resolved
      if (own.server !== server || (own.realm !== realm && !this.#isDurable(resolved))) continue
      list = Math.max(list, index)
      if (id === undefined) all = Math.max(all, index)
      else rows.set(id, Math.max(rows.get(id) ?? 0, index))
    }
    return { rows, list, all }
  }

  #isDurable({ own, id, index }: Resolved): boolean {
    return this.disk.invalidations.some(
      ({ realm, cacheKey, tags, index: known }) =>
        realm === own.realm && cacheKey === own.server.master.name && known >= index && (tags === 'all' || tags.includes(`row ${id}`)),
    )
  }

  /** Whether another tab can be opened. */
  get hasRoom(): boolean {
    // One is left for the end.
    return this.tabs.length < 3 && this.#loaded.size < this.#modules.length - 1
  }

  openTab(shown: readonly Shown['question'][]): Tab {
    return this.#makeTab(this.browser.openRealm(), shown)
  }

  /** The tab's tables are closed, and made anew in the same page. */
  remake(tab: Tab, shown: readonly Shown['question'][]): void {
    this.#close(tab)
    this.#makeTab(tab.realm, shown)
  }

  /** The tab is closed as it should be, its tables first. */
  closeTab(tab: Tab): void {
    this.#close(tab)
  }

  crash(tab: Tab): void {
    this.#forget(tab)
    this.browser.crash(tab.realm)
    for (const server of [this.server, this.otherServer]) {
      for (const connection of server.connections) if (connection.realm === tab.realm) server.connections.delete(connection)
    }
    this.queue.passOn()
  }

  /** All that is kept of the scope is removed; who shows something of it makes new tables. */
  purge({ own }: Tab, writes: 'discard' | 'drain'): void {
    const purge: Purge = { own, at: Date.now(), isDone: false }
    const isFirst = !this.hasPurged
    const forget = (): void => void this.purges.splice(this.purges.indexOf(purge), 1)
    this.purges.push(purge)
    this.hasPurged = true
    this.browser
      .run(own.realm, () => own.live.purge({ writes }))
      .then(() => {
        purge.isDone = true
        // Whose scope another one has purged while it waited for writes has nothing left to purge.
        if (writes === 'drain' && (!isFirst || this.purges.at(-1) !== purge)) forget()
      }, forget)
  }

  setOnline(isOnline: boolean): void {
    this.browser.setOnline(isOnline)
    if (isOnline) this.server.reconnect()
    else this.server.cut()
  }

  /** Asks, and notes what comes of it. */
  async read(own: OwnTable, question: Question, options: CachedReadOptions = {}): Promise<Answer> {
    const asking = nameOf(question)
    const name = `${own.name} ${asking}`
    const slot = own.slotOf(question)
    if (slot !== undefined) {
      this.slotQuestions.set(slot, question)
      this.#noteSlot(slot, `${own.server.master.name} ${asking}`)
    }
    const held = slot === undefined ? undefined : this.disk.slots.get(slot)
    const asked: Asked = {
      own,
      question,
      mode: options.cache ?? 'default',
      signal: options.signal,
      floor: this.floorFor(own),
      startedAt: this.#tick,
      disturbances: this.#disturbancesOf(own),
      wasCached: false,
      endedAt: undefined,
      outcome: undefined,
    }
    if (held !== undefined) void this.disk.entry(held).then((entry) => (asked.wasCached = entry?.value !== undefined))
    this.asked.push(asked)
    const readers = this.#readers.get(name) ?? new Set()
    this.#readers.set(name, readers.add(asked))
    const end = (outcome: PromiseSettledResult<Answer>): void => {
      asked.endedAt = this.#tick
      asked.outcome = outcome
      readers.delete(asked)
    }
    try {
      const value = await this.browser.run(own.realm, () => own.ask(question, options))
      end({ status: 'fulfilled', value })
      return value
    } catch (reason) {
      end({ status: 'rejected', reason })
      throw reason
    }
  }

  /** Who waits for an answer of the master to this. */
  readersOf(request: Request): number {
    return this.#readers.get(`${request.table} ${request.question}`)?.size ?? 0
  }

  write(own: OwnTable, type: Call['type'], id: RowId | undefined, fields: Partial<Item>): Call {
    const { live } = own
    const cancelling = new AbortController()
    const { signal } = cancelling
    const before = new Set(live.pendingIds)
    const send = (): Promise<unknown> => {
      switch (type) {
        case 'insert':
          return live.insert(id === undefined ? fields : { ...fields, id }, { signal })
        case 'patch':
          return live.patch(id ?? 0, fields, { signal })
        case 'replace':
          return live.replace(id ?? 0, { name: '', id: id ?? 0, ...fields }, { signal })
        case 'delete':
          return live.delete(id ?? 0, { signal })
        case 'deleteAll':
          return live.deleteAll({ signal })
      }
    }
    const answer = this.browser.run(own.realm, send)
    const newKey = [...live.pendingIds].find((pending) => !before.has(pending) && pending.startsWith('new-'))
    const key = type === 'insert' && id === undefined ? newKey : id === undefined ? undefined : String(id)
    const cancel = (): void => this.browser.run(own.realm, () => cancelling.abort(new Left('cancelled')))
    const call: Call = { own, name: fields.name ?? '', type, key, cancel, outcomes: [] }
    this.calls.push(call)
    answer.then(
      (value) => {
        call.outcomes.push({ status: 'fulfilled', value })
        const change = this.changeOf(call)
        // A table that was purged has no say in what is cached any more.
        if (change !== undefined && !this.hasPurged) this.resolved.push({ own, ...change })
      },
      (reason: unknown) => call.outcomes.push({ status: 'rejected', reason }),
    )
    return call
  }

  /** The change that a write has made that has resolved. */
  changeOf({ own, type, key, outcomes: [outcome] }: Call): { readonly id: string | undefined; readonly index: number } | undefined {
    const { log } = own.server
    if (outcome?.status !== 'fulfilled') return undefined
    if (type === 'deleteAll') {
      return { id: undefined, index: log.findLastIndex(({ author, event }) => author.name === own.realm.name && event.type === 'changed') }
    }
    if (type === 'delete') {
      const id = [...own.server.log].findLast(
        ({ event }) => event.type === 'deleted' && own.live.rowKey(event.id) === own.live.rowKey(key ?? ''),
      )
      return id === undefined ? undefined : { id: id.event.type === 'deleted' ? String(id.event.id) : '', index: log.indexOf(id) }
    }
    const row = outcome.value as Item
    const index = own.server.indexOf(row)
    return index === undefined ? undefined : { id: String(row.id), index }
  }

  /** Does something once the history comes to it. */
  later(task: () => void): void {
    void this.steps.wait('later').then(task)
  }

  /** Takes so many of the steps that wait, in whatever order the history has. */
  async take(steps: number): Promise<void> {
    await setImmediate()
    for (let taken = 0; taken < steps && this.steps.count > 0; taken += 1) {
      this.#tick += 1
      vi.advanceTimersByTime(1)
      this.steps.takeOne()
      await setImmediate()
    }
  }

  /** Lets time go by in which nothing arrives. */
  async pass(duration: number): Promise<void> {
    if (duration > 0) await vi.advanceTimersByTimeAsync(duration)
    await setImmediate()
  }

  /** All that fails works again, and all that is under way comes to its end. Tells what does not, if anything. */
  async rest(): Promise<readonly string[]> {
    this.disk.heal()
    this.network.heal()
    this.setOnline(true)
    if (this.tabs.length === 0) this.openTab([])
    const restless = await this.#settle()
    if (restless.length > 0) return restless
    // A user who sees an error tries again.
    for (const { shown, own } of this.tabs) {
      for (const each of shown) if (each.hasFailed) each.readAgain()
      void this.read(own, { what: 'list', view: {}, page: 1, pageSize: 3 }).catch(() => undefined)
    }
    return this.#settle()
  }

  async #settle(): Promise<readonly string[]> {
    let taken = 0
    for (let idle = 0; idle < 3;) {
      for (const own of this.tables) if (!own.isOver) this.browser.run(own.realm, () => own.live.resume())
      await this.pass(900)
      const before = this.#tick
      await this.take(stepsAtMost - taken)
      taken += this.#tick - before
      if (taken >= stepsAtMost) return [`${this.steps.count} steps wait`, ...this.#restless]
      // Each round costs a little, so that what never ends is found out.
      taken += stepsAtMost / 100
      idle = this.#isQuiet && this.#tick === before ? idle + 1 : 0
      // Tabs of a shared stream may go on asking each other whether they are there.
      if (this.#isQuiet && this.#tick - before < 10) idle += 1
    }
    return []
  }

  get #isQuiet(): boolean {
    return this.#restless.length === 0
  }

  /** What is still under way. */
  get #restless(): readonly string[] {
    const there = this.tables.filter(({ realm }) => !realm.isGone)
    return [
      ...there.flatMap(({ name, live }) =>
        live.pending.map(({ type, id }) => `${name} has not sent ${type} ${id}, for ${live.paused?.reason}`),
      ),
      ...this.asked.flatMap(({ own, question, outcome }) =>
        there.includes(own) && outcome === undefined ? [`${own.name} waits for ${nameOf(question)}`] : [],
      ),
      ...there.flatMap(({ name, isOver, live: { streamStatus } }) =>
        isOver || streamStatus === undefined || streamStatus.state === 'open' ? [] : [`the stream of ${name} is ${streamStatus.state}`],
      ),
    ]
  }

  #makeTab(realm: Realm, shown: readonly Shown['question'][]): Tab {
    const cache =
      this.#caches.get(realm) ?? this.disk.connect(realm, (cacheKey) => (cacheKey === 'items' ? this.server : this.otherServer).last)
    this.#caches.set(realm, cache)
    const modules = this.#loaded.get(realm) ?? this.#modules[this.#loaded.size]
    if (modules === undefined) throw new Error('there are more tabs than modules were loaded for')
    this.#loaded.set(realm, modules)
    return this.browser.run(realm, () => {
      const { stream, keepsWrites, versions } = this.setup
      const [name, otherName] = [`table ${this.tables.length}`, `table ${this.tables.length + 1}`]
      const base = { concurrency: this.setup.concurrency, coalesce: this.setup.coalesce }
      const own: OwnTable = new OwnTable(realm, modules, cache, {
        ...base,
        name,
        server: this.server,
        master: this.network.connect(realm, name, this.server, { versions }),
        cacheKey: 'items',
        scope: this.scope,
        masterPageSize: this.setup.masterPageSize,
        stream:
          stream === 'none'
            ? undefined
            : this.server.stream(realm, stream === 'shared' ? modules.sharedStream : undefined, (index, event) => {
                if (event === 'gap') {
                  own.gaps += 1
                  own.heardAll = Math.max(own.heardAll, index)
                  own.heardList = Math.max(own.heardList, index)
                  return
                }
                // While a write is under way, what is heard waits for its answer.
                if (own.live.pending.length > 0) return
                own.heardList = Math.max(own.heardList, index)
                if (event.type === 'changed') own.heardAll = Math.max(own.heardAll, index)
                else own.heardRows.set(String(event.id), Math.max(own.heardRows.get(String(event.id)) ?? 0, index))
              }),
        queue: keepsWrites ? this.queue.connect(realm, this.scope) : undefined,
      })
      const other = new OwnTable(realm, modules, cache, {
        ...base,
        name: otherName,
        server: this.otherServer,
        master: this.network.connect(realm, otherName, this.otherServer, { versions }),
        cacheKey: 'item',
        scope: this.scope,
      })
      const tab: Tab = { realm, own, other, shown: shown.map((question) => new Shown(own, question, (...args) => this.read(...args))) }
      for (const each of tab.shown) each.start()
      for (const table of [own, other]) {
        table.live.subscribe(({ type }) => {
          if (type === 'purged') table.purgedAt = this.#tick
        })
      }
      own.live.subscribe(({ type }) => {
        if (type === 'purged') this.later(() => this.tabs.includes(tab) && this.remake(tab, shown))
      })
      this.tabs.push(tab)
      this.tables.push(own, other)
      return tab
    })
  }

  #close(tab: Tab): void {
    this.#forget(tab)
    for (const own of [tab.own, tab.other]) {
      own.isClosed = true
      this.browser.run(tab.realm, () => own.live.close())
    }
  }

  #forget(tab: Tab): void {
    this.tabs.splice(this.tabs.indexOf(tab), 1)
    for (const each of tab.shown) each.stop()
  }

  #noteSlot(slot: string, question: string): void {
    const known = this.slotNames.get(slot) ?? question
    this.slotNames.set(slot, known === question ? question : `${known}, and ${question}`)
  }

  #disturbancesOf({ told }: OwnTable): number {
    return this.disk.stirs + told
  }

  #onRequest(request: Request): void {
    const own = this.tables.find(({ name }) => name === request.table)
    const readers = this.#readers.get(`${request.table} ${request.question}`)
    if (own === undefined || readers === undefined || request.signal === undefined) return
    const now = this.#disturbancesOf(own)
    this.#baselines.set(request, Math.min(now, ...[...readers].map(({ disturbances }) => disturbances)))
    const twin = this.network.requests.find(
      (each) => each !== request && each.table === request.table && each.question === request.question && each.endedAt === undefined,
    )
    if (twin === undefined || twin.signal?.aborted !== false) return
    if (this.#baselines.get(twin) === now && !this.hasDiskFailed(own.realm)) this.doubleRequests.push(request.question)
  }
}

/** The name of what the master is asked for it. */
function nameOf(question: Question): string {
  switch (question.what) {
    case 'list':
      return questionOf('list', canonicalListQuery({ ...question.view, page: question.page, pageSize: question.pageSize }))
    case 'get':
      return questionOf('get', String(question.id))
    case 'count':
      return questionOf('count', { ...canonicalQuery(question.view), orderBy: [] })
  }
}
