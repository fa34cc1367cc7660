import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchingRows } from '../table/match.ts'
import { canonicalQuery } from '../table/query.ts'
import type { RowId, ViewQuery } from '../table/table.ts'
import type { Change } from './change.ts'
import { layOverRow } from './lay-over.ts'
import { Overlay, type OverlaidWrite } from './overlay.ts'

interface Row {
  readonly id: RowId
  readonly name?: string
  readonly status?: string
  readonly rank?: number
  /** Set by the master whenever it stores the row. */
  readonly stored?: number
}

const whole = canonicalQuery({})
const firstPage = { page: 1, pageSize: 10 }

describe('writes', () => {
  test('a page without any is the very same object; one with some keeps what else it has', () => {
    const overlay = new Overlay<Row>('id')
    const page = { rows: [{ id: 1 }, { id: 2 }], total: 7, fetchedAt: 10, stale: true, error: new Error('offline'), page: 1, pageSize: 10 }
    expect(overlay.list(page, whole, page)).toBe(page)
    overlay.add(makeWrite(overlay, { type: 'patch', id: 1, partial: { name: 'a' } }))
    const laid = overlay.list(page, whole, page)
    expect(laid).toEqual({ ...page, rows: [{ id: 1, name: 'a' }, { id: 2 }] })
    expect(laid.rows[1]).toBe(page.rows[1])
  })

  test('promise 3: one that is taken out leaves the very same page behind, and what the others make of it', () => {
    const overlay = new Overlay<Row>('id')
    const page = { rows: [{ id: 1 }], total: 1, fetchedAt: 10 }
    const [first, second] = [
      call(overlay, { type: 'patch', id: 1, partial: { name: 'a' } }),
      call(overlay, { type: 'patch', id: 1, partial: { rank: 2 } }),
    ]
    overlay.remove(first)
    expect(overlay.list(page, whole, firstPage).rows).toEqual([{ id: 1, rank: 2 }])
    overlay.remove(second)
    expect(overlay.list(page, whole, firstPage)).toBe(page)
  })

  test('those of a tab that is gone come in between those that are pending here, and after all that were answered', () => {
    const overlay = new Overlay<Row>('id')
    const base = { rows: [{ id: 1, name: 'base' }], total: 1, fetchedAt: 10 }
    const answered = call(overlay, { type: 'patch', id: 1, partial: { name: 'answered', rank: 1 } })
    overlay.settle(answered, 20, { id: 1, name: 'answered', rank: 1 })
    const pending = call(overlay, { type: 'patch', id: 1, partial: { status: 'pending' } })
    const left = makeWrite(overlay, { type: 'patch', id: 1, partial: { name: 'left behind', status: 'left behind' } })
    overlay.arrange([left, pending])
    const expected = { id: 1, name: 'left behind', rank: 1, status: 'pending' }
    expect(overlay.list(base, whole, firstPage).rows).toEqual([expected])
    // The master stores it after what it answered before.
    overlay.settle(left, 30, { id: 1, name: 'left behind', rank: 1, status: 'left behind' })
    expect(overlay.list(base, whole, firstPage).rows).toEqual([expected])
  })

  test('a row that another tab gave its name to is new here too', () => {
    const overlay = new Overlay<Row>('id')
    const left = [makeWrite(overlay, { type: 'insert', row: { name: 'a' }, newId: 'new-1' })]
    overlay.adoptIds(left)
    overlay.arrange(left)
    expect(overlay.isNew('new-1')).toBe(true)
    expect(overlay.row(undefined, 'new-1', { fetchedAt: 10 })).toEqual({ id: 'new-1', name: 'a' })
  })
})

describe('what the master stored', () => {
  test('it holds over rows that were asked for before, and not over later ones', () => {
    const overlay = new Overlay<Row>('id')
    const stored = { id: 1, name: 'a', stored: 1 }
    overlay.settle(call(overlay, { type: 'patch', id: 1, partial: { name: 'a' } }), 20, stored)
    const [older, newer] = [
      { rows: [{ id: 1, name: 'older' }], total: 1, fetchedAt: 19 },
      { rows: [{ id: 1, name: 'newer' }], total: 1, fetchedAt: 21 },
    ]
    expect(overlay.list(older, whole, firstPage).rows).toEqual([stored])
    expect(overlay.list(newer, whole, firstPage)).toBe(newer)
    expect(overlay.row(older.rows[0], '1', older)).toBe(stored)
    expect(overlay.row(newer.rows[0], '1', newer)).toBe(newer.rows[0])
  })

  test('of several writes of one row the last one holds, and where it failed the one before', () => {
    const overlay = new Overlay<Row>('id')
    const base = { rows: [{ id: 1 }, { id: 2 }], total: 2, fetchedAt: 10 }
    const shown = (): unknown => overlay.list(base, whole, firstPage).rows
    const writes = ['a', 'b', 'c', 'd'].map((name) => call(overlay, { type: 'patch', id: 1, partial: { name } }))
    const [first, second, third, last] = writes
    if (first === undefined || second === undefined || third === undefined || last === undefined) throw new Error('four writes')
    overlay.settle(first, 20, { id: 1, name: 'a', stored: 1 })
    expect(shown()).toEqual([{ id: 1, name: 'd', stored: 1 }, { id: 2 }])
    overlay.settle(second, 30, { id: 1, name: 'b', stored: 2 })
    overlay.remove(last)
    expect(shown()).toEqual([{ id: 1, name: 'c', stored: 2 }, { id: 2 }])
    overlay.remove(third)
    expect(shown()).toEqual([{ id: 1, name: 'b', stored: 2 }, { id: 2 }])
    // A page from in between lacks the second one only.
    expect(overlay.list({ ...base, fetchedAt: 25 }, whole, firstPage).rows).toEqual([{ id: 1, name: 'b', stored: 2 }, { id: 2 }])
  })

  test('a row that came to the view stays there, and counts, when a later write of it is stored', () => {
    const overlay = new Overlay<Row>('id')
    const view = canonicalQuery<Row>({ where: { status: 'open' }, orderBy: [{ field: 'rank', direction: 'asc' }] })
    const [one, two, three] = [1, 2, 3].map((rank) => ({ id: rank, rank, status: 'open' }))
    if (one === undefined || two === undefined || three === undefined) throw new Error('three rows')
    overlay.see([{ ...two, status: 'closed' }], { fetchedAt: 5 })
    const base = { rows: [one, three], total: 9, fetchedAt: 10 }
    overlay.settle(call(overlay, { type: 'patch', id: 2, partial: { status: 'open' } }), 20, two)
    const later = call(overlay, { type: 'patch', id: 2, partial: { name: 'a' } })
    const expected = { ...base, rows: [one, { ...two, name: 'a' }, three], total: 10 }
    expect(overlay.list(base, view, firstPage)).toEqual(expected)
    overlay.settle(later, 30, { ...two, name: 'a' })
    expect(overlay.list(base, view, firstPage)).toEqual(expected)
    expect(overlay.count(9, view, base)).toBe(10)
  })

  test('an inserted row that is changed after it was stored stays on a page from before, and counts once', () => {
    const overlay = new Overlay<Row>('id')
    const base = { rows: [{ id: 1 }], total: 1, fetchedAt: 10 }
    overlay.settle(call(overlay, { type: 'insert', row: { id: 2, name: 'a' }, newId: undefined }), 20, { id: 2, name: 'a' })
    const patched = call(overlay, { type: 'patch', id: 2, partial: { name: 'b' } })
    const expected = { ...base, rows: [{ id: 2, name: 'b' }, { id: 1 }], total: 2 }
    expect(overlay.list(base, whole, firstPage)).toEqual(expected)
    overlay.settle(patched, 30, { id: 2, name: 'b' })
    expect(overlay.list(base, whole, firstPage)).toEqual(expected)
    const between = { rows: [{ id: 1 }, { id: 2, name: 'a' }], total: 2, fetchedAt: 25 }
    expect(overlay.list(between, whole, firstPage)).toEqual({ ...between, rows: [{ id: 1 }, { id: 2, name: 'b' }] })
  })

  test('a row that was deleted and inserted again counts once', () => {
    const overlay = new Overlay<Row>('id')
    overlay.see([{ id: 1 }], { fetchedAt: 5 })
    overlay.settle(call(overlay, { type: 'delete', id: 1 }), 20, undefined)
    overlay.settle(call(overlay, { type: 'insert', row: { id: 1 }, newId: undefined }), 30, { id: 1 })
    expect([5, 25, 35].map((fetchedAt) => overlay.count(3, whole, { fetchedAt }))).toEqual([3, 4, 3])
  })

  test('deleteAll empties pages from before it', () => {
    const overlay = new Overlay<Row>('id')
    overlay.settle(call(overlay, { type: 'deleteAll' }), 20, undefined)
    call(overlay, { type: 'insert', row: { id: 5 }, newId: undefined })
    expect(overlay.list({ rows: [{ id: 1 }], total: 9, fetchedAt: 10 }, whole, firstPage)).toMatchObject({ rows: [{ id: 5 }], total: 1 })
    expect(overlay.list({ rows: [{ id: 1 }], total: 9, fetchedAt: 30 }, whole, firstPage)).toMatchObject({
      rows: [{ id: 5 }, { id: 1 }],
      total: 10,
    })
  })

  test('of more than 1,000 writes the last ones are kept', () => {
    const overlay = new Overlay<Row>('id')
    const rows = Array.from({ length: 1_001 }, (_, id) => ({ id, name: 'base' }))
    for (const { id } of rows)
      overlay.settle(call(overlay, { type: 'patch', id, partial: { name: 'stored' } }), 20 + id, { id, name: 'stored' })
    const laid = overlay.list({ rows, total: rows.length, fetchedAt: 10 }, whole, { page: 1, pageSize: 2_000 }).rows
    expect(laid.filter(({ name }) => name === 'base').map(({ id }) => id)).toEqual([0])
  })
})

describe('new rows', () => {
  test('each has a name of its own', () => {
    const overlay = new Overlay<Row>('id')
    const names = Array.from({ length: 100 }, () => overlay.newId())
    expect(new Set(names).size).toBe(100)
    expect(names.every((name) => overlay.isNew(name) && overlay.keyOf(name) === name && overlay.idOf(name) === name)).toBe(true)
    expect(overlay.isNew('1')).toBe(false)
  })

  test('the key stays when the master gives the row an id, and it is one row under either name', () => {
    const overlay = new Overlay<Row>('id')
    const base = { rows: [{ id: 1 }], total: 1, fetchedAt: 10 }
    const { key, insert } = callInsert(overlay, { name: 'a' })
    expect(overlay.list(base, whole, firstPage)).toEqual({ ...base, rows: [{ id: key, name: 'a' }, { id: 1 }], total: 2 })
    // One by its name while it is new, one by either name when it is not.
    const first = call(overlay, { type: 'patch', id: key, partial: { rank: 1 } })
    overlay.settle(insert, 20, { id: 42, name: 'a' })
    expect([overlay.isNew(key), overlay.keyOf('42'), overlay.keyOf(key), overlay.idOf(key)]).toEqual([false, key, key, '42'])
    expect(overlay.list(base, whole, firstPage).rows).toEqual([{ id: 42, name: 'a', rank: 1 }, { id: 1 }])
    overlay.settle(first, 30, { id: 42, name: 'a', rank: 1 })
    const second = call(overlay, { type: 'patch', id: 42, partial: { status: 'open' } })
    const third = call(overlay, { type: 'patch', id: key, partial: { name: 'b' } })
    const expected = { id: 42, name: 'b', rank: 1, status: 'open' }
    expect(overlay.list(base, whole, firstPage).rows).toEqual([expected, { id: 1 }])
    const later = { rows: [{ id: 1 }, { id: 42, name: 'a', rank: 1 }], total: 2, fetchedAt: 40 }
    expect(overlay.list(later, whole, firstPage)).toEqual({ ...later, rows: [{ id: 1 }, expected] })
    expect(['42', key].map((id) => overlay.row(undefined, id, base))).toEqual([expected, expected])
    expect([second, third].map((write) => write.key)).toEqual([key, key])
  })

  test('what the master has stored is known under the key', () => {
    const overlay = new Overlay<Row>('id')
    const { key, insert } = callInsert(overlay, { name: 'a' })
    expect(overlay.knownRow(key)).toBeUndefined()
    overlay.settle(insert, 20, { id: 42, name: 'a' })
    expect(overlay.knownRow(key)).toEqual({ id: 42, name: 'a' })
    overlay.see([{ id: 42, name: 'newer' }], { fetchedAt: 30 })
    expect(overlay.knownRow(key)).toEqual({ id: 42, name: 'newer' })
    expect(overlay.knownRow('42')).toBeUndefined()
  })

  test('an id that the app brought along, and that the master changed, is a name like any other', () => {
    const overlay = new Overlay<Row>('id')
    const write = call(overlay, { type: 'insert', row: { id: 'draft' }, newId: undefined })
    overlay.settle(write, 20, { id: 42 })
    expect([overlay.keyOf('42'), overlay.idOf('draft')]).toEqual(['draft', '42'])
  })

  test('a change of it that fails, or is taken back, leaves it its names', () => {
    const overlay = new Overlay<Row>('id')
    const { key, insert } = callInsert(overlay, { name: 'a' })
    overlay.remove(call(overlay, { type: 'patch', id: key, partial: { rank: 1 } }))
    overlay.settle(insert, 20, { id: 42, name: 'a' })
    overlay.remove(call(overlay, { type: 'patch', id: 42, partial: { rank: 1 } }))
    expect([overlay.keyOf('42'), overlay.idOf(key)]).toEqual([key, '42'])
  })
})

describe('a new row that is read before its insert is answered', () => {
  const base = { rows: [{ id: 1 }, { id: 42, name: 'a', stored: 1 }], total: 2, fetchedAt: 10 }

  test('it is there once, as the master has it, and its key stays', () => {
    let recognized = 0
    const overlay = new Overlay<Row>('id', () => (recognized += 1))
    const { key, insert } = callInsert(overlay, { name: 'a' })
    insert.isSent = true
    overlay.see(base.rows, base)
    overlay.see(base.rows, base)
    expect(recognized).toBe(1)
    const laid = overlay.list(base, whole, firstPage)
    expect(laid).toEqual(base)
    expect([overlay.shownKeyOf('42'), overlay.shownIdOf(key)]).toEqual([key, '42'])
    // It is not written to as that row before the master has said so.
    expect([overlay.keyOf('42'), overlay.idOf(key)]).toEqual(['42', key])
    expect(overlay.isNew(key)).toBe(true)
    overlay.settle(insert, 20, { id: 42, name: 'a', stored: 1 })
    expect(overlay.list(base, whole, firstPage)).toEqual(base)
    expect([overlay.keyOf('42'), overlay.isNew(key)]).toEqual([key, false])
  })

  test('a row that was known before, is another one or cannot be it yet is a row of its own', () => {
    const overlay = new Overlay<Row>('id')
    overlay.see([{ id: 42, name: 'before' }], { fetchedAt: 5 })
    const [known, unsent] = [callInsert(overlay, { name: 'a' }), callInsert(overlay, { name: 'b' })]
    known.insert.isSent = true
    overlay.see([...base.rows, { id: 43, name: 'b' }, { id: 44, name: 'c' }], base)
    expect(['42', '43', '44'].map((id) => overlay.keyOf(id))).toEqual(['42', '43', '44'])
    expect([known, unsent].map(({ key }) => overlay.idOf(key) === key)).toEqual([true, true])
  })

  test('of two equal ones each is another row', () => {
    const overlay = new Overlay<Row>('id')
    const [first, second] = [callInsert(overlay, { name: 'a' }), callInsert(overlay, { name: 'a' })]
    for (const { insert } of [first, second]) insert.isSent = true
    overlay.see(
      [
        { id: 42, name: 'a' },
        { id: 43, name: 'a' },
      ],
      base,
    )
    expect(new Set(['42', '43'].map((id) => overlay.shownKeyOf(id)))).toEqual(new Set([first.key, second.key]))
  })

  test('where two that seemed to be one each turn out to be the other one, each has the id that the master gave it', () => {
    const overlay = new Overlay<Row>('id')
    const [first, second] = [callInsert(overlay, { name: 'a' }), callInsert(overlay, { name: 'a' })]
    for (const { insert } of [first, second]) insert.isSent = true
    overlay.see(
      [
        { id: 42, name: 'a' },
        { id: 43, name: 'a' },
      ],
      base,
    )
    const given = overlay.keyOf('42') === first.key ? ['43', '42'] : ['42', '43']
    overlay.settle(first.insert, 20, { id: given[0] ?? '', name: 'a' })
    overlay.settle(second.insert, 30, { id: given[1] ?? '', name: 'a' })
    expect(given.map((id) => overlay.keyOf(id))).toEqual([first.key, second.key])
    expect([first, second].map(({ key }) => overlay.idOf(key))).toEqual(given)
  })

  test('where the master then answers with another id, or refuses, it was a row of its own', () => {
    for (const end of ['another', 'none']) {
      const overlay = new Overlay<Row>('id')
      const { key, insert } = callInsert(overlay, { name: 'a' })
      insert.isSent = true
      overlay.see(base.rows, base)
      if (end === 'another') overlay.settle(insert, 20, { id: 99, name: 'a' })
      else overlay.remove(insert)
      expect(overlay.keyOf('42')).toBe('42')
      expect([overlay.idOf(key), overlay.isNew(key)]).toEqual(end === 'another' ? ['99', false] : [key, true])
    }
  })
})

describe('what is known of a row', () => {
  test('it is what the master gave last, whatever was written here', () => {
    const overlay = new Overlay<Row>('id')
    expect(overlay.knownRow('1')).toBeUndefined()
    overlay.see([{ id: 1, name: 'newer' }], { fetchedAt: 20 })
    overlay.see([{ id: 1, name: 'older' }], { fetchedAt: 10 })
    const write = call(overlay, { type: 'patch', id: 1, partial: { name: 'a' } })
    expect(overlay.knownRow('1')).toEqual({ id: 1, name: 'newer' })
    overlay.settle(write, 30, { id: 1, name: 'a' })
    expect(overlay.knownRow('1')).toEqual({ id: 1, name: 'a' })
  })

  test('a row that was deleted here is gone, and no older answer brings it back; a newer one does', () => {
    const overlay = new Overlay<Row>('id')
    overlay.see([{ id: 1 }, { id: 2 }], { fetchedAt: 10 })
    overlay.settle(call(overlay, { type: 'delete', id: 1 }), 20, undefined)
    overlay.see([{ id: 1 }], { fetchedAt: 15 })
    expect(['1', '2'].map((key) => [overlay.isGone(key), overlay.knownRow(key)])).toEqual([
      [true, undefined],
      [false, { id: 2 }],
    ])
    overlay.settle(call(overlay, { type: 'deleteAll' }), 30, undefined)
    overlay.see([{ id: 2 }], { fetchedAt: 25 })
    expect(['1', '2'].map((key) => [overlay.isGone(key), overlay.knownRow(key)])).toEqual([
      [true, undefined],
      [true, undefined],
    ])
    overlay.see([{ id: 1 }, { id: 2 }], { fetchedAt: 35 })
    expect(['1', '2'].map((key) => [overlay.isGone(key), overlay.knownRow(key)])).toEqual([
      [false, { id: 1 }],
      [false, { id: 2 }],
    ])
  })
})

describe('properties', () => {
  test('promises 1 and 3: whatever is called, stored, refused and read, each page that was ever read shows what was written', () => {
    fc.assert(
      fc.property(fc.gen(), (gen) => {
        const model = new Model()
        const steps = gen(fc.integer, { min: 1, max: 25 })
        for (let step = 0; step < steps; step += 1) {
          model.take(gen)
          expect(model.shown()).toEqual(model.expected())
        }
      }),
      { numRuns: 200 },
    )
  })
})

function makeWrite(overlay: Overlay<Row>, change: Change<Row>, key: string | undefined = keyOf(overlay, change)): OverlaidWrite<Row> {
  return {
    change,
    key,
    base: key === undefined ? undefined : overlay.knownRow(key),
    isGone: key !== undefined && overlay.isGone(key),
    settled: undefined,
    isSent: false,
  }
}

/** A write as it is from its call on. */
function call(overlay: Overlay<Row>, change: Change<Row>): OverlaidWrite<Row> {
  const write = makeWrite(overlay, change)
  overlay.add(write)
  return write
}

/** The insert of a row without an id. */
function callInsert(overlay: Overlay<Row>, row: Partial<Row>): { readonly key: string; readonly insert: OverlaidWrite<Row> } {
  const key = overlay.newId()
  return { key, insert: call(overlay, { type: 'insert', row, newId: key }) }
}

function keyOf(overlay: Overlay<Row>, change: Change<Row>): string | undefined {
  if (change.type === 'deleteAll') return undefined
  return change.type === 'insert' ? (change.newId ?? String(change.row.id)) : overlay.keyOf(String(change.id))
}

const someFields = (): fc.Arbitrary<Partial<Row>> =>
  fc.record({ name: fc.constantFrom('a', 'b'), rank: fc.nat(9), status: fc.constantFrom('open', 'closed') }, { requiredKeys: [] })

const views: readonly ViewQuery<Row>[] = [
  {},
  { where: { status: 'open' } },
  { where: { rank: { gte: 5 } }, orderBy: [{ field: 'name', direction: 'desc' }] },
]

/**
 * A master, the tab that writes to it, and all that was ever read. Rows are stored and answered at one moment, in any order that
 * keeps each row's own.
 */
class Model {
  readonly #overlay = new Overlay<Row>('id')
  /** By their keys. */
  readonly #stored = new Map<string, Row>()
  readonly #pending: OverlaidWrite<Row>[] = []
  readonly #reads: { readonly fetchedAt: number; readonly rows: readonly Row[] }[] = []
  readonly #log: string[] = []
  #time = 0

  constructor() {
    for (const id of [1, 2, 3]) this.#stored.set(String(id), { id, status: id === 1 ? 'open' : 'closed', rank: 3 * id })
    this.#read()
  }

  take(gen: fc.GeneratorValue): void {
    const step = gen(fc.constantFrom, 'call', 'call', 'call', 'answer', 'answer', 'refuse', 'read')
    if (step === 'read') return this.#read()
    if (step === 'call') return this.#call(gen)
    const startable = this.#pending.filter((write, index) => this.#pending.slice(0, index).every((earlier) => !mustWait(earlier, write)))
    const write = startable[gen(fc.nat, { max: 5 }) % startable.length]
    if (write === undefined) return undefined
    // What was called because of it would be refused as well; what that would look like meanwhile nobody can say.
    const hasFollower = this.#pending.slice(this.#pending.indexOf(write) + 1).some((later) => mustWait(later, write))
    return step === 'answer' ? this.#answer(write) : hasFollower ? undefined : this.#refuse(write)
  }

  /** What was done so far; and for each read what is shown over it: pages, totals, counts, and each row by either of its names. */
  shown(): unknown {
    const shown = this.#reads.map((read) => [
      views.map((query) => {
        const view = canonicalQuery(query)
        const found = matchingRows(read.rows, view)
        const base = { rows: found, total: found.length, fetchedAt: read.fetchedAt }
        const laid = this.#overlay.list(base, view, { page: 1, pageSize: 1_000 })
        return [query, sorted(laid.rows), laid.total, this.#overlay.count(found.length, view, base)]
      }),
      this.#keys().map((key) => {
        const base = read.rows.find((row) => this.#keyOf(row) === key)
        return [key, this.#overlay.row(base, key, read), this.#overlay.row(base, this.#overlay.idOf(key), read)]
      }),
    ])
    return { log: this.#log, shown }
  }

  expected(): unknown {
    const truth = this.#truth()
    const shown = this.#reads.map(() => [
      views.map((query) => {
        const found = matchingRows([...truth.values()], canonicalQuery(query))
        return [query, sorted(found), found.length, found.length]
      }),
      this.#keys().map((key) => [key, truth.get(key), truth.get(key)]),
    ])
    return { log: this.#log, shown }
  }

  /** What is stored, and what is pending. */
  #truth(): Map<string, Row> {
    const truth = new Map(this.#stored)
    for (const write of this.#pending) apply(truth, write)
    return truth
  }

  #keys(): string[] {
    const read = this.#reads.flatMap(({ rows }) => rows.map((row) => this.#keyOf(row)))
    return [...new Set([...this.#truth().keys(), ...read])]
  }

  #call(gen: fc.GeneratorValue): void {
    const visible = this.#truth()
    const type = gen(fc.constantFrom, 'insert', 'insert', 'replace', 'patch', 'patch', 'patch', 'delete', 'deleteAll')
    const fields = gen(someFields)
    const change = this.#change(type, fields, [...visible][gen(fc.nat, { max: 9 }) % visible.size], gen)
    if (change === undefined) return
    const write = makeWrite(this.#overlay, change)
    if (write.change.type === 'insert' && write.key !== undefined && visible.has(write.key)) return
    this.#log.push(`called ${JSON.stringify(change)}`)
    this.#overlay.add(write)
    this.#pending.push(write)
  }

  #change(
    type: Change<Row>['type'],
    fields: Partial<Row>,
    some: [string, Row] | undefined,
    gen: fc.GeneratorValue,
  ): Change<Row> | undefined {
    if (type === 'deleteAll') return gen(fc.boolean) ? { type } : undefined
    if (type === 'insert') {
      const id = gen(fc.constantFrom, undefined, undefined, 1, 2, 7)
      return id === undefined ? { type, row: fields, newId: this.#overlay.newId() } : { type, row: { ...fields, id }, newId: undefined }
    }
    if (some === undefined) return undefined
    // By either name.
    const [key, { id: ownId }] = some
    const id = gen(fc.boolean) ? key : ownId
    if (type === 'replace') return { type, id, row: { ...fields, id } }
    return type === 'patch' ? { type, id, partial: fields } : { type, id }
  }

  #read(): void {
    this.#log.push(`read at ${this.#time + 1}`)
    const read = { fetchedAt: (this.#time += 1), rows: [...this.#stored.values()] }
    this.#overlay.see(read.rows, read)
    this.#reads.push(read)
    if (this.#reads.length > 4) this.#reads.splice(1, 1)
  }

  #answer(write: OverlaidWrite<Row>): void {
    const { key, change } = write
    const at = (this.#time += 1)
    this.#log.push(`answered ${JSON.stringify(change)} at ${at}`)
    apply(this.#stored, write)
    const row = key === undefined ? undefined : this.#stored.get(key)
    const id = change.type === 'insert' && change.newId !== undefined ? 100 + at : row?.id
    const answer = row && id !== undefined ? { ...row, id, stored: at } : undefined
    if (key !== undefined && answer !== undefined) this.#stored.set(key, answer)
    this.#pending.splice(this.#pending.indexOf(write), 1)
    this.#overlay.settle(write, at, answer)
    // As the writes do it.
    for (const later of this.#pending.filter((other) => key === undefined || other.key === key)) {
      Object.assign(later, { base: answer, isGone: answer === undefined })
    }
  }

  #refuse(write: OverlaidWrite<Row>): void {
    this.#log.push(`refused ${JSON.stringify(write.change)}`)
    this.#pending.splice(this.#pending.indexOf(write), 1)
    this.#overlay.remove(write)
  }

  #keyOf(row: Row): string {
    return this.#overlay.keyOf(String(row.id))
  }
}

function apply(rows: Map<string, Row>, write: OverlaidWrite<Row>): void {
  const { key } = write
  if (key === undefined) return rows.clear()
  const row = layOverRow(rows.get(key), [write], 'id')
  if (row === undefined) rows.delete(key)
  else rows.set(key, row)
  return undefined
}

/** Whether one of them has to wait for the other. */
function mustWait(a: OverlaidWrite<Row>, b: OverlaidWrite<Row>): boolean {
  return a.key === b.key || a.key === undefined || b.key === undefined
}

function sorted(rows: readonly Row[]): Row[] {
  return [...rows].sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1))
}

test('promise 12: the repeated answer to a write does not take the place of a newer row that was read', () => {
  const overlay = new Overlay<{ id: string; version: string; customer: string }>('id', undefined, 'version')
  const read = { id: '1', version: '3', customer: 'somebody later' }
  overlay.see([read], { fetchedAt: 1 })
  expect(overlay.newest({ id: '1', version: '1', customer: 'before that' })).toBe(read)
})
