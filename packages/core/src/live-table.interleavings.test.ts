import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sameLease, type Cache } from './cache/cache.ts'
import { memoryCache } from './cache/memory.ts'
import { ClosedError } from './errors.ts'
import { LiveTable } from './live-table.ts'
import { countSlot, pageSlot, rowSlot } from './slots.ts'
import { manualStream, type ManualStream } from './stream/manual.ts'
import { canonicalQuery } from './table/query.ts'
import type { ViewQuery } from './table/table.ts'
import { fakeMaster, items, type FakeMaster, type Item } from './testing/fake-master.ts'

// Two tabs share one storage and one master. Every request on its way to the master or the cache, and every answer on its
// way back, is a step; fast-check lets the steps happen in any order.

const views: readonly ViewQuery<Item>[] = [{}, { where: { status: 'open' } }]
const pageSize = 2
/** The master refuses every write to this row. */
const cursedId = 3
const refusal = new Error('the row is cursed')

/** What can be asked, and what the answer is where the master holds these rows. */
type Question =
  | { readonly ask: 'page'; readonly view: number }
  | { readonly ask: 'row'; readonly id: number }
  | { readonly ask: 'count'; readonly view: number }

type Command =
  | ({ readonly do: 'read'; readonly tab: number } & Question)
  | { readonly do: 'patch'; readonly tab: number; readonly id: number; readonly status: string }
  | { readonly do: 'insert' | 'invalidate' | 'close'; readonly tab: number }
  | { readonly do: 'somebody patches'; readonly id: number; readonly status: string }

const tab = fc.nat(1)
// Few enough to be asked for again and again.
const id = fc.constantFrom(1, 1, 1, cursedId)
const view = fc.constantFrom(0, 0, 0, 1)
const status = fc.constantFrom('open', 'paid')

const page = fc.record({ do: fc.constant('read' as const), tab, ask: fc.constant('page' as const), view })
const row = fc.record({ do: fc.constant('read' as const), tab, ask: fc.constant('row' as const), id })
const count = fc.record({ do: fc.constant('read' as const), tab, ask: fc.constant('count' as const), view })
const patch = fc.record({ do: fc.constant('patch' as const), tab, id, status })
const insert = fc.record({ do: fc.constant('insert' as const), tab })
const invalidate = fc.record({ do: fc.constant('invalidate' as const), tab })
const close = fc.record({ do: fc.constant('close' as const), tab })
const somebody = fc.record({ do: fc.constant('somebody patches' as const), id, status })

/** What one user does, one thing after the other; `waits` says whether the outcome of a thing is waited for. */
type Script = readonly { readonly command: Command; readonly waits: boolean }[]

/** Three users, each in any of the tabs. */
function scripts(...commands: readonly fc.Arbitrary<Command>[]): fc.Arbitrary<readonly Script[]> {
  const script = fc.array(fc.record({ command: fc.oneof(...commands), waits: fc.boolean() }), { maxLength: 8, size: 'max' })
  return fc.tuple(script, script, script)
}

test('promise 1: whatever the interleaving, a read that starts after a write has resolved returns nothing from before it as fresh', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), scripts(page, page, page, row, count, patch, patch, insert, invalidate), async (steps, users) => {
      const { freshAnswers } = await play(steps, users)
      for (const { question, answer, since } of freshAnswers) {
        expect(since.map((rows) => answerOf(question, rows))).toContainEqual(answer)
      }
    }),
    { numRuns: 1_000 },
  )
})

test('promise 7: whatever the interleaving, and whichever requests to the cache fail, a tab reads its own writes, and nothing rejects', async () => {
  const outcomes = fc.infiniteStream(fc.constantFrom(undefined, undefined, 'undone', 'done'))
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      scripts(page, page, page, row, count, patch, patch, insert, invalidate),
      outcomes,
      async (steps, users, failures) => {
        const { freshAnswers } = await play(steps, users, () => failures.next().value)
        for (const { question, answer, since } of freshAnswers) {
          expect(since.map((rows) => answerOf(question, rows))).toContainEqual(answer)
        }
      },
    ),
    { numRuns: 1_000 },
  )
})

test('promise 2: whatever the interleaving, no slot is left fresh that holds anything else than what the master has', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), scripts(page, row, count, patch, insert, invalidate, somebody), async (steps, users) => {
      const { storage, master } = await play(steps, users)
      for (const question of allQuestions()) {
        const cached = await freshIn(storage, question)
        if (cached !== undefined) expect(cached.value).toEqual(answerOf(question, [...master.rows.values()]))
      }
    }),
    { numRuns: 300 },
  )
})

test('promises 3, 4 and 6: whatever the interleaving, writes reach the master in order and settle once; one that failed was not applied', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), scripts(page, patch, patch, insert, close), async (steps, users) => {
      const { tables, writes, states } = await play(steps, users)
      const applied = states.flatMap((rows, index) => rows.filter((each) => !states[index - 1]?.includes(each))).map(({ name }) => name)
      for (const { name, own, outcomes, cursed } of writes) {
        const [outcome] = outcomes
        expect(outcomes).toHaveLength(1)
        if (outcome instanceof ClosedError) expect(applied).not.toContain(name)
        else if (cursed) expect(outcome).toBe(refusal)
        else expect(outcome).toMatchObject({ name })
        expect(applied.includes(name)).toBe(!(outcome instanceof Error))
        const later = writes.filter((each) => each.own === own && applied.includes(each.name)).map((each) => each.name)
        expect(applied.filter((each) => later.includes(each))).toEqual(later)
      }
      for (const table of tables) expect(table.pendingIds).toEqual(new Set())
    }),
    { numRuns: 300 },
  )
})

interface FreshAnswer {
  readonly question: Question
  readonly answer: unknown
  /** All states of the master from the last one on that the read had to see. */
  readonly since: readonly (readonly Item[])[]
}

interface PlayedWrite {
  readonly name: string
  readonly own: number
  readonly cursed: boolean
  readonly outcomes: unknown[]
}

interface Played {
  readonly master: FakeMaster
  readonly storage: Cache
  readonly tables: readonly LiveTable<Item>[]
  readonly freshAnswers: readonly FreshAnswer[]
  readonly writes: readonly PlayedWrite[]
  readonly states: readonly (readonly Item[])[]
}

/** Lets the users do what they do, in whatever order the steps come, and all happen that follows from it. */
async function play(steps: fc.Scheduler, users: readonly Script[], cacheFailure?: CacheFailure): Promise<Played> {
  const step = (name: string): Promise<void> => steps.schedule(Promise.resolve(), name)
  const master = fakeMaster(
    items(4).map((item) => ({ ...item, status: 'open' })),
    {
      async step(name) {
        // On its way back a write has just been applied.
        if (name.endsWith('<') && /^(patch|insert)/.test(name)) states.push([...master.rows.values()])
        await step(name)
      },
    },
  )
  master.failing = (call) => (call === `patch ${cursedId}` ? refusal : undefined)
  const states: (readonly Item[])[] = [[...master.rows.values()]]
  const storage = memoryCache()
  const streams: readonly ManualStream[] = [manualStream(), manualStream()]
  const tables = streams.map(
    (stream) => new LiveTable<Item>({ master, cacheKey: 'items', cache: steppedCache(storage, step, cacheFailure), stream, pageSize }),
  )
  const freshAnswers: FreshAnswer[] = []
  const writes: PlayedWrite[] = []
  let commandsRun = 0
  /** The state of the master that every read from now on has to see, for each tab by what is read. */
  const floors = tables.map(() => ({ lists: 0, rows: new Map<number, number>() }))

  /** Through a cache that fails, the other tabs cannot learn of it. A write that concerns other rows says nothing of this one. */
  function raiseFloors(own: number, state: number, ids: readonly number[]): void {
    for (const [index, floor] of floors.entries()) {
      if (index !== own && cacheFailure !== undefined) continue
      floor.lists = Math.max(floor.lists, state)
      for (const each of ids) floor.rows.set(each, Math.max(floor.rows.get(each) ?? 0, state))
    }
  }

  function floorOf(own: number, question: Question): number | undefined {
    return question.ask === 'row' ? (floors[own]?.rows.get(question.id) ?? 0) : floors[own]?.lists
  }

  function write(own: number, patched: number, name: string, written: Promise<Item>): Promise<unknown> {
    const outcomes: unknown[] = []
    writes.push({ name, own, cursed: patched === cursedId, outcomes })
    return written.then(
      (stored) => {
        outcomes.push(stored)
        const state = states.findIndex((rows) => rows.some((each) => each.name === name))
        raiseFloors(own, state, [patched])
      },
      (error: unknown) => outcomes.push(error),
    )
  }

  async function run(command: Command): Promise<unknown> {
    commandsRun += 1
    if (command.do === 'somebody patches') {
      const { id: patched } = command
      master.rows.set(`${patched}`, { id: patched, name: `by somebody, ${commandsRun}`, status: command.status })
      states.push([...master.rows.values()])
      for (const stream of streams) void step('event >').then(() => stream.emit({ type: 'updated', id: patched }))
      return undefined
    }
    const table = tables[command.tab]
    if (table === undefined) throw new Error(`there is no tab ${command.tab}`)
    const name = `by tab ${command.tab}, write ${commandsRun}`
    switch (command.do) {
      case 'close':
        return table.close()
      case 'invalidate': {
        const seen = states.length - 1
        return table.invalidate().then(() => raiseFloors(command.tab, seen, [1, cursedId]))
      }
      case 'patch':
        return write(command.tab, command.id, name, table.patch(command.id, { name, status: command.status }))
      case 'insert':
        return write(command.tab, 100 + commandsRun, name, table.insert({ id: 100 + commandsRun, name, status: 'open' }))
      case 'read': {
        const from = floorOf(command.tab, command)
        const answered = await ask(table, command).catch((error: unknown) => {
          if (!(error instanceof ClosedError)) throw error
        })
        return answered?.stale === false && freshAnswers.push({ question: command, answer: answered.answer, since: states.slice(from) })
      }
    }
  }

  async function act(script: Script, user: number): Promise<void> {
    const unwaited: Promise<unknown>[] = []
    for (const { command, waits } of script) {
      await step(`user ${user}: ${command.do}`)
      const outcome = run(command)
      if (waits) await outcome
      else unwaited.push(outcome)
    }
    await Promise.all(unwaited)
  }

  async function takeSteps(): Promise<void> {
    while (steps.count() > 0) {
      await steps.waitNext(1)
      await setImmediate()
    }
  }

  await Promise.all([...users.map(act), takeSteps()])
  return { master, storage, tables, freshAnswers, writes, states }
}

async function ask(table: LiveTable<Item>, question: Question): Promise<{ readonly answer: unknown; readonly stale: boolean }> {
  switch (question.ask) {
    case 'page': {
      const { rows, total, stale } = await table.list({ page: 1, ...views[question.view] }, { overlay: false })
      return { answer: { rows, total }, stale }
    }
    case 'row': {
      const { row: answer, stale } = await table.read(question.id, { overlay: false })
      return { answer, stale }
    }
    case 'count':
      return { answer: await table.count(views[question.view], { overlay: false }), stale: false }
  }
}

function answerOf(question: Question, rows: readonly Item[]): unknown {
  if (question.ask === 'row') return rows.find((each) => each.id === question.id)
  const found = rows.filter((each) => question.view !== 1 || each.status === 'open')
  if (question.ask === 'count') return found.length
  return { rows: found.slice(0, pageSize), total: found.length }
}

function allQuestions(): readonly Question[] {
  const pages = views.map((_, own) => ({ ask: 'page', view: own }) as const)
  const counts = views.map((_, own): Question => ({ ask: 'count', view: own }))
  return [...pages, ...counts, ...[1, cursedId].map((each): Question => ({ ask: 'row', id: each }))]
}

async function freshIn(storage: Cache, question: Question): Promise<{ readonly value: unknown } | undefined> {
  const { entry, lease } = await storage.read(slotOf(question))
  return entry !== undefined && sameLease(entry.lease, lease) ? entry : undefined
}

function slotOf(question: Question) {
  if (question.ask === 'row') return rowSlot({ scope: '', cacheKey: 'items' }, `${question.id}`)
  const canonical = canonicalQuery(views[question.view] ?? {})
  return question.ask === 'count'
    ? countSlot({ scope: '', cacheKey: 'items' }, canonical)
    : pageSlot({ scope: '', cacheKey: 'items' }, canonical, 1, pageSize)
}

/** Whether the next request fails, and if so whether it is done all the same. */
type CacheFailure = () => 'done' | 'undone' | undefined

/** A cache whose requests are under way for a while, and so are its answers. */
function steppedCache(cache: Cache, step: (name: string) => Promise<void>, failure: CacheFailure = () => undefined): Cache {
  const travel = async <Answer>(name: string, request: () => Promise<Answer>): Promise<Answer> => {
    const fails = failure()
    await step(`${name} >`)
    if (fails === 'undone') throw new Error('the cache failed')
    const answer = await request()
    await step(`${name} <`)
    if (fails === 'done') throw new Error('the cache failed to tell')
    return answer
  }
  return {
    kind: 'stepped',
    purge: (scope) => travel('cache purge', () => cache.purge(scope)),
    read: (slot) => travel(`cache read ${slot.key}`, () => cache.read(slot)),
    fill: (slot, entry) => travel(`cache fill ${slot.key}`, () => cache.fill(slot, entry)),
    invalidate: (table, tags, renewals) =>
      travel(`cache invalidate ${[tags].flat().join(' ')}`, () => cache.invalidate(table, tags, renewals)),
  }
}
