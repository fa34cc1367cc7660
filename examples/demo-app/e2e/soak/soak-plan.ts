import { random } from '../../server/seed/random.ts'

/** What is done in a tab. Rows are named by their place on the screen. */
export type TabAction =
  | { readonly type: 'edit'; readonly row: number; readonly field: TextField; readonly text: string }
  /** The server refuses it. */
  | { readonly type: 'wrongEdit'; readonly row: number }
  /** Without an id the server gives it one. */
  | { readonly type: 'insert'; readonly id: string; readonly text: string }
  | { readonly type: 'delete'; readonly row: number }
  | { readonly type: 'flip'; readonly button: string }
  | { readonly type: 'filter'; readonly status: string }
  /** The app's own switch. */
  | { readonly type: 'switch'; readonly to: 'offline' | 'online' }
  /** What becomes of a write that was refused. */
  | { readonly type: 'decide'; readonly keeps: 'mine' | 'theirs' }
  | { readonly type: 'showNews' }
  | { readonly type: 'visit'; readonly address: string }
  | { readonly type: 'reload' }
  /** Another tab takes its place at once. */
  | { readonly type: 'close' | 'crash'; readonly next: string }

/** What is done to the server and the network. */
export type Fault =
  /** It may come back without the log of its changes: whoever was connected before has a gap. */
  | { readonly type: 'kill'; readonly for: number; readonly forgets: boolean }
  | { readonly type: 'offline'; readonly for: number }
  /** All connections break; the next ones come through. */
  | { readonly type: 'cut' }

/** What others do, past the tabs. */
export type OthersAction =
  | { readonly type: 'patch'; readonly changes: readonly OthersChange[] }
  | { readonly type: 'insert'; readonly id: string; readonly text: string }
  | { readonly type: 'delete'; readonly id: string }
  | { readonly type: 'renameCity'; readonly city: number; readonly text: string }

interface OthersChange {
  readonly id: string
  readonly fields: Readonly<Record<string, string | number>>
}

/** Something to be done at a time, in ms from the start. */
export type Timed<Action> = Action & { readonly at: number }

/** The fields into which every writer writes texts that nobody else writes. */
export const textFields = ['customer', 'notes'] as const
export type TextField = (typeof textFields)[number]

/** Every lane is played in its order; the lanes run beside each other. */
export interface Plan {
  readonly tabs: readonly (readonly Timed<TabAction>[])[]
  readonly faults: readonly Timed<Fault>[]
  readonly others: readonly Timed<OthersAction>[]
  /** How long each answer of the server takes to the browser, in ms: most are fast. */
  readonly delay: () => number
}

export interface PlanOptions {
  readonly seed: number
  readonly seconds: number
  readonly tabCount: number
}

const orderCount = 2_000
/** Others change mostly what the tabs look at. */
const busyRows = 60
export const addresses: readonly string[] = [
  '/orders',
  '/orders?size=25',
  '/orders?status=open',
  '/orders?sort=-quantity&size=25',
  '/orders?sort=customer&size=25',
  '/orders?q=muffin&size=25',
]
const statuses = ['open', 'baking', 'ready', 'delivered', 'cancelled']
const buttons = ['Next page', 'Next page', 'Next page', 'Previous page', 'First page', 'Last page']

/**
 * All that is going to be done, the same for the same options.
 *
 * A seed fixes what is done, in which order in each lane, when at the earliest, and every text that is written. It does not fix how long
 * anything takes, how the lanes interleave, which row has come to stand where a tab edits, or what the server answers. So a seed that
 * failed is likely, not certain, to fail again.
 */
export function makePlan({ seed, seconds, tabCount }: PlanOptions): Plan {
  const duration = seconds * 1_000
  return {
    tabs: Array.from({ length: tabCount }, (_, tab) => tabLane(chooser(seed, tab), tab, duration)),
    faults: faultLane(chooser(seed, tabCount), duration),
    others: othersLane(chooser(seed, tabCount + 1), duration),
    delay: delays(chooser(seed, tabCount + 2)),
  }
}

interface Chooser {
  /** A whole number from 0 up to this one. */
  readonly below: (count: number) => number
  readonly pick: <Item>(items: readonly Item[]) => Item
  /** One of the names, as likely as their weights have it. */
  readonly weighed: <Name extends string>(weights: Readonly<Record<Name, number>>) => Name
}

function chooser(seed: number, lane: number): Chooser {
  const next = random(Math.imul(seed + 1, 2_654_435_761) ^ Math.imul(lane + 1, 40_503))
  // The first numbers of seeds that are alike are alike.
  for (let round = 0; round < 8; round += 1) next()
  const below = (count: number): number => Math.floor(next() * count)
  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[below(items.length)]
    if (item === undefined) throw new RangeError('there is nothing to pick from')
    return item
  }
  return {
    below,
    pick,
    weighed: (weights) => pick(names(weights).flatMap((name) => Array.from({ length: weights[name] }, () => name))),
  }
}

function names<Name extends string>(weights: Readonly<Record<Name, number>>): Name[] {
  return Object.keys(weights).filter((name): name is Name => name in weights)
}

function tabLane({ below, pick, weighed }: Chooser, tab: number, duration: number): Timed<TabAction>[] {
  const lane: Timed<TabAction>[] = []
  let isOffline = false
  // Not all of them begin at once.
  for (let at = 100 * tab; at < duration; at += 150 + below(500)) {
    const text = `e${tab}x${lane.length}`
    const type = weighed({
      edit: 46,
      wrongEdit: 3,
      insert: 5,
      delete: 4,
      flip: 14,
      filter: 3,
      switch: isOffline ? 20 : 3,
      decide: 8,
      showNews: 5,
      visit: 3,
      reload: 3,
      close: 2,
      crash: 2,
    })
    const action = ((): TabAction => {
      switch (type) {
        case 'edit':
          return { type, row: below(12), field: pick(textFields), text }
        case 'wrongEdit':
        case 'delete':
          return { type, row: below(25) }
        case 'insert':
          return { type, id: pick(['', `${text}/ä %`]), text }
        case 'flip':
          return { type, button: pick(buttons) }
        case 'filter':
          return { type, status: pick(['', ...statuses]) }
        case 'switch':
          return { type, to: isOffline ? 'online' : 'offline' }
        case 'decide':
          return { type, keeps: pick(['mine', 'theirs']) }
        case 'showNews':
        case 'reload':
          return { type }
        case 'visit':
          return { type, address: pick(addresses) }
        case 'close':
        case 'crash':
          return { type, next: pick(addresses) }
      }
    })()
    if (type === 'switch') isOffline = !isOffline
    // The switch is the tab's.
    if (type === 'close' || type === 'crash') isOffline = false
    lane.push({ ...action, at })
  }
  return lane
}

function delays({ below, pick }: Chooser): () => number {
  return () => below(pick([5, 30, 300]))
}

function faultLane({ below, weighed }: Chooser, duration: number): Timed<Fault>[] {
  const lane: Timed<Fault>[] = []
  for (let at = 1_500 + below(1_000); at < duration; at += 800 + below(4_000)) {
    const type = weighed({ kill: 4, offline: 3, cut: 4 })
    const time = 50 + below(below(2) === 0 ? 400 : 3_000)
    const fault: Fault = type === 'cut' ? { type } : type === 'offline' ? { type, for: time } : { type, for: time, forgets: below(3) === 0 }
    lane.push({ ...fault, at })
    if (type !== 'cut') at += time
  }
  return lane
}

function othersLane({ below, pick, weighed }: Chooser, duration: number): Timed<OthersAction>[] {
  const lane: Timed<OthersAction>[] = []
  for (let at = 300; at < duration; at += 60 + below(400)) {
    const order = (): string => `B-${String(orderCount - below(below(4) === 0 ? orderCount : busyRows)).padStart(6, '0')}`
    const text = `o${lane.length}`
    const change = (part: number): OthersChange => ({
      id: order(),
      fields: {
        [pick(textFields)]: `${text}x${part}`,
        ...(below(3) === 0 ? { status: pick(statuses) } : {}),
        ...(below(3) === 0 ? { quantity: 1 + below(500) } : {}),
      },
    })
    const type = weighed({ patch: 80, insert: 5, delete: 3, renameCity: 2 })
    const action = ((): OthersAction => {
      switch (type) {
        case 'patch':
          return { type, changes: Array.from({ length: below(25) === 0 ? 25 : 1 }, (_, part) => change(part)) }
        case 'insert':
          return { type, id: pick(['', `${text}?#`]), text }
        case 'delete':
          return { type, id: order() }
        case 'renameCity':
          return { type, city: below(20), text }
      }
    })()
    lane.push({ ...action, at })
  }
  return lane
}
