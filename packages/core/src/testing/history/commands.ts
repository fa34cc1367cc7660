import fc from 'fast-check'
import type { CachedReadOptions } from '../../read-through.ts'
import type { ViewQuery } from '../../table/table.ts'
import type { Item } from '../fake-master.ts'
import type { Question, Shown } from './tab.ts'
import { Left, type Setup, type Tab, type World } from './world.ts'

// A history is data: what the users, the tabs and the world around them do, one after the other, and how much of what is
// under way arrives in between. In which order it arrives is up to fast-check's scheduler.

/** What happens in a history. Tabs are counted, and who is not there is another one. */
export type Command =
  | { readonly do: 'patch'; readonly tab: number; readonly id: number; readonly fields: Fields }
  | { readonly do: 'insert'; readonly tab: number; readonly status: string; readonly hasId: boolean }
  | { readonly do: 'replace'; readonly tab: number; readonly id: number; readonly status: string }
  | { readonly do: 'delete'; readonly tab: number; readonly id: number }
  | { readonly do: 'patch the new row'; readonly tab: number; readonly fields: Fields }
  | { readonly do: 'cancel'; readonly which: number }
  | { readonly do: 'somebody'; readonly what: 'patch' | 'insert' | 'delete'; readonly id: number; readonly fields: Fields }
  | { readonly do: 'read'; readonly tab: number; readonly question: Question; readonly mode: Mode }
  | { readonly do: 'ask together'; readonly tab: number; readonly question: Question; readonly readers: number; readonly leave: number }
  | { readonly do: 'the other table'; readonly tab: number; readonly id: number; readonly writes: boolean }
  | { readonly do: 'open a tab'; readonly screen: Screen }
  | { readonly do: 'make the tables anew'; readonly tab: number; readonly screen: Screen }
  | { readonly do: 'purge'; readonly tab: number; readonly writes: 'discard' | 'drain' }
  | { readonly do: 'cut the stream'; readonly tab: number; readonly forget: boolean }
  | {
      readonly do: 'delete all' | 'flood' | 'invalidate' | 'close the tab' | 'crash' | 'resume' | 'come back to the page'
      readonly tab: number
    }
  | { readonly do: 'go offline' | 'go online' | 'what hangs goes on' }

type Mode = NonNullable<CachedReadOptions['cache']>
type Screen = readonly Shown['question'][]

/** What a write changes; the name where nothing else. */
interface Fields {
  readonly status: string | undefined
  readonly isNamed: boolean
}

const views: readonly ViewQuery<Item>[] = [
  {},
  { where: { status: 'open' } },
  { orderBy: [{ field: 'status', direction: 'asc' }] },
  { search: 'paid' },
]

const tab: fc.Arbitrary<number> = fc.nat(2)
const id: fc.Arbitrary<number> = fc.constantFrom(1, 1, 2, 3, 4)
const status: fc.Arbitrary<string> = fc.constantFrom('open', 'paid')
const fields: fc.Arbitrary<Fields> = fc.record({ status: fc.option(status, { nil: undefined }), isNamed: fc.boolean() })
const view: fc.Arbitrary<ViewQuery<Item>> = fc.constantFrom(...views)
const shown: fc.Arbitrary<Shown['question']> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant('list'), view, page: fc.constantFrom(1, 1, 2), pageSize: fc.constant(3) }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('get'), id: fc.constantFrom(1, 2, 4, 9) }) },
)
const question: fc.Arbitrary<Question> = fc.oneof(
  { weight: 4, arbitrary: shown },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('count'), view }) },
  {
    weight: 1,
    // Their names are the same where the parts of a name run into each other.
    arbitrary: fc.constantFrom<Question>(
      { what: 'list', view: {}, page: 1, pageSize: 13 },
      { what: 'list', view: {}, page: 11, pageSize: 3 },
    ),
  },
)
const mode: fc.Arbitrary<Mode> = fc.constantFrom<Mode>('default', 'default', 'default', 'force-cache', 'reload', 'only-if-cached')
const screen: fc.Arbitrary<Screen> = fc.array(shown, { minLength: 1, maxLength: 3 })

function often(weight: number, arbitrary: fc.Arbitrary<Command>): fc.WeightedArbitrary<Command> {
  return { weight, arbitrary }
}

function inSomeTab<Do extends string>(name: Do): fc.Arbitrary<{ readonly do: Do; readonly tab: number }> {
  return fc.record({ do: fc.constant(name), tab })
}

const commands: fc.Arbitrary<Command> = fc.oneof(
  often(200, fc.record({ do: fc.constant('patch'), tab, id, fields })),
  often(60, fc.record({ do: fc.constant('insert'), tab, status, hasId: fc.boolean() })),
  often(20, fc.record({ do: fc.constant('replace'), tab, id, status })),
  often(40, fc.record({ do: fc.constant('delete'), tab, id: fc.constantFrom(2, 4) })),
  often(6, inSomeTab('delete all')),
  often(20, fc.record({ do: fc.constant('patch the new row'), tab, fields })),
  often(20, fc.record({ do: fc.constant('cancel'), which: fc.nat(20) })),
  often(1, inSomeTab('flood')),
  often(120, fc.record({ do: fc.constant('somebody'), what: fc.constantFrom('patch', 'patch', 'patch', 'insert', 'delete'), id, fields })),
  often(80, fc.record({ do: fc.constant('read'), tab, question, mode })),
  often(40, fc.record({ do: fc.constant('ask together'), tab, question, readers: fc.integer({ min: 1, max: 3 }), leave: fc.nat(3) })),
  often(20, fc.record({ do: fc.constant('the other table'), tab, id: fc.constantFrom(1, 2), writes: fc.boolean() })),
  often(10, inSomeTab('invalidate')),
  often(20, fc.record({ do: fc.constant('open a tab'), screen })),
  often(14, fc.record({ do: fc.constant('make the tables anew'), tab, screen })),
  often(14, inSomeTab('close the tab')),
  often(20, inSomeTab('crash')),
  often(30, fc.record({ do: fc.constant('purge'), tab, writes: fc.constantFrom('discard', 'discard', 'drain') })),
  often(30, fc.record({ do: fc.constant('cut the stream'), tab, forget: fc.boolean() })),
  often(14, fc.record({ do: fc.constant('go offline') })),
  often(40, fc.record({ do: fc.constant('go online') })),
  often(20, fc.record({ do: fc.constant('what hangs goes on') })),
  often(20, inSomeTab('resume')),
  often(10, inSomeTab('come back to the page')),
)

/** A command, and what arrives after it: so many steps, and then nothing for so many ms. */
interface Turn {
  readonly command: Command
  readonly steps: number
  readonly pause: number
}

/** What is played. */
export interface History {
  readonly setup: Setup
  readonly screens: readonly Screen[]
  readonly turns: readonly Turn[]
}

const setup: fc.Arbitrary<Setup> = fc.record({
  tabs: fc.constantFrom(1, 2, 2, 3),
  stream: fc.constantFrom('none', 'own', 'own', 'shared'),
  wire: fc.record({ rows: fc.boolean(), fields: fc.boolean(), keys: fc.boolean(), resumes: fc.boolean() }),
  versions: fc.boolean(),
  masterPageSize: fc.constantFrom(undefined, undefined, undefined, 2),
  concurrency: fc.constantFrom(1, 1, 3),
  coalesce: fc.boolean(),
  keepsWrites: fc.boolean(),
  disk: fc.constantFrom('works', 'works', 'reads and fills fail', 'fails'),
  network: fc.constantFrom('works', 'fails'),
  seed: fc.nat(),
})

/** Any history. */
export const histories: fc.Arbitrary<History> = fc.record({
  setup,
  screens: fc.tuple(screen, screen, screen),
  turns: fc.array(
    fc.record({
      command: commands,
      steps: fc.constantFrom(0, 1, 2, 4, 8, 16, 50),
      pause: fc.constantFrom(...Array<number>(16).fill(0), 1, 20, 300, 3_500),
    }),
    { maxLength: 14, size: 'max' },
  ),
})

/** Does what a command says, where that is possible. */
export function perform(world: World, command: Command): void {
  switch (command.do) {
    case 'go offline':
      return world.setOnline(false)
    case 'go online':
      return world.setOnline(true)
    case 'what hangs goes on':
      world.disk.wake()
      return world.network.wake()
    case 'cancel':
      return world.calls[command.which % world.calls.length]?.cancel()
    case 'open a tab':
      if (world.hasRoom) world.openTab(command.screen)
      return
    case 'somebody':
      // Without a stream nobody would ever hear of it.
      if (world.setup.stream === 'none') return
      return somebody(world, command.what, command.id, fieldsOf(world, command.fields))
    default: {
      const tabNow = world.tabs[command.tab % world.tabs.length]
      return tabNow && performIn(tabNow, world, command)
    }
  }
}

/** What a user does in a tab. */
function performIn(present: Tab, world: World, command: Extract<Command, { readonly tab: number }>): void {
  const { own, other } = present
  switch (command.do) {
    case 'patch':
      return void world.write(own, 'patch', command.id, fieldsOf(world, command.fields))
    case 'replace':
      return void world.write(own, 'replace', command.id, { name: world.newName(), status: command.status })
    case 'insert': {
      const row = { name: world.newName(), status: command.status }
      return void world.write(own, 'insert', command.hasId ? world.server.newId() : undefined, row)
    }
    case 'delete':
      return void world.write(own, 'delete', command.id, {})
    case 'delete all':
      return void world.write(own, 'deleteAll', undefined, {})
    case 'patch the new row': {
      const key = world.calls.findLast((call) => call.own === own && call.key?.startsWith('new-') === true)?.key
      return key === undefined ? undefined : void world.write(own, 'patch', key, fieldsOf(world, command.fields))
    }
    case 'flood':
      for (let count = 0; count < 260; count += 1) world.write(own, 'patch', 3, { name: world.newName() })
      return
    case 'read':
      return void world.read(own, command.question, { cache: command.mode }).catch(() => undefined)
    case 'ask together': {
      const leaving = Array.from({ length: command.readers }, () => new AbortController())
      for (const { signal } of leaving) void world.read(own, command.question, { signal }).catch(() => undefined)
      const leave = (): void => leaving.slice(0, command.leave).forEach((each) => each.abort(new Left('a reader has left')))
      world.later(() => world.browser.run(own.realm, leave))
      return
    }
    case 'the other table':
      if (command.writes) return void world.write(other, 'patch', command.id, { name: world.newName() })
      void world.read(other, { what: 'get', id: command.id }).catch(() => undefined)
      return void world.read(other, { what: 'list', view: {}, page: 1, pageSize: 3 }).catch(() => undefined)
    case 'invalidate':
      own.wasInvalidated += 1
      return void world.browser.run(own.realm, () => own.live.invalidate())
    case 'make the tables anew':
      return world.remake(present, command.screen)
    case 'close the tab':
      return world.closeTab(present)
    case 'crash':
      // What it has written others hear of by the stream, or not at all.
      if (world.setup.stream === 'none' && world.tables.some(({ realm, live }) => realm === own.realm && live.pending.length > 0)) return
      return world.crash(present)
    case 'purge':
      return world.purge(present, command.writes)
    case 'cut the stream':
      if (command.forget) world.server.forget()
      return world.server.cut(present.realm)
    case 'resume':
      return world.browser.run(own.realm, () => own.live.resume())
    case 'come back to the page':
      world.browser.run(own.realm, () => own.realm.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true })))
  }
}

function fieldsOf(world: World, { status: next, isNamed }: Fields): Partial<Item> {
  return { ...(next !== undefined && { status: next }), ...((isNamed || next === undefined) && { name: world.newName() }) }
}

/** Somebody elsewhere changes a row. */
function somebody({ server }: World, what: string, rowId: number, changed: Partial<Item>): void {
  const { rows } = server.master
  const row = rows.get(`${rowId}`)
  if (what === 'insert') {
    const newId = server.newId()
    rows.set(`${newId}`, { id: newId, name: `somebody's ${newId}`, status: 'open', ...changed, version: 1 })
  } else if (what === 'delete') rows.delete(`${rowId}`)
  else if (row !== undefined) rows.set(`${rowId}`, { ...row, ...changed, version: (row.version ?? 0) + 1 })
}
