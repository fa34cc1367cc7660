import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deferred, settle, type Deferred } from '../testing/deferred.ts'
import { defaultCapacity, WriteQueue, type Queued, type WriteQueueOptions } from './write-queue.ts'

describe('order', () => {
  test('what comes first starts at once, the rest when what came before has ended', async () => {
    const { push, log, end } = setUp()
    push('a', 'b', 'a')
    expect(log).toEqual(['queued 0', 'start 0', 'queued 1', 'queued 2'])
    await end(0)
    expect(log.slice(3)).toEqual(['queued 2', 'end 0', 'start 1'])
    await end(1)
    expect(log.slice(5)).toEqual(['start 1', 'end 1', 'start 2'])
  })

  test('promise 4: whatever each takes, and however little room there is, they run one at a time in the order of the calls', async () => {
    const writes = fc.array(fc.record({ key: fc.constantFrom('a', 'b', undefined), turns: fc.nat(3) }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(writes, fc.integer({ min: 1, max: 4 }), async (items, capacity) => {
        const log: string[] = []
        const queue = new WriteQueue<Queued & { readonly index: number; readonly turns: number }>({
          capacity,
          run: async ({ index, turns }) => {
            log.push(`start ${index}`)
            for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
            log.push(`end ${index}`)
          },
          onQueued: () => undefined,
        })
        items.forEach((item, index) => queue.push({ ...item, index, order: index }))
        await settle()
        expect(log).toEqual(items.flatMap((_, index) => [`start ${index}`, `end ${index}`]))
        expect(queue.waiting).toBe(0)
      }),
      { numRuns: 100 },
    )
  })

  test('promise 4: what is called for from within a write, or from within the news that one is queued, comes after it', async () => {
    const log: string[] = []
    const queue = new WriteQueue<Queued & { readonly name: string }>({
      run: async ({ name }) => {
        log.push(`start ${name}`)
        if (name === 'outer') queue.push({ key: 'a', order: 2, name: 'inner' })
        await settle()
        log.push(`end ${name}`)
      },
      onQueued: ({ name }) => {
        if (name === 'outer') queue.push({ key: 'a', order: 1, name: 'told' })
      },
    })
    queue.push({ key: 'a', order: 0, name: 'outer' })
    for (let turn = 0; turn < 4; turn += 1) await settle()
    expect(log).toEqual(['start outer', 'end outer', 'start told', 'end told', 'start inner', 'end inner'])
  })
})

describe('room', () => {
  test('promise 5: 256 wait by default, those beyond wait for room, and nothing is dropped', async () => {
    expect(defaultCapacity).toBe(256)
    const { push, log, queue, end } = setUp()
    push(...Array.from({ length: 260 }, (_, index) => `${index}`))
    // The first is under way and waits no longer.
    expect(queue.waiting).toBe(256)
    expect(log.filter((entry) => entry.startsWith('queued'))).toHaveLength(257)
    for (let index = 0; index < 260; index += 1) await end(index)
    expect(log.filter((entry) => entry.startsWith('queued'))).toEqual(Array.from({ length: 260 }, (_, index) => `queued ${index}`))
    expect(log.filter((entry) => entry.startsWith('start'))).toEqual(Array.from({ length: 260 }, (_, index) => `start ${index}`))
    expect(queue.waiting).toBe(0)
  })

  test('promise 5: the next one has its room as soon as one starts, or is taken out', async () => {
    const { push, log, queue, end, items } = setUp({ capacity: 1 })
    push('a', 'b', 'c', 'd', 'e')
    expect(log).toEqual(['queued 0', 'start 0', 'queued 1'])
    await end(0)
    expect(log.slice(3)).toEqual(['end 0', 'queued 2', 'start 1'])
    expect(items.map((item) => queue.remove(item))).toEqual([false, false, true, true, true])
    expect(log.slice(6)).toEqual(['queued 3', 'queued 4'])
    expect(queue.waiting).toBe(0)
  })

  test('promise 5: whatever comes, ends and is taken out, never more wait than there is room for, and none waits in vain', async () => {
    const actions = fc.array(
      fc.oneof(
        fc.record({ type: fc.constant('push' as const), key: fc.constantFrom('a', 'b', 'c', undefined) }),
        fc.record({ type: fc.constantFrom('end' as const, 'remove' as const, 'takeAlong' as const), nth: fc.nat(20) }),
      ),
      { maxLength: 60 },
    )
    await fc.assert(
      fc.asyncProperty(actions, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }), async (steps, capacity, concurrency) => {
        const { push, queue, end, items, running, log } = setUp({ capacity, concurrency })
        const gone = new Set<Item>()
        for (const step of steps) {
          if (step.type === 'push') push(step.key)
          else {
            const some = step.type === 'remove' ? items : [...running]
            const item = some[step.nth % some.length]
            if (item === undefined) continue
            if (step.type === 'end') await end(item.index)
            if (step.type === 'remove' && queue.remove(item)) gone.add(item)
            if (step.type === 'takeAlong') for (const each of queue.takeAlong(item, () => true)) gone.add(each)
          }
          const started = items.filter(({ index }) => log.includes(`start ${index}`))
          const queued = items.filter(({ index }) => log.includes(`queued ${index}`))
          const waiting = queued.filter((item) => !started.includes(item) && !gone.has(item))
          const callers = items.filter((item) => !queued.includes(item) && !gone.has(item))
          expect(queue.waiting).toBe(waiting.length)
          expect(waiting.length).toBeLessThanOrEqual(capacity)
          // Whoever waits for room waits because there is none, and whoever waits for its turn because it is not its turn.
          if (callers.length > 0) expect(waiting).toHaveLength(capacity)
          if (running.size < concurrency) expect(startable(waiting, running)).toEqual([])
        }
        while (running.size > 0) for (const { index } of running) await end(index)
        expect(log.filter((entry) => entry.startsWith('start'))).toHaveLength(items.length - gone.size)
      }),
      { numRuns: 200 },
    )
  })
})

describe('taking out', () => {
  test('what waits can be taken out, with and without room; it never starts', async () => {
    const { push, log, queue, end, items } = setUp({ capacity: 2 })
    push('a', 'b', 'c', 'd')
    expect(items.map((item) => queue.remove(item))).toEqual([false, true, true, true])
    expect(items.map((item) => queue.remove(item))).toEqual([false, false, false, false])
    await end(0)
    expect(log.filter((entry) => entry.startsWith('start'))).toEqual(['start 0'])
    push('b')
    expect(log.at(-1)).toBe('start 4')
  })

  test('what a write about all rows kept waiting starts when that is taken out', () => {
    const { push, log, queue, items } = setUp({ concurrency: 2 })
    push('a', undefined, 'b')
    expect(log).not.toContain('start 2')
    for (const item of items.filter(({ key }) => key === undefined)) queue.remove(item)
    expect(log.at(-1)).toBe('start 2')
  })

  test('promise 6: clear takes everything out that waits, in order, and leaves what is under way to end as it ends', async () => {
    const { push, log, queue, end, items } = setUp({ capacity: 2 })
    push('a', 'b', 'c', 'd', 'e')
    expect(queue.clear()).toEqual(items.slice(1))
    expect(queue.waiting).toBe(0)
    expect(queue.clear()).toEqual([])
    await end(0)
    expect(log.at(-1)).toBe('end 0')
    push('f')
    expect(log.slice(-2)).toEqual(['queued 5', 'start 5'])
  })
})

describe('holding', () => {
  test('while it is held nothing starts, and there is no more room than ever; released it goes on in order', async () => {
    const { push, log, queue, end } = setUp({ capacity: 2 })
    queue.hold()
    push('a', 'b', 'c')
    expect(log).toEqual(['queued 0', 'queued 1'])
    queue.release()
    expect(log.slice(2)).toEqual(['queued 2', 'start 0'])
    queue.hold()
    await end(0)
    expect(log.at(-1)).toBe('end 0')
    queue.release()
    expect(log.at(-1)).toBe('start 1')
  })

  test('promise 4: what was called before comes in before what waits, whatever the room', async () => {
    const { push, log, queue, make, end } = setUp({ capacity: 1 })
    queue.hold()
    push('a', 'b', 'c')
    queue.insert([make('a', -2), make('b', -1), make('a', 0.5), make('c', 3)])
    expect(queue.waiting).toBe(3)
    expect(log).toEqual(['queued 0'])
    queue.release()
    for (const index of [3, 4, 0, 5, 1, 2, 6]) await end(index)
    expect(log.filter((entry) => entry.startsWith('start'))).toEqual([3, 4, 0, 5, 1, 2, 6].map((index) => `start ${index}`))
    // It counts for the room that is left: the last ones waited until there was some.
    expect(log.indexOf('queued 1')).toBeGreaterThan(log.indexOf('end 0'))
    expect(log.indexOf('queued 6')).toBeGreaterThan(log.indexOf('end 1'))
  })

  test('what comes in starts at once where nothing is held or under way', () => {
    const { log, queue, make } = setUp()
    queue.insert([make('a'), make('b')])
    expect(log).toEqual(['start 0'])
  })

  test('it overtakes what waits and was called before, where that is about the same row or either is about all', () => {
    const { queue, make } = setUp()
    queue.hold()
    const [older, same, other, all] = [make('a', 1), make('a', 2), make('b', 3), make(undefined, 4)]
    queue.insert([older])
    expect([older, same, other, all].map((item) => queue.isOvertaking(item))).toEqual([false, true, false, true])
    queue.insert([make(undefined, 2.5)])
    expect([older, same, other, all].map((item) => queue.isOvertaking(item))).toEqual([false, true, true, true])
  })
})

describe('more than one at once', () => {
  test('other rows do not wait, the same row does, and what is about all rows runs alone', async () => {
    const { push, log, running, end } = setUp({ concurrency: 2 })
    push('a', 'a', 'b', 'c', undefined, 'd')
    const indexes = (): number[] => [...running].map(({ index }) => index)
    expect(indexes()).toEqual([0, 2])
    await end(2)
    expect(indexes()).toEqual([0, 3])
    await end(3)
    expect(indexes()).toEqual([0])
    await end(0)
    expect(indexes()).toEqual([1])
    await end(1)
    expect(indexes()).toEqual([4])
    await end(4)
    expect(indexes()).toEqual([5])
    expect(log.filter((entry) => entry.startsWith('queued'))).toHaveLength(6)
  })

  test('promise 4: never more than asked for, never two of one row, each row in order, and nothing overtakes what is about all', async () => {
    const keys = fc.array(fc.constantFrom('a', 'b', 'c', undefined), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(
        keys,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 6 }),
        fc.infiniteStream(fc.nat()),
        async (all, concurrency, capacity, choices) => {
          const { push, items, running, log, end } = setUp({ concurrency, capacity })
          push(...all)
          while (running.size > 0) {
            const now = [...running]
            expect(now.length).toBeLessThanOrEqual(concurrency)
            expect(new Set(now.map(({ key }) => key)).size).toBe(now.length)
            if (now.some(({ key }) => key === undefined)) expect(now).toHaveLength(1)
            const [choice = 0] = choices.take(1)
            const next = now[choice % now.length]
            if (next !== undefined) await end(next.index)
          }
          const begun = (item: Item): number => log.indexOf(`start ${item.index}`)
          const ended = (item: Item): number => log.indexOf(`end ${item.index}`)
          expect(items.filter((item) => begun(item) < 0 || ended(item) < 0)).toEqual([])
          const isOvertaken = items.some((item) =>
            items.slice(item.index + 1).some((later) => mustWait(item, later) && begun(later) < ended(item)),
          )
          expect(isOvertaken).toBe(false)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('going along', () => {
  test('what waits for the same row goes along, past other rows, up to the first that cannot', () => {
    const { push, queue, items } = setUp()
    push('a', 'a', 'b', 'a', 'a', 'a')
    const cannot = items[4]
    const [first] = items
    expect(first && queue.takeAlong(first, (later) => later !== cannot)).toEqual([items[1], items[3]])
    expect(queue.waiting).toBe(3)
  })

  test('nothing goes along past a write about all rows', () => {
    const { push, queue, items } = setUp()
    push('a', 'a', undefined, 'a')
    const [first] = items
    expect(first && queue.takeAlong(first, () => true)).toEqual([items[1]])
    expect(queue.waiting).toBe(2)
  })

  test('what has gone along does not start, gives its room to others, and those whose turn it is then start', async () => {
    const { push, queue, log, items, end } = setUp({ capacity: 1, concurrency: 2 })
    push('a', 'a', 'b', 'c')
    expect(log).toEqual(['queued 0', 'start 0', 'queued 1'])
    const [first] = items
    expect(first && queue.takeAlong(first, () => true)).toEqual([items[1]])
    expect(log.slice(3)).toEqual(['queued 2', 'queued 3', 'start 2'])
    await end(0)
    await end(2)
    expect(log.slice(6)).toEqual(['end 0', 'start 3', 'end 2'])
  })
})

interface Item extends Queued {
  readonly index: number
  readonly ends: Deferred<void>
}

/** A queue whose items end when the test says so, and a log of what became of them. */
function setUp(options: Pick<WriteQueueOptions<Item>, 'capacity' | 'concurrency'> = {}) {
  const log: string[] = []
  const items: Item[] = []
  const running = new Set<Item>()
  const queue = new WriteQueue<Item>({
    ...options,
    run: async (item) => {
      log.push(`start ${item.index}`)
      running.add(item)
      await item.ends.promise
      log.push(`end ${item.index}`)
      running.delete(item)
    },
    onQueued: ({ index }) => log.push(`queued ${index}`),
  })
  const make = (key: string | undefined, order = items.length): Item => {
    const item = { key, order, index: items.length, ends: deferred() }
    items.push(item)
    return item
  }
  return {
    log,
    items,
    running,
    queue,
    make,
    push: (...keys: (string | undefined)[]) => {
      for (const key of keys) queue.push(make(key))
    },
    end: async (index: number) => {
      items[index]?.ends.resolve()
      await settle()
    },
  }
}

/** Whether one of them has to wait for the other. */
function mustWait(a: Queued, b: Queued): boolean {
  return a.key === b.key || a.key === undefined || b.key === undefined
}

/** What nothing that came before it keeps waiting. */
function startable(waiting: readonly Item[], running: ReadonlySet<Item>): Item[] {
  return waiting.filter((item, place) => ![...running, ...waiting.slice(0, place)].some((earlier) => mustWait(earlier, item)))
}
