import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, describe, expect, inject, test, vi } from 'vitest'
import { sharedStream } from './shared.ts'
import type { LiveEvent, LiveStream, StreamListener, StreamStatus } from './stream.ts'

// Tabs that come, go, crash, freeze and wake in any order, in a browser whose every task is run by hand. What each of them
// was told is held against what the server emitted.

const harmless = ['emit', 'run', 'tick', 'join', 'rejoin', 'leave', 'crash', 'freeze', 'wake', 'hide', 'show', 'cut'] as const
const lossy = ['freeze and lose', 'forget', 'clock'] as const

type Action = (typeof harmless)[number] | (typeof lossy)[number]

interface Step {
  readonly action: Action
  readonly pick: number
  readonly count: number
  readonly byHolder: boolean
}

const { runs, ...seed } = inject('history')

describe('sharedStream, whatever happens to the tabs', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.restoreAllMocks()
  })

  test('promise 13: where no message is lost, all hear every event once and in order, and only who joins has a gap', async () => {
    const property = fc.asyncProperty(history(harmless), async (steps) => {
      const browser = await play(steps, new Server(true))
      for (const tab of browser.everyTab) {
        expect(tab.heardTwice).toEqual([])
        // Who holds the connection before it has heard of the former holder cannot go on from there.
        if (browser.blindHolders === 0) expect(tab.lateGaps).toBe(0)
      }
    })
    await fc.assert(property, { numRuns: runs / 4, ...seed })
  })

  test('promise 13: a tab that takes over from a frozen one, of which it has never heard, stays the holder when that wakes', async () => {
    const server = new Server(true)
    const browser = new Browser(server)
    browser.install()
    const join: Step = { action: 'join', pick: 0, count: 1, byHolder: true }
    for (const action of ['join', 'join', 'leave'] as const) await browser.take({ ...join, action })
    await browser.runAll()
    server.emit(5)
    await browser.runAll()
    const [frozen] = browser.tabs
    await browser.take({ ...join, action: 'freeze' })
    await browser.take({ ...join, byHolder: false })
    browser.clock += 5_000
    await browser.take({ action: 'tick', pick: 1, count: 4, byHolder: false })
    await browser.runAll()
    server.emit(5)
    await browser.runAll()
    frozen?.wake()
    await browser.runAll()
    expect(browser.holders).toBe(3)
    expect(browser.tabs.map((tab) => [tab.known, tab.missed, tab.heardTwice])).toEqual([
      [10, undefined, []],
      [10, undefined, []],
    ])
    expect([...server.connections].map(({ tab }) => browser.tabs.indexOf(tab))).toEqual([1])
  })

  test('promise 11: where messages are lost and the server forgets, who missed anything is told of a gap after it', async () => {
    await fc.assert(
      fc.asyncProperty(history([...harmless, ...lossy]), async (steps) => void (await play(steps, new Server(true)))),
      { numRuns: runs / 4, ...seed },
    )
  })

  test('promise 11: where the stream cannot resume, who missed anything is told of a gap after it', async () => {
    await fc.assert(
      fc.asyncProperty(history([...harmless, ...lossy]), async (steps) => void (await play(steps, new Server(false)))),
      { numRuns: runs / 4, ...seed },
    )
  })
})

function history(actions: readonly Action[]): fc.Arbitrary<Step[]> {
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom<Action>('run', 'run', 'run', 'run', 'emit') },
    { weight: 2, arbitrary: fc.constantFrom(...actions) },
  )
  return fc.array(fc.record({ action, pick: fc.nat(1_000), count: fc.integer({ min: 1, max: 8 }), byHolder: fc.boolean() }), {
    minLength: 60,
    maxLength: 200,
    size: 'max',
  })
}

/** Takes the steps, wakes who sleeps, runs what is left to run, and checks that everybody is up to date. */
async function play(steps: readonly Step[], server: Server): Promise<Browser> {
  const browser = new Browser(server)
  browser.install()
  for (const step of steps) await browser.take(step)
  for (const tab of browser.tabs) tab.wake()
  for (let round = 0; round < 12; round += 1) {
    await browser.runAll()
    for (const tab of browser.tabs) await browser.runIn(tab, () => tab.look())
  }
  server.emit(3)
  await browser.runAll()
  for (const tab of browser.tabs) {
    expect(tab.missed).toBeUndefined()
    expect(tab.wrongPositions).toEqual([])
    expect(tab.known).toBe(server.last)
    expect(tab.status).toEqual({ state: 'open' })
  }
  expect(server.connections.size).toBe(Math.min(browser.tabs.length, 1))
  return browser
}

interface Connection {
  readonly tab: Tab
  readonly listener: StreamListener
  position: string | undefined
  isAccepted: boolean
  /** What is on its way. */
  readonly network: Queue
}

let sent = 0

/** Tasks that run one after the other. */
class Queue {
  readonly tasks: { readonly run: () => void; readonly sent: number }[] = []

  push(run: () => void): void {
    this.tasks.push({ run, sent: (sent += 1) })
  }

  take(count: number): () => void {
    const taken = this.tasks.splice(0, count)
    return () => taken.forEach(({ run }) => run())
  }
}

/** Emits numbered events. Some changes are two events, of which only the second has a position. */
class Server {
  readonly connections = new Set<Connection>()
  readonly #log: { readonly event: number; readonly position: string | undefined }[] = []
  readonly #canResume: boolean
  #forgotten = 0
  last = 0

  constructor(canResume: boolean) {
    this.#canResume = canResume
  }

  emit(count: number): void {
    for (let index = 0; index < count; index += 1) {
      this.last += 1
      const entry = { event: this.last, position: this.last % 3 === 1 && index < count - 1 ? undefined : `after ${this.last}` }
      this.#log.push(entry)
      for (const connection of this.connections) if (connection.isAccepted) this.#send(connection, entry)
    }
  }

  /** Answers those that have asked for a connection. */
  accept(): void {
    for (const connection of this.connections) {
      if (connection.isAccepted) continue
      connection.isAccepted = true
      const { listener, position } = connection
      const from = this.#canResume ? this.#log.findIndex((entry) => entry.position === position) : -1
      const resumes = position === 'after 0' ? this.#forgotten === 0 : from >= this.#forgotten
      const present = this.#canResume ? `after ${this.last}` : undefined
      connection.network.push(() => {
        listener.onStatus({ state: 'open' })
        if (resumes) return
        listener.onGap('not resumed')
        this.#tellPosition(connection, present)
      })
      if (resumes) for (const entry of this.#log.slice(from + 1)) this.#send(connection, entry)
    }
  }

  cut(connection: Connection): void {
    connection.isAccepted = false
    connection.network.take(Infinity)
    connection.network.push(() => connection.listener.onStatus({ state: 'connecting' }))
  }

  forget(): void {
    this.#forgotten = this.#log.length
  }

  /** A stream as a tab connects it. */
  stream(tab: Tab): LiveStream {
    return {
      connect: (listener, position) => {
        const connection: Connection = { tab, listener, position, isAccepted: false, network: new Queue() }
        this.connections.add(connection)
        if (tab.browser.holders > 0 && (tab.isBlind || position === undefined || tab.browser.locks.holder !== tab))
          tab.browser.blindHolders += 1
        tab.browser.holders += 1
        listener.onStatus({ state: 'connecting' })
        return () => this.connections.delete(connection)
      },
    }
  }

  #send(connection: Connection, { event, position }: { readonly event: number; readonly position: string | undefined }): void {
    connection.network.push(() => {
      connection.listener.onEvent({ type: 'updated', id: event })
      this.#tellPosition(connection, this.#canResume ? position : undefined)
    })
  }

  #tellPosition(connection: Connection, position: string | undefined): void {
    if (position === undefined) return
    connection.position = position
    connection.listener.onPosition?.(position)
  }
}

/** A connection to the shared stream, in a tab of its own, and what it was told. */
class Tab {
  readonly browser: Browser
  readonly messages = new Queue()
  readonly lockNews = new Queue()
  readonly timers = new Set<() => void>()
  readonly shown = new Set<() => void>()
  readonly channels = new Set<FakeChannel>()
  isFrozen = false
  losesMessages = false
  isHidden = false
  /** It has heard of no holder. */
  isBlind = true
  disconnect: (() => void) | undefined

  status: StreamStatus | undefined
  /** It has heard of the tab that has the lock, or is that one. */
  hasJoined = false
  lateGaps = 0
  /** It knows of all that happened up to this event, or would, had it not missed one. */
  known: number
  missed: number | undefined
  position: string | undefined
  #covered = 0
  readonly heardTwice: number[] = []
  readonly wrongPositions: string[] = []

  constructor(browser: Browser, position: string | undefined) {
    this.browser = browser
    this.position = position
    this.known = position === undefined ? 0 : numberOf(position)
    this.missed = position === undefined ? 0 : undefined
    this.#covered = this.known
  }

  readonly listener: StreamListener = {
    onEvent: (event) => this.#hear(event),
    onGap: () => {
      // Whoever is told of a gap asks for everything as it is now.
      if (this.hasJoined) this.lateGaps += 1
      this.missed = undefined
      this.known = Math.max(this.known, this.browser.server.last)
      this.#covered = 0
      this.heardTwice.length = 0
    },
    onStatus: (status) => {
      this.status = status
    },
    onError: (error) => {
      throw error
    },
    onPosition: (position) => {
      // Whoever connects with it is told of nothing before it.
      const number = numberOf(position)
      if (this.missed !== undefined || this.known < number || number < this.#covered) this.wrongPositions.push(position)
      this.position = position
      this.#covered = number
    },
  }

  #hear(event: LiveEvent): void {
    const number = event.type === 'changed' ? 0 : Number(event.id)
    if (number <= this.#covered) this.heardTwice.push(number)
    if (number > this.known + 1) this.missed ??= this.known + 1
    this.known = Math.max(this.known, number)
  }

  get queues(): Queue[] {
    const networks = [...this.browser.server.connections].filter(({ tab }) => tab === this).map(({ network }) => network)
    const [message] = this.messages.tasks
    const [news] = this.lockNews.tasks
    // News of the lock may overtake messages, but are never later than one that was sent after them.
    const isMessageNext = message !== undefined && (news === undefined || message.sent < news.sent)
    return [...(isMessageNext ? [this.messages] : []), this.lockNews, ...networks].filter(({ tasks }) => tasks.length > 0)
  }

  look(): void {
    for (const timer of this.timers) timer()
  }

  show(): void {
    this.isHidden = false
    for (const listener of this.shown) listener()
  }

  wake(): void {
    this.isFrozen = false
    this.losesMessages = false
  }

  /** Nothing of it is left. */
  end(): void {
    this.browser.tabs.splice(this.browser.tabs.indexOf(this), 1)
    for (const channel of this.channels) channel.close()
    for (const connection of this.browser.server.connections) {
      if (connection.tab === this) this.browser.server.connections.delete(connection)
    }
    this.browser.locks.forget(this)
  }
}

class Browser {
  readonly server: Server
  readonly tabs: Tab[] = []
  readonly everyTab: Tab[] = []
  readonly channels = new Set<FakeChannel>()
  readonly locks = new FakeLocks()
  blindHolders = 0
  holders = 0
  clock = 1_000
  current: Tab | undefined

  constructor(server: Server) {
    this.server = server
  }

  /** In whose task we are. */
  get here(): Tab {
    if (this.current === undefined) throw new Error('no tab runs')
    return this.current
  }

  install(): void {
    const here = (): Tab => this.here
    vi.stubGlobal('setInterval', (timer: () => void) => {
      here().timers.add(timer)
      return timer
    })
    vi.stubGlobal('clearInterval', (timer: () => void) => here().timers.delete(timer))
    vi.stubGlobal('document', {
      get hidden() {
        return here().isHidden
      },
      addEventListener: (_type: string, listener: () => void) => here().shown.add(listener),
    })
    vi.stubGlobal('navigator', {
      locks: {
        request: (_name: string, options: LockOptions, callback: () => Promise<void> | undefined) =>
          this.locks.request(this.here, options, callback),
      },
    })
    vi.stubGlobal(
      'BroadcastChannel',
      class extends FakeChannel {
        constructor() {
          super(here())
        }
      },
    )
    vi.spyOn(Date, 'now').mockImplementation(() => this.clock)
  }

  /** Runs a task, and what it has put off to its end. */
  async runIn(tab: Tab, task: () => void): Promise<void> {
    this.current = tab
    task()
    await setImmediate()
    if (this.locks.holder === tab && tab.status?.state === 'open') tab.hasJoined = true
    this.current = undefined
  }

  async runAll(): Promise<void> {
    for (let isIdle = false; !isIdle;) {
      isIdle = true
      this.server.accept()
      for (const tab of this.tabs) {
        for (let [queue] = tab.queues; queue !== undefined && !tab.isFrozen && this.tabs.includes(tab); [queue] = tab.queues) {
          isIdle = false
          await this.runIn(tab, queue.take(1))
        }
      }
    }
  }

  async take({ action, pick, count, byHolder }: Step): Promise<void> {
    this.clock += action === 'clock' ? pick - 500 : pick % 3
    if (action === 'emit') return this.server.emit(count)
    if (action === 'forget') return this.server.forget()
    if (action === 'join' || action === 'rejoin') {
      const gone = this.everyTab.filter((candidate) => !this.tabs.includes(candidate))
      const position = action === 'rejoin' ? gone[pick % gone.length]?.position : undefined
      if (this.tabs.length < 6) await this.#open(position)
      // Most tabs have the time to join before anything else happens.
      if (byHolder) await this.runAll()
      return
    }
    const [holder] = this.server.connections
    const tab = byHolder && holder !== undefined && action !== 'tick' ? holder.tab : this.tabs[pick % this.tabs.length]
    if (tab === undefined) return
    switch (action) {
      case 'run':
        if (pick % 2 === 0) this.server.accept()
        for (let index = 0; index < 2 * count && !tab.isFrozen; index += 1) {
          const { queues } = tab
          const queue = queues[(pick + index) % queues.length]
          // What comes over the network may be several events at once.
          const isNetwork = queue !== tab.messages && queue !== tab.lockNews
          if (queue !== undefined) await this.runIn(tab, queue.take(isNetwork ? 1 + (pick % 3) : 1))
        }
        return
      case 'tick':
        for (let index = 0; index < count && !tab.isFrozen; index += 1) await this.runIn(tab, () => tab.look())
        return
      case 'leave':
        if (tab.isFrozen) return
        await this.runIn(tab, () => tab.disconnect?.())
        tab.end()
        return
      case 'crash':
        return tab.end()
      case 'freeze':
      case 'freeze and lose':
        tab.isFrozen = true
        tab.losesMessages = action === 'freeze and lose'
        return
      case 'wake':
        return tab.wake()
      case 'hide':
        tab.isHidden = true
        return
      case 'show':
        if (!tab.isFrozen) await this.runIn(tab, () => tab.show())
        return
      case 'cut':
        for (const connection of this.server.connections) if (connection.tab === tab) this.server.cut(connection)
        return
      case 'clock':
    }
  }

  async #open(position: string | undefined): Promise<void> {
    const tab = new Tab(this, position)
    this.tabs.push(tab)
    this.everyTab.push(tab)
    await this.runIn(tab, () => {
      tab.disconnect = sharedStream(this.server.stream(tab), { name: 'numbers' }).connect(tab.listener, position)
    })
  }
}

class FakeChannel {
  readonly #tab: Tab
  readonly #listeners = new Set<(event: { readonly data: unknown }) => void>()

  constructor(tab: Tab) {
    this.#tab = tab
    tab.channels.add(this)
    tab.browser.channels.add(this)
  }

  addEventListener(
    _type: 'message',
    listener: (event: { readonly data: unknown }) => void,
    options?: { readonly signal: AbortSignal },
  ): void {
    this.#listeners.add(listener)
    options?.signal.addEventListener('abort', () => this.#listeners.delete(listener))
  }

  postMessage(message: unknown): void {
    for (const channel of this.#tab.browser.channels) if (channel !== this) channel.#deliver(this.#tab, structuredClone(message))
  }

  close(): void {
    this.#tab.browser.channels.delete(this)
  }

  #deliver(sender: Tab, data: unknown): void {
    const tab = this.#tab
    if (tab.isFrozen && tab.losesMessages) return
    tab.messages.push(() => {
      if (!tab.browser.channels.has(this)) return
      if (typeof data === 'object') tab.isBlind = false
      for (const listener of this.#listeners) listener({ data })
      if (typeof data === 'object' && tab.browser.locks.holder === sender && tab.status?.state === 'open') tab.hasJoined = true
    })
  }
}

interface LockRequest {
  readonly tab: Tab
  readonly grant: () => void
  readonly refuse: () => void
}

/** Web Locks of one name. */
class FakeLocks {
  #held: LockRequest | undefined
  #waiting: LockRequest[] = []

  async request(tab: Tab, { signal, steal }: LockOptions, callback: () => Promise<void> | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const request: LockRequest = {
      tab,
      grant: () => {
        void Promise.resolve(callback()).then(() => {
          resolve()
          if (this.#held === request) this.#pass()
        })
      },
      refuse: () => reject(new DOMException('stolen or aborted', 'AbortError')),
    }
    signal?.addEventListener('abort', () => {
      if (!this.#waiting.includes(request)) return
      this.#waiting = this.#waiting.filter((other) => other !== request)
      request.refuse()
    })
    if (steal === true) {
      const robbed = this.#held
      robbed?.tab.lockNews.push(robbed.refuse)
      this.#give(request)
    } else {
      this.#waiting.push(request)
      if (this.#held === undefined) this.#pass()
    }
    return promise
  }

  /** What a tab that is gone held goes to the next. */
  forget(tab: Tab): void {
    this.#waiting = this.#waiting.filter((request) => request.tab !== tab)
    if (this.#held?.tab === tab) this.#pass()
  }

  get holder(): Tab | undefined {
    return this.#held?.tab
  }

  #pass(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#held = undefined
    else this.#give(next)
  }

  #give(request: LockRequest): void {
    this.#held = request
    request.tab.lockNews.push(request.grant)
  }
}

function numberOf(position: string): number {
  return Number(position.slice('after '.length))
}
