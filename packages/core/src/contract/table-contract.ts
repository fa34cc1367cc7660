import { describe, expect, onTestFinished, test, type TestContext } from 'vitest'
import { fieldOf } from '../table/row.ts'
import type { ChangeOptions, ListQuery, RowId, SendOptions, Table, ViewQuery } from '../table/table.ts'

/** A row of the tables that `describeTable` tests. */
export interface ContractRow {
  readonly id: RowId
  readonly name: string
  readonly amount: number
  readonly status: string | null
}

/** A table to be tested, and what there is to do after the test. */
export type TableUnderTest = Table<ContractRow> | { readonly table: Table<ContractRow>; readonly dispose?: () => unknown }

/** Ids that break what does not encode them. */
const awkwardIds: readonly string[] = [
  'a/b',
  '/',
  '50%',
  '%2F',
  'a?b=c&d',
  'a#b',
  'two words',
  ' ',
  'a+b',
  '🥐',
  'crème brûlée',
  `it's "quoted"`,
  '`;--',
  'a\\b',
  '...',
  'null',
  '__proto__',
]

/** A list of all rows that is as good as any other, for what it lists is less than a page. */
const everything = { page: 1, pageSize: 100 }

const seeds: readonly ContractRow[] = [
  { id: 1, name: 'almond croissant', amount: 9, status: 'open' },
  { id: 2, name: 'blueberry muffin', amount: 100, status: 'paid' },
  { id: 3, name: 'cinnamon roll', amount: 10, status: null },
  { id: 4, name: 'dark muffin', amount: 9, status: 'open' },
  { id: 5, name: 'espresso', amount: -2.5, status: 'on hold, unpaid' },
  { id: 6, name: 'fifty % rye & [a]=b', amount: 1000, status: 'null' },
  { id: 7, name: 'ginger_bread', amount: 0, status: null },
]

/** A filter, and the names of the rows that it lets through. */
const filters: readonly (readonly [string, ViewQuery<ContractRow>, readonly string[]])[] = [
  ['a text that the field equals', { where: { status: 'open' } }, ['almond croissant', 'dark muffin']],
  ['a number that the field equals', { where: { amount: 100 } }, ['blueberry muffin']],
  ['a text with a comma', { where: { status: 'on hold, unpaid' } }, ['espresso']],
  ['a text full of punctuation', { where: { name: 'fifty % rye & [a]=b' } }, ['fifty % rye & [a]=b']],
  ['null, which is not the text "null"', { where: { status: null } }, ['cinnamon roll', 'ginger_bread']],
  ['the text "null", which is not null', { where: { status: 'null' } }, ['fifty % rye & [a]=b']],
  ['eq', { where: { status: { eq: 'paid' } } }, ['blueberry muffin']],
  [
    'ne, which lets null through',
    { where: { status: { ne: 'open' } } },
    ['blueberry muffin', 'cinnamon roll', 'espresso', 'fifty % rye & [a]=b', 'ginger_bread'],
  ],
  [
    'ne null',
    { where: { status: { ne: null } } },
    ['almond croissant', 'blueberry muffin', 'dark muffin', 'espresso', 'fifty % rye & [a]=b'],
  ],
  ['gt, which compares numbers as numbers', { where: { amount: { gt: 10 } } }, ['blueberry muffin', 'fifty % rye & [a]=b']],
  ['gte', { where: { amount: { gte: 10 } } }, ['blueberry muffin', 'cinnamon roll', 'fifty % rye & [a]=b']],
  ['lt', { where: { amount: { lt: 9 } } }, ['espresso', 'ginger_bread']],
  ['lte', { where: { amount: { lte: 9 } } }, ['almond croissant', 'dark muffin', 'espresso', 'ginger_bread']],
  ['gt with text', { where: { name: { gt: 'espresso' } } }, ['fifty % rye & [a]=b', 'ginger_bread']],
  ['lt, which null is never', { where: { status: { lt: 'open' } } }, ['espresso', 'fifty % rye & [a]=b']],
  ['in', { where: { amount: { in: [100, 0] } } }, ['blueberry muffin', 'ginger_bread']],
  ['in, with a comma in a value', { where: { status: { in: ['on hold, unpaid', 'paid'] } } }, ['blueberry muffin', 'espresso']],
  ['in, with null', { where: { status: { in: ['paid', null] } } }, ['blueberry muffin', 'cinnamon roll', 'ginger_bread']],
  ['in, with one value', { where: { status: { in: ['paid'] } } }, ['blueberry muffin']],
  ['in, with no value', { where: { status: { in: [] } } }, []],
  ['contains, whatever the case', { where: { name: { contains: 'MUFF' } } }, ['blueberry muffin', 'dark muffin']],
  ['contains, where % is no wildcard', { where: { name: { contains: '%' } } }, ['fifty % rye & [a]=b']],
  ['contains, where _ is no wildcard', { where: { name: { contains: 'r_b' } } }, ['ginger_bread']],
  ['contains, with the text "null"', { where: { status: { contains: 'null' } } }, ['fifty % rye & [a]=b']],
  [
    'two conditions on a field, which both hold',
    { where: { amount: { gte: 9, lt: 100 } } },
    ['almond croissant', 'cinnamon roll', 'dark muffin'],
  ],
  ['two fields, which both hold', { where: { amount: 9, name: { contains: 'muffin' } } }, ['dark muffin']],
  ['what no row meets', { where: { status: 'open', amount: 100 } }, []],
]

/** Both ways to change a row: here the amount of row 2, and nothing else. */
const changes: readonly (readonly [
  string,
  (table: Table<ContractRow>, amount: number, options?: ChangeOptions) => Promise<ContractRow>,
])[] = [
  ['patch', (table, amount, options) => table.patch(2, { amount }, options)],
  ['replace', (table, amount, options) => table.replace('2', { ...seed(2), amount }, options)],
]

/** Both ways to delete row 2. */
const deletions: readonly (readonly [string, (table: Table<ContractRow>, options: SendOptions) => Promise<void>])[] = [
  ['delete', (table, options) => table.delete(2, options)],
  ['deleteAll', (table, options) => table.deleteAll(options)],
]

/**
 * Declares the tests that every `Table` must pass, with vitest.
 *
 * Rows are compared with their ids as text, so a table may keep `42` as `'42'`. It may give no total, and have no `count`.
 * What it says of itself is held against it: where it has a `versionField`, a row that comes alone has a version there, and
 * a change against a former one is refused; where it says `honoursIdempotencyKeys`, a write that comes twice is applied once.
 *
 * @param create makes a table of its own for one test, that holds these rows and no others; it may be asynchronous, and
 * so may `dispose`. The id column has to take numbers and any text.
 */
export function describeTable(name: string, create: (rows: readonly ContractRow[]) => TableUnderTest | Promise<TableUnderTest>): void {
  const setUpAsItIs = async (rows: readonly ContractRow[] = seeds): Promise<Table<ContractRow>> => {
    const made = await create(structuredClone(rows))
    if (!('table' in made)) return made
    onTestFinished(async () => {
      await made.dispose?.()
    })
    return made.table
  }
  const setUp = async (rows?: readonly ContractRow[]): Promise<Table<ContractRow>> => withoutVersions(await setUpAsItIs(rows))
  const setUpVersioned = async (context: TestContext): Promise<VersionedTable> => {
    const table = await setUpAsItIs()
    const { versionField } = table
    if (versionField === undefined) context.skip('the rows of this table have no version')
    return { table, versionIn: (row) => (row === undefined ? undefined : fieldOf(row, versionField)) }
  }
  const setUpHonouring = async (context: TestContext): Promise<Table<ContractRow>> => {
    const table = await setUp()
    if (table.honoursIdempotencyKeys !== true) context.skip('this table does not honour idempotency keys')
    return table
  }

  describe(`${name} is a table`, () => {
    describe('pages', () => {
      test('it has a name and an id field', async () => {
        const table = await setUp()
        expect(table.name).toEqual(expect.any(String))
        expect(table.idField).toBe('id')
      })

      test('a list has the rows as they were stored', async () => {
        const table = await setUp()
        expect(byId((await table.list(everything)).rows)).toEqual(byId(seeds))
      })

      test('the pages together have every row once, as many to a page as asked for', async () => {
        const table = await setUp()
        const pages = await inPages(table, 3)
        expect(pages.map((rows) => rows.length)).toEqual([3, 3, 1, 0])
        expect(byId(pages.flat())).toEqual(byId(seeds))
      })

      test('promise 16: a page of one size is that slice of the list at any other', async () => {
        const table = await setUp()
        const { rows } = await table.list(everything)
        for (const pageSize of [1, 2, 3, 5, 7]) {
          expect((await inPages(table, pageSize)).flat(), `the pages of ${pageSize}, put together`).toEqual(rows)
        }
      })

      test('the total, where there is one, counts the rows of all pages', async () => {
        const table = await setUp()
        for (const page of [1, 3, 9]) expectTotal(await table.list({ page, pageSize: 3 }), 7)
        expectTotal(await table.list({ page: 1, pageSize: 1, where: { status: 'open' } }), 2)
        expectTotal(await table.list({ page: 1, pageSize: 1, search: 'muffin' }), 2)
      })

      test('a page beyond the end is empty', async () => {
        const table = await setUp()
        expect((await table.list({ page: 4, pageSize: 3 })).rows).toEqual([])
        expect((await table.list({ page: 1_000_000, pageSize: 50 })).rows).toEqual([])
      })

      test('an empty table lists no rows', async () => {
        const table = await setUp([])
        const result = await table.list(everything)
        expect(result.rows).toEqual([])
        expectTotal(result, 0)
      })
    })

    describe('order', () => {
      test('numbers are ordered as numbers, both ways', async () => {
        const table = await setUp()
        const ascending = [-2.5, 0, 9, 9, 10, 100, 1000]
        expect(await column(table, 'amount', { orderBy: [{ field: 'amount', direction: 'asc' }] })).toEqual(ascending)
        expect(await column(table, 'amount', { orderBy: [{ field: 'amount', direction: 'desc' }] })).toEqual([...ascending].reverse())
      })

      test('text is ordered, both ways', async () => {
        const table = await setUp([...seeds].sort((a, b) => a.amount - b.amount))
        const ascending = seeds.map((row) => row.name)
        expect(await column(table, 'name', { orderBy: [{ field: 'name', direction: 'asc' }] })).toEqual(ascending)
        expect(await column(table, 'name', { orderBy: [{ field: 'name', direction: 'desc' }] })).toEqual([...ascending].reverse())
      })

      test('a second key decides between rows that are equal in the first', async () => {
        const table = await setUp()
        const names = await column(table, 'name', {
          where: { amount: { in: [9, 10] } },
          orderBy: [
            { field: 'amount', direction: 'asc' },
            { field: 'name', direction: 'desc' },
          ],
        })
        expect(names).toEqual(['dark muffin', 'almond croissant', 'cinnamon roll'])
      })

      test('nulls stand together, before or after all others', async () => {
        const table = await setUp()
        const statuses = await column(table, 'status', { orderBy: [{ field: 'status', direction: 'asc' }] })
        const rest = ['null', 'on hold, unpaid', 'open', 'open', 'paid']
        const nulls = [null, null]
        expect(statuses).toEqual(statuses[0] === null ? [...nulls, ...rest] : [...rest, ...nulls])
      })

      test('promise 16: pages put together are the whole list, also where many rows are equal in the order', async () => {
        const rows = Array.from({ length: 23 }, (_, index): ContractRow => {
          return { id: (index * 7) % 23, name: `row ${index}`, amount: index % 2, status: null }
        })
        const table = await setUp(rows)
        const query: ViewQuery<ContractRow> = { orderBy: [{ field: 'amount', direction: 'desc' }] }
        const whole = (await table.list({ ...query, ...everything })).rows
        expect((await inPages(table, 4, query)).flat()).toEqual(whole)
        expect(byId(whole)).toEqual(byId(rows))
      })

      test('a filter, an order and a page work together', async () => {
        const table = await setUp()
        const query: ViewQuery<ContractRow> = { where: { amount: { gte: 9 } }, orderBy: [{ field: 'name', direction: 'desc' }] }
        const result = await table.list({ ...query, page: 2, pageSize: 2 })
        expect(result.rows.map((row) => row.name)).toEqual(['cinnamon roll', 'blueberry muffin'])
        expectTotal(result, 5)
      })
    })

    describe('where', () => {
      test.each(filters)('%s', async (_, query, names) => {
        const table = await setUp()
        const result = await table.list({ ...query, ...everything })
        expect(result.rows.map(({ name: each }) => each).sort()).toEqual(names)
        expectTotal(result, names.length)
      })
    })

    describe('search', () => {
      test('it finds the rows that hold a word, whatever its case', async () => {
        const table = await setUp()
        expect(new Set(await column(table, 'name', { search: 'muffin' }))).toEqual(new Set(['blueberry muffin', 'dark muffin']))
        expect(new Set(await column(table, 'name', { search: 'MUFFIN' }))).toEqual(new Set(['blueberry muffin', 'dark muffin']))
      })

      test('it finds nothing where no row holds the text', async () => {
        const table = await setUp()
        expect(await column(table, 'name', { search: 'pumpernickel' })).toEqual([])
      })

      test('an empty search finds all', async () => {
        const table = await setUp()
        expect(await column(table, 'name', { search: '' })).toHaveLength(seeds.length)
      })

      test('a filter holds beside it', async () => {
        const table = await setUp()
        expect(await column(table, 'name', { search: 'muffin', where: { status: 'open' } })).toEqual(['dark muffin'])
      })
    })

    describe('get', () => {
      test('it gives the row, by the number or the text of its id', async () => {
        const table = await setUp()
        expect(await getRow(table, 2)).toEqual(asText(seed(2)))
        expect(await getRow(table, '2')).toEqual(asText(seed(2)))
      })

      test('it gives undefined where there is no such row', async () => {
        const table = await setUp()
        expect(await table.get(99)).toBeUndefined()
        expect(await table.get('no such row')).toBeUndefined()
      })
    })

    describe('insert', () => {
      test('it resolves with the stored row, which can be read', async () => {
        const table = await setUp()
        const inserted: ContractRow = { id: 42, name: 'new', amount: 4.25, status: null }
        expect(asText(await table.insert(inserted))).toEqual(asText(inserted))
        expect(await getRow(table, 42)).toEqual(asText(inserted))
        expect(byId((await table.list(everything)).rows)).toEqual(byId([...seeds, inserted]))
      })

      test.each([
        ['numbers', seeds],
        ['text', seeds.map((each) => ({ ...each, id: `row ${each.id}` }))],
      ])('a row without an id gets one that no other row has, where ids are %s', async (_, rows) => {
        const table = await setUp(rows)
        const fields = { name: 'new', amount: 1, status: 'open' }
        const [first, second] = [await table.insert(fields), await table.insert(fields)]
        const ids = [...rows, first, second].map(({ id }) => String(id))
        expect(new Set(ids).size, `different ids among ${ids.join(', ')}`).toBe(rows.length + 2)
        expect(first).toEqual({ ...fields, id: first.id })
        expect(await getRow(table, first.id)).toEqual(asText(first))
        expect(await getRow(table, second.id)).toEqual(asText(second))
      })

      test('a row without an id goes into an empty table', async () => {
        const table = await setUp([])
        const stored = await table.insert({ name: 'first', amount: 1, status: null })
        expect(await getRow(table, stored.id)).toEqual(asText(stored))
      })

      test('promise 20: an id that there is is refused, and the row that has it stays', async () => {
        const table = await setUp()
        await expect(table.insert({ id: '2', name: 'intruder', amount: 0, status: null })).rejects.toThrow(Error)
        expect(byId((await table.list(everything)).rows)).toEqual(byId(seeds))
      })
    })

    describe('ids', () => {
      test.each(awkwardIds)('promise 10: %j names its row, and no other', async (id) => {
        const others = [...seeds, ...awkwardIds.filter((each) => each !== id).map((each) => awkward(each))]
        const table = await setUp(others)
        expect(await table.get(id)).toBeUndefined()
        expect(await table.insert(awkward(id))).toEqual(awkward(id))
        expect(await table.get(id)).toEqual(awkward(id))
        expect(await table.replace(id, { ...awkward(id), amount: 2 })).toEqual({ ...awkward(id), amount: 2 })
        expect(await table.patch(id, { status: 'patched' })).toEqual({ ...awkward(id), amount: 2, status: 'patched' })
        expect(await table.get(id)).toEqual({ ...awkward(id), amount: 2, status: 'patched' })
        await table.delete(id)
        expect(await table.get(id)).toBeUndefined()
        expect(byId((await table.list(everything)).rows)).toEqual(byId(others))
      })
    })

    describe('replace', () => {
      test('it resolves with the stored row, which takes the place of the former one', async () => {
        const table = await setUp()
        const replaced: ContractRow = { id: 3, name: 'replaced', amount: 3.5, status: 'open' }
        expect(asText(await table.replace('3', replaced))).toEqual(asText(replaced))
        expect(await getRow(table, 3)).toEqual(asText(replaced))
        expect(byId((await table.list(everything)).rows)).toEqual(byId(seeds.map((each) => (each.id === 3 ? replaced : each))))
      })

      test('it rejects where there is no such row, and makes none', async () => {
        const table = await setUp()
        await expect(table.replace(99, { id: 99, name: 'x', amount: 0, status: null })).rejects.toThrow(Error)
        expect(await table.get(99)).toBeUndefined()
      })
    })

    describe('patch', () => {
      test('it changes the fields it is given, resolves with the whole row, and leaves the others', async () => {
        const table = await setUp()
        const patched = { ...seed(2), status: null, amount: 7 }
        expect(asText(await table.patch('2', { status: null, amount: 7 }))).toEqual(asText(patched))
        expect(await getRow(table, 2)).toEqual(asText(patched))
        expect(byId((await table.list(everything)).rows)).toEqual(byId(seeds.map((each) => (each.id === 2 ? patched : each))))
      })

      test('it takes a partial row that repeats the id', async () => {
        const table = await setUp()
        expect(asText(await table.patch(2, { id: '2', amount: 7 }))).toEqual(asText({ ...seed(2), amount: 7 }))
      })

      test('promise 20: it refuses another id', async () => {
        const table = await setUp()
        await expect(table.patch(2, { id: 99 })).rejects.toThrow(Error)
        expect(byId((await table.list(everything)).rows)).toEqual(byId(seeds))
      })

      test('it rejects where there is no such row, and makes none', async () => {
        const table = await setUp()
        await expect(table.patch(99, { amount: 1 })).rejects.toThrow(Error)
        expect(await table.get(99)).toBeUndefined()
      })
    })

    describe('delete', () => {
      test('the row is gone, and the others stay', async () => {
        const table = await setUp()
        expect(await table.delete('2')).toBeUndefined()
        expect(await table.get(2)).toBeUndefined()
        expect(byId((await table.list(everything)).rows)).toEqual(byId(seeds.filter(({ id }) => id !== 2)))
      })

      test('it resolves also where there is no such row', async () => {
        const table = await setUp()
        await table.delete(2)
        expect(await table.delete(2)).toBeUndefined()
        expect(await table.delete('no such row')).toBeUndefined()
        expect((await table.list(everything)).rows).toHaveLength(seeds.length - 1)
      })
    })

    describe('deleteAll', () => {
      test('all rows are gone, and new ones can come', async () => {
        const table = await setUp()
        expect(await table.deleteAll()).toBeUndefined()
        expect((await table.list(everything)).rows).toEqual([])
        expect(await table.get(2)).toBeUndefined()
        await table.insert({ ...seed(2), name: 'again' })
        expect(await getRow(table, 2)).toEqual(asText({ ...seed(2), name: 'again' }))
      })
    })

    describe('versions', () => {
      test('a row that comes alone has one, and each change brings another', async (context) => {
        const { table, versionIn } = await setUpVersioned(context)
        const inserted = await table.insert({ id: 42, name: 'new', amount: 1, status: null })
        checkVersion(versionIn(inserted))
        expect(versionIn(await table.get(42))).toEqual(versionIn(inserted))
        const versions = [checkVersion(versionIn(await table.get(2)))]
        for (const [index, [, change]] of changes.entries()) {
          versions.push(checkVersion(versionIn(await change(table, index))))
          expect(versionIn(await table.get(2))).toEqual(versions.at(-1))
        }
        expect(new Set(versions.map(String)).size, `different versions among ${versions.join(', ')}`).toBe(1 + changes.length)
      })

      test.for(changes)(
        'a %s against the present version is applied, and the next one against the version that it brought',
        async ([, change], context) => {
          const { table, versionIn } = await setUpVersioned(context)
          const changed = await change(table, 7, { version: checkVersion(versionIn(await table.get(2))) })
          expect(changed.amount).toBe(7)
          expect((await change(table, 8, { version: checkVersion(versionIn(changed)) })).amount).toBe(8)
          expect((await table.get(2))?.amount).toBe(8)
        },
      )

      test.for(changes)('a %s against a former version rejects, and changes nothing', async ([, change], context) => {
        const { table, versionIn } = await setUpVersioned(context)
        const version = checkVersion(versionIn(await table.get(2)))
        await table.patch(2, { status: 'theirs' })
        const theirs = await table.get(2)
        await expectVersionError(change(table, 7, { version }))
        expect(await table.get(2)).toEqual(theirs)
      })

      test('a change of one row leaves the versions of others', async (context) => {
        const { table, versionIn } = await setUpVersioned(context)
        const version = checkVersion(versionIn(await table.get(3)))
        await table.patch(2, { amount: 7 })
        expect(versionIn(await table.get(3))).toEqual(version)
      })
    })

    describe('idempotency keys', () => {
      test('an insert that comes twice under one key is stored once, and answered with that row', async (context) => {
        const table = await setUpHonouring(context)
        const fields = { name: 'new', amount: 1, status: null }
        const first = await table.insert(fields, { idempotencyKey: 'a' })
        expect(await table.insert(fields, { idempotencyKey: 'a' })).toEqual(first)
        expect((await table.insert(fields, { idempotencyKey: 'b' })).id).not.toEqual(first.id)
        expect((await table.list(everything)).rows).toHaveLength(seeds.length + 2)
      })

      test('an insert of a given id that comes twice under one key does not meet itself', async (context) => {
        const table = await setUpHonouring(context)
        const row: ContractRow = { id: 42, name: 'new', amount: 1, status: null }
        const first = await table.insert(row, { idempotencyKey: 'a' })
        expect(await table.insert(row, { idempotencyKey: 'a' })).toEqual(first)
        expect((await table.list(everything)).rows).toHaveLength(seeds.length + 1)
      })

      test.for(changes)('a %s that comes twice under one key leaves what came in between', async ([, change], context) => {
        const table = await setUpHonouring(context)
        expect((await change(table, 7, { idempotencyKey: 'a' })).amount).toBe(7)
        await change(table, 8, { idempotencyKey: 'b' })
        expect(String((await change(table, 7, { idempotencyKey: 'a' })).id)).toBe('2')
        expect((await table.get(2))?.amount).toBe(8)
        await change(table, 7, { idempotencyKey: 'c' })
        expect((await table.get(2))?.amount).toBe(7)
      })

      test.for(changes)(
        'a %s that comes twice under one key is not refused for the version that it brought',
        async ([, change], context) => {
          const { table, versionIn } = await setUpVersioned(context)
          if (table.honoursIdempotencyKeys !== true) context.skip('this table does not honour idempotency keys')
          const sent: ChangeOptions = { version: checkVersion(versionIn(await table.get(2))), idempotencyKey: 'a' }
          await change(table, 7, sent)
          const changed = await table.get(2)
          expect(changed?.amount).toBe(7)
          await change(table, 7, sent)
          expect(await table.get(2)).toEqual(changed)
        },
      )

      test.for(deletions)('a %s that comes twice under one key leaves the row that came in between', async ([, remove], context) => {
        const table = await setUpHonouring(context)
        await remove(table, { idempotencyKey: 'a' })
        expect(await table.get(2)).toBeUndefined()
        await table.insert(seed(2))
        await remove(table, { idempotencyKey: 'a' })
        expect(await getRow(table, 2)).toEqual(asText(seed(2)))
        await remove(table, { idempotencyKey: 'b' })
        expect(await table.get(2)).toBeUndefined()
      })
    })

    describe('count', () => {
      test('it counts what a list would have', async (context) => {
        const count = counter(await setUp(), context)
        expect(await count({})).toBe(7)
        expect(await count({ where: { status: 'open' } })).toBe(2)
        expect(await count({ where: { status: { in: [] } } })).toBe(0)
        expect(await count({ search: 'muffin' })).toBe(2)
        expect(await count({ where: { status: 'paid' }, search: 'muffin' })).toBe(1)
        expect(await count({ search: 'pumpernickel' })).toBe(0)
      })

      test('it follows inserts and deletes', async (context) => {
        const table = await setUp([])
        const count = counter(table, context)
        expect(await count({})).toBe(0)
        await table.insert(seed(1))
        expect(await count({})).toBe(1)
        await table.delete(1)
        expect(await count({})).toBe(0)
      })
    })

    describe('bad input', () => {
      test.each([0, -1, Number.NaN, 1.5, Number.POSITIVE_INFINITY])(
        'promise 20: a page %d, or a size of it, is an ArgumentError',
        async (bad) => {
          const table = await setUp()
          await expectArgumentError(table.list({ page: bad, pageSize: 3 }), 'list({ page })')
          await expectArgumentError(table.list({ page: 1, pageSize: bad }), 'list({ pageSize })')
        },
      )

      test.each(['', Number.NaN, Number.POSITIVE_INFINITY])('promise 20: the id "%s" is an ArgumentError', async (bad) => {
        const table = await setUp()
        await expectArgumentError(table.get(bad), 'get')
        await expectArgumentError(table.insert({ ...seed(1), id: bad }), 'insert')
        await expectArgumentError(table.replace(bad, seed(1)), 'replace')
        await expectArgumentError(table.patch(bad, { amount: 1 }), 'patch')
        await expectArgumentError(table.delete(bad), 'delete')
        expect(byId((await table.list(everything)).rows)).toEqual(byId(seeds))
      })

      test('promise 20: an unknown operator or direction is an ArgumentError', async () => {
        const table = await setUp()
        const like: object = { where: { name: { like: 'a%' } } }
        const upwards: object = { orderBy: [{ field: 'name', direction: 'up' }] }
        await expectArgumentError(table.list({ ...like, ...everything }), 'list({ where })')
        await expectArgumentError(table.list({ ...upwards, ...everything }), 'list({ orderBy })')
      })
    })

    describe('AbortSignal', () => {
      test('a read with a signal that is never aborted is as any other', async () => {
        const table = await setUp()
        const { signal } = new AbortController()
        expect((await table.list({ page: 1, pageSize: 3 }, { signal })).rows).toHaveLength(3)
        expect((await table.get(1, { signal }))?.name).toBe('almond croissant')
      })

      test('a read whose signal was aborted before rejects with its reason', async () => {
        const table = await setUp()
        const reason = new Error('gone before')
        const signal = AbortSignal.abort(reason)
        await expect(table.list(everything, { signal })).rejects.toBe(reason)
        await expect(table.get(1, { signal })).rejects.toBe(reason)
      })

      test('a read whose signal is aborted in flight rejects with its reason, and others go on', async () => {
        const table = await setUp()
        const controller = new AbortController()
        const reason = new Error('gone meanwhile')
        const { signal } = controller
        const aborted = [table.list(everything, { signal }), table.get(1, { signal })].map((read) => expect(read).rejects.toBe(reason))
        const others = [table.list(everything), table.get(1)] as const
        controller.abort(reason)
        await Promise.all(aborted)
        expect((await others[0]).rows).toHaveLength(seeds.length)
        expect((await others[1])?.name).toBe('almond croissant')
      })

      test('a count heeds its signal too', async (context) => {
        const count = counter(await setUp(), context)
        const controller = new AbortController()
        const counting = count({}, { signal: controller.signal })
        controller.abort('gone')
        await expect(counting).rejects.toBe('gone')
        await expect(count({}, { signal: controller.signal })).rejects.toBe('gone')
      })

      test('an abort after the answer changes nothing', async () => {
        const table = await setUp()
        const controller = new AbortController()
        const read = await table.get(1, { signal: controller.signal })
        controller.abort()
        expect(read?.name).toBe('almond croissant')
      })
    })
  })
}

/** A table as it is, and where its rows have their versions. */
interface VersionedTable {
  readonly table: Table<ContractRow>
  readonly versionIn: (row: ContractRow | undefined) => unknown
}

/** The table as one whose rows are what was written: without the versions that it adds. */
function withoutVersions(table: Table<ContractRow>): Table<ContractRow> {
  const { name, idField, versionField, honoursIdempotencyKeys } = table
  if (versionField === undefined) return table
  const strip = <Row extends object>(row: Row): Row => {
    const copy = { ...row }
    Reflect.deleteProperty(copy, versionField)
    return copy
  }
  return {
    name,
    idField,
    honoursIdempotencyKeys,
    list: async (query, options) => {
      const result = await table.list(query, options)
      return { ...result, rows: result.rows.map(strip) }
    },
    get: async (id, options) => {
      const row = await table.get(id, options)
      return row && strip(row)
    },
    ...(table.count && { count: table.count.bind(table) }),
    insert: async (row, options) => strip(await table.insert(row, options)),
    replace: async (id, row, options) => strip(await table.replace(id, row, options)),
    patch: async (id, partial, options) => strip(await table.patch(id, partial, options)),
    delete: (id, options) => table.delete(id, options),
    deleteAll: (options) => table.deleteAll(options),
  }
}

function checkVersion(version: unknown): string | number {
  if (typeof version === 'string' || typeof version === 'number') return version
  throw new Error(`a version is ${String(version)}; expected text or a number`)
}

function seed(id: RowId): ContractRow {
  const found = seeds.find((row) => row.id === id)
  if (found === undefined) throw new Error(`there is no seed ${id}`)
  return found
}

function awkward(id: string): ContractRow {
  return { id, name: `the row ${id}`, amount: 1, status: null }
}

/** A row with its id in the form in which ids are compared. */
function asText<Row extends { readonly id: RowId }>(row: Row): Row & { readonly id: string } {
  return { ...row, id: String(row.id) }
}

/** For a table's own order is its own affair. */
function byId(rows: readonly ContractRow[]): ContractRow[] {
  return rows.map(asText).sort((a, b) => (a.id < b.id ? -1 : 1))
}

async function getRow(table: Table<ContractRow>, id: RowId): Promise<ContractRow | undefined> {
  const found = await table.get(id)
  return found && asText(found)
}

async function column(table: Table<ContractRow>, field: keyof ContractRow, query: ViewQuery<ContractRow>): Promise<unknown[]> {
  const { rows } = await table.list({ ...query, ...everything })
  return rows.map((each) => each[field])
}

/** All pages of the seeds, and an empty one after them. */
async function inPages(
  table: Table<ContractRow>,
  pageSize: number,
  query: ViewQuery<ContractRow> = {},
): Promise<(readonly ContractRow[])[]> {
  const pages: (readonly ContractRow[])[] = []
  do pages.push((await table.list({ ...query, page: pages.length + 1, pageSize } satisfies ListQuery<ContractRow>)).rows)
  while (pages.at(-1)?.length !== 0 && pages.length < 50)
  return pages
}

function counter(table: Table<ContractRow>, context: TestContext): NonNullable<Table<ContractRow>['count']> {
  if (table.count === undefined) context.skip('this table does not count')
  return table.count.bind(table)
}

function expectTotal({ total }: { readonly total?: number }, expected: number): void {
  expect([undefined, expected], 'the total').toContain(total)
}

/** By its code: the table may have been built with another copy of the library. */
async function expectArgumentError(call: Promise<unknown>, what: string): Promise<void> {
  const error = await call.then(
    () => 'no error',
    (reason: unknown) => reason,
  )
  expect(error, `what ${what} rejects with`).toMatchObject({ name: 'ArgumentError', code: 'argument' })
}

/** By its code or status, for the same reason. */
async function expectVersionError(call: Promise<unknown>): Promise<void> {
  const error = await call.then(
    () => 'no error',
    (reason: unknown) => reason,
  )
  const { code, status }: { code?: unknown; status?: unknown } = Object(error)
  expect(code === 'version' || status === 409 || status === 412, `a VersionError, or the status 409 or 412: ${String(error)}`).toBe(true)
}
