import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchingRows } from '../table/match.ts'
import { canonicalQuery } from '../table/query.ts'
import type { ListResult, RowId, ViewQuery } from '../table/table.ts'
import type { Change } from './change.ts'
import { layOver, layOverRow, writesSince, type LaidWrite } from './lay-over.ts'

interface Row {
  readonly id: RowId
  readonly name?: string
  readonly rank?: number
  readonly status?: string
}

const byRank: ViewQuery<Row> = { orderBy: [{ field: 'rank', direction: 'asc' }] }
const open: ViewQuery<Row> = { where: { status: 'open' } }

describe('rows that are on the page', () => {
  test('without a write it is the very same list', () => {
    const base = { rows: ranked(1, 2), total: 2 }
    expect(layOver(base, [], listing({}), keys)).toBe(base)
  })

  test('a row is as its writes make it, in their order; the others are the very same objects', () => {
    const base = { rows: ranked(1, 2, 3), total: 3 }
    const { rows, total } = layOver(
      base,
      [patch(2, { name: 'a' }), patch(2, { status: 'open' }), patch(2, { name: 'b' })],
      listing({}),
      keys,
    )
    expect(rows).toEqual([
      { id: 1, rank: 1 },
      { id: 2, rank: 2, name: 'b', status: 'open' },
      { id: 3, rank: 3 },
    ])
    expect([rows[0], rows[2]].map((row, index) => row === base.rows[2 * index])).toEqual([true, true])
    expect(total).toBe(3)
  })

  test('a replaced row has nothing left of what it was, but its id', () => {
    expect(lay(ranked(1), [replace('1', { id: '1', name: 'b' })]).rows).toEqual([{ id: 1, name: 'b' }])
  })

  test('a field that is undefined in a patch is none, and no patch changes the id', () => {
    expect(
      lay(ranked(1), [{ ...patch(1, {}), change: { type: 'patch', id: 1, partial: { rank: undefined, id: '1' } as never } }]).rows,
    ).toEqual(ranked(1))
  })

  test('a row stays where it is, also where the order would move it', () => {
    expect(lay(ranked(1, 2, 3), [patch(1, { rank: 9 })], { query: byRank }).rows.map(({ id }) => id)).toEqual([1, 2, 3])
    expect(lay(ranked(1, 2, 3), [patch(3, { rank: 0 })], { query: byRank, page: 2, pageSize: 3 }).rows.map(({ id }) => id)).toEqual([
      1, 2, 3,
    ])
  })

  test('a row leaves the page, and the total, where what was changed meets the filter no longer', () => {
    const rows = [
      { id: 1, status: 'open' },
      { id: 2, status: 'open' },
    ]
    expect(lay(rows, [patch(1, { status: 'closed' })], { query: open, total: 7 })).toEqual({ rows: rows.slice(1), total: 6 })
    expect(lay(rows, [replace(1, { id: 1 })], { query: open, total: 7 })).toEqual({ rows: rows.slice(1), total: 6 })
  })

  test('a row stays where what was changed has nothing to do with the filter, whatever we make of that', () => {
    // A master that compares text without case.
    const rows = [{ id: 1, status: 'OPEN' }]
    expect(lay(rows, [patch(1, { name: 'a' })], { query: open })).toEqual({ rows: [{ id: 1, status: 'OPEN', name: 'a' }], total: 1 })
  })

  test('a row that comes back stands where it stood', () => {
    const rows = [1, 2, 3].map((id) => ({ id, status: 'open' }))
    const there = lay(rows, [patch(2, { status: 'closed' })], { query: open })
    expect(there).toEqual({ rows: [rows[0], rows[2]], total: 2 })
    const back = lay(rows, [patch(2, { status: 'closed' }), patch(2, { status: 'open' })], { query: open })
    expect(back).toEqual({ rows, total: 3 })
    const anew = lay(rows, [remove(2), insert({ id: 2, status: 'open', name: 'anew' })], { query: open })
    expect(anew).toEqual({ rows: [rows[0], { id: 2, status: 'open', name: 'anew' }, rows[2]], total: 3 })
  })

  test('a deleted row is gone, and what is written to it then comes to nothing', () => {
    expect(lay(ranked(1, 2), [remove(1), patch(1, { name: 'a' }), remove(1)])).toEqual({ rows: ranked(2), total: 1 })
  })

  test('after deleteAll there is nothing but what is inserted later', () => {
    expect(lay(ranked(1, 2), [insert({ id: 3 }), deleteAll()], { total: 9 })).toEqual({ rows: [], total: 0 })
    expect(lay(ranked(1, 2), [deleteAll(), patch(1, { name: 'a' }), remove(2), insert({ id: 4 })], { total: 9 })).toEqual({
      rows: [{ id: 4 }],
      total: 1,
    })
  })

  test('a row that was there before deleteAll and is inserted again comes as any other', () => {
    expect(lay(ranked(1, 2), [deleteAll(), insert({ id: 9 }), insert({ id: 2 })]).rows).toEqual([{ id: 2 }, { id: 9 }])
  })

  test('a row that the master gave twice is there once', () => {
    expect(lay([...ranked(1, 2), ...ranked(1)], [patch(2, { name: 'a' })], { total: 3 }).rows.map(({ id }) => id)).toEqual([1, 2])
  })

  test('what else the list has is left alone, and a total where there is none is none', () => {
    expect(layOver({ rows: ranked(1) }, [remove(1)], listing({}), keys)).toEqual({ rows: [] })
    expect(layOver({ rows: ranked(1) }, [deleteAll(), insert({ id: 2 })], listing({}), keys)).toEqual({ rows: [{ id: 2 }] })
  })
})

describe('rows that come to the view', () => {
  test('without an order an inserted row stands first on the first page, and the last one makes room', () => {
    const page = { pageSize: 2, total: 4 }
    expect(lay(ranked(1, 2), [insert({ id: 8 }), insert({ id: 9 })], page)).toEqual({ rows: [{ id: 9 }, { id: 8 }], total: 6 })
    expect(lay(ranked(3, 4), [insert({ id: 9 })], { ...page, page: 2 })).toEqual({ rows: ranked(3, 4), total: 5 })
  })

  test('without an order a row that comes by a change stands last on a page that has the whole view, and else nowhere', () => {
    const [one, other] = [
      { id: 1, status: 'open' },
      { id: 2, status: 'closed' },
    ]
    const comes = patch(2, { status: 'open' }, other)
    const there = { id: 2, status: 'open' }
    expect(lay([one], [comes], { query: open, pageSize: 2 })).toEqual({ rows: [one, there], total: 2 })
    expect(lay([one], [comes], { query: open, pageSize: 1 })).toEqual({ rows: [one], total: 2 })
    expect(lay([one], [comes], { query: open, pageSize: 2, page: 2, total: 3 })).toEqual({ rows: [one], total: 4 })
  })

  test.each([
    ['before the first row of the first page', { rank: 5, page: 1, rows: [10, 20], total: 4 }, [5, 10]],
    ['before the first row of a later page, where it may be of the page before', { rank: 5, page: 2, rows: [10, 20], total: 4 }, [10, 20]],
    ['between two rows', { rank: 15, page: 2, rows: [10, 20], total: 5 }, [10, 15]],
    ['after the last row, where it may be of the next page', { rank: 25, page: 2, rows: [10, 20], total: 5 }, [10, 20]],
    ['after the last row of a full page', { rank: 25, page: 2, rows: [10, 20], total: 4 }, [10, 20]],
    ['after the last row of the last page, where that has room', { rank: 25, page: 2, rows: [10], total: 3 }, [10, 25]],
    ['after all rows of the first page, where that has room', { rank: 25, page: 1, rows: [10], total: 1 }, [10, 25]],
    ['on the first page, where that is empty', { rank: 25, page: 1, rows: [], total: 0 }, [25]],
    ['on a page beyond the end', { rank: 25, page: 2, rows: [], total: 2 }, []],
    ['on a page far beyond the end', { rank: 25, page: 3, rows: [], total: 1 }, []],
    [
      'after the last row of a page that is not full, where nobody knows the total',
      { rank: 25, page: 1, rows: [10], total: undefined },
      [10, 25],
    ],
    ['after the last row of a full page, where nobody knows the total', { rank: 25, page: 1, rows: [10, 20], total: undefined }, [10, 20]],
  ])('in an order it stands where that puts it, if it is on this page for certain: %s', (_, { rank, page, rows, total }, expected) => {
    const place = { query: byRank, page, pageSize: 2, total }
    const laid = lay(ranked(...rows), [insert({ id: 'new', rank })], place)
    expect(laid.rows.map((row) => row.rank)).toEqual(expected)
    expect(laid.total).toBe(total === undefined ? undefined : total + 1)
  })

  test('it stands after those that are equal to it in the order', () => {
    const rows = [...ranked(10), { id: 'as high', rank: 10 }, ...ranked(20)]
    expect(lay(rows, [insert({ id: 'new', rank: 10 })], { query: byRank }).rows.map(({ id }) => id)).toEqual([10, 'as high', 'new', 20])
  })

  test('a page whose last row was deleted takes none from after it, for the next page’s first may come before', () => {
    const writes = [remove(20), insert({ id: 'new', rank: 25 })]
    expect(lay(ranked(10, 20), writes, { query: byRank, pageSize: 2, total: 3 })).toEqual({ rows: ranked(10), total: 3 })
    expect(lay(ranked(10, 20), writes, { query: byRank, pageSize: 2, total: 2 })).toEqual({
      rows: [...ranked(10), { id: 'new', rank: 25 }],
      total: 2,
    })
    expect(layOver({ rows: ranked(10, 20) }, writes, listing({ query: byRank, pageSize: 2 }), keys)).toEqual({ rows: ranked(10) })
  })

  test('a page that no longer has a row of the view takes none', () => {
    const writes = [...[10, 20, 30].map((id) => remove(id, { id, rank: id })), insert({ id: 'new', rank: 40 })]
    const place = { query: byRank, pageSize: 2, total: 3 }
    expect(lay(ranked(10, 20), writes, { ...place, page: 1 })).toEqual({ rows: [{ id: 'new', rank: 40 }], total: 1 })
    expect(lay(ranked(30), writes, { ...place, page: 2 })).toEqual({ rows: [], total: 1 })
  })

  test('a later page takes none where the pages before it have room for all', () => {
    const writes = [...[10, 20, 30].map((id) => remove(id, { id, rank: id })), insert({ id: 'new', rank: 35 })]
    const place = { query: byRank, pageSize: 2, total: 4 }
    expect(lay(ranked(10, 20), writes, { ...place, page: 1 })).toEqual({ rows: [{ id: 'new', rank: 35 }], total: 2 })
    expect(lay(ranked(30, 40), writes, { ...place, page: 2 })).toEqual({ rows: ranked(40), total: 2 })
  })

  test('a row that stayed where the order would have moved it tells nothing of where others stand', () => {
    const writes = [patch(10, { rank: 99 }), insert({ id: 'new', rank: 50 })]
    expect(lay(ranked(10, 20), writes, { query: byRank, pageSize: 2, total: 9 }).rows.map(({ id }) => id)).toEqual([10, 20])
  })

  test('a row that an inserted one came after comes before the next inserted one', () => {
    const writes = [insert({ id: 'b', rank: 15 }), insert({ id: 'c', rank: 17 }), insert({ id: 'a', rank: 12 })]
    expect(lay(ranked(10, 20), writes, { query: byRank }).rows.map(({ id }) => id)).toEqual([10, 'a', 'b', 'c', 20])
  })

  test('an inserted row that does not meet the filter neither shows nor counts, until it does', () => {
    const closed = insert({ id: 2, status: 'closed' })
    expect(lay([{ id: 1, status: 'open' }], [closed], { query: open })).toEqual({ rows: [{ id: 1, status: 'open' }], total: 1 })
    const { rows, total } = lay([{ id: 1, status: 'open' }], [closed, patch(2, { status: 'open' })], { query: open })
    expect([rows.length, total]).toEqual([2, 2])
  })

  test('a row that was in the view before, on another page, neither comes nor counts again', () => {
    const elsewhere = { id: 7, rank: 70, status: 'open' }
    const query = { ...open, ...byRank }
    const rows = [{ id: 1, rank: 10, status: 'open' }]
    expect(lay(rows, [patch(7, { rank: 5 }, elsewhere)], { query, total: 9 })).toEqual({ rows, total: 9 })
    expect(lay(rows, [patch(7, { status: 'closed' }, elsewhere)], { query, total: 9 })).toEqual({ rows, total: 8 })
    expect(lay(rows, [patch(7, { status: 'closed' }, elsewhere), remove(7, elsewhere)], { query, total: 9 })).toEqual({ rows, total: 8 })
  })

  test('in a view with a search no row comes, for what is found is the master’s business; one that was found is as it was written', () => {
    const query = { search: 'muffin' }
    const rows = [
      { id: 1, name: 'a muffin' },
      { id: 2, name: 'two muffins' },
    ]
    expect(lay(rows, [insert({ id: 3, name: 'muffin' })], { query })).toEqual({ rows, total: 2 })
    expect(lay(rows, [patch(1, { name: 'a scone' }), remove(2)], { query })).toEqual({ rows: [{ id: 1, name: 'a scone' }], total: 1 })
    expect(lay(rows, [remove(7, { id: 7, name: 'muffin' })], { query })).toEqual({ rows, total: 2 })
  })
})

describe('rows of which nothing is known', () => {
  test('a patch or another row in its place changes neither the page nor the total', () => {
    for (const query of [{}, open]) {
      expect(lay([], [patch(7, { status: 'open' })], { query, total: 3 })).toEqual({ rows: [], total: 3 })
      expect(lay([], [replace(7, { id: 7, status: 'open' })], { query, total: 3 })).toEqual({ rows: [], total: 3 })
    }
  })

  test('one that is deleted was there, for somebody saw it, also where it was changed before; but nobody knows in which views', () => {
    expect(lay([], [remove(7)], { total: 3 }).total).toBe(2)
    expect(lay([], [patch(7, { name: 'a' }), remove(7)], { total: 3 }).total).toBe(2)
    expect(lay([], [replace(7, { id: 7 }), remove(7)], { total: 3 }).total).toBe(2)
    expect(lay([], [remove(7), remove(7)], { total: 3 }).total).toBe(2)
    expect(lay([], [remove(7)], { query: open, total: 3 }).total).toBe(3)
  })

  test('one that is replaced is as it was written then, with the id it was named by', () => {
    const noId = { ...replace(7, { id: 7 }), change: { type: 'replace', id: 7, row: { status: 'closed' } as Row } as const }
    const writes = [noId, patch(7, { status: 'open' })]
    expect(lay([], writes, { query: open, total: 3 }).total).toBe(4)
    const { rows } = lay(
      ranked(1).map((row) => ({ ...row, status: 'open' })),
      writes,
      { query: { ...open, ...byRank } },
    )
    expect(rows).toEqual([
      { id: 7, status: 'open' },
      { id: 1, rank: 1, status: 'open' },
    ])
  })

  test('one that is known to be gone comes to nothing, and counts when it is inserted again', () => {
    const gone = (write: LaidWrite<Row>): LaidWrite<Row> => ({ ...write, isGone: true })
    for (const write of [remove(7), patch(7, { name: 'a' }), replace(7, { id: 7 })]) {
      expect(lay(ranked(1), [gone(write), remove(7)], { total: 3 })).toEqual({ rows: ranked(1), total: 3 })
    }
    expect(lay(ranked(1), [gone(insert({ id: 7 })), gone(remove(7))], { total: 3 })).toEqual({ rows: ranked(1), total: 3 })
    expect(lay(ranked(1), [gone(insert({ id: 7 }))], { total: 3 })).toEqual({ rows: [{ id: 7 }, ...ranked(1)], total: 4 })
  })

  test('what is not on a page that has the whole view is not in the view, whatever was known when it was written to', () => {
    const was = { id: 7, status: 'open' }
    const rows = [{ id: 1, status: 'open' }]
    for (const query of [{}, open]) {
      for (const write of [remove(7), remove(7, was), patch(7, { status: 'closed' }, was)]) {
        expect(lay(rows, [write], { query })).toEqual({ rows, total: 1 })
      }
    }
    expect(lay(rows, [patch(7, { name: 'a' }, was)])).toEqual({ rows, total: 1 })
  })

  test('what a patch stored is known then', () => {
    const stored = settled(patch(7, { name: 'a' }), 10, { id: 7, name: 'a', status: 'open' })
    expect(lay([], [stored, patch(7, { status: 'closed' })], { query: open, total: 3 }).total).toBe(2)
  })
})

describe('counts', () => {
  test('they count what comes to the view and what leaves it', () => {
    const [is, isNot] = [
      { id: 1, status: 'open' },
      { id: 2, status: 'closed' },
    ]
    const count = (...writes: LaidWrite<Row>[]): number | undefined =>
      layOver({ rows: [], total: 5 }, writes, { view: canonicalQuery(open), slice: undefined }, keys).total
    expect(count(insert({ id: 3, status: 'open' }))).toBe(6)
    expect(count(insert({ id: 3, status: 'closed' }))).toBe(5)
    expect(count(patch(1, { status: 'closed' }, is))).toBe(4)
    expect(count(patch(2, { status: 'open' }, isNot))).toBe(6)
    expect(count(remove(1, is))).toBe(4)
    expect(count(remove(2, isNot))).toBe(5)
    expect(count(deleteAll(), insert({ id: 3, status: 'open' }))).toBe(1)
  })

  test('there are never fewer than none', () => {
    for (const total of [0, 1]) {
      expect(layOver({ rows: [], total }, [remove(1), remove(2)], { view: canonicalQuery({}), slice: undefined }, keys).total).toBe(0)
    }
    expect(lay(ranked(1, 2), [remove(1), remove(2)], { total: 1 }).total).toBe(0)
  })
})

describe('what was stored', () => {
  test('it holds as it is, and what comes after it is laid over that', () => {
    const stored = { id: 1, rank: 1, name: 'a', status: 'set by the master' }
    expect(lay(ranked(1), [settled(patch(1, { name: 'a' }), 10, stored), patch(1, { rank: 2 })]).rows).toEqual([{ ...stored, rank: 2 }])
    expect(lay(ranked(1, 2), [settled(remove(1), 10, undefined)])).toEqual({ rows: ranked(2), total: 1 })
    expect(lay(ranked(1), [settled(deleteAll(), 10, undefined)])).toEqual({ rows: [], total: 0 })
  })

  test('rows that were asked for after it have it in them: it is laid over older ones only', () => {
    const [pending, before, after] = [patch(1, {}), settled(patch(2, {}), 10, undefined), settled(patch(3, {}), 20, undefined)]
    expect(writesSince([pending, before, after], { fetchedAt: 15 })).toEqual([pending, after])
    expect(writesSince(new Set([pending, before, after]), { fetchedAt: 5 })).toEqual([pending, before, after])
    expect(writesSince([pending, before, after], { fetchedAt: 20 })).toEqual([pending])
  })
})

describe('one row', () => {
  test('it is as its writes make it, and the very same where there are none', () => {
    const row = { id: 1, name: 'a' }
    expect(layOverRow(row, [], 'id')).toBe(row)
    expect(layOverRow(undefined, [], 'id')).toBeUndefined()
    expect(layOverRow(row, [patch(1, { name: 'b' }), patch(1, { rank: 2 })], 'id')).toEqual({ id: 1, name: 'b', rank: 2 })
    expect(layOverRow(row, [remove(1)], 'id')).toBeUndefined()
    expect(layOverRow(row, [deleteAll()], 'id')).toBeUndefined()
    expect(layOverRow(row, [remove(1), insert({ id: 1, rank: 3 })], 'id')).toEqual({ id: 1, rank: 3 })
  })

  test('a row that is not there can be inserted, but not be changed or replaced', () => {
    expect(layOverRow<Row>(undefined, [patch(1, { name: 'a' })], 'id')).toBeUndefined()
    expect(layOverRow<Row>(undefined, [replace('1', { id: '1', name: 'a' })], 'id')).toBeUndefined()
    expect(layOverRow<Row>(undefined, [insert({ id: 1 }), patch(1, { name: 'a' })], 'id')).toEqual({ id: 1, name: 'a' })
  })

  test('an inserted row without an id has its name for one, until the master tells', () => {
    expect(layOverRow<Row>(undefined, [insertNew('new-1', { name: 'a' })], 'id')).toEqual({ id: 'new-1', name: 'a' })
    expect(layOverRow<Row>(undefined, [settled(insertNew('new-1', { name: 'a' }), 10, { id: 4, name: 'a' })], 'id')).toEqual({
      id: 4,
      name: 'a',
    })
  })

  test('an inserted row that the master turns out to have already keeps the master’s id, and what else the master gave it', () => {
    expect(layOverRow<Row>({ id: 4, rank: 9 }, [insertNew('new-1', { name: 'a' })], 'id')).toEqual({ id: 4, rank: 9, name: 'a' })
  })
})

describe('properties', () => {
  test('a page that has the whole view shows what the master would give, and counts it', () => {
    fc.assert(
      fc.property(fc.gen(), (gen) => {
        const query = gen(someView)
        const view = canonicalQuery(query)
        const initial = gen(someRows)
        const { writes, result } = someWrites(gen, initial)
        const rows = matchingRows(initial, view)
        const expected = matchingRows(result, view)
        const laid = lay(rows, writes, { query, pageSize: 1_000 })
        expect(sorted(laid.rows)).toEqual(sorted(expected))
        expect(laid.total).toBe(expected.length)
        // The same of a master that gives no total, and of a count.
        expect(sorted(layOver({ rows }, writes, listing({ query, pageSize: 1_000 }), keys).rows)).toEqual(sorted(expected))
        expect(layOver({ rows: [], total: rows.length }, writes, { view, slice: undefined }, keys).total).toBe(expected.length)
        for (const { id } of [...initial, ...result]) {
          const own = writes.filter(({ key }) => key === undefined || key === String(id))
          expect(layOverRow(find(initial, id), own, 'id')).toEqual(find(result, id))
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('promise 3: to leave a write out is never to have had it, for nothing that was given is changed', () => {
    fc.assert(
      fc.property(fc.gen(), (gen) => {
        const query = gen(someView)
        const initial = gen(someRows)
        const { writes } = someWrites(gen, initial)
        const without = gen(fc.nat, { max: 20 })
        const rest = writes.filter((_, index) => index !== without)
        const place = { query, page: 1, pageSize: 1_000 }
        const expected = structuredClone(lay(initial, structuredClone(rest), place))
        const frozen = initial.map((row) => Object.freeze(row))
        for (const { change, base } of writes) [change, base, ...Object.values(change)].forEach(Object.freeze)
        const once = lay(frozen, writes, place)
        expect(lay(frozen, rest, place)).toEqual(expected)
        expect(lay(frozen, writes, place)).toEqual(once)
      }),
      { numRuns: 300 },
    )
  })

  test('no page has more rows than it may, or one twice; no total is below none; and what no write is about is the very same', () => {
    fc.assert(
      fc.property(fc.gen(), (gen) => {
        const query = gen(someView)
        const found = matchingRows(gen(someRows), canonicalQuery(query))
        // Writes that were made against quite other rows, or none.
        const { writes } = someWrites(gen, gen(someRows))
        const unknown = writes.map((write) => (gen(fc.boolean) ? { ...write, base: undefined } : write))
        const { page, pageSize } = gen(somePage)
        const rows = found.slice((page - 1) * pageSize, page * pageSize)
        const laid = lay(rows, unknown, { query, page, pageSize, total: gen(fc.nat, { max: 20 }) })
        expect(laid.rows.length).toBeLessThanOrEqual(pageSize)
        expect(new Set(laid.rows.map(({ id }) => String(id))).size).toBe(laid.rows.length)
        expect(laid.total).toBeGreaterThanOrEqual(0)
        const touched = new Set(writes.map(({ key }) => key))
        if (touched.has(undefined)) return
        const untouched = laid.rows.filter(({ id }) => !touched.has(String(id)))
        expect(untouched.every((row) => rows.includes(row))).toBe(true)
        // They stand in the order in which they stood.
        expect(untouched).toEqual(rows.filter((row) => untouched.includes(row)))
      }),
      { numRuns: 1_000 },
    )
  })

  test('a row that comes before one of another page is not the last row of this one', () => {
    const query = { where: { rank: { gte: 4 } }, orderBy: [{ field: 'rank', direction: 'asc' }] } as const
    const [first, second, third] = [1, 2, 3].map((id) => ({ id, rank: 4 }))
    const writes = [patch(1, { rank: 0 }, first), remove(2, second), insert({ id: 4, rank: 5 }), insert({ id: 5, rank: 4 })]
    const pages = [[first, second], [third]].map((rows, index) =>
      lay(
        rows.flatMap((row) => row ?? []),
        writes,
        { query, page: index + 1, pageSize: 2, total: 3 },
      ).rows.map(({ id }) => id),
    )
    expect(pages).toEqual([[5, 4], [3]])
  })

  test('no row comes to two pages, and every page has the same total', () => {
    fc.assert(
      fc.property(fc.gen(), (gen) => {
        const query = { ...gen(someView), orderBy: [{ field: 'rank', direction: 'asc' }] as const }
        const view = canonicalQuery(query)
        const initial = gen(someRows)
        const found = matchingRows(initial, view)
        const { writes, result } = someWrites(gen, initial)
        const { pageSize } = gen(somePage)
        const pages = Array.from({ length: 8 }, (_, index) => {
          const rows = found.slice(index * pageSize, (index + 1) * pageSize)
          return lay(rows, writes, { query, page: index + 1, pageSize, total: found.length })
        })
        // One that comes back to where it stood may have come elsewhere on a page that did not have it.
        const comesOnce = (id: RowId): boolean =>
          find(found, id) === undefined && writes.filter(({ key }) => key === String(id)).length === 1
        const ids = pages.flatMap(({ rows }) => rows.map(({ id }) => id)).filter(comesOnce)
        expect(ids).toEqual([...new Set(ids)])
        const expected = matchingRows(result, view)
        expect(new Set(pages.map(({ total }) => total))).toEqual(new Set([expected.length]))
        expect(pages.flatMap(({ rows }) => rows).every(({ id }) => find(expected, id) !== undefined)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })
})

const keys = { idField: 'id', keyOf: (row: Row): string => String(row.id) }

interface Place {
  readonly query?: ViewQuery<Row>
  readonly page?: number
  readonly pageSize?: number
}

function listing({ query = {}, page = 1, pageSize = 10 }: Place) {
  return { view: canonicalQuery(query), slice: { page, pageSize } }
}

/** The total is the number of rows unless it is given. */
function lay(rows: readonly Row[], writes: readonly LaidWrite<Row>[], place: Place & { readonly total?: number | undefined } = {}) {
  const total = 'total' in place ? place.total : rows.length
  const base: ListResult<Row> = { rows, ...(total === undefined ? {} : { total }) }
  return layOver(base, writes, listing(place), keys)
}

function ranked(...ranks: number[]): Row[] {
  return ranks.map((rank) => ({ id: rank, rank }))
}

function called(change: Change<Row>, key: string | undefined, base?: Row): LaidWrite<Row> {
  return { change, key, base, isGone: false, settled: undefined }
}

function insert(row: Row): LaidWrite<Row> {
  return called({ type: 'insert', row, newId: undefined }, String(row.id))
}

function insertNew(newId: string, row: Partial<Row>): LaidWrite<Row> {
  return called({ type: 'insert', row, newId }, newId)
}

function replace(id: RowId, row: Row, base?: Row): LaidWrite<Row> {
  return called({ type: 'replace', id, row }, String(id), base)
}

function patch(id: RowId, partial: Partial<Row>, base?: Row): LaidWrite<Row> {
  return called({ type: 'patch', id, partial }, String(id), base)
}

function remove(id: RowId, base?: Row): LaidWrite<Row> {
  return called({ type: 'delete', id }, String(id), base)
}

function deleteAll(): LaidWrite<Row> {
  return called({ type: 'deleteAll' }, undefined)
}

function settled(write: LaidWrite<Row>, at: number, row: Row | undefined): LaidWrite<Row> {
  return { ...write, settled: { at, row } }
}

function find(rows: readonly Row[], id: RowId): Row | undefined {
  return rows.find((row) => row.id === id)
}

function sorted(rows: readonly Row[]): Row[] {
  return [...rows].sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1))
}

const someFields = (): fc.Arbitrary<Partial<Row>> =>
  fc.record({ name: fc.constantFrom('a', 'b'), rank: fc.nat(9), status: fc.constantFrom('open', 'closed') }, { requiredKeys: [] })

const someRows = (): fc.Arbitrary<Row[]> =>
  fc.array(someFields(), { maxLength: 8 }).map((all) => all.map((fields, index) => ({ ...fields, id: index + 1 })))

const somePage = (): fc.Arbitrary<{ page: number; pageSize: number }> =>
  fc.record({ page: fc.integer({ min: 1, max: 4 }), pageSize: fc.integer({ min: 1, max: 4 }) })

const someView = (): fc.Arbitrary<ViewQuery<Row>> =>
  fc.record(
    {
      where: fc.constantFrom<NonNullable<ViewQuery<Row>['where']>>(
        { status: 'open' },
        { rank: { gte: 4 } },
        { status: { ne: 'open' }, name: 'a' },
      ),
      orderBy: fc.constantFrom<NonNullable<ViewQuery<Row>['orderBy']>>(
        [{ field: 'rank', direction: 'asc' }],
        [
          { field: 'name', direction: 'desc' },
          { field: 'rank', direction: 'asc' },
        ],
      ),
    },
    { requiredKeys: [] },
  )

/** Writes that a master would take, made against these rows, and what comes of them; among them patches of rows that are gone. */
function someWrites(gen: fc.GeneratorValue, initial: readonly Row[]): { readonly writes: LaidWrite<Row>[]; readonly result: Row[] } {
  const rows = new Map(initial.map((row) => [row.id, row]))
  const count = gen(fc.nat, { max: 12 })
  const writes = Array.from({ length: count }, () => {
    const type = gen(fc.constantFrom, 'insert', 'replace', 'patch', 'patch', 'delete', 'deleteAll', 'patch of any')
    const id = gen(fc.integer, { min: 1, max: 10 })
    const fields = gen(someFields)
    const base = find(initial, id)
    const held = rows.get(id)
    if (type === 'deleteAll' && gen(fc.boolean)) {
      rows.clear()
      return deleteAll()
    }
    if (held === undefined && type !== 'patch of any') {
      rows.set(id, { ...fields, id })
      return insert({ ...fields, id })
    }
    if (type === 'replace') {
      rows.set(id, { ...fields, id })
      return replace(id, { ...fields, id }, base)
    }
    if (type === 'delete') {
      rows.delete(id)
      return remove(id, base)
    }
    if (held !== undefined) rows.set(id, { ...held, ...fields })
    return patch(id, fields, base)
  })
  return { writes, result: [...rows.values()] }
}

test('a patch that waits does not bring a row back into a view that the master has taken it out of', () => {
  const where = [{ field: 'status', operator: 'eq', value: 'baking' }] as const
  const base = { id: '1', status: 'baking', customer: 'old', notes: '' }
  const { rows, total } = layOver(
    { rows: [], total: 0 },
    [{ change: { type: 'patch', id: '1', partial: { notes: 'mine' } }, key: '1', base, isGone: false, settled: undefined }],
    { view: { where, orderBy: [], search: '' }, slice: { page: 1, pageSize: 25 } },
    { idField: 'id', keyOf: (row: typeof base) => row.id },
  )
  expect({ rows, total }).toEqual({ rows: [], total: 0 })
})
