import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ConflictError, MissingRowError, NetworkError } from '../errors.ts'
import { makeWrites, unavailable } from '../testing/make-writes.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('what failed for good is held aside', () => {
  test('with its error, and what it wrote; what comes after it goes on', async () => {
    const { writes, master } = makeWrites()
    const error = unavailable(422)
    master.failing = (call) => (call === 'patch 1' ? error : undefined)
    const outcomes = await Promise.allSettled([writes.patch(1, { name: 'a' }), writes.patch(2, { name: 'b' })])
    expect(outcomes).toMatchObject([{ reason: error }, { value: { name: 'b' } }])
    expect(writes.failed).toMatchObject([{ type: 'patch', id: '1', fields: { name: 'a' }, error }])
    expect(writes.failed).toBe(writes.failed)
    expect(writes.pending).toEqual([])
  })

  test('retry() sends it again, once however often it is called', async () => {
    const { writes, master } = makeWrites()
    master.failing = () => unavailable(422)
    await writes.patch(1, { name: 'a' }).catch(() => undefined)
    const [failed] = writes.failed
    master.failing = () => undefined
    if (failed === undefined) throw new Error('nothing has failed')
    const again = [failed.retry(), failed.retry()]
    expect(writes.failed).toEqual([])
    expect(writes.pending).toMatchObject([{ type: 'patch', id: '1' }])
    expect(await Promise.all(again)).toEqual([{ id: 1, name: 'a' }, undefined])
    expect(master.calls).toEqual(['patch 1', 'patch 1'])
  })

  test('edit() sends something else in its place, and what fails again is held aside again', async () => {
    const { writes, master } = makeWrites()
    master.failing = () => unavailable(422)
    await writes.patch(1, { name: 'a' }).catch(() => undefined)
    await expect(writes.failed[0]?.edit({ name: 'b' })).rejects.toMatchObject({ status: 422 })
    expect(writes.failed).toMatchObject([{ id: '1', fields: { name: 'b' } }])
    master.failing = () => undefined
    expect(await writes.failed[0]?.edit({ name: 'c' })).toEqual({ id: 1, name: 'c' })
  })

  test('discard() forgets it', async () => {
    const { writes, master } = makeWrites()
    master.failing = () => unavailable(422)
    await writes.delete(1).catch(() => undefined)
    writes.failed[0]?.discard()
    expect(writes.failed).toEqual([])
    expect(master.calls).toEqual(['delete 1'])
  })

  test('a later write that writes all of it makes it pointless; one that does not leaves it', async () => {
    const { writes, master } = makeWrites()
    master.failing = () => unavailable(422)
    await Promise.allSettled([
      writes.patch(1, { name: 'a' }),
      writes.patch(1, { name: 'a', status: 'open' }),
      writes.delete(2),
      writes.patch(3, { name: 'c' }),
    ])
    master.failing = () => undefined
    await writes.patch(1, { name: 'b' })
    expect(writes.failed.map(({ id, fields }) => [id, fields])).toEqual([
      ['1', { name: 'a', status: 'open' }],
      ['2', undefined],
      ['3', { name: 'c' }],
    ])
    await writes.replace(1, { id: 1, name: 'whole' })
    await writes.delete(2)
    expect(writes.failed.map(({ id }) => id)).toEqual(['3'])
    await writes.deleteAll()
    expect(writes.failed).toEqual([])
  })

  test('what was cancelled, and what was closed, is not', async () => {
    const { writes, master } = makeWrites()
    master.failing = () => unavailable()
    const cancel = new AbortController()
    const outcome = Promise.allSettled([writes.patch(1, { name: 'a' }, { signal: cancel.signal })])
    await vi.advanceTimersByTimeAsync(10)
    cancel.abort()
    await outcome
    expect(writes.failed).toEqual([])
  })

  test('of the latest 256', async () => {
    const { writes, master } = makeWrites()
    master.failing = () => unavailable(422)
    await Promise.allSettled(Array.from({ length: 300 }, (_, index) => writes.delete(index)))
    expect(writes.failed).toHaveLength(256)
    expect(writes.failed[0]?.id).toBe('44')
  })
})

describe('a row without an id', () => {
  test('writes to its first name go to the id that the master gave it, by either name', async () => {
    const { writes, master, overlay } = makeWrites()
    const inserted = writes.insert({ name: 'new' })
    const [newId = ''] = writes.pendingIds
    const patched = writes.patch(newId, { status: 'open' })
    expect(await inserted).toMatchObject({ id: 9 })
    expect(await patched).toEqual({ id: 9, name: 'new', status: 'open' })
    expect(await writes.replace(newId, { id: newId, name: 'whole' })).toEqual({ id: 9, name: 'whole' })
    expect(await writes.patch(9, { id: newId, name: 'by id' })).toEqual({ id: 9, name: 'by id' })
    await writes.delete(newId)
    expect(master.calls).toEqual(['insert', 'patch 9', 'replace 9', 'patch 9', 'delete 9'])
    expect(overlay.keyOf('9')).toBe(newId)
    await expect(writes.patch(newId, { id: 8, name: 'another' })).rejects.toThrow('partial.id is "8"')
  })

  test('where its insert is refused, what was to follow fails as well, and both can be sent again', async () => {
    const { writes, master } = makeWrites()
    master.failing = (call) => (call === 'insert' ? unavailable(422) : undefined)
    const inserted = writes.insert({ name: 'new' })
    const [newId = ''] = writes.pendingIds
    const outcomes = await Promise.allSettled([inserted, writes.patch(newId, { status: 'open' })])
    expect(outcomes).toMatchObject([{ reason: { status: 422 } }, { reason: new MissingRowError('items', newId) }])
    expect(master.calls).toEqual(['insert'])
    master.failing = () => undefined
    const [insert, patch] = writes.failed
    expect(await Promise.all([insert?.retry(), patch?.retry()])).toMatchObject([{ id: 9 }, { id: 9, name: 'new', status: 'open' }])
  })

  test('discarding the insert discards what was to follow', async () => {
    const { writes, master } = makeWrites()
    master.failing = () => unavailable(422)
    const inserted = writes.insert({ name: 'new' })
    const [newId = ''] = writes.pendingIds
    await Promise.allSettled([inserted, writes.patch(newId, { status: 'open' })])
    expect(writes.failed).toHaveLength(2)
    writes.failed[0]?.discard()
    expect(writes.failed).toEqual([])
  })
})

describe('conflicts', () => {
  test('a change carries the version of the row that was read, and a write of one’s own is no conflict', async () => {
    const { writes, master, overlay } = makeWrites({ versionField: 'version' })
    overlay.see([{ id: 1, name: 'old 0', version: 1 }], { fetchedAt: 0 })
    const versions: unknown[] = []
    const { patch } = master
    master.patch = (id, partial, options) => {
      versions.push(options?.version)
      return patch(id, partial, options)
    }
    // The later ones are called before the first is answered.
    await Promise.all([writes.patch(1, { name: 'a' }), writes.patch(1, { name: 'b' }), writes.patch('1', { name: 'c' })])
    await writes.patch(1, { name: 'd' })
    expect(versions).toEqual([1, 2, 3, 4])
    await writes.patch(2, { name: 'never read' })
    expect(versions.at(-1)).toBeUndefined()
  })

  test('a row that somebody else has changed meets with mine, theirs and base, and what was made of both is sent', async () => {
    const { writes, master, overlay, invalidated } = makeWrites({ versionField: 'version' })
    overlay.see([{ id: 1, name: 'old 0', version: 1 }], { fetchedAt: 0 })
    await master.patch(1, { name: 'theirs', status: 'paid' })
    master.calls.length = 0
    const error = await writes.patch(1, { name: 'mine' }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ConflictError)
    expect(error).toMatchObject({
      id: '1',
      mine: { name: 'mine' },
      theirs: { id: 1, name: 'theirs', status: 'paid', version: 2 },
      base: { id: 1, name: 'old 0', version: 1 },
      cause: { code: 'version' },
    })
    expect(master.calls).toEqual(['patch 1', 'get 1'])
    expect(invalidated).toEqual([['1']])
    expect(writes.failed).toMatchObject([{ error }])
    if (!(error instanceof ConflictError)) throw error
    expect(await error.resolve({ id: 1, name: 'merged', status: 'paid', version: 1 })).toEqual({
      id: 1,
      name: 'merged',
      status: 'paid',
      version: 3,
    })
    expect(writes.failed).toEqual([])
  })

  test('retry() makes mine win over theirs', async () => {
    const { writes, master, overlay } = makeWrites({ versionField: 'version' })
    overlay.see([{ id: 1, name: 'old 0', version: 1 }], { fetchedAt: 0 })
    await master.patch(1, { name: 'theirs' })
    await writes.replace(1, { id: 1, name: 'mine' }).catch(() => undefined)
    expect(await writes.failed[0]?.retry()).toEqual({ id: 1, name: 'mine', version: 3 })
  })

  test('a change that was applied though its answer was lost is no conflict with itself', async () => {
    const { writes, master, overlay } = makeWrites({ versionField: 'version', honoursIdempotencyKeys: false })
    overlay.see([{ id: 1, name: 'old 0', version: 1 }], { fetchedAt: 0 })
    const { patch } = master
    let isLost = true
    master.patch = async (...args) => {
      const stored = await patch(...args)
      if (!isLost) return stored
      isLost = false
      throw new NetworkError('PATCH', '/1', undefined)
    }
    const written = writes.patch(1, { name: 'mine' })
    await vi.runAllTimersAsync()
    expect(await written).toEqual({ id: 1, name: 'mine', version: 2 })
  })

  test('409 and 412 to a change are conflicts, to an insert or a deletion they are what the server says', async () => {
    const { writes, master } = makeWrites()
    master.failing = (call) => (call.startsWith('get') ? undefined : unavailable(call.endsWith('1') ? 409 : 412))
    const outcomes = await Promise.allSettled([
      writes.patch(1, { name: 'a' }),
      writes.replace(2, { id: 2, name: 'b' }),
      writes.insert({ name: 'c' }),
      writes.delete(1),
    ])
    expect(outcomes).toMatchObject([
      { reason: { code: 'conflict', theirs: { name: 'old 0' }, base: undefined } },
      { reason: { code: 'conflict', mine: { name: 'b' } } },
      { reason: { status: 412 } },
      { reason: { status: 409 } },
    ])
  })

  test('where the master cannot be asked, theirs is unknown, and the trace has why', async () => {
    const { writes, master, events } = makeWrites()
    const error = new Error('down')
    master.failing = (call) => (call === 'get 1' ? error : unavailable(409))
    await expect(writes.patch(1, { name: 'a' })).rejects.toMatchObject({ code: 'conflict', theirs: undefined })
    expect(events).toContainEqual({ type: 'error', during: 'write-conflict', error })
  })
})

describe('coalescing', () => {
  test('patches to one row that still wait are one, and each caller gets the answer', async () => {
    const { writes, master } = makeWrites({ coalesce: true })
    const partials: unknown[] = []
    const { patch } = master
    master.patch = (id, partial, options) => {
      partials.push([id, partial])
      return patch(id, partial, options)
    }
    const all = await Promise.all([
      writes.patch(1, { name: 'a' }),
      writes.patch(2, { name: 'b' }),
      writes.patch(3, { name: 'c' }),
      writes.patch('2', { status: 'open' }),
      writes.patch(2, { name: 'bb' }),
      writes.delete(2),
      writes.patch(1, { name: 'aa' }),
    ])
    expect(partials).toEqual([
      [1, { name: 'a' }],
      [2, { name: 'bb', status: 'open' }],
      [3, { name: 'c' }],
      [1, { name: 'aa' }],
    ])
    expect(all[1]).toEqual({ id: 2, name: 'bb', status: 'open' })
    expect(all[3]).toEqual(all[1])
    expect(all[4]).toEqual(all[1])
    expect(writes.pendingIds).toEqual(new Set())
  })

  test('nothing is taken past a write to all rows or another kind of write to that row', async () => {
    const { writes, master } = makeWrites({ coalesce: true })
    await Promise.allSettled([
      writes.patch(1, { name: 'first' }),
      writes.patch(2, { name: 'a' }),
      writes.replace(2, { id: 2, name: 'b' }),
      writes.patch(2, { name: 'c' }),
      writes.deleteAll(),
      writes.patch(2, { name: 'd' }),
    ])
    expect(master.calls).toEqual(['patch 1', 'patch 2', 'replace 2', 'patch 2', 'deleteAll', 'patch 2'])
  })

  test('one that is cancelled between two attempts is left out of the next; the others fail together', async () => {
    const { writes, master } = makeWrites({ coalesce: true })
    const sent: unknown[] = []
    master.patch = async (_, partial, options) => {
      sent.push([partial, options?.idempotencyKey])
      throw unavailable(sent.length === 2 ? 503 : 422)
    }
    const cancel = new AbortController()
    const outcomes = Promise.allSettled([
      writes.patch(1, { name: 'first' }),
      writes.patch(2, { name: 'a' }),
      writes.patch(2, { name: 'b' }, { signal: cancel.signal }),
    ])
    await vi.advanceTimersByTimeAsync(100)
    cancel.abort(new Error('cancelled'))
    await vi.advanceTimersByTimeAsync(300)
    expect(sent).toHaveLength(2)
    await vi.runAllTimersAsync()
    expect(await outcomes).toMatchObject([{ reason: { status: 422 } }, { reason: { status: 422 } }, { reason: new Error('cancelled') }])
    expect(sent.map((each) => (Array.isArray(each) ? each[0] : undefined))).toEqual([{ name: 'first' }, { name: 'b' }, { name: 'a' }])
    // What is not the same must not have the same name.
    expect(new Set(sent.map((each) => (Array.isArray(each) ? each[1] : undefined))).size).toBe(3)
  })

  test('without the option each is sent', async () => {
    const { writes, master } = makeWrites()
    await Promise.all([writes.patch(1, { name: 'a' }), writes.patch(1, { name: 'b' }), writes.patch(1, { name: 'c' })])
    expect(master.calls).toEqual(['patch 1', 'patch 1', 'patch 1'])
  })
})
