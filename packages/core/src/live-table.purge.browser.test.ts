import { promisifyRequest } from 'idb-keyval'
import { expect, onTestFinished, test } from 'vitest'
import type * as Core from './index.ts'
import { durableQueue, idbCache, LiveTable, PurgedError } from './index.ts'
import { fakeMaster, items, type FakeMaster, type Item } from './testing/fake-master.ts'
import { makeGates } from './testing/gates.ts'
import { openTab } from './testing/tab.ts'

test('promise 14: a purge in one tab ends the tables of the other, and no row of the scope is left in any database', async () => {
  const place = somewhere()
  const [here, there, stays] = [
    openHere(makeMaster(), place),
    await openInTab(makeMaster(), place),
    openHere(makeMaster(), elsewhere(place)),
  ]
  for (const { table } of [here, there, stays]) {
    await Promise.all([table.list({ page: 1 }), table.get(1), table.count(), table.view({ where: { id: 1 } }).list({ page: 1 })])
    await table.patch(2, { name: `secret of ${table.scope}` })
    await table.list({ page: 1 })
    // It comes after what was filled in.
    await table.read(1, { cache: 'only-if-cached' })
  }
  // Of what a tab has left behind that is gone, too.
  await keepWrite(place, 'gone', { name: `secret of ${place.scope}` })
  expect(await textOf(place)).toContain(`"${place.scope}"`)
  const told: string[] = []
  there.table.subscribe(({ type }) => told.push(type))
  await here.table.purge()
  await expect.poll(() => told.filter((type) => type !== 'writes')).toEqual(['purged'])
  await expect(there.table.list({ page: 1 })).rejects.toMatchObject({ code: 'purged' })
  await expect(there.table.patch(1, { name: 'late' })).rejects.toMatchObject({ code: 'purged' })
  await expect.poll(() => textOf(place)).not.toContain(`"${place.scope}"`)
  const left = await textOf(place)
  expect(left).not.toContain(`secret of ${place.scope}"`)
  expect(left).toContain(`secret of ${stays.table.scope}"`)
  expect(await stays.table.list({ page: 1 }, { cache: 'only-if-cached' })).toMatchObject({
    rows: [{}, { name: `secret of ${stays.table.scope}` }, {}],
  })
  const next = openHere(makeMaster(), place)
  await expect(next.table.list({ page: 1 }, { cache: 'only-if-cached' })).rejects.toMatchObject({ code: 'not-cached' })
})

test('promise 14: what another tab had asked for, and the write that it had under way, leave nothing behind', async () => {
  const place = somewhere()
  const gates = makeGates()
  const here = openHere(makeMaster(), place)
  const there = await openInTab(makeMaster(gates.step), place)
  await here.table.list({ page: 1 })
  const reads = Promise.allSettled([there.table.list({ page: 1 }, { cache: 'reload' }), there.table.read(1)])
  const written = there.table.patch(1, { name: `secret of ${place.scope}` })
  const waits = Promise.allSettled([there.table.patch(2, { name: `secret of ${place.scope}` })])
  await expect.poll(() => gates.waiting).toHaveLength(3)
  await expect.poll(() => textOf(place)).toContain('secret')
  await here.table.purge()
  for (const outcome of [...(await reads), ...(await waits)]) expect(outcome).toMatchObject({ reason: { code: 'purged' } })
  await gates.open()
  expect(await written).toEqual({ id: 1, name: `secret of ${place.scope}` })
  // What is on its way to the disk gets there before this.
  await openHere(makeMaster(), elsewhere(place)).table.list({ page: 1 })
  await expect.poll(() => textOf(place)).not.toContain('secret')
  expect(await textOf(place)).not.toContain(`"${place.scope}","[`)
})

test('promise 14: a tab that hears of it only later, as one that was frozen, leaves alone who has begun, and what was written, since', async () => {
  const scope = crypto.randomUUID()
  const purges: unknown[] = []
  const queue: Core.WriteStorage = { ...durableQueue({ scope }), purge: async (before) => void purges.push(before) }
  const { table } = openHere(makeMaster(), { ...somewhere(), scope }, queue)
  await table.list({ page: 1 })
  const channel = new BroadcastChannel(`vantage-live/scopes/1/scope ${scope}`)
  onTestFinished(() => channel.close())
  channel.postMessage({ type: 'purge' })
  // That was before the table was made.
  channel.postMessage({ type: 'purge', at: 1234.5 })
  await expect.poll(() => purges).toEqual([1234.5])
  await table.list({ page: 1 })
  const at = Date.now()
  channel.postMessage({ type: 'purge', at })
  await expect.poll(() => purges).toEqual([1234.5, at])
  await expect(table.list({ page: 1 })).rejects.toBeInstanceOf(PurgedError)
})

test('promise 14: a queue forgets what was called until then, all that its own tables wrote, and keeps the rest', async () => {
  const place = somewhere()
  const queue = durableQueue(place.queue)
  const connection = queue.connect('items', () => undefined)
  await connection.ready
  const [order, later] = [connection.nextOrder(), connection.nextOrder() + 60_000]
  for (const [tab, at] of [
    ['a', order],
    ['b', order + 10],
    ['c', order - 10],
    ['d', -1],
  ] as const)
    await keepWrite(place, tab, { name: `of ${tab}` }, at)
  const of = (own: number): Core.StoredWrite => ({ ...write({ name: 'own' }), order: own })
  await connection.update([of(order), of(later)], [])
  const purged = queue.purge(order)
  // It is on its way, or comes only now.
  const late = connection.update([of(order + 1)], [])
  await Promise.all([purged, late])
  await connection.update([of(order + 2)], [])
  expect(await textOf(place)).toContain('of b')
  for (const gone of ['own', 'of a', 'of c', 'of d']) expect(await textOf(place)).not.toContain(gone)
  connection.close()
  await queue.purge()
  expect(await textOf(place)).not.toContain('of b')
})

test("promise 14: with writes: 'drain' it waits for those of the other tab", async () => {
  const place = somewhere()
  const gates = makeGates()
  const master = makeMaster(gates.step)
  const [here, there] = [openHere(master, place), await openInTab(master, place)]
  here.table.subscribe(() => undefined)
  const written = there.table.patch(1, { name: 'theirs' })
  await expect.poll(() => gates.waiting).toEqual(['patch 1 >'])
  let isPurged = false
  const purged = here.table.purge({ writes: 'drain' }).then(() => {
    isPurged = true
  })
  await expect.poll(() => waitedFor(place)).toBe(true)
  expect(isPurged).toBe(false)
  expect(there.table.pending).toHaveLength(1)
  await gates.open()
  expect(await written).toEqual({ id: 1, name: 'theirs' })
  await purged
  await expect(here.table.list({ page: 1 })).rejects.toBeInstanceOf(PurgedError)
})

/** Whether a tab waits until no other has writes that wait. */
async function waitedFor({ scope }: Place): Promise<boolean> {
  const { pending = [] } = await navigator.locks.query()
  return pending.some(({ name = '', mode }) => mode === 'exclusive' && name.startsWith('vantage-live/waiting/') && name.includes(scope))
}

/** Databases and a scope of its own. */
interface Place {
  readonly scope: string
  readonly cache: string
  readonly queue: { readonly scope: string; readonly name: string }
}

function somewhere(): Place {
  const scope = crypto.randomUUID()
  return { scope, cache: crypto.randomUUID(), queue: { scope, name: crypto.randomUUID() } }
}

/** The same databases, for another scope that begins alike. */
function elsewhere({ scope, cache, queue }: Place): Place {
  return { scope: `${scope}2`, cache, queue: { ...queue, scope: `${scope}2` } }
}

function makeMaster(step: (name: string) => Promise<void> = () => Promise.resolve()): FakeMaster {
  return fakeMaster(items(3), { step, honoursIdempotencyKeys: true })
}

function openHere(
  master: FakeMaster,
  { cache, queue }: Place,
  storage: Core.WriteStorage = durableQueue(queue),
): { readonly table: LiveTable<Item> } {
  return { table: new LiveTable<Item>({ master, cacheKey: 'items', cache: idbCache({ name: cache }), queue: storage }) }
}

async function openInTab(master: FakeMaster, { cache, queue }: Place): Promise<{ readonly table: Core.LiveTable<Item> }> {
  const { exports, close } = await openTab<typeof Core>(new URL('./index.ts', import.meta.url).href)
  onTestFinished(close)
  const own = { cache: exports.idbCache({ name: cache }), queue: exports.durableQueue(queue) }
  return { table: new exports.LiveTable<Item>({ master, cacheKey: 'items', ...own }) }
}

function write(partial: object): Core.StoredWrite {
  const change = { type: 'patch', id: 1, partial } as const
  return { order: 1, change, key: '1', idempotencyKey: undefined, base: undefined, version: undefined, calledAt: 1, failure: undefined }
}

/** Puts a write into the queue's database, as if a tab had left it behind that has not yet given its lock back. */
async function keepWrite({ scope, queue }: Place, tab: string, partial: object, order: number = 1): Promise<void> {
  const database = await openRaw(queue.name)
  const transaction = database.transaction('writes', 'readwrite')
  transaction.objectStore('writes').put({ ...write(partial), order }, [scope, 'another table', tab, order])
  await promisifyRequest(transaction)
  database.close()
}

/** All that lies in both databases, keys and values, as JSON. */
async function textOf({ cache, queue }: Place): Promise<string> {
  const all = await Promise.all([cache, queue.name].map((name) => allOf(name)))
  return JSON.stringify(all, (_, value: unknown) => (value instanceof Map ? [...value] : value))
}

async function allOf(name: string) {
  const database = await openRaw(name)
  const stores = await Promise.all(
    [...database.objectStoreNames].map(async (store) => {
      const held = database.transaction(store).objectStore(store)
      const [keys, values] = await Promise.all([promisifyRequest(held.getAllKeys()), promisifyRequest<unknown[]>(held.getAll())])
      return { store, keys, values }
    }),
  )
  database.close()
  return stores
}

function openRaw(name: string): Promise<IDBDatabase> {
  return promisifyRequest(indexedDB.open(name))
}
