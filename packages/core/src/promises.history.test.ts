import fc from 'fast-check'
import { expect, inject, test } from 'vitest'
import { histories } from './testing/history/commands.ts'
import { invariants } from './testing/history/invariants.ts'
import { loadModules } from './testing/history/realm-modules.ts'
import { play, type Tally } from './testing/history/play.ts'

// Several tabs on one disk, one master, one stream: all of them slow, failing, cut off and torn down in the middle of things.
// Whatever happens, in whatever order, each promise holds. What failed is played again with the seed and the path that are
// printed: HISTORY_SEED=… HISTORY_PATH=… pnpm unit core/src/promises.history

test('promises 1 to 17: whatever tabs, disk, master, stream and users do, in whatever order', { timeout: 3_600_000 }, async () => {
  const { runs, ...replay } = inject('history')
  const modules = await loadModules(8)
  const tally: Tally = new Map()
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      expect(await play(modules, history, tally)).toEqual([])
    }),
    { numRuns: runs, ...replay, endOnFailure: 'path' in replay },
  )
  // Each promise had something to hold against, where there were histories enough.
  if ('path' in replay || runs < 500) return
  const neverSeen = invariants.filter(({ promise }) => !tally.has(promise)).map(({ promise }) => promise)
  expect(neverSeen).toEqual([])
})
