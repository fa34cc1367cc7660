import { AsyncLocalStorage } from 'node:async_hooks'
import { vi } from 'vitest'

/** Waits until the history comes to it. */
export type Step = (name: string) => Promise<void>

/** What a tab has of its own: all that runs in it knows in which one it runs, until it is gone. */
export class Realm extends EventTarget {
  readonly name: string
  isGone = false

  constructor(name: string) {
    super()
    this.name = name
  }
}

const current = new AsyncLocalStorage<Realm>()

/** Something that never comes, for nobody is left who could wait for it. */
export function never(): Promise<never> {
  return new Promise(() => undefined)
}

/** A browser of several tabs, with all that passes between them in the hands of a history. */
export class Browser {
  readonly realms: Realm[] = []
  readonly #step: Step
  readonly #channels = new Set<FakeChannel>()
  readonly #locks = new Map<string, FakeLock>()
  #opened = 0
  #isOnline = true

  constructor(step: Step) {
    this.#step = step
  }

  get isOnline(): boolean {
    return this.#isOnline
  }

  /** The network is there, or gone; all tabs are told. */
  setOnline(isOnline: boolean): void {
    if (isOnline === this.#isOnline) return
    this.#isOnline = isOnline
    for (const realm of this.realms) this.run(realm, () => realm.dispatchEvent(new Event(isOnline ? 'online' : 'offline')))
  }

  openRealm(): Realm {
    this.#opened += 1
    const realm = new Realm(`tab ${this.#opened}`)
    this.realms.push(realm)
    return realm
  }

  /** Does something in a tab. */
  run<Result>(realm: Realm, task: () => Result): Result {
    return current.run(realm, task)
  }

  /** A tab is gone, at once and without a word. */
  crash(realm: Realm): void {
    realm.isGone = true
    this.realms.splice(this.realms.indexOf(realm), 1)
    for (const channel of this.#channels) if (channel.realm === realm) channel.close()
    for (const lock of this.#locks.values()) lock.forget(realm)
  }

  /** All that the code under test finds in a browser, in place of what Node has. */
  install(): void {
    const { setTimeout: startTimer, setInterval: startInterval } = globalThis
    const inRealm = (run: () => void): (() => void) => {
      const realm = current.getStore()
      return () => {
        if (realm === undefined) run()
        else if (!realm.isGone) current.run(realm, run)
      }
    }
    vi.stubGlobal('setTimeout', (run: () => void, delay?: number) => startTimer(inRealm(run), delay))
    vi.stubGlobal('setInterval', (run: () => void, delay?: number) => startInterval(inRealm(run), delay))
    vi.stubGlobal('window', globalThis)
    vi.stubGlobal('addEventListener', (type: string, listener: () => void) => this.#here.addEventListener(type, listener))
    vi.stubGlobal('removeEventListener', (type: string, listener: () => void) => this.#here.removeEventListener(type, listener))
    const isOnline = (): boolean => this.#isOnline
    vi.stubGlobal('navigator', {
      get onLine() {
        return isOnline()
      },
      locks: {
        request: (name: string, options: LockOptions, callback: () => Promise<void> | undefined) =>
          this.#lock(name).request(this.#here, options, callback),
      },
    })
    const [here, channels, step] = [() => this.#here, this.#channels, this.#step]
    vi.stubGlobal(
      'BroadcastChannel',
      class extends FakeChannel {
        constructor(name: string) {
          super(name, here(), channels, step)
        }
      },
    )
  }

  get #here(): Realm {
    const realm = current.getStore()
    if (realm === undefined) throw new Error('no tab runs')
    return realm
  }

  #lock(name: string): FakeLock {
    const lock = this.#locks.get(name) ?? new FakeLock(this.#step)
    this.#locks.set(name, lock)
    return lock
  }
}

type Heard = (event: { readonly data: unknown }) => void

/** Messages reach each receiver late, and in the order in which they were sent. */
class FakeChannel {
  readonly realm: Realm
  readonly #name: string
  readonly #all: Set<FakeChannel>
  readonly #step: Step
  readonly #listeners = new Set<Heard>()
  readonly #underWay: unknown[] = []

  constructor(name: string, realm: Realm, all: Set<FakeChannel>, step: Step) {
    this.#name = name
    this.realm = realm
    this.#all = all
    this.#step = step
    all.add(this)
  }

  addEventListener(_type: 'message', listener: Heard, options?: { readonly signal: AbortSignal }): void {
    this.#listeners.add(listener)
    options?.signal.addEventListener('abort', () => this.#listeners.delete(listener))
  }

  postMessage(message: unknown): void {
    if (!this.#all.has(this)) return
    for (const channel of this.#all) {
      if (channel === this || channel.#name !== this.#name) continue
      channel.#underWay.push(structuredClone(message))
      void this.#step(`message to ${channel.realm.name}`).then(() => channel.#deliver())
    }
  }

  close(): void {
    this.#all.delete(this)
  }

  #deliver(): void {
    const data = this.#underWay.shift()
    if (!this.#all.has(this)) return
    current.run(this.realm, () => {
      for (const listener of this.#listeners) listener({ data })
    })
  }
}

interface LockRequest {
  readonly realm: Realm
  readonly isShared: boolean
  readonly grant: () => void
  readonly refuse: () => void
}

/** The Web Lock of one name. */
class FakeLock {
  readonly #step: Step
  #held: readonly LockRequest[] = []
  #waiting: readonly LockRequest[] = []

  constructor(step: Step) {
    this.#step = step
  }

  request(realm: Realm, { signal, steal, mode }: LockOptions, callback: () => Promise<void> | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const request: LockRequest = {
      realm,
      isShared: mode === 'shared',
      grant: () => {
        void Promise.resolve(callback()).then(() => {
          resolve()
          this.#leave((each) => each === request)
        })
      },
      refuse: () => reject(new DOMException('stolen or aborted', 'AbortError')),
    }
    signal?.addEventListener('abort', () => {
      if (!this.#waiting.includes(request)) return
      this.#waiting = this.#waiting.filter((other) => other !== request)
      request.refuse()
      this.#pass()
    })
    if (steal === true) {
      for (const robbed of this.#held) this.#tell(robbed.realm, robbed.refuse)
      this.#held = []
      this.#give(request)
    } else {
      this.#waiting = [...this.#waiting, request]
      this.#pass()
    }
    return promise
  }

  /** What a tab that is gone held goes to the next. */
  forget(realm: Realm): void {
    this.#waiting = this.#waiting.filter((request) => request.realm !== realm)
    this.#leave((request) => request.realm === realm)
  }

  #leave(isLeft: (request: LockRequest) => boolean): void {
    this.#held = this.#held.filter((request) => !isLeft(request))
    this.#pass()
  }

  #pass(): void {
    const [next, ...others] = this.#waiting
    if (next === undefined || (this.#held.length > 0 && !(next.isShared && this.#held.every(({ isShared }) => isShared)))) return
    this.#waiting = others
    this.#give(next)
    this.#pass()
  }

  #give(request: LockRequest): void {
    this.#held = [...this.#held, request]
    this.#tell(request.realm, request.grant)
  }

  #tell(realm: Realm, news: () => void): void {
    void this.#step(`lock of ${realm.name}`).then(() => {
      if (!realm.isGone) current.run(realm, news)
    })
  }
}
