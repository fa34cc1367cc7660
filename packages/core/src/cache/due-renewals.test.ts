import { describe, expect, test } from 'vitest'
import type { Renewal } from './cache.ts'
import { DueRenewals } from './due-renewals.ts'

describe('renewals that wait for one write', () => {
  test('are made in the order of the calls', () => {
    const due = new DueRenewals()
    due.add(['row 1'], [renewal('a', ['lists', 'row 1', 'row 2'], 'first')])
    due.add(['row 2'], [renewal('a', ['lists', 'row 1', 'row 2'], 'second')])
    due.add(['row 3'], [renewal('b', ['lists', 'row 3'], 'third')])
    expect(made(due)).toEqual({ a: 'old, first, second', b: 'old, third' })
  })

  test('once nothing can be told of an entry, the later ones are not asked', () => {
    const due = new DueRenewals()
    due.add(['row 1'], [{ ...renewal('a', ['row 1'], ''), renew: () => undefined }])
    due.add(['row 1'], [renewal('a', ['row 1'], 'second')])
    expect(made(due)).toEqual({ a: undefined })
  })

  test.each<[string, (due: DueRenewals) => void]>([
    ['before', (due) => (due.add(['lists'], []), due.add(['row 1'], [own()]))],
    ['after', (due) => (due.add(['row 1'], [own()]), due.add(['lists'], []))],
    ['before, with renewals of others', (due) => (due.add(['row 1'], [renewal('b', ['row 1'], '')]), due.add(['row 1'], [own()]))],
    ['after, with renewals of others', (due) => (due.add(['row 1'], [own()]), due.add(['row 1'], [renewal('b', ['row 1'], '')]))],
    ['before, of all', (due) => (due.add('all', []), due.add(['row 1'], [own()]))],
    ['after, of all', (due) => (due.add(['row 1'], [own()]), due.add('all', []))],
    ['in a write before that failed', (due) => (due.take(), due.drop(), due.add(['row 1'], [own()]))],
    ['in a write that fails meanwhile', (due) => (due.take(), due.add(['row 1'], [own()]), due.drop())],
    ['of an entry that has other tags by then', (due) => (due.add(['row 1'], [own()]), due.add(['row 1'], [renewal('a', ['row 1'], '')]))],
  ])('promise 2: none of an entry that another call made stale: %s', (_, calls) => {
    const due = new DueRenewals()
    calls(due)
    due.add(['row 1'], [own()])
    expect(made(due)).not.toHaveProperty('a')
  })

  test('what reaches an entry no call has renewed does no harm to the others', () => {
    const due = new DueRenewals()
    due.add(['row 9', 'places'], [])
    due.add(['row 1'], [own()])
    expect(made(due)).toEqual({ a: 'old, own' })
  })

  test('are taken once, and those that come later start anew', () => {
    const due = new DueRenewals()
    due.add(['lists'], [])
    expect(due.take()).toEqual([])
    due.add(['row 1'], [own()])
    expect(made(due)).toEqual({ a: 'old, own' })
    expect(due.take()).toEqual([])
  })
})

function own(): Renewal {
  return renewal('a', ['lists', 'row 1'], 'own')
}

function renewal(key: string, tags: readonly string[], name: string): Renewal {
  return { slot: { scope: '', cacheKey: 'table', key, tags: ['lists'] }, tags, renew: (value) => `${String(value)}, ${name}` }
}

/** What becomes of each entry that is renewed, if it was `old`. */
function made(due: DueRenewals): Record<string, unknown> {
  return Object.fromEntries(due.take().map(({ slot, renew }) => [slot.key, renew('old')]))
}
