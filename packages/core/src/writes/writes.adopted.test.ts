import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { NetworkError } from '../errors.ts'
import { makeWrites, unavailable } from '../testing/make-writes.ts'
import type { Item } from '../testing/fake-master.ts'
import { stubNetwork } from '../testing/stub-network.ts'
import type { StoredWrite, WriteStorage } from './write-storage.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('promise 4: what another tab has left behind comes in the order of the calls', () => {
  test('also where this one’s own first write has its turn, and waits for the network', async () => {
    const network = stubNetwork({ onLine: false })
    const { writes, stored, shown, keep, find } = setUp()
    const older = keep({ name: 'the oldest, there' })
    await vi.advanceTimersByTimeAsync(10)
    void writes.patch(1, { name: 'first here', status: 'first here' })
    await vi.advanceTimersByTimeAsync(10)
    const newer = keep({ name: 'in between, there', status: 'in between, there' })
    await vi.advanceTimersByTimeAsync(10)
    void writes.patch(1, { name: 'last here' })
    expect(shown()).toMatchObject({ name: 'last here', status: 'first here' })

    find([older, newer])
    const inOrder = ['the oldest, there', 'first here', 'in between, there', 'last here']
    expect(writes.pending.map(({ fields }) => fields?.name)).toEqual(inOrder)
    expect(shown()).toMatchObject({ name: 'last here', status: 'in between, there' })
    network.goOnline()
    await vi.advanceTimersByTimeAsync(0)
    expect(stored).toEqual(inOrder)
    expect(writes.pending).toEqual([])
  })

  test('also of a row that was inserted here, which another tab knows by its id only', async () => {
    const { writes, master, keep, find } = setUp()
    const { id } = await writes.insert({ name: 'new' })
    const network = stubNetwork({ onLine: false })
    const older = keep({ status: 'there' }, String(id))
    await vi.advanceTimersByTimeAsync(10)
    void writes.patch(id, { status: 'here' })
    await vi.advanceTimersByTimeAsync(10)
    find([older])
    network.goOnline()
    await vi.advanceTimersByTimeAsync(0)
    expect(master.rows.get(String(id))).toMatchObject({ status: 'here' })
  })

  test('and nothing of it is sent twice where one of those that waited is discarded meanwhile', async () => {
    const network = stubNetwork({ onLine: false })
    const { writes, stored, keep, find } = setUp()
    const older = keep({ name: 'older' })
    await vi.advanceTimersByTimeAsync(10)
    const discarded = writes.patch(1, { name: 'discarded' }).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(10)
    find([older])
    network.goOnline()
    writes.pending[1]?.discard()
    await vi.advanceTimersByTimeAsync(0)
    expect(await discarded).toMatchObject({ name: 'AbortError' })
    expect(stored).toEqual(['older'])
  })

  test('but after what was sent and not answered, which may have been applied; so it stays for the next tab', async () => {
    const { writes, master, stored, shown, disk, keep, find } = setUp()
    const older = [keep({ name: 'older' }), keep({ name: 'older still counts' })]
    const elsewhere = keep({ name: 'of another row' }, '2')
    await vi.advanceTimersByTimeAsync(10)
    master.failing = () => new NetworkError('PATCH', '/1', undefined)
    void writes.patch(1, { name: 'sent' })
    void writes.patch(1, { name: 'not sent' })
    await vi.advanceTimersByTimeAsync(10)
    expect(master.calls).toEqual(['patch 1'])

    find([...older, elsewhere])
    const ofRow = ['sent', 'older', 'older still counts', 'not sent']
    expect(kept(disk).filter((name) => name !== 'of another row')).toEqual(ofRow)
    expect(writes.pending.map(({ fields }) => fields?.name)).toEqual(['sent', 'older', 'older still counts', 'of another row', 'not sent'])
    expect(shown()).toMatchObject({ name: 'not sent' })
    master.failing = () => undefined
    writes.wake()
    await vi.advanceTimersByTimeAsync(0)
    expect(stored).toEqual([...ofRow.slice(0, 3), 'not sent'])
    expect(kept(disk)).toEqual([])
  })

  test('and a write that was refused here stays held aside where an older one from there says the same', async () => {
    const { writes, master, stored, keep, find } = setUp()
    const older = keep({ name: 'older' })
    await vi.advanceTimersByTimeAsync(10)
    master.failing = () => unavailable(422)
    await writes.patch(1, { name: 'refused' }).catch(() => undefined)
    master.failing = () => undefined
    find([older])
    await vi.advanceTimersByTimeAsync(0)
    expect(stored).toEqual(['older'])
    expect(writes.failed).toMatchObject([{ fields: { name: 'refused' } }])
  })
})

/** Writes that are kept in a map, as those of other tabs are. */
function setUp() {
  const disk = new Map<number, StoredWrite>()
  let onFound: (writes: readonly StoredWrite[]) => void = () => undefined
  let last = 0
  const nextOrder = (): number => (last = Math.max(Date.now(), last + 0.001))
  const storage: WriteStorage = {
    scope: 'user',
    purge: async () => disk.clear(),
    connect: (_cacheKey, found) => {
      onFound = found
      return {
        ready: Promise.resolve(),
        nextOrder,
        update: async (put, forget) => {
          for (const write of put) disk.set(write.order, write)
          for (const order of forget) disk.delete(order)
        },
        close: () => undefined,
      }
    },
  }
  const stored: string[] = []
  const made = makeWrites({
    storage,
    step: async (name) => {
      if (name === 'patch 1 <') stored.push(made.master.rows.get('1')?.name ?? '')
    },
  })
  made.writes.open()
  return {
    ...made,
    disk,
    /** What the master has stored in the first row, in its order. */
    stored,
    shown: () => made.overlay.row({ id: 1, name: 'old 0' }, '1', { fetchedAt: 0 }),
    /** A write that another tab makes now. */
    keep: (partial: Partial<Item>, key = '1'): StoredWrite => ({
      order: nextOrder(),
      change: { type: 'patch', id: key, partial },
      key,
      idempotencyKey: crypto.randomUUID(),
      base: undefined,
      version: undefined,
      calledAt: Date.now(),
      failure: undefined,
    }),
    /** The other tab is gone. */
    find: (writes: readonly StoredWrite[]) => {
      for (const write of writes) disk.set(write.order, write)
      onFound(writes)
    },
  }
}

/** In the order in which the next tab would send them. */
function kept(disk: ReadonlyMap<number, StoredWrite>): unknown[] {
  const inOrder = [...disk.values()].toSorted((a, b) => a.order - b.order)
  return inOrder.map(({ change }) => (change.type === 'patch' ? Reflect.get(change.partial, 'name') : undefined))
}
