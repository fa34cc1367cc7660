import { HttpError, NetworkError } from '../../errors.ts'
import { canonicalListQuery, canonicalQuery } from '../../table/query.ts'
import type { ReadOptions, SendOptions, Table } from '../../table/table.ts'
import { untilAborted } from '../../table/until-aborted.ts'
import { deferred, type Deferred } from '../deferred.ts'
import type { Item } from '../fake-master.ts'
import { never, type Browser, type Realm, type Step } from './browser.ts'
import type { Chances } from './chances.ts'
import type { Server } from './server.ts'

/** A read of the master. */
export interface Request {
  readonly realm: Realm
  /** The live table that sent it. */
  readonly table: string
  readonly question: string
  readonly signal: AbortSignal | undefined
  readonly startedAt: number
  endedAt: number | undefined
}

/** The name of a question to the master: what is read under the same one may be one request. */
export function questionOf(what: 'list' | 'count' | 'get', asked: unknown): string {
  return `${what} ${JSON.stringify(asked)}`
}

/** How often requests fail, from 0 up to 1. */
export interface NetworkFaults {
  readonly read: number
  readonly write: number
}

/** What is between a tab and its server: it takes its time, and loses what it carries. */
export class Network {
  readonly requests: Request[] = []
  /** What hears of each read that is sent. */
  onRequest: (request: Request) => void = () => undefined
  readonly #browser: Browser
  readonly #step: Step
  readonly #chances: Chances
  readonly #now: () => number
  readonly #applied = new Set<string>()
  #shares: NetworkFaults
  /** What hangs waits for it; undefined where nothing hangs any more. */
  #hanging: Deferred<void> | undefined = deferred()

  /** @param now counts what has happened */
  constructor(browser: Browser, step: Step, chances: Chances, now: () => number, shares: NetworkFaults) {
    this.#browser = browser
    this.#step = step
    this.#chances = chances
    this.#now = now
    this.#shares = shares
  }

  /** From now on it works. */
  heal(): void {
    this.#shares = { read: 0, write: 0 }
    this.wake()
    this.#hanging = undefined
  }

  /** What hung until now goes on. */
  wake(): void {
    this.#hanging?.resolve()
    this.#hanging = deferred()
  }

  /** A server's table as one tab has it. */
  connect(realm: Realm, table: string, server: Server, options: { readonly versions: boolean }): Table<Item> {
    const { master } = server
    const send = async <Answer>(kind: keyof NetworkFaults, what: string, apply: () => Promise<Answer>, key?: string): Promise<Answer> => {
      const chance = this.#chances(`${kind} ${what} fails`) / this.#shares[kind]
      const faults =
        kind === 'read'
          ? (['lost', 'busy', 'hangs'] as const)
          : (['lost', 'answer lost', 'answer lost', 'busy', 'busy', 'refused', 'unauthorized', 'hangs'] as const)
      const fault = chance < 1 ? faults[Math.floor(chance * faults.length)] : undefined
      await this.#step(`${realm.name} ${what} >`)
      if (fault === 'hangs') await this.#hanging?.promise
      // What has left a tab that is gone may arrive all the same.
      if (realm.isGone && (kind === 'read' || this.#chances('it had left') < 0.5)) return never()
      if (!this.#browser.isOnline || fault === 'lost') throw new NetworkError(what, '/', undefined)
      if (fault === 'busy') throw httpError(what, 503)
      // What was applied already is answered as it was then.
      if (fault === 'refused' && !(key !== undefined && this.#applied.has(key))) throw httpError(what, 422)
      if (fault === 'unauthorized') throw httpError(what, 401)
      const answer = await apply()
      if (key !== undefined) this.#applied.add(key)
      await this.#step(`${realm.name} ${what} <`)
      if (realm.isGone) return never()
      if (!this.#browser.isOnline || fault === 'answer lost') throw new NetworkError(what, '/', undefined)
      return answer
    }
    const read = async <Answer>(question: string, { signal }: ReadOptions, apply: () => Promise<Answer>): Promise<Answer> => {
      const request: Request = { realm, table, question, signal, startedAt: this.#now(), endedAt: undefined }
      this.requests.push(request)
      this.onRequest(request)
      try {
        return await untilAborted(send('read', question, apply), signal)
      } finally {
        request.endedAt = this.#now()
      }
    }
    const write = <Answer>(what: string, { idempotencyKey }: SendOptions, apply: () => Promise<Answer>): Promise<Answer> =>
      send('write', what, () => server.as({ name: realm.name, key: idempotencyKey }, apply), idempotencyKey)

    return {
      name: master.name,
      idField: master.idField,
      honoursIdempotencyKeys: true,
      ...(options.versions && { versionField: 'version' }),
      list: (query, own = {}) => read(questionOf('list', canonicalListQuery(query)), own, () => master.list(query)),
      get: (id, own = {}) => read(questionOf('get', String(id)), own, () => master.get(id)),
      count: (query, own = {}) =>
        read(
          questionOf('count', canonicalQuery(query)),
          own,
          async () => (await master.list({ ...query, page: 1, pageSize: 1 })).total ?? 0,
        ),
      insert: (row, own = {}) => write('insert', own, () => master.insert({ id: server.newId(), ...row }, own)),
      replace: (id, row, own = {}) => write(`replace ${id}`, own, () => master.replace(id, row, versioned(own, options))),
      patch: (id, partial, own = {}) => write(`patch ${id}`, own, () => master.patch(id, partial, versioned(own, options))),
      delete: (id, own = {}) => write(`delete ${id}`, own, () => master.delete(id, own)),
      deleteAll: (own = {}) => write('deleteAll', own, () => master.deleteAll(own)),
    }
  }
}

function versioned<Options extends object>(own: Options, { versions }: { readonly versions: boolean }): Options {
  return versions ? own : { ...own, version: undefined }
}

function httpError(method: string, status: number): HttpError {
  return new HttpError(method, '/', new Response(null, { status }), undefined)
}
