import { makeClock } from '../../clock.ts'
import type { StoredWrite, WriteStorage } from '../../writes/write-storage.ts'
import { never, type Browser, type Realm, type Step } from './browser.ts'

interface Owner {
  readonly realm: Realm
  readonly writes: Map<number, StoredWrite>
  readonly onFound: (writes: readonly StoredWrite[]) => void
  /** What it has asked for and is not done yet. As with IndexedDB, what is asked for first is done first. */
  readonly underWay: (() => void)[]
  isOpen: boolean
}

/** Where the writes of all tabs are kept. What one leaves behind goes to another one, or to the next that is opened. */
export class Queue {
  readonly #browser: Browser
  readonly #step: Step
  readonly #now = makeClock()
  readonly #owners = new Set<Owner>()

  constructor(browser: Browser, step: Step) {
    this.#browser = browser
    this.#step = step
  }

  /** What still waits to be sent. */
  get waiting(): readonly StoredWrite[] {
    return [...this.#owners].flatMap(({ writes }) => [...writes.values()]).filter(({ failure }) => failure === undefined)
  }

  connect(realm: Realm, scope: string): WriteStorage {
    return {
      scope,
      purge: async (calledBefore = Infinity) => {
        for (const { underWay } of this.#owners) for (const apply of underWay.splice(0)) apply()
        const kept = [...this.#owners].flatMap(({ writes }) => [...writes.values()])
        await this.#step(`${realm.name} queue purges`)
        for (const { order, calledAt } of kept) {
          if (calledAt < calledBefore) for (const { writes } of this.#owners) writes.delete(order)
        }
      },
      connect: (_cacheKey, onFound) => {
        const owner: Owner = { realm, writes: new Map(), onFound, underWay: [], isOpen: true }
        this.#owners.add(owner)
        return {
          ready: this.#step(`${realm.name} queue opens`).then(() => (realm.isGone ? never() : this.#takeOver(owner))),
          nextOrder: this.#now,
          update: async (put, forget) => {
            const copies = structuredClone(put)
            owner.underWay.push(() => {
              for (const write of copies) owner.writes.set(write.order, write)
              for (const order of forget) owner.writes.delete(order)
            })
            await this.#step(`${realm.name} queue >`)
            if (realm.isGone) return never()
            for (const apply of owner.underWay.splice(0)) apply()
            await this.#step(`${realm.name} queue <`)
            return realm.isGone ? never() : undefined
          },
          close: () => {
            void this.#step(`${realm.name} queue closes`).then(() => {
              for (const apply of owner.underWay.splice(0)) apply()
              owner.isOpen = false
              this.passOn()
            })
          },
        }
      },
    }
  }

  /** A tab that lives takes over what others have left behind. */
  passOn(): void {
    void this.#step('queue passes on').then(() => {
      const heir = [...this.#owners].find(isLive)
      if (heir !== undefined) this.#takeOver(heir)
    })
  }

  #takeOver(heir: Owner): void {
    if (!isLive(heir)) return
    const left = [...this.#owners].filter((owner) => !isLive(owner))
    const found = left.flatMap(({ writes }) => [...writes.values()]).sort((a, b) => a.order - b.order)
    for (const owner of left) this.#owners.delete(owner)
    for (const write of found) heir.writes.set(write.order, write)
    if (found.length > 0) this.#browser.run(heir.realm, () => heir.onFound(structuredClone(found)))
  }
}

function isLive({ isOpen, realm }: Owner): boolean {
  return isOpen && !realm.isGone
}
