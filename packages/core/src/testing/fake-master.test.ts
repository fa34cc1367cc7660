import { expect, test } from 'vitest'
import { VersionError } from '../errors.ts'
import { fakeMaster, items } from './fake-master.ts'

test('with a version field each row counts its changes, and a change against another version changes nothing', async () => {
  const master = fakeMaster([...items(1), { id: 2, name: 'b', version: 5 }], { versionField: 'version' })
  expect([...master.rows.values()].map(({ version }) => version)).toEqual([1, 5])
  expect((await master.insert({ name: 'c' })).version).toBe(1)
  expect((await master.patch(2, { name: 'p', version: 50 }, { version: '5' })).version).toBe(6)
  expect((await master.replace(2, { id: 2, name: 'r' }, { version: 6 })).version).toBe(7)
  await expect(master.patch(2, { name: 'x' }, { version: 6 })).rejects.toEqual(new VersionError('items', '2', 6, 7))
  await expect(master.replace(2, { id: 2, name: 'x' }, { version: 6 })).rejects.toEqual(new VersionError('items', '2', 6, 7))
  expect(master.rows.get('2')).toEqual({ id: 2, name: 'r', version: 7 })
})

test('without one a version is ignored, and no row has any', async () => {
  const master = fakeMaster(items(1))
  expect(await master.patch(1, { name: 'p' }, { version: 9 })).toEqual({ id: 1, name: 'p' })
  expect(await master.insert({ name: 'b' })).toEqual({ id: 2, name: 'b' })
})

test.each([true, false])(
  'honoursIdempotencyKeys: %j says whether a write that comes twice is applied once',
  async (honoursIdempotencyKeys) => {
    const master = fakeMaster(items(3), { honoursIdempotencyKeys, versionField: 'version' })
    const writes = [
      () => master.insert({ name: 'new' }, { idempotencyKey: 'a' }),
      () => master.replace(1, { id: 1, name: 'r' }, { idempotencyKey: 'b' }),
      () => master.patch(2, { name: 'p' }, { idempotencyKey: 'c' }),
    ]
    for (const write of writes) {
      const first = await write()
      const again = await write()
      if (honoursIdempotencyKeys) expect(again).toEqual(first)
      else expect(again).not.toEqual(first)
    }
    const deletions = [() => master.delete(3, { idempotencyKey: 'd' }), () => master.deleteAll({ idempotencyKey: 'e' })]
    for (const remove of deletions) {
      await remove()
      master.rows.set('3', { id: 3, name: 'between' })
      await remove()
      expect(master.rows.has('3')).toBe(honoursIdempotencyKeys)
    }
    expect(master.calls).toHaveLength(10)
  },
)
