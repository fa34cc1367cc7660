import { AsyncLocalStorage } from 'node:async_hooks'
import type { sharedStream } from '../../stream/shared.ts'
import type { LiveEvent, LiveStream, StreamListener } from '../../stream/stream.ts'
import { matchingRows } from '../../table/match.ts'
import { canonicalQuery } from '../../table/query.ts'
import type { RowId, ViewQuery } from '../../table/table.ts'
import { fakeMaster, type FakeMaster, type Item } from '../fake-master.ts'
import type { Browser, Realm, Step } from './browser.ts'

/** What the events of a server carry. */
export interface Wire {
  readonly rows: boolean
  readonly fields: boolean
  readonly keys: boolean
  /** Whether who comes back with a position goes on from there. */
  readonly resumes: boolean
}

/** Who made a change, and under which idempotency key. */
export interface Author {
  readonly name: string
  readonly key?: string | undefined
}

/** One change of the master, and all of its rows after it. */
export interface Commit {
  readonly author: Author
  readonly event: LiveEvent
  readonly rows: readonly Item[]
}

const authors = new AsyncLocalStorage<Author>()
const somebody: Author = { name: 'somebody' }

/** Hears what a connection is told, and up to which change, right before it is told. */
type OnHeard = (index: number, event: LiveEvent | 'gap') => void

interface Connection {
  readonly realm: Realm
  readonly onHeard: OnHeard
  readonly listener: StreamListener
  position: number | undefined
  isOpen: boolean
  /** What is on its way. */
  underWay: (() => void)[]
}

/** The reference: the rows as the master has them, and all that they ever were. */
export class Server {
  readonly master: FakeMaster
  readonly log: Commit[] = []
  readonly connections: Set<Connection> = new Set()
  readonly #wire: Wire
  readonly #browser: Browser
  readonly #step: Step
  /** When each version of a row came to be. */
  readonly #indexes = new Map<string, number>()
  #forgotten = 0
  #ids = 100

  constructor(name: string, rows: readonly Item[], wire: Wire, browser: Browser, step: Step) {
    this.#wire = wire
    this.#browser = browser
    this.#step = step
    this.master = fakeMaster(rows, { name, versionField: 'version', honoursIdempotencyKeys: true })
    const { rows: stored } = this.master
    const [set, remove, clear] = [stored.set.bind(stored), stored.delete.bind(stored), stored.clear.bind(stored)]
    this.#commit({ type: 'changed' })
    stored.set = (key, row) => {
      const former = stored.get(key)
      set(key, row)
      const known = { id: row.id, ...(wire.rows && { row: structuredClone(row) }) }
      const fields = Object.keys({ ...former, ...row }).filter(
        (field) => Reflect.get(row, field) !== (former && Reflect.get(former, field)),
      )
      this.#commit(former === undefined ? { type: 'inserted', ...known } : { type: 'updated', ...known, ...(wire.fields && { fields }) })
      return stored
    }
    stored.delete = (key) => {
      const former = stored.get(key)
      if (former === undefined) return false
      remove(key)
      this.#commit({ type: 'deleted', id: former.id })
      return true
    }
    stored.clear = () => {
      clear()
      this.#commit({ type: 'changed' })
    }
  }

  /** The index of the last change. */
  get last(): number {
    return this.log.length - 1
  }

  /** An id that no row has had. */
  newId(): RowId {
    return (this.#ids += 1)
  }

  /** Runs a call of the master in somebody's name. */
  as<Result>(author: Author, call: () => Result): Result {
    return authors.run(author, call)
  }

  rowsAt(index: number): readonly Item[] {
    return this.log[index]?.rows ?? []
  }

  /** The change that made a row what it is; undefined where it never was so. */
  indexOf(row: Item): number | undefined {
    const index = this.#indexes.get(nameOf(row))
    return index !== undefined &&
      isEqual(
        this.rowsAt(index).find(({ id }) => id === row.id),
        row,
      )
      ? index
      : undefined
  }

  /** The rows of a view, after a change. */
  found(view: ViewQuery<Item>, index: number): readonly Item[] {
    return matchingRows(this.rowsAt(index), canonicalQuery(view))
  }

  /** Who comes back does not go on from before this. */
  forget(): void {
    this.#forgotten = this.last
  }

  /** Connections break, of one tab or all; they are made again as soon as the network is there. */
  cut(realm?: Realm): void {
    for (const connection of this.connections) {
      if (realm !== undefined && connection.realm !== realm) continue
      connection.isOpen = false
      connection.underWay = []
      this.#send(connection, () => connection.listener.onStatus({ state: 'connecting' }))
      this.#open(connection)
    }
  }

  /**
   * The stream of this server's events in one tab.
   *
   * @param share where all tabs have one connection: gives this one's end of it
   */
  stream(realm: Realm, share: typeof sharedStream | undefined, onHeard: OnHeard): LiveStream {
    const stream: LiveStream = {
      connect: (listener, position) => {
        const connection: Connection = {
          realm,
          onHeard,
          listener,
          position: position === undefined ? undefined : Number(position),
          isOpen: false,
          underWay: [],
        }
        this.connections.add(connection)
        listener.onStatus({ state: 'connecting' })
        this.#open(connection)
        return () => this.connections.delete(connection)
      },
    }
    return share?.(stream, { name: this.master.name }) ?? stream
  }

  /** Connections are tried again when the network is there. */
  reconnect(): void {
    for (const connection of this.connections) if (!connection.isOpen) this.#open(connection)
  }

  #open(connection: Connection): void {
    void this.#step(`${connection.realm.name} connects`).then(() => {
      if (connection.isOpen || connection.realm.isGone || !this.#browser.isOnline) return
      connection.isOpen = true
      const { listener, position } = connection
      const present = this.last
      const resumes = this.#wire.resumes && position !== undefined && position >= this.#forgotten
      this.#send(connection, () => {
        listener.onStatus({ state: 'open' })
        if (resumes) return
        connection.onHeard(present, 'gap')
        listener.onGap('not resumed')
        this.#tellPosition(connection, present)
      })
      if (resumes) for (let index = position + 1; index <= present; index += 1) this.#sendEvent(connection, index)
    })
  }

  #sendEvent(connection: Connection, index: number): void {
    const commit = this.log[index]
    if (commit === undefined) return
    this.#send(connection, () => {
      connection.onHeard(index, commit.event)
      connection.listener.onEvent(structuredClone(commit.event))
      // Some changes are two events, of which only the second has a position.
      if (index % 3 !== 1) this.#tellPosition(connection, index)
    })
  }

  #tellPosition(connection: Connection, index: number): void {
    if (!this.#wire.resumes) return
    connection.position = index
    connection.listener.onPosition?.(`${index}`)
  }

  /** What is sent over one connection comes in order. */
  #send(connection: Connection, news: () => void): void {
    const { underWay } = connection
    underWay.push(news)
    void this.#step(`stream to ${connection.realm.name}`).then(() => {
      const next = underWay.shift()
      const isLost = connection.underWay !== underWay || !this.connections.has(connection) || connection.realm.isGone
      if (next !== undefined && !isLost) this.#browser.run(connection.realm, next)
    })
  }

  #commit(event: LiveEvent): void {
    const author = authors.getStore() ?? somebody
    const rows = [...this.master.rows.values()]
    const index = this.log.push({
      author,
      event: this.#wire.keys && author.key !== undefined ? { ...event, write: author.key } : event,
      rows,
    })
    for (const row of rows) if (!this.#indexes.has(nameOf(row))) this.#indexes.set(nameOf(row), index - 1)
    for (const connection of this.connections) if (connection.isOpen) this.#sendEvent(connection, index - 1)
  }
}

function nameOf({ id, version }: Item): string {
  return `${id} ${version}`
}

/** Rows hold texts and numbers only. */
export function isEqual(a: object | undefined, b: object | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  const fields = Object.keys(a)
  return fields.length === Object.keys(b).length && fields.every((field) => Reflect.get(a, field) === Reflect.get(b, field))
}
