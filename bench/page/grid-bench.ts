import type { BenchPage } from './bench-page.ts'
import { click } from './click.ts'
import type { Contestant } from './contestant.ts'
import type { Patch } from './grid-screen.tsx'
import { pageSize, type Order } from './orders.ts'
import { probe, type Sight } from './probe.ts'
import { settings } from './settings.ts'

type GridBench = Pick<
  BenchPage,
  'firstCommit' | 'invalidate' | 'canPrefetch' | 'prefetch' | 'flipTo' | 'watch' | 'watched' | 'showsVersions' | 'patchRows'
>

/** What is measured, and from when. */
interface GridBenchOptions {
  readonly contestant: Contestant
  /** Gives the grid's own function for changing a row. */
  readonly patch: () => Patch
  /** In ms of the page's own time. */
  readonly scriptStart: number
}

/** Measures the grid. */
export function gridBench({ contestant: { pages }, patch, scriptStart }: GridBenchOptions): GridBench {
  const firstShown = probe.gridShows(isPage(settings.page))
  let page = settings.page
  let watched: (() => Sight) | undefined

  return {
    firstCommit: async () => (await firstShown) - scriptStart,

    invalidate: async () => {
      const start = performance.now()
      await pages.invalidate()
      return performance.now() - start
    },

    canPrefetch: () => pages.prefetch !== undefined,

    prefetch: async (next) => {
      await pages.prefetch?.(next)
    },

    flipTo: async (target) => {
      const shown = probe.gridShows(isPage(target))
      const button = target > page ? '#next' : '#former'
      page = target
      const start = performance.now()
      click(button)
      return (await shown) - start
    },

    watch: () => {
      watched = probe.watch()
    },

    watched: () => {
      if (watched === undefined) throw new Error('nothing was watched')
      return watched()
    },

    showsVersions: async (versions, patience) => {
      const shown = await Promise.race([probe.gridShows(hasVersions(versions)), after(patience)])
      return shown && performance.timeOrigin + shown
    },

    patchRows: async (patches) => {
      const changes = Array.from({ length: patches }, (_, index) => ({ id: 1 + (index % pageSize), version: index + 1 }))
      const shown = probe.gridShows(hasVersions(lastVersions(changes)))
      const start = performance.now()
      await Promise.all(changes.map(({ id, version }) => patch()(id, { version })))
      const settled = performance.now() - start
      return { shown: (await shown) - start, settled }
    },
  }
}

function after(time: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, time)
  })
}

function isPage(page: number): (rows: readonly Order[]) => boolean {
  const first = (page - 1) * pageSize + 1
  return (rows) => rows.length === pageSize && rows[0]?.id === first
}

function hasVersions(versions: readonly number[]): (rows: readonly Order[]) => boolean {
  return (rows) => rows.length === versions.length && rows.every(({ version }, index) => version === versions[index])
}

function lastVersions(changes: readonly { readonly id: number; readonly version: number }[]): number[] {
  const versions = new Map(changes.map(({ id, version }) => [id, version]))
  return Array.from({ length: pageSize }, (_, index) => versions.get(index + 1) ?? 0)
}
