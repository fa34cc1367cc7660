import { HttpError, NetworkError } from '../../errors.ts'

import type { Item } from '../fake-master.ts'
import { isEqual, type Server } from './server.ts'
import type { OwnTable, Question, Shown } from './tab.ts'
import { Left, type Asked, type Floor, type World } from './world.ts'

// Each promise as what a history must not break. They are asked after each turn, and once more when all has come to rest.

/** What is looked at. */
interface Moment {
  readonly world: World
  /** The reads that have ended since the last look. */
  readonly ended: readonly Asked[]
  /** Whether all has come to rest: nothing is under way any more, and nothing fails. */
  readonly isAtRest: boolean
  /** Notes what breaks a promise. */
  readonly broken: (how: string) => void
  /** Notes that the promise had something to hold against. */
  readonly seen: () => void
}

/** A promise as a function that looks whether it holds. */
export interface Invariant {
  readonly promise: number
  readonly says: string
  readonly holds: (moment: Moment) => void | Promise<void>
}

const noFloor: Floor = { rows: new Map(), list: 0, all: 0 }

export const invariants: readonly Invariant[] = [
  { promise: 1, says: 'read your writes', holds: readYourWrites },
  { promise: 2, says: 'no stale fill', holds: noStaleFill },
  { promise: 3, says: 'a failed write changes nothing', holds: failedWritesChangeNothing },
  { promise: 4, says: 'order', holds: order },
  { promise: 5, says: 'backpressure', holds: backpressure },
  { promise: 6, says: 'every write settles once', holds: settlesOnce },
  { promise: 7, says: 'the cache may fail; the table may not', holds: cacheMayFail },
  { promise: 8, says: 'stale beats blank', holds: staleBeatsBlank },
  { promise: 9, says: 'absent is not cached', holds: absentIsNotCached },
  { promise: 10, says: 'slots never collide', holds: slotsNeverCollide },
  { promise: 11, says: 'a gap is an invalidation', holds: gapInvalidates },
  { promise: 12, says: 'no older answer after a newer one, and the newest at last', holds: newestAtLast },
  { promise: 13, says: 'tabs agree', holds: tabsAgree },
  { promise: 14, says: 'users do not leak', holds: nothingLeaks },
  { promise: 15, says: 'one question, one request', holds: oneRequest },
  { promise: 16, says: 'glue is invisible', holds: glueIsInvisible },
  { promise: 17, says: 'surgical where it can be proved', holds: surgical },
]

/** Whatever is handed out as fresh has in it all that had resolved, or was heard, when it was asked for. */
function readYourWrites({ ended, broken, seen, world }: Moment): void {
  for (const asked of ended) {
    if (asked.outcome?.status !== 'fulfilled') continue
    const { value } = asked.outcome
    // A count that comes from the cache has no place for the mark.
    if (value.read.stale || (value.what === 'count' && asked.mode !== 'default')) continue
    if (asked.floor.list > 0) seen()
    const what = valueOf(value)
    const wrong = wrongWith(asked.own.server, asked.question, what, asked.floor, partSize(world, asked.own))
    if (wrong !== undefined)
      broken(`${asked.own.realm.name} asked ${textOf(asked.question)} and got as fresh ${JSON.stringify(what)}: ${wrong}`)
  }
}

/** What is fresh on the disk has in it all that has resolved. */
async function noStaleFill({ world, broken, seen, isAtRest }: Moment): Promise<void> {
  for (const [key, slot] of world.disk.slots) {
    const server = slot.cacheKey === 'items' ? world.server : world.otherServer
    const question = world.slotQuestions.get(key)
    const entry = question && (await world.disk.freshEntry(slot))
    if (question === undefined || entry === undefined) continue
    const floor = world.resolvedFloor(server)
    if (floor.list > 0) seen()
    const wrong = wrongWith(server, question, entry.value, floor, server === world.server ? world.setup.masterPageSize : undefined)
    if (wrong !== undefined)
      broken(`fresh ${isAtRest ? 'at rest ' : ''}on the disk for ${textOf(question)} is ${JSON.stringify(entry.value)}: ${wrong}`)
  }
}

/** What was refused is with no master; what is on screen is the master's or waits, and nothing is left of what was taken back. */
function failedWritesChangeNothing({ world, broken, seen, isAtRest }: Moment): void {
  for (const { realm, shown, own } of world.tabs) {
    for (const each of shown) {
      for (const row of each.rows ?? []) {
        if (isPending(own, row)) continue
        if (own.server.indexOf(row) === undefined)
          broken(`${realm.name} shows ${JSON.stringify(row)} for ${textOf(each.question)}, which never was so`)
      }
    }
  }
  for (const { own, name, outcomes } of world.calls) {
    const [outcome] = outcomes
    // What a tab has not noted down before it crashed is sent once more by the next one.
    if (outcome?.status !== 'rejected' || !isRefusal(outcome.reason) || name === '' || own.realm.isGone) continue
    seen()
    const change = own.server.log.find(({ rows }) => rows.some((row) => row.name === name))
    if (change !== undefined) broken(`${name} was refused, and the master has it`)
  }
  if (!isAtRest) return
  for (const own of world.tables) {
    const caused = own.traced.filter((event) => event.type === 'invalidate' && event.cause === 'write').length
    // What was taken over may have been applied already.
    if (own.realm.isGone || world.setup.keepsWrites) continue
    // After a conflict, and where an attempt had no answer.
    const applied = own.traced.filter(({ type }) => type === 'write-applied' || type === 'write-retry' || type === 'write-pause').length
    const reasons = applied + 2 * own.traced.filter((event) => event.type === 'write-failed' && !isRefusal(event.error)).length
    if (caused > reasons) broken(`${own.name} has invalidated for ${caused} writes, of which ${reasons} may have changed something`)
  }
}

/** The master has the writes of a tab in the order of their calls, each once; those of one row also where several are sent at once. */
function order({ world, broken, seen, isAtRest }: Moment): void {
  if (!isAtRest) return
  for (const server of [world.server, world.otherServer]) {
    const names = server.log.flatMap(({ event, rows }, index) => {
      const id = event.type === 'changed' ? undefined : event.id
      const row = rows.find((each) => each.id === id)
      const former = server.rowsAt(index - 1).find((each) => each.id === id)
      return row === undefined || row.name === former?.name ? [] : [row.name]
    })
    if (new Set(names).size < names.length) broken(`applied twice: ${names.join(', ')}`)
    const places = new Map(names.map((name, place) => [name, place]))
    for (const own of world.tables) {
      if (own.server !== server) continue
      const applied = world.calls.filter((call) => call.own === own && places.has(call.name))
      const isStrict = world.setup.concurrency === 1 && !world.setup.coalesce
      const lines = isStrict ? [applied] : [...Map.groupBy(applied, ({ key }) => key).values()]
      for (const line of lines) {
        if (line.length > 1) seen()
        const found = line.map(({ name }) => places.get(name) ?? 0)
        if (found.some((place, index) => place < (found[index - 1] ?? 0)))
          broken(`called ${line.map(({ name }) => name).join(', ')}; the master has them at ${found.join(', ')}`)
      }
    }
  }
}

function backpressure({ world, broken, seen }: Moment): void {
  for (const own of world.tables) {
    const most = Math.max(0, ...own.traced.map((event) => (event.type === 'write-queued' ? event.waiting : 0)))
    if (most >= 256) seen()
    if (most > 256) broken(`${most} writes waited in ${own.name}`)
  }
}

/** At rest each write of a tab that lives has settled, once, with the row that the master stored or a typed error. */
function settlesOnce({ world, broken, seen, isAtRest }: Moment): void {
  for (const call of world.calls) {
    const { own, name, type, outcomes } = call
    const [outcome] = outcomes
    if (isAtRest && !own.realm.isGone && outcome === undefined) broken(`${type} ${name} has not settled`)
    if (outcomes.length > 1) broken(`${type} ${name} has settled ${outcomes.length} times`)
    if (outcome?.status === 'fulfilled') {
      seen()
      if (type !== 'delete' && type !== 'deleteAll' && world.changeOf(call) === undefined) {
        broken(`${type} ${name} resolved with ${JSON.stringify(outcome.value)}, which never was so`)
      }
    }
    if (outcome?.status === 'rejected' && codeOf(outcome.reason) === undefined && !(outcome.reason instanceof Left)) {
      broken(`${type} ${name} rejected with ${String(outcome.reason)}`)
    }
  }
  if (isAtRest && world.queue.waiting.length > 0) broken(`still kept: ${JSON.stringify(world.queue.waiting)}`)
}

/** No read fails because of the disk, or hangs, or gives what the master never had. */
function cacheMayFail({ world, ended, broken, seen, isAtRest }: Moment): void {
  if (world.disk.faults > 0) seen()
  for (const { own, question, outcome, mode, signal } of ended) {
    if (outcome?.status === 'rejected') {
      const { reason } = outcome
      const isFair =
        reason instanceof NetworkError ||
        reason instanceof HttpError ||
        (codeOf(reason) === 'closed' && own.isClosed) ||
        (codeOf(reason) === 'purged' && own.isOver) ||
        (codeOf(reason) === 'not-cached' && mode === 'only-if-cached') ||
        (reason instanceof Left && signal?.aborted === true)
      if (!isFair) broken(`${textOf(question)} failed with ${String(reason)}`)
    } else if (outcome !== undefined && outcome.value.what !== 'count') {
      const wrong = wrongWith(own.server, question, valueOf(outcome.value), undefined, partSize(world, own))
      if (wrong !== undefined) broken(`${textOf(question)} gave ${JSON.stringify(valueOf(outcome.value))}: ${wrong}`)
    }
  }
  if (!isAtRest) return
  for (const { own, question, outcome } of world.asked) {
    if (outcome === undefined && !own.realm.isGone) broken(`${textOf(question)} was never answered`)
  }
}

/** Where the master fails, what is cached is handed out, marked stale; and what is on screen stays there. */
async function staleBeatsBlank({ world, ended, broken, seen }: Moment): Promise<void> {
  for (const { own, question, outcome, wasCached, mode } of ended) {
    if (outcome?.status === 'fulfilled' && outcome.value.read.error !== undefined) {
      seen()
      if (!outcome.value.read.stale) broken(`${textOf(question)} has an error, and calls its rows fresh`)
    }
    const isMasters = outcome?.status === 'rejected' && (outcome.reason instanceof NetworkError || outcome.reason instanceof HttpError)
    if (!isMasters || !wasCached || mode === 'only-if-cached' || world.hasPurged || world.hasDiskFailed(own.realm)) continue
    // Meanwhile it may have become known that there is no such row any more.
    const slot = world.disk.slots.get(own.slotOf(question) ?? '')
    const held = slot && (await world.disk.entry(slot))
    if (held?.value !== undefined) broken(`${textOf(question)} failed, though it was cached`)
  }
}

/** Who is told that there is no such row has the word of the master, given while they waited. */
function absentIsNotCached({ world, ended, broken, seen }: Moment): void {
  for (const { own, question, outcome, startedAt } of ended) {
    if (question.what !== 'get' || outcome?.status !== 'fulfilled' || outcome.value.what !== 'get') continue
    const { row, stale } = outcome.value.read
    if (row !== undefined || stale) continue
    seen()
    const name = `get ${JSON.stringify(String(question.id))}`
    const wasAsked = world.network.requests.some(
      (request) => request.table === own.name && request.question === name && (request.endedAt ?? Infinity) >= startedAt,
    )
    if (!wasAsked) broken(`${own.realm.name} was told that there is no row ${question.id}, and the master was not asked`)
  }
}

/** No two questions have one slot, and no table has a row of another one. */
function slotsNeverCollide({ world, ended, broken, seen }: Moment): void {
  for (const [slot, question] of world.slotNames) if (question.includes(', and ')) broken(`${slot} is that of ${question}`)
  for (const { own, question, outcome } of ended) {
    if (outcome?.status !== 'fulfilled') continue
    const { value } = outcome
    const rows = value.what === 'list' ? value.read.rows : value.what === 'get' && value.read.row !== undefined ? [value.read.row] : []
    if (rows.length > 0) seen()
    const foreign = rows.find(
      (row) => row.name.startsWith('other ') !== (own.server === world.otherServer) && own.server.indexOf(row) === undefined,
    )
    if (foreign !== undefined) broken(`${textOf(question)} of ${own.server.master.name} has ${JSON.stringify(foreign)}`)
  }
}

/** Each gap that a table is told of invalidates all of it, once. */
function gapInvalidates({ world, broken, seen, isAtRest }: Moment): void {
  if (!isAtRest) return
  for (const { own } of world.tabs) {
    const gaps = own.traced.filter(({ type }) => type === 'gap').length
    const told = world.setup.stream === 'own' ? own.gaps : gaps
    const invalidated = own.traced.filter((event) => event.type === 'invalidate' && event.cause === 'gap' && event.rows === 'all').length
    if (told > 0) seen()
    if (invalidated !== told) broken(`${own.name} was told of ${told} gaps, and has invalidated for ${invalidated}`)
  }
}

/** No row is shown as it was before it was shown otherwise; at rest all is as the master has it. */
function newestAtLast({ world, broken, seen, isAtRest }: Moment): void {
  for (const { realm, own, shown } of world.tabs) {
    for (const each of shown) {
      for (const row of each.rows ?? []) {
        const key = String(row.id)
        if (isPending(own, row) || row.version === undefined) continue
        const newest = each.seen.get(key) ?? 0
        // Only where rows can be told apart by their versions is it known which of two is the older one.
        if (row.version < newest && world.setup.versions) broken(`${realm.name} shows ${JSON.stringify(row)} after version ${newest}`)
        each.seen.set(key, Math.max(newest, row.version))
      }
      if (!isAtRest || world.mayHaveMissed) continue
      seen()
      const { rows, total } = expected(own.server, each.question)
      const isRight =
        each.rows !== undefined && each.rows.length === rows.length && rows.every((row, index) => isEqual(row, each.rows?.[index]))
      if (!isRight || each.total !== total)
        broken(`${realm.name} shows ${describe(each)} for ${textOf(each.question)}; the master has ${JSON.stringify({ rows, total })}`)
    }
  }
}

/** At rest all tabs that show the same show the same rows, and have one connection where they share it. */
function tabsAgree({ world, broken, seen, isAtRest }: Moment): void {
  if (!isAtRest || world.mayHaveMissed) return
  const shown = world.tabs.flatMap((tab) => tab.shown)
  for (const [question, all] of Map.groupBy(shown, (each) => textOf(each.question))) {
    if (new Set(all.map(({ own }) => own)).size < 2) continue
    seen()
    if (new Set(all.map(describe)).size > 1) broken(`${question} is shown as ${all.map(describe).join(' and as ')}`)
  }
  const { size } = world.server.connections
  if (world.setup.stream === 'shared' && size !== 1) broken(`${world.tabs.length} tabs share ${size} connections`)
}

/** After a purge nothing is left of what was asked for before, on the disk or in a table, and nothing of it comes back. */
async function nothingLeaks({ world, ended, broken, seen, isAtRest }: Moment): Promise<void> {
  for (const { own, at, isDone } of world.purges) {
    if (!isDone) continue
    seen()
    for (const [key, slot] of world.disk.slots) {
      const entry = await world.disk.entry(slot)
      if (entry !== undefined && entry.fetchedAt < at)
        broken(`${key} is on the disk from before the purge by ${own.name}: ${JSON.stringify(entry.value)}`)
    }
    if (!isAtRest) continue
    for (const write of world.queue.waiting)
      if (write.calledAt < at) broken(`kept from before the purge by ${own.name}: ${JSON.stringify(write)}`)
    for (const table of world.tables) {
      if (table.madeAt < at && !table.isOver) broken(`${table.name} goes on after the purge by ${own.name}`)
    }
  }
  for (const { own, question, outcome, endedAt } of ended) {
    const isLate = own.purgedAt !== undefined && endedAt !== undefined && endedAt > own.purgedAt
    if (isLate && outcome?.status === 'fulfilled') broken(`${own.name} answered ${textOf(question)} after it was purged`)
  }
}

/** Who asks at the same moment shares a request, which goes on for as long as anybody waits for it, and no longer. */
function oneRequest({ world, ended, broken, seen }: Moment): void {
  for (const question of world.doubleRequests) broken(`${question} was sent again while it was under way`)
  for (const { outcome, signal, question } of ended) {
    if (signal !== undefined) seen()
    if (outcome?.status === 'rejected' && outcome.reason instanceof Left && signal?.aborted !== true)
      broken(`${textOf(question)} went with another reader`)
  }
  for (const request of world.network.requests) {
    if (request.endedAt !== undefined || request.signal === undefined || request.realm.isGone) continue
    // Of several parts of a page each is another question.
    if (world.setup.masterPageSize !== undefined && request.question.startsWith('list')) continue
    if (world.readersOf(request) === 0 && !request.signal.aborted) broken(`${request.question} goes on, and nobody waits for it`)
  }
}

/** A page that is put together has the rows of the list, in their order, no more of them and none of them twice. */
function glueIsInvisible({ world, ended, broken, seen, isAtRest }: Moment): void {
  const { masterPageSize } = world.setup
  if (masterPageSize === undefined) return
  for (const { own, question, outcome } of ended) {
    if (own.server !== world.server || question.what !== 'list' || outcome?.status !== 'fulfilled' || outcome.value.what !== 'list')
      continue
    const { rows, total, error, stale } = outcome.value.read
    if (error !== undefined) continue
    seen()
    if (new Set(rows.map(({ id }) => id)).size < rows.length) broken(`${textOf(question)} has a row twice: ${JSON.stringify(rows)}`)
    // Full, where the list has rows for it.
    const most = Math.min(question.pageSize, Math.max(0, (total ?? 0) - (question.page - 1) * question.pageSize))
    if (!stale && rows.length !== most) broken(`${textOf(question)} has ${rows.length} rows of ${most}`)
  }
  if (!isAtRest || world.mayHaveMissed) return
  for (const { own, question, rows } of world.tabs.flatMap((tab) => tab.shown)) {
    const wanted = expected(own.server, question).rows
    if (
      !isEqual(
        rows?.map(({ id }) => id),
        wanted.map(({ id }) => id),
      )
    )
      broken(`${textOf(question)} is ${JSON.stringify(rows)} at rest`)
  }
}

/** Nothing is invalidated without a reason, and what stays fresh is as the master has it. */
async function surgical({ world, broken, seen, isAtRest }: Moment): Promise<void> {
  if (!isAtRest) return
  for (const { realm } of world.tabs) {
    // What could not be written is written again, and by others.
    if (!world.tables.some((table) => world.hasDiskFailed(table.realm))) {
      const own = world.tables.filter((table) => table.realm === realm)
      const written = world.disk.invalidations.filter((each) => each.realm === realm)
      const all = written.filter(({ tags }) => tags === 'all').length
      const reasons = own.reduce((sum, { traced, wasInvalidated }) => sum + wasInvalidated + traced.filter(concernsAll).length, 0)
      if (written.length > all) seen()
      // What was to be invalidated at a purge, or comes of a write that was under way then, is told without the names of rows.
      const isPurged = world.purges.length > 0 || own.some((table) => table.isPurged)
      if (all > reasons && !isPurged) broken(`${realm.name} has invalidated everything ${all} times, for ${reasons} reasons`)
    }
  }
  if (world.setup.stream === 'none') return
  for (const [key, slot] of world.disk.slots) {
    const question = world.slotQuestions.get(key)
    if (slot.cacheKey !== 'items' || question === undefined || question.what === 'count') continue
    const entry = await world.disk.freshEntry(slot)
    if (entry === undefined) continue
    seen()
    const { rows, total } = expected(world.server, question)
    const held = question.what === 'list' ? entry.value : { rows: entry.value === undefined ? [] : [entry.value] }
    if (JSON.stringify(held) !== JSON.stringify({ rows, ...(total !== undefined && { total }) }))
      broken(
        `fresh on the disk at rest for ${textOf(question)} is ${JSON.stringify(held)}; the master has ${JSON.stringify({ rows, total })}`,
      )
  }
}

function concernsAll(event: OwnTable['traced'][number]): boolean {
  if (event.type === 'gap') return true
  if (event.type === 'event') return event.event.type === 'changed'
  return (event.type === 'write-applied' || event.type === 'write-failed') && event.write === 'deleteAll'
}

/** Whether nothing of it was done, and that is known. */
function isRefusal(reason: unknown): boolean {
  return reason instanceof HttpError && reason.status === 422
}

/** A row that was inserted here may have another id by now than where it is shown. */
function isPending({ live }: OwnTable, { id }: Item): boolean {
  return [...live.pendingIds].some((pending) => live.rowKey(pending) === live.rowKey(id))
}

function partSize(world: World, own: OwnTable): number | undefined {
  return own.server === world.server ? world.setup.masterPageSize : undefined
}

function valueOf(answer: { readonly what: string; readonly read: object }): unknown {
  const { read } = answer
  if ('row' in read) return read.row
  if ('count' in read) return read.count
  return 'rows' in read ? { rows: read.rows, ...('total' in read && { total: read.total }) } : undefined
}

/** What the master has now for a question. */
function expected(server: Server, question: Shown['question']): { readonly rows: readonly Item[]; readonly total: number | undefined } {
  if (question.what === 'get') return { rows: server.rowsAt(server.last).filter(({ id }) => id === question.id), total: undefined }
  const found = server.found(question.view, server.last)
  return { rows: slice(found, question), total: found.length }
}

function slice(rows: readonly Item[], { page, pageSize }: { readonly page: number; readonly pageSize: number }): readonly Item[] {
  return rows.slice((page - 1) * pageSize, page * pageSize)
}

/**
 * What is wrong with an answer: rows that never were so; and under a floor, what is older than that.
 *
 * Rows of a page may each be newer than the page, for events are carried on. But which rows it has, and in which order, is as of one
 * moment; of a page that is put together, each part is.
 */
function wrongWith(
  server: Server,
  question: Question,
  value: unknown,
  floor: Floor | undefined,
  part: number | undefined,
): string | undefined {
  const { rows: floors, list, all } = floor ?? noFloor
  const rowIsOld = (row: Item): string | undefined => {
    const index = server.indexOf(row)
    if (index === undefined) return `${JSON.stringify(row)} never was so`
    const least = Math.max(all, floors.get(String(row.id)) ?? 0)
    // A row that has not changed since is as new as it gets.
    const isLast = (at: number): boolean =>
      isEqual(
        server.rowsAt(at).find(({ id }) => id === row.id),
        row,
      )
    return index < least && !isLast(least) ? `${JSON.stringify(row)} is from change ${index}, and ${least} was known` : undefined
  }
  const moments = server.log.map((_, index) => index).filter((index) => index >= (floor === undefined ? 0 : list))
  switch (question.what) {
    case 'get': {
      const row = value as Item | undefined
      if (row !== undefined) return rowIsOld(row)
      const least = Math.max(all, floors.get(String(question.id)) ?? 0)
      const wasGone = moments.some((index) => index >= least && server.rowsAt(index).every(({ id }) => id !== question.id))
      return floor === undefined || wasGone ? undefined : `the master had it since change ${least}`
    }
    case 'count':
      return moments.some((index) => server.found(question.view, index).length === value) ? undefined : `never so since change ${list}`
    case 'list': {
      const { rows, total } = value as { readonly rows: readonly Item[]; readonly total?: number }
      const old = rows.map(rowIsOld).find((wrong) => wrong !== undefined)
      if (old !== undefined || floor === undefined) return old
      const isAsOf = (index: number, from: number, to: number): boolean => {
        const found = slice(server.found(question.view, index), question).slice(from, to)
        const own = rows.slice(from, to)
        return found.length === own.length && own.every((row, place) => row.id === found[place]?.id)
      }
      if (part === undefined || part >= question.pageSize) {
        const isSo = moments.some((index) => server.found(question.view, index).length === total && isAsOf(index, 0, question.pageSize))
        return isSo ? undefined : `these rows were never the page since change ${list}`
      }
      return partsOf(question, part).every(([from, to]) => moments.some((index) => isAsOf(index, from, to)))
        ? undefined
        : `a part of it was never so since change ${list}`
    }
  }
}

/** The `code` of an error of the library; each tab has classes of its own. */
function codeOf(reason: unknown): string | undefined {
  return reason instanceof Error && 'code' in reason && typeof reason.code === 'string' ? reason.code : undefined
}

/** Where the pages of the master begin and end within a page, counted from its first row. */
function partsOf({ page, pageSize }: { readonly page: number; readonly pageSize: number }, size: number): (readonly [number, number])[] {
  const [first, last] = [(page - 1) * pageSize, page * pageSize]
  const parts: (readonly [number, number])[] = []
  for (let from = Math.floor(first / size) * size; from < last; from += size) {
    parts.push([Math.max(from, first) - first, Math.min(from + size, last) - first])
  }
  return parts
}

function describe({ rows, total }: Shown): string {
  return JSON.stringify({ rows, total })
}

function textOf(question: Question): string {
  return JSON.stringify(question)
}
