import { LiveTable, memoryCache, memoryTable, type Page } from '@vantage-live/core'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { nextPage, type HeldPage } from './held-page.ts'
import { livePageOptions } from './live-page-options.ts'

interface Item {
  readonly id: number
  readonly name: string
}

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => vi.useRealTimers())

test('the first page is shown as it is', () => {
  const { look, held } = setUp()
  expect(look([1, 2])).toMatchObject({ newCount: 0 })
  expect(held().page).toBe(held().shown)
  expect(isHeld(held())).toBe(false)
})

test('it is the same object while nothing is new', () => {
  const { look, lookAgain } = setUp()
  look([1, 2])
  const before = look([9, 1, 2])
  expect(lookAgain()).toBe(before)
})

describe('what others do', () => {
  test.each<[string, readonly number[], number]>([
    ['an inserted row', [9, 1, 2], 1],
    ['a row inserted at the end', [1, 2, 9], 1],
    ['a deleted row', [2, 3], 1],
    ['a deleted row that none takes the place of', [2], 0],
    ['rows that have moved', [2, 1], 0],
    ['nothing left', [], 0],
    ['a page of other rows', [7, 8, 9], 3],
  ])('%s waits', (_, ids, newCount) => {
    const { look, shownIds } = setUp()
    look([1, 2])
    expect(look(ids)).toMatchObject({ newCount })
    expect(shownIds()).toEqual([1, 2])
  })

  test('what waited no longer waits where it has come to nothing', () => {
    const { look, held, shownIds } = setUp()
    look([1, 2])
    look([9, 1, 2])
    look([1, 2], { total: 7 })
    expect(isHeld(held())).toBe(false)
    expect(held().page).toMatchObject({ total: 7 })
    expect(shownIds()).toEqual([1, 2])
  })

  test('total and age are those of the rows that are shown, and whether they are stale is told as it is by now', () => {
    const { look, held } = setUp()
    const { applied } = look([1, 2], { total: 2 })
    look([9, 1, 2], { total: 3, stale: true })
    expect(held().page).toMatchObject({ total: 2, fetchedAt: applied.fetchedAt, stale: true })
  })

  test('values are shown in the rows that stay, and one that has gone keeps the last one', () => {
    const { look, names } = setUp()
    look([1, 2])
    look([9, 1, 2], { name: 'second' })
    expect(names()).toEqual(['1 second', '2 second'])
    look([9, 1], { name: 'third' })
    expect(names()).toEqual(['1 third', '2 second'])
    look([9, 1, 2], { name: 'fourth' })
    expect(names()).toEqual(['1 fourth', '2 fourth'])
  })

  test('promise 18: rows that are equal stay the same objects, and so does a page of them', () => {
    const { look, held } = setUp()
    const [one, two] = look([1, 2]).page.rows
    look([9, 1, 2])
    expect(held().page.rows[0]).toBe(one)
    expect(held().page.rows[1]).toBe(two)
    const { page } = held()
    look([8, 9, 1])
    expect(held().page).toBe(page)
  })
})

describe('what is not held', () => {
  test('whatever comes before a page has been fresh', () => {
    const { look, shownIds } = setUp()
    look([1, 2], { stale: true })
    look([2, 3], { stale: true })
    expect(shownIds()).toEqual([2, 3])
    look([9, 2, 3])
    expect(shownIds()).toEqual([9, 2, 3])
    look([8, 9, 2])
    expect(shownIds()).toEqual([9, 2, 3])
  })

  test('a page that an invalidation has overtaken, once it was fresh, is held as others are', () => {
    const { look, shownIds } = setUp()
    look([1, 2])
    look([1, 2], { stale: true })
    look([9, 1, 2])
    expect(shownIds()).toEqual([1, 2])
  })

  test('another page, and the same page of another view, or of another table of the same cache key', () => {
    const { table, look, shownIds } = setUp()
    look([1, 2])
    look([3, 4], { page: 2 })
    expect(shownIds()).toEqual([3, 4])
    look([5, 6], { page: 2, of: table.view({ where: { name: 'x' } }) })
    expect(shownIds()).toEqual([5, 6])
    look([7, 8], { of: setUp().table })
    look([1, 2])
    expect(shownIds()).toEqual([1, 2])
  })

  test('what was asked for', () => {
    const { look, held, shownIds, set } = setUp()
    look([1, 2])
    look([9, 1, 2])
    set({ ...held(), takesNext: true })
    expect(shownIds()).toEqual([1, 2])
    look([8, 9, 1])
    expect(shownIds()).toEqual([8, 9, 1])
    look([7, 8, 9])
    expect(shownIds()).toEqual([8, 9, 1])
  })
})

describe('the reader’s own writes', () => {
  test('a patch shows in a row that stays and in one that has gone, and does not come back over a later value', async () => {
    const { table, look, lookAgain, names } = setUp()
    look([1, 2])
    look([9, 1])
    const written = [table.patch(1, { name: 'mine' }), table.patch(2, { name: 'mine' })]
    lookAgain()
    expect(names()).toEqual(['mine', 'mine'])
    await Promise.all(written)
    lookAgain()
    expect(names()).toEqual(['mine', 'mine'])
    look([9, 1, 2], { name: 'theirs' })
    expect(names()).toEqual(['1 theirs', '2 theirs'])
    // Gone again: what was seen of it after the write holds.
    look([9, 1], { name: 'later' })
    expect(names()).toEqual(['1 later', '2 theirs'])
  })

  test('a deleted row goes and stays away, and what moves up takes its place at the end', async () => {
    const { table, look, lookAgain, shownIds, held } = setUp({ pageSize: 3 })
    look([1, 2, 3])
    const deleted = table.delete(2)
    lookAgain()
    expect(shownIds()).toEqual([1, 3])
    await deleted
    lookAgain()
    expect(shownIds()).toEqual([1, 3])
    look([1, 3, 4])
    expect(shownIds()).toEqual([1, 3, 4])
    expect(isHeld(held())).toBe(false)
  })

  test('a row that is deleted while others’ rows wait does not come back', async () => {
    const { table, look, shownIds, held } = setUp({ pageSize: 3 })
    look([1, 2, 3])
    look([9, 1, 2])
    await table.delete(2)
    look([9, 1, 3])
    expect(shownIds()).toEqual([1, 3])
    expect(held().newCount).toBe(1)
  })

  test('an inserted row appears once, under one key, before and after its answer, and is never new', async () => {
    const { table, look, lookAgain, held, shownIds, keys } = setUp()
    look([1, 2], { total: 2 })
    look([9, 1, 2], { total: 3 })
    const inserted = table.insert({ name: 'mine' })
    lookAgain()
    const [key] = keys()
    expect(shownIds()).toHaveLength(3)
    expect(held()).toMatchObject({ newCount: 1, page: { total: 3 } })
    const { id } = await inserted
    lookAgain()
    expect(shownIds()).toEqual([id, 1, 2])
    look([id, 9, 1, 2], { total: 4 })
    expect(shownIds()).toEqual([id, 1, 2])
    expect(keys()).toEqual([key, '1', '2'])
    expect(held()).toMatchObject({ newCount: 1, page: { total: 3 } })
  })

  test('an inserted row goes to where the master has put it, where nothing of others waits', async () => {
    const { table, look, lookAgain, held, shownIds } = setUp({ pageSize: 3 })
    look([1, 2, 3])
    const inserted = table.insert({ name: 'mine' })
    lookAgain()
    const { id } = await inserted
    lookAgain()
    expect(shownIds()).toEqual([id, 1, 2])
    look([1, 2, 3])
    expect(shownIds()).toEqual([1, 2, 3])
    expect(held().newCount).toBe(0)
  })

  test.each([{ name: 'mine' }, { id: 77, name: 'mine' }])('an inserted row that only the master can place (%o) is not new', async (row) => {
    const { table, look, lookAgain, held, shownIds } = setUp({ pageSize: 3 })
    const view = table.view({ search: 'm' })
    look([1, 2, 3], { of: view })
    const inserted = table.insert(row)
    lookAgain()
    const { id } = await inserted
    lookAgain()
    expect(shownIds()).toEqual([1, 2, 3])
    look([1, id, 2], { of: view })
    expect(shownIds()).toEqual([1, id, 2])
    look([9, 1, id], { of: view })
    expect(shownIds()).toEqual([1, id, 2])
    expect(held().newCount).toBe(1)
  })

  test('an inserted row whose answer came before anybody looked is known as one', async () => {
    const { table, look, lookAgain, held, shownIds } = setUp({ pageSize: 3 })
    look([1, 2, 3])
    const { id } = await table.insert({ name: 'mine' })
    lookAgain()
    expect(shownIds()).toEqual([id, 1, 2])
    look([1, 2, 3])
    expect(shownIds()).toEqual([1, 2, 3])
    const view = table.view({ search: 'm' })
    look([1, 2, 3], { of: view })
    const { id: other } = await table.insert({ name: 'mine too' })
    look([1, other, 2], { of: view })
    expect(shownIds()).toEqual([1, other, 2])
    expect(held().newCount).toBe(0)
  })

  test('an inserted row is known as one until a page was read after its answer', async () => {
    const { table, look, lookAgain, held, shownIds } = setUp({ pageSize: 3 })
    const view = table.view({ search: 'm' })
    look([1, 2, 3], { of: view })
    const inserted = table.insert({ id: 77, name: 'mine' })
    lookAgain()
    await inserted
    // One that was looked at too late, one that was overtaken, and one that an event has changed.
    look([1, 2, 3], { of: view, name: 'second' })
    look([1, 2, 3], { of: view, name: 'third', stale: true })
    look([1, 2, 3], { of: view, name: 'fourth', fetchedAt: held().base.fetchedAt })
    look([1, 77, 2], { of: view })
    expect(shownIds()).toEqual([1, 77, 2])
  })

  test('an edited row that others move once it was read anew waits as all do', async () => {
    const { table, look, lookAgain, shownIds } = setUp()
    look([1, 2, 3])
    const written = table.patch(3, { name: 'mine' })
    lookAgain()
    await written
    lookAgain()
    look([1, 2, 3])
    look([3, 1, 2])
    expect(shownIds()).toEqual([1, 2, 3])
  })

  test('an edited row moves to where the master has put it', async () => {
    const { table, look, lookAgain, shownIds } = setUp()
    look([1, 2, 3])
    const written = table.patch(3, { name: 'mine' })
    lookAgain()
    await written
    look([3, 1, 2])
    expect(shownIds()).toEqual([3, 1, 2])
    look([2, 3, 1])
    expect(shownIds()).toEqual([3, 1, 2])
  })

  test('a row that was inserted by somebody else under an id of theirs is new, also after own writes', async () => {
    const { table, look, held } = setUp()
    look([1, 2])
    await table.patch(1, { name: 'mine' })
    look([1, 2])
    look([50, 1, 2])
    expect(held().newCount).toBe(1)
  })
})

/** A time after all that was answered before. */
function later(): number {
  vi.setSystemTime(Date.now() + 10)
  return Date.now()
}

/** Looks at pages one after the other; each was read after what was written before. */
function setUp({ pageSize = 10 }: { readonly pageSize?: number } = {}) {
  const items = Array.from({ length: 9 }, (_, index): Item => ({ id: index + 1, name: `${index + 1}` }))
  const table = new LiveTable<Item>({ master: memoryTable(items), cacheKey: 'items', cache: memoryCache(), pageSize })
  onTestFinished(() => table.close())
  let held: HeldPage<Item> | undefined
  const read = (of: LiveTable<Item>, page: number, base: Page<Item>): HeldPage<Item> => {
    const { queryKey } = livePageOptions(of, page)
    held = nextPage(held, { table: of, queryKey, base, shown: of.overlay(base), pending: of.pending })
    return held
  }
  const look = (
    ids: readonly number[],
    {
      of = table,
      page = 1,
      name = '',
      stale = false,
      total = 9,
      fetchedAt = later(),
    }: Partial<Page<Item>> & { of?: LiveTable<Item>; name?: string } = {},
  ): HeldPage<Item> => {
    later()
    return read(of, page, { rows: ids.map((id) => ({ id, name: `${id} ${name}` })), page, pageSize, total, fetchedAt, stale })
  }
  const now = (): HeldPage<Item> => {
    if (held === undefined) throw new Error('nothing was looked at')
    return held
  }
  return {
    table,
    look,
    lookAgain: () => read(now().table, now().base.page, now().base),
    held: now,
    set: (next: HeldPage<Item>) => {
      held = next
    },
    shownIds: () => now().page.rows.map(({ id }) => id),
    names: () => now().page.rows.map(({ name }) => name),
    keys: () => now().page.rows.map(({ id }) => table.rowKey(id)),
  }
}

function isHeld({ applied, base }: HeldPage<Item>): boolean {
  return applied !== base
}
